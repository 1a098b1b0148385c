//! `layers`.

use rhai::Dynamic;

use super::super::types::List;
use super::parameters::SUBJECT;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "layers",
    group: Group::Analysis,
    summary: "an image's layers, lowest first",
    doc: "\
`layers(x)[1].files` are the files of one; `waste` in it is what later layers hide.",
    overloads: &[Overload { params: &[SUBJECT], returns: "Layers" }],
    options: &[],
    examples: &[
        Example {
            about: "how big they are",
            code: r#"layers(base()).sum("size") > 0"#,
            needs: Needs::Engine,
        },
        Example {
            about: "the largest files",
            code: r#"layers(base())[0].files.order(|f| -f.size).take(3).map("path")"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let layers = call.context.workbench.layers(&call.subject(0)?)?;
        Ok(Dynamic::from(layers.into_iter().collect::<List<_>>()))
    },
};
