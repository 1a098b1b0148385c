//! `containers`.

use rhai::Dynamic;

use super::super::types::List;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "containers",
    group: Group::Containers,
    summary: "the containers of the store",
    doc: "\
A list, oldest first: `containers().filter(|c| c.exit_code != 0)`.",
    overloads: &[Overload { params: &[], returns: "Containers" }],
    options: &[],
    examples: &[Example {
        about: "how many",
        code: r#"run(base(), "true"); containers().len() > 0"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let containers = call.context.workbench.containers()?;
        Ok(Dynamic::from(containers.into_iter().collect::<List<_>>()))
    },
};
