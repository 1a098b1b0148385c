//! `copy_in`.

use rhai::Dynamic;

use super::parameters::{CONTAINER, HOST_PATH, PATH};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "copy_in",
    group: Group::Files,
    summary: "copy a file or folder of the host into a container",
    doc: "\
As `docker cp`: into an existing folder, or to that name.",
    overloads: &[Overload { params: &[CONTAINER, HOST_PATH, PATH], returns: "()" }],
    options: &[],
    examples: &[Example {
        about: "one file",
        code: r#"write_file("a.txt", "hi"); let c = run(base(), "true"); c.copy_in("a.txt", "/a.txt"); c.read("/a.txt")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        call.context.workbench.copy_in(&call.container(0)?, &call.text(1), &call.text(2))?;
        Ok(Dynamic::UNIT)
    },
};
