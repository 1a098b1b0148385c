//! `commit`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::parameters::{CONTAINER, OPTIONS, REFERENCE};
use super::{Completes, Example, Group, Needs, Opt, Overload, Takes, Verb};
use crate::workbench::CommitOptions;

/// The entry.
pub static VERB: Verb = Verb {
    name: "commit",
    group: Group::Containers,
    summary: "keep what a container changed as a new image, one layer more",
    doc: "\
As `docker commit`: the container's command and variables become the image's, history says which
command it was. Nothing changed: no layer is added. The same changes give the same layer digest. A
reference that another image has moves to the new one.

`sync` is a word that Rhai keeps for itself, so that key is written in quotes: `#{ \"sync\": true }`.",
    overloads: &[
        Overload { params: &[CONTAINER, REFERENCE], returns: "Image" },
        Overload { params: &[CONTAINER, REFERENCE, OPTIONS], returns: "Image" },
    ],
    options: &[
        Opt { name: "message", takes: Takes::Text, doc: "history's comment", completes: Completes::Nothing },
        Opt {
            name: "author",
            takes: Takes::Text,
            doc: "such as `Jane <jane@example.org>`",
            completes: Completes::Nothing,
        },
        Opt {
            name: "change",
            takes: Takes::Texts,
            doc: "Dockerfile instructions: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR",
            completes: Completes::Nothing,
        },
        Opt {
            name: "pause",
            takes: Takes::Bool,
            doc: "pause a running container meanwhile; true unless said otherwise",
            completes: Completes::Nothing,
        },
        Opt {
            name: "sync",
            takes: Takes::Bool,
            doc: "return only when everything is on the disk",
            completes: Completes::Nothing,
        },
    ],
    examples: &[
        Example {
            about: "one layer more",
            code: r#"let v1 = run(base(), "echo hi > /greeting").commit("demo:v1", #{ message: "a greeting" }); layers(v1).len() - layers(base()).len()"#,
            needs: Needs::Engine,
        },
        Example {
            about: "with another command",
            code: r#"run(base(), "true").commit("demo:v2", #{ change: ["CMD [\"echo\", \"hi\"]"] }).config.Cmd"#,
            needs: Needs::Engine,
        },
    ],
    call: |call| {
        let options = call.options(2)?;
        let options = CommitOptions {
            message: options.text("message"),
            author: options.text("author"),
            change: options.texts("change").unwrap_or_default(),
            pause: options.flag("pause").unwrap_or(true),
            sync: options.flag("sync").unwrap_or(false),
        };
        let container = call.container(0)?;
        let image = call.context.workbench.commit(&container, &call.text(1), options)?;
        Ok(Dynamic::from(Handle::new(image)))
    },
};
