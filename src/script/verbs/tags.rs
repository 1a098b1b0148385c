//! `tags`.

use rhai::{Array, Dynamic};

use super::parameters::REFERENCE;
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "tags",
    group: Group::Images,
    summary: "the tags of a repository, asked of its registry",
    doc: "In the registry's order, which most often is that of the letters.",
    overloads: &[Overload { params: &[REFERENCE], returns: "array" }],
    options: &[],
    examples: &[Example {
        about: "where nobody listens",
        code: r#"attempt(|| tags("localhost:1/debian")).error.kind"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let tags = call.context.workbench.tags(&call.text(0))?;
        Ok(Dynamic::from(tags.into_iter().map(Dynamic::from).collect::<Array>()))
    },
};
