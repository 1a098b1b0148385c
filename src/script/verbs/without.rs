//! `without`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::derived::{self, MESSAGE, TAG};
use super::parameters::{IMAGE, OPTIONS};
use super::{Completes, Example, Group, Kind, Needs, Opt, Overload, Param, Takes, Verb};
use crate::workbench::DeriveOptions;

const PATHS: Param =
    Param { name: "paths", kinds: &[Kind::Text, Kind::Array], completes: Completes::InnerPath };

/// The entry.
pub static VERB: Verb = Verb {
    name: "without",
    group: Group::Fix,
    summary: "an image in whose layers some files are no more",
    doc: "\
Not hidden by one layer more, but taken out of the layers that carried them; those are made anew, the others
stay the same. A layer in which nothing is left goes: nothing but directories that are there anyway, whose
times do not count.

A path comes with everything in it. `*` is any text in one name, `?` one character, `[a-z]` one of some, `**`
any number of directories. Paths are taken as they are written: `..` goes up by name, and symbolic links lead
nowhere. A path that no layer has is an error, unless `force` is set.",
    overloads: &[
        Overload { params: &[IMAGE, PATHS], returns: "Image" },
        Overload { params: &[IMAGE, PATHS, OPTIONS], returns: "Image" },
    ],
    options: &[
        TAG,
        MESSAGE,
        Opt {
            name: "force",
            takes: Takes::Bool,
            doc: "a path that no layer has is no error",
            completes: Completes::Nothing,
        },
    ],
    examples: &[
        Example {
            about: "a secret that was removed too late",
            code: r#"let v1 = run(base(), "echo password > /root/secret").commit("demo:v1"); let v2 = run(v1, "rm /root/secret").commit("demo:v2"); without(v2, "/root/secret").saving"#,
            needs: Needs::Engine,
        },
        Example {
            about: "patterns",
            code: r#"let v1 = run(base(), "mkdir -p /srv/a && touch /srv/a/x.log /srv/a/y").commit("demo:v1"); without(v1, ["/srv/**/*.log", "/srv/none*"], #{ force: true }).exists("/srv/a/y")"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let paths = derived::texts(call, 1, "paths are texts")?;
        let options = call.options(2)?;
        let derive = DeriveOptions { tag: options.text("tag"), message: options.text("message") };
        let force = options.flag("force").unwrap_or(false);
        let image = call.context.workbench.without(&call.image(0)?, &paths, force, &derive)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
