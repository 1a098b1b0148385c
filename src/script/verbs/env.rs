//! `env`.

use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const NAME: Param = Param { name: "name", kinds: &[Kind::Text], completes: Completes::Environment };
const DEFAULT: Param = Param { name: "default", kinds: &[Kind::Any], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "env",
    group: Group::Script,
    summary: "a variable of the caller's environment",
    doc: "\
`()` where it is not set, or the second argument.",
    overloads: &[
        Overload { params: &[NAME], returns: "text or ()" },
        Overload { params: &[NAME, DEFAULT], returns: "text or the default" },
    ],
    options: &[],
    examples: &[Example {
        about: "with a default",
        code: r#"env("NO_SUCH_VARIABLE", "none")"#,
        needs: Needs::Nothing,
    }],
    call: |call| {
        let name = call.text(0);
        let found = call.context.options.environment.iter().find(|(known, _)| *known == name);
        Ok(found.map_or_else(|| call.any(1), |(_, value)| value.as_str().into()))
    },
};
