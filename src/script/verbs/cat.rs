//! `cat`.

use super::parameters::{LAYER, PATH, SUBJECT};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "cat",
    group: Group::Analysis,
    summary: "a file's text as it was after any layer",
    doc: "\
Without a layer it is what `read` gives. The text must be UTF-8; links are followed inside. An image that
is only looked at in place is taken into the store for it.",
    overloads: &[
        Overload { params: &[SUBJECT, PATH], returns: "text" },
        Overload { params: &[SUBJECT, PATH, LAYER], returns: "text" },
    ],
    options: &[],
    examples: &[Example {
        about: "before it was changed",
        code: r#"let v1 = run(base(), "echo one > /f").commit("demo:c1"); let v2 = run(v1, "echo two > /f").commit("demo:c2"); cat(v2, "/f", -2) + cat(v2, "/f")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let text = call.context.workbench.cat(&call.subject(0)?, &call.text(1), call.layer_index(2))?;
        Ok(text.into())
    },
};
