//! `image`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const REFERENCE: Param =
    Param { name: "reference", kinds: &[Kind::Text], completes: Completes::ImageOrSource };

/// The entry.
pub static VERB: Verb = Verb {
    name: "image",
    group: Group::Images,
    summary: "the image of that name, pulled where it is missing, or in that archive",
    doc: "\
A reference with Docker's defaults (`debian` is `docker.io/library/debian:latest`), an id of at
least four digits, or a source as `load` takes it: that is only looked at, `verified` is `false`, and
it is stored when something needs its files' content. `docker://REF` reads documents, and no layers.",
    overloads: &[Overload { params: &[REFERENCE], returns: "Image" }],
    options: &[],
    examples: &[
        Example { about: "by name", code: r#"base(); image("plywood/base").id"#, needs: Needs::Engine },
        Example {
            about: "what is missing is an error",
            code: r#"attempt(|| image("no/such:thing")).ok"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| Ok(Dynamic::from(Handle::new(call.context.workbench.image(&call.text(0))?))),
};
