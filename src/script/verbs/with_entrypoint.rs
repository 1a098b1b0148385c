//! `with_entrypoint`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, TAG, WORDS};
use super::parameters::{IMAGE, OPTIONS};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "with_entrypoint",
    group: Group::Fix,
    summary: "an image with another entrypoint",
    doc: "\
A text is run by `/bin/sh -c`, an array as it is, an empty array is none. The default command stays.",
    overloads: &[
        Overload { params: &[IMAGE, WORDS], returns: "Image" },
        Overload { params: &[IMAGE, WORDS, OPTIONS], returns: "Image" },
    ],
    options: &[TAG, MESSAGE],
    examples: &[Example {
        about: "arguments come after it",
        code: r#"run(with_entrypoint(base(), ["echo", "hello"]), ["world"]).stdout"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let (words, options) = (derived::words(call, 1)?, derived::options(call, 2)?);
        let image = call.context.workbench.with_entrypoint(&call.image(0)?, &words, &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
