//! `read`.

use super::parameters::{PATH, SUBJECT};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "read",
    group: Group::Files,
    summary: "a file's text, from a container or an image",
    doc: "\
The text must be UTF-8; `read_blob` gives any bytes. Links are followed inside.",
    overloads: &[Overload { params: &[SUBJECT, PATH], returns: "text" }],
    options: &[],
    examples: &[Example {
        about: "from a container",
        code: r#"run(base(), "echo hi > /greeting").read("/greeting")"#,
        needs: Needs::Engine,
    }],
    call: |call| Ok(call.context.workbench.read(&call.subject(0)?, &call.text(1))?.into()),
};
