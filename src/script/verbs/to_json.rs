//! `to_json`.

use super::super::json;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const VALUE: Param = Param { name: "value", kinds: &[Kind::Any], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "to_json",
    group: Group::Script,
    summary: "a value as JSON text",
    doc: "\
Our values by their keys, `()` as `null`.",
    overloads: &[Overload { params: &[VALUE], returns: "text" }],
    options: &[],
    examples: &[Example {
        about: "a map",
        code: r#"to_json(#{ a: [1, 2.5, ()], b: "x" })"#,
        needs: Needs::Nothing,
    }],
    call: |call| Ok(json::of(&call.any(0)).to_string().into()),
};
