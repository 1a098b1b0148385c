//! `parse_json`.

use super::super::json;
use super::super::raised::Raised;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const TEXT: Param = Param { name: "text", kinds: &[Kind::Text], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "parse_json",
    group: Group::Script,
    summary: "the value of JSON text",
    doc: "\
An object is a map, `null` is `()`.",
    overloads: &[Overload { params: &[TEXT], returns: "any" }],
    options: &[],
    examples: &[Example {
        about: "an array",
        code: r#"parse_json("[1, {\"a\": null}]")[1].a == ()"#,
        needs: Needs::Nothing,
    }],
    call: |call| {
        serde_json::from_str(&call.text(0))
            .map(|value| json::to_dynamic(&value))
            .map_err(|error| Raised::invalid(format!("that is not JSON: {error}")).into())
    },
};
