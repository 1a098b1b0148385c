//! `waste`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::parameters::SUBJECT;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "waste",
    group: Group::Analysis,
    summary: "bytes that an image carries and no container of it can see",
    doc: "\
Every hidden byte once: which layer added it, which one hid it, and why.",
    overloads: &[Overload { params: &[SUBJECT], returns: "Waste" }],
    options: &[],
    examples: &[Example {
        about: "what deleting later leaves behind",
        code: r#"let v1 = run(base(), "head -c 5000 /dev/zero > /big").commit("demo:big"); let v2 = run(v1, "rm /big").commit("demo:small"); waste(v2).items.map("path")"#,
        needs: Needs::Engine,
    }],
    call: |call| Ok(Dynamic::from(Handle::new(call.context.workbench.waste(&call.subject(0)?)?))),
};
