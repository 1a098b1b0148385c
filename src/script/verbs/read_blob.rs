//! `read_blob`.

use rhai::Dynamic;

use super::parameters::{PATH, SUBJECT};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "read_blob",
    group: Group::Files,
    summary: "a file's bytes, from a container or an image",
    doc: "\
As `read`, for what is not text.",
    overloads: &[Overload { params: &[SUBJECT, PATH], returns: "blob" }],
    options: &[],
    examples: &[Example {
        about: "how many bytes",
        code: r#"run(base(), "echo hi > /greeting").read_blob("/greeting").len()"#,
        needs: Needs::Engine,
    }],
    call: |call| Ok(Dynamic::from_blob(call.context.workbench.read_blob(&call.subject(0)?, &call.text(1))?)),
};
