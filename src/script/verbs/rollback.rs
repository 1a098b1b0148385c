//! `rollback`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::parameters::CONTAINER;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const SNAPSHOT: Param =
    Param { name: "snapshot", kinds: &[Kind::Snapshot, Kind::Text], completes: Completes::Snapshots };

/// The entry.
pub static VERB: Verb = Verb {
    name: "rollback",
    group: Group::Containers,
    summary: "let a container go on from a snapshot",
    doc: "\
What the container did since is gone, unless another snapshot, a branch or an image has it. The snapshot
stays. It may be another container's, as long as both are of the same image. A text is a snapshot's name
or id.",
    overloads: &[Overload { params: &[CONTAINER, SNAPSHOT], returns: "Container" }],
    options: &[],
    examples: &[Example {
        about: "undo",
        code: r#"let c = run(base(), "true"); let s = snapshot(c); c.run("rm /etc/passwd"); rollback(c, s); diff(c).len()"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let container = call.context.workbench.rollback(&call.container(0)?, &call.snapshot(1)?)?;
        Ok(Dynamic::from(Handle::new(container)))
    },
};
