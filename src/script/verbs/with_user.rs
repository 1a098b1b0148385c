//! `with_user`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, TAG};
use super::parameters::{IMAGE, OPTIONS};
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const USER: Param = Param { name: "user", kinds: &[Kind::Text], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "with_user",
    group: Group::Fix,
    summary: "an image whose programs run as somebody else",
    doc: "\
`USER` or `USER:GROUP`, names or numbers; an empty text takes it away.",
    overloads: &[
        Overload { params: &[IMAGE, USER], returns: "Image" },
        Overload { params: &[IMAGE, USER, OPTIONS], returns: "Image" },
    ],
    options: &[TAG, MESSAGE],
    examples: &[Example {
        about: "nobody",
        code: r#"run(with_user(base(), "65534:65534"), "id -u").stdout"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let options = derived::options(call, 2)?;
        let image = call.context.workbench.with_user(&call.image(0)?, &call.text(1), &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
