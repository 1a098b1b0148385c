//! `exists`.

use super::parameters::{PATH, SUBJECT};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "exists",
    group: Group::Files,
    summary: "whether a path is there, in a container or an image",
    doc: "\
A link that leads nowhere is there.",
    overloads: &[Overload { params: &[SUBJECT, PATH], returns: "bool" }],
    options: &[],
    examples: &[Example { about: "in an image", code: r#"base().exists("/bin/sh")"#, needs: Needs::Engine }],
    call: |call| Ok(call.context.workbench.exists(&call.subject(0)?, &call.text(1))?.into()),
};
