//! `pull`.

use rhai::Dynamic;

use super::super::types::Handle;
use super::parameters::{OPTIONS, REFERENCE};
use super::{Completes, Example, Group, Needs, Opt, Overload, Takes, Verb};
use crate::workbench::PullOptions;

/// The entry.
pub static VERB: Verb = Verb {
    name: "pull",
    group: Group::Images,
    summary: "an image from its registry",
    doc: "\
A reference with Docker's defaults, by tag or digest. What the store has of it does not come again;
what broke off goes on where it ended. Passwords come from `login`, `docker login` or `podman login`;
mirrors and registries without TLS from `registries.toml` in `~/.config/plywood`.",
    overloads: &[
        Overload { params: &[REFERENCE], returns: "Image" },
        Overload { params: &[REFERENCE, OPTIONS], returns: "Image" },
    ],
    options: &[Opt {
        name: "platform",
        takes: Takes::Text,
        doc: "`OS/ARCHITECTURE[/VARIANT]` instead of this machine's",
        completes: Completes::OneOf(&["linux/amd64", "linux/arm64"]),
    }],
    examples: &[Example {
        about: "of another machine, where there is a network",
        code: r#"attempt(|| pull("localhost:1/debian:12", #{ platform: "linux/arm64" })).ok"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        let options = PullOptions { platform: call.options(1)?.text("platform") };
        Ok(Dynamic::from(Handle::new(call.context.workbench.pull(&call.text(0), options)?)))
    },
};
