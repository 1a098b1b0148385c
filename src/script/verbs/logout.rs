//! `logout`.

use super::login::REGISTRY;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "logout",
    group: Group::Images,
    summary: "forget the password for a registry",
    doc: "Gives whether there was one.",
    overloads: &[Overload { params: &[REGISTRY], returns: "true or false" }],
    options: &[],
    examples: &[Example {
        about: "nothing to forget",
        code: r#"logout("registry.invalid")"#,
        needs: Needs::Engine,
    }],
    call: |call| Ok(call.context.workbench.logout(&call.text(0))?.into()),
};
