//! `ask`.

use rhai::Dynamic;

use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const PROMPT: Param = Param { name: "prompt", kinds: &[Kind::Text], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "ask",
    group: Group::Script,
    summary: "a line that the person types; `()` where nobody is there",
    doc: "\
Scripts that nobody watches go on without an answer. Without a prompt it asks nothing, and says whether
somebody is there.",
    overloads: &[
        Overload { params: &[], returns: "bool" },
        Overload { params: &[PROMPT], returns: "text or ()" },
    ],
    options: &[],
    examples: &[Example { about: "unattended", code: r#"ask("name: ") ?? "nobody""#, needs: Needs::Nothing }],
    call: |call| {
        if call.count() == 0 {
            return Ok(call.context.options.input.is_some().into());
        }
        let Some(input) = &call.context.options.input else { return Ok(Dynamic::UNIT) };
        Ok(input(&call.text(0)).map_or(Dynamic::UNIT, Dynamic::from))
    },
};
