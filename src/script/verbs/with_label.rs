//! `with_label`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, NAME, PAIRS, TAG, VALUE};
use super::parameters::{IMAGE, OPTIONS};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "with_label",
    group: Group::Fix,
    summary: "an image with other labels",
    doc: "\
The same layers; only the configuration changes. `()` as the value takes a label away.",
    overloads: &[
        Overload { params: &[IMAGE, PAIRS], returns: "Image" },
        Overload { params: &[IMAGE, PAIRS, OPTIONS], returns: "Image" },
        Overload { params: &[IMAGE, NAME, VALUE], returns: "Image" },
        Overload { params: &[IMAGE, NAME, VALUE, OPTIONS], returns: "Image" },
    ],
    options: &[TAG, MESSAGE],
    examples: &[Example {
        about: "who made it",
        code: r#"with_label(base(), "org.opencontainers.image.authors", "me").config.Labels"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let (labels, options) = derived::pairs(call)?;
        let image = call.context.workbench.with_label(&call.image(0)?, &labels, &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
