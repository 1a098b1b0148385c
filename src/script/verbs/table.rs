//! `table`.

use rhai::Dynamic;

use super::super::raised::Raised;
use super::super::render::{self, Style};
use super::super::types;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const ROWS: Param = Param { name: "rows", kinds: &[Kind::Any], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "table",
    group: Group::Script,
    summary: "rows as the text of a table",
    doc: "\
Rows are maps or arrays, or any list of ours. Columns are the keys, in order of first appearance.",
    overloads: &[Overload { params: &[ROWS], returns: "text" }],
    options: &[],
    examples: &[Example {
        about: "of maps",
        code: r#"print(table([#{ name: "a", size: 1 }, #{ name: "b", size: 20 }]))"#,
        needs: Needs::Nothing,
    }],
    call: |call| {
        let style = Style { width: 100, color: false, plain: false };
        let value = call.any(0);
        if types::as_list(&value).is_some() {
            return Ok(render::render(&value, &style).into());
        }
        let table = value.as_array_ref().ok().and_then(|rows| render::of_rows(&rows, &style));
        table.map(Dynamic::from).ok_or_else(|| {
            Raised::invalid(format!("`table` wants rows, got {}", types::name(&value)))
                .with_hint("an array of maps, `table([#{ name: \"a\", size: 1 }])`, an array of arrays, or a list such as `images()`")
                .into()
        })
    },
};
