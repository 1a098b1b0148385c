//! `history`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::IMAGE;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "history",
    group: Group::Analysis,
    summary: "how an image was made, oldest step first",
    doc: "\
Steps that added no layer say so: `empty_layer`.",
    overloads: &[Overload { params: &[IMAGE], returns: "History" }],
    options: &[],
    examples: &[Example {
        about: "the commands",
        code: r#"history(base()).map("created_by")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let history = call.context.workbench.history(&call.image(0)?)?;
        Ok(Dynamic::from(history.into_iter().collect::<List<_>>()))
    },
};
