//! `push`.

use super::parameters::{COMPRESSION, IMAGE, OPTIONS, REFERENCE};
use super::{Example, Group, Needs, Overload, Verb};
use crate::workbench::SaveOptions;

/// The entry.
pub static VERB: Verb = Verb {
    name: "push",
    group: Group::Images,
    summary: "write an image to a registry",
    doc: "\
Layers that the registry has are not sent; those of another repository there are mounted. An image
that nothing was changed of keeps its digest. Gives the manifest's digest, by which the registry
knows the image.",
    overloads: &[
        Overload { params: &[IMAGE, REFERENCE], returns: "text" },
        Overload { params: &[IMAGE, REFERENCE, OPTIONS], returns: "text" },
    ],
    options: COMPRESSION,
    examples: &[Example {
        about: "where nobody listens",
        code: r#"attempt(|| push(base(), "localhost:1/base:v1")).error.kind"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let options = call.options(2)?;
        let options = SaveOptions { compression: options.text("compression"), level: options.int("level") };
        let image = call.image(0)?;
        Ok(call.context.workbench.push(&image, &call.text(1), options)?.into())
    },
};
