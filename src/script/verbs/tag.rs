//! `tag`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::parameters::{IMAGE, REFERENCE};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "tag",
    group: Group::Images,
    summary: "give an image one more name",
    doc: "\
A name that another image has moves. Gives the image with all its names.",
    overloads: &[Overload { params: &[IMAGE, REFERENCE], returns: "Image" }],
    options: &[],
    examples: &[Example {
        about: "two names",
        code: r#"tag(base(), "demo/mine:1").references"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let image = call.image(0)?;
        Ok(Dynamic::from(Handle::new(call.context.workbench.tag(&image, &call.text(1))?)))
    },
};
