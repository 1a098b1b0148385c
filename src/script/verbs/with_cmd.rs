//! `with_cmd`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, TAG, WORDS};
use super::parameters::{IMAGE, OPTIONS};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "with_cmd",
    group: Group::Fix,
    summary: "an image with another default command",
    doc: "\
A text is run by `/bin/sh -c`, an array as it is, an empty array is no command. The entrypoint stays.",
    overloads: &[
        Overload { params: &[IMAGE, WORDS], returns: "Image" },
        Overload { params: &[IMAGE, WORDS, OPTIONS], returns: "Image" },
    ],
    options: &[TAG, MESSAGE],
    examples: &[Example {
        about: "what runs without a command",
        code: r#"with_cmd(base(), ["echo", "hi"]).config.Cmd"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let (words, options) = (derived::words(call, 1)?, derived::options(call, 2)?);
        let image = call.context.workbench.with_cmd(&call.image(0)?, &words, &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
