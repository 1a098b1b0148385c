//! `snapshots`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::CONTAINER;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "snapshots",
    group: Group::Containers,
    summary: "the snapshots of the store, or of one container",
    doc: "\
A list, newest first. Those of a container that was removed are in it too: `s.container` is the id.",
    overloads: &[
        Overload { params: &[], returns: "Snapshots" },
        Overload { params: &[CONTAINER], returns: "Snapshots" },
    ],
    options: &[],
    examples: &[Example {
        about: "of one container",
        code: r#"let c = run(base(), "true"); c.snapshot(); c.snapshot(#{ name: "second" }); snapshots(c).map("name")[0]"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let container = if call.count() == 0 { None } else { Some(call.container(0)?) };
        let snapshots = call.context.workbench.snapshots(container.as_ref())?;
        Ok(Dynamic::from(snapshots.into_iter().collect::<List<_>>()))
    },
};
