//! `show`.

use rhai::Dynamic;

use super::super::render::{self, Style};
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "show",
    group: Group::Script,
    summary: "write a value as the prompt shows it, to its end",
    doc: "\
The prompt cuts long tables and sums up long diffs; `show` writes every row. Where output is no
terminal it is the plain form, as everywhere.",
    overloads: &[Overload {
        params: &[Param { name: "value", kinds: &[Kind::Any], completes: Completes::Nothing }],
        returns: "()",
    }],
    options: &[],
    examples: &[Example {
        about: "every file",
        code: "layers(base())[0].files.show()",
        needs: Needs::Engine,
    }],
    call: |call| {
        let style = Style { whole: true, ..call.context.options.style };
        let text = render::render(&call.any(0), &style);
        (call.context.options.out.show)(&text);
        Ok(Dynamic::UNIT)
    },
};
