//! `login`.

use rhai::Dynamic;

use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

/// A registry's name.
pub const REGISTRY: Param = Param { name: "registry", kinds: &[Kind::Text], completes: Completes::Nothing };
const NAME: Param = Param { name: "name", kinds: &[Kind::Text], completes: Completes::Nothing };
const PASSWORD: Param = Param { name: "password", kinds: &[Kind::Text], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "login",
    group: Group::Images,
    summary: "try a password with a registry, and keep it",
    doc: "\
It is kept where `docker login` keeps it: in `~/.docker/config.json`, or with the credential helper
that is named there; in `REGISTRY_AUTH_FILE`, if that is set. `env(\"TOKEN\")` keeps it out of a script.",
    overloads: &[Overload { params: &[REGISTRY, NAME, PASSWORD], returns: "()" }],
    options: &[],
    examples: &[Example {
        about: "where nobody listens",
        code: r#"attempt(|| login("localhost:1", "me", "secret")).error.kind"#,
        needs: Needs::Engine,
    }],
    call: |call| {
        call.context.workbench.login(&call.text(0), &call.text(1), &call.text(2))?;
        Ok(Dynamic::UNIT)
    },
};
