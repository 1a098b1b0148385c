//! `diff`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::CONTAINER;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "diff",
    group: Group::Analysis,
    summary: "what a container changed: A added, C changed, D deleted",
    doc: "\
The same answer as `docker container diff`, sorted by path. Printed where there is no terminal it is
Docker's lines.",
    overloads: &[Overload { params: &[CONTAINER], returns: "Diff" }],
    options: &[],
    examples: &[Example {
        about: "what a command added",
        code: r#"diff(run(base(), "echo hi > /greeting")).filter(|c| c.kind == "A").map("path")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let diff = call.context.workbench.diff(&call.container(0)?)?;
        Ok(Dynamic::from(diff.changes.into_iter().collect::<List<_>>()))
    },
};
