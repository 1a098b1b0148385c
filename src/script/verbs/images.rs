//! `images`.

use rhai::Dynamic;

use super::super::types::List;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "images",
    group: Group::Images,
    summary: "the images of the store",
    doc: "\
A list: `images().order(\"size\")`, `images().filter(|i| i.size > 1_000_000)`.",
    overloads: &[Overload { params: &[], returns: "Images" }],
    options: &[],
    examples: &[Example {
        about: "their names",
        code: r#"base(); images().map("references")"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let images = call.context.workbench.images()?;
        Ok(Dynamic::from(images.into_iter().collect::<List<_>>()))
    },
};
