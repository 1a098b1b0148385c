//! `flatten`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, TAG};
use super::parameters::{IMAGE, OPTIONS};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "flatten",
    group: Group::Fix,
    summary: "an image with all its layers as one",
    doc: "\
The layer has what a container of the image sees, and no deletions. History keeps the steps. Such an image
shares no layer with others: `squash` leaves those of a base alone.",
    overloads: &[
        Overload { params: &[IMAGE], returns: "Image" },
        Overload { params: &[IMAGE, OPTIONS], returns: "Image" },
    ],
    options: &[TAG, MESSAGE],
    examples: &[Example {
        about: "one layer",
        code: r#"let v1 = run(base(), "rm -r /usr/lib/terminfo").commit("demo:v1"); let flat = flatten(v1); [layers(flat).len(), waste(flat).waste]"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let options = derived::options(call, 1)?;
        let image = call.context.workbench.flatten(&call.image(0)?, &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
