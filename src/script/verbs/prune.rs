//! `prune`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "prune",
    group: Group::Care,
    summary: "remove what nothing names any more",
    doc: "\
Only what no image, container or running process needs. Gives how much it was.",
    overloads: &[Overload { params: &[], returns: "PruneReport" }],
    options: &[],
    examples: &[Example { about: "the bytes", code: r#"prune().bytes >= 0"#, needs: Needs::Engine }],
    call: |call| Ok(Dynamic::from(Handle::new(call.context.workbench.prune()?))),
};
