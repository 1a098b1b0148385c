//! `rebase`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{MESSAGE, TAG};
use super::parameters::{IMAGE, OPTIONS};
use super::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::DeriveOptions;

const BASE: Param = Param { name: "base", kinds: &[Kind::Image, Kind::Text], completes: Completes::Images };

/// The entry.
pub static VERB: Verb = Verb {
    name: "rebase",
    group: Group::Fix,
    summary: "an image's own layers upon another base",
    doc: "\
The image must begin with the layers of the old base, `from`; without it that is the one image of the store
that it begins with. Its own layers stay the same ones. What its configuration took from the old base comes
from the new one, variables and labels one by one; what it says itself stays.",
    overloads: &[
        Overload { params: &[IMAGE, BASE], returns: "Image" },
        Overload { params: &[IMAGE, BASE, OPTIONS], returns: "Image" },
    ],
    options: &[
        TAG,
        MESSAGE,
        Opt {
            name: "from",
            takes: Takes::Image,
            doc: "the image that it was made on",
            completes: Completes::Images,
        },
    ],
    examples: &[Example {
        about: "the base has been mended",
        code: r#"let app = run(base(), "echo app > /app").commit("demo:app"); let mended = run(base(), "echo 2 > /version").commit("demo:base2"); rebase(app, mended, #{ from: base() }).run("cat /app /version").stdout"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let options = call.options(2)?;
        let derive = DeriveOptions { tag: options.text("tag"), message: options.text("message") };
        let from = match options.value("from") {
            Some(value) => Some(call.image_of(&value)?),
            None => None,
        };
        let (image, base) = (call.image(0)?, call.image(1)?);
        let image = call.context.workbench.rebase(&image, &base, from.as_ref(), &derive)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
