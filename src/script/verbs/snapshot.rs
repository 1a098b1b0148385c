//! `snapshot`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::parameters::{CONTAINER, OPTIONS};
use super::{Completes, Example, Group, Needs, Opt, Overload, Takes, Verb};
use crate::workbench::SnapshotOptions;

/// The entry.
pub static VERB: Verb = Verb {
    name: "snapshot",
    group: Group::Containers,
    summary: "name what a container shows now, to go on from there later",
    doc: "\
Nothing is copied: the container goes on in a fresh directory on top. One that runs, such as in another
process, is paused for as long as it takes to copy what it has written. A snapshot stays when its
container goes, until `rm(s)`.",
    overloads: &[
        Overload { params: &[CONTAINER], returns: "Snapshot" },
        Overload { params: &[CONTAINER, OPTIONS], returns: "Snapshot" },
    ],
    options: &[
        Opt {
            name: "name",
            takes: Takes::Text,
            doc: "the snapshot's name; two words unless said otherwise",
            completes: Completes::Nothing,
        },
        Opt {
            name: "message",
            takes: Takes::Text,
            doc: "whatever there is to say about it",
            completes: Completes::Nothing,
        },
    ],
    examples: &[Example {
        about: "and back to it",
        code: r#"let c = run(base(), "echo 1 > /n"); let s = snapshot(c); c.run("echo 2 > /n"); rollback(c, s).read("/n")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let options = call.options(1)?;
        let options = SnapshotOptions { name: options.text("name"), message: options.text("message") };
        let snapshot = call.context.workbench.snapshot(&call.container(0)?, options)?;
        Ok(Dynamic::from(Handle::new(snapshot)))
    },
};
