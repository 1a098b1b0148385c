//! `with_volume`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, TAG};
use super::parameters::{IMAGE, OPTIONS};
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const PATHS: Param =
    Param { name: "paths", kinds: &[Kind::Text, Kind::Array], completes: Completes::InnerPath };

/// The entry.
pub static VERB: Verb = Verb {
    name: "with_volume",
    group: Group::Fix,
    summary: "an image that says which directories hold data",
    doc: "\
An absolute path, or an array of them; those that it says already stay.",
    overloads: &[
        Overload { params: &[IMAGE, PATHS], returns: "Image" },
        Overload { params: &[IMAGE, PATHS, OPTIONS], returns: "Image" },
    ],
    options: &[TAG, MESSAGE],
    examples: &[Example {
        about: "one",
        code: r#"with_volume(base(), "/data").config.Volumes.keys()"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let (paths, options) = (derived::texts(call, 1, "paths are texts")?, derived::options(call, 2)?);
        let image = call.context.workbench.with_volume(&call.image(0)?, &paths, &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
