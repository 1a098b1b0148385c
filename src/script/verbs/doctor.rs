//! `doctor`.

use rhai::Dynamic;

use super::super::types::List;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "doctor",
    group: Group::Care,
    summary: "what this machine allows, and the exact fix for what it does not",
    doc: "\
A list of checks; `doctor().filter(|c| !c.ok)` is what wants fixing.",
    overloads: &[Overload { params: &[], returns: "Checks" }],
    options: &[],
    examples: &[Example { about: "how many", code: r#"doctor().len() > 0"#, needs: Needs::Engine }],
    call: |call| {
        let checks = call.context.workbench.doctor()?;
        Ok(Dynamic::from(checks.into_iter().collect::<List<_>>()))
    },
};
