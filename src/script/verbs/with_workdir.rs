//! `with_workdir`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, TAG};
use super::parameters::{IMAGE, OPTIONS, PATH};
use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "with_workdir",
    group: Group::Fix,
    summary: "an image whose programs begin in another directory",
    doc: "\
A relative path is below the old one. It is made when a container runs.",
    overloads: &[
        Overload { params: &[IMAGE, PATH], returns: "Image" },
        Overload { params: &[IMAGE, PATH, OPTIONS], returns: "Image" },
    ],
    options: &[TAG, MESSAGE],
    examples: &[Example {
        about: "seen by what runs in it",
        code: r#"run(with_workdir(base(), "/srv"), "pwd").stdout"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let options = derived::options(call, 2)?;
        let image = call.context.workbench.with_workdir(&call.image(0)?, &call.text(1), &options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
