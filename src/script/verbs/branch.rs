//! `branch`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::parameters::OPTIONS;
use super::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::BranchPoint;

const ORIGIN: Param = Param {
    name: "container_or_snapshot",
    kinds: &[Kind::Container, Kind::Snapshot, Kind::Text],
    completes: Completes::Snapshots,
};

/// The entry.
pub static VERB: Verb = Verb {
    name: "branch",
    group: Group::Containers,
    summary: "a new container that goes on from another one's state",
    doc: "\
Nothing is copied, and from then on neither sees what the other does. `diff` and `commit` of the branch
are against its image, as if it had done everything by itself: one layer. A container that runs is paused
for as long as it takes to copy what it has written. A text is a snapshot's name or id.",
    overloads: &[
        Overload { params: &[ORIGIN], returns: "Container" },
        Overload { params: &[ORIGIN, OPTIONS], returns: "Container" },
    ],
    options: &[Opt {
        name: "name",
        takes: Takes::Text,
        doc: "the new container's name; two words unless said otherwise",
        completes: Completes::Nothing,
    }],
    examples: &[
        Example {
            about: "two ways from one state",
            code: r#"let c = run(base(), "echo 1 > /n"); let b = branch(c); b.run("echo 2 > /n"); [c.read("/n"), b.read("/n")]"#,
            needs: Needs::Engine,
        },
        Example {
            about: "from a snapshot",
            code: r#"let s = run(base(), "echo 1 > /n").snapshot(); branch(s, #{ name: "again" }).read("/n")"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let name = call.options(1)?.text("name");
        let origin = if Kind::Container.fits(&call.any(0)) {
            BranchPoint::Container(call.container(0)?)
        } else {
            BranchPoint::Snapshot(call.snapshot(0)?)
        };
        Ok(Dynamic::from(Handle::new(call.context.workbench.branch(&origin, name)?)))
    },
};
