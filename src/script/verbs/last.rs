//! `last`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "last",
    group: Group::Containers,
    summary: "the container made last",
    doc: "\
This session's, or in a fresh session the store's: what `docker container ls -lq` names.",
    overloads: &[Overload { params: &[], returns: "Container" }],
    options: &[],
    examples: &[Example {
        about: "what it printed",
        code: r#"run(base(), "echo hi"); last().id == containers()[-1].id"#,
        needs: Needs::Engine,
    }],
    call: |call| Ok(Dynamic::from(Handle::new(call.context.workbench.last()?))),
};
