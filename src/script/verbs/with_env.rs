//! `with_env`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, NAME, PAIRS, TAG, VALUE};
use super::parameters::{IMAGE, OPTIONS};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "with_env",
    group: Group::Fix,
    summary: "an image with other variables",
    doc: "\
The same layers; only the configuration changes. `()` as the value takes a variable away. `base().config.Env`
shows what there is.",
    overloads: &[
        Overload { params: &[IMAGE, PAIRS], returns: "Image" },
        Overload { params: &[IMAGE, PAIRS, OPTIONS], returns: "Image" },
        Overload { params: &[IMAGE, NAME, VALUE], returns: "Image" },
        Overload { params: &[IMAGE, NAME, VALUE, OPTIONS], returns: "Image" },
    ],
    options: &[TAG, MESSAGE],
    examples: &[
        Example {
            about: "seen by what runs in it",
            code: r#"run(with_env(base(), #{ GREETING: "hi" }), "echo $GREETING").stdout"#,
            needs: Needs::Engine,
        },
        Example {
            about: "one, and a name for the image",
            code: r#"with_env(base(), "LANG", "C.UTF-8", #{ tag: "demo:utf8" }).references"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let (variables, options) = derived::pairs(call)?;
        let image = call.context.workbench.with_env(&call.image(0)?, &variables, &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
