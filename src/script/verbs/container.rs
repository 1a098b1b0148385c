//! `container`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const NAME: Param = Param { name: "id_or_name", kinds: &[Kind::Text], completes: Completes::Containers };

/// The entry.
pub static VERB: Verb = Verb {
    name: "container",
    group: Group::Containers,
    summary: "the container with that id or name",
    doc: "\
The beginning of an id is enough where only one has it.",
    overloads: &[Overload { params: &[NAME], returns: "Container" }],
    options: &[],
    examples: &[Example {
        about: "by name",
        code: r#"run(base(), "true", #{ name: "demo" }); container("demo").status"#,
        needs: Needs::Engine,
    }],
    call: |call| Ok(Dynamic::from(Handle::new(call.context.workbench.container(&call.text(0))?))),
};
