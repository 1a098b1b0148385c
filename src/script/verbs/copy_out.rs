//! `copy_out`.

use rhai::Dynamic;

use super::parameters::{HOST_PATH, PATH, SUBJECT};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "copy_out",
    group: Group::Files,
    summary: "copy a file or folder of a container or image to the host",
    doc: "\
As `docker cp`. Nothing outside the named place is written, whatever links the image has.",
    overloads: &[Overload { params: &[SUBJECT, PATH, HOST_PATH], returns: "()" }],
    options: &[],
    examples: &[Example {
        about: "one file",
        code: r#"run(base(), "echo hi > /a").copy_out("/a", "a.txt"); read_file("a.txt")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        call.context.workbench.copy_out(&call.subject(0)?, &call.text(1), &call.text(2))?;
        Ok(Dynamic::UNIT)
    },
};
