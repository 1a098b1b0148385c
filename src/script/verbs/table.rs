//! `table`.

use rhai::{Dynamic, ImmutableString};

use super::super::raised::Raised;
use super::super::render::{self, Style};
use super::super::types;
use super::{Completes, Example, Group, Kind, Needs, Overload, Param, Verb};

const ROWS: Param = Param { name: "rows", kinds: &[Kind::Any], completes: Completes::Nothing };
const COLUMNS: Param = Param { name: "columns", kinds: &[Kind::Array], completes: Completes::Nothing };

/// The entry.
pub static VERB: Verb = Verb {
    name: "table",
    group: Group::Script,
    summary: "rows as the text of a table",
    doc: "\
Rows are maps or arrays, or any list of ours. Columns are the keys, in order of first appearance, or
those that are named.",
    overloads: &[
        Overload { params: &[ROWS], returns: "text" },
        Overload { params: &[ROWS, COLUMNS], returns: "text" },
    ],
    options: &[],
    examples: &[Example {
        about: "of maps",
        code: r#"print(table([#{ name: "a", size: 1 }, #{ name: "b", size: 20 }]))"#,
        needs: Needs::Nothing,
    }],
    call: |call| {
        let width = (call.context.options.terminal)().map_or(100, |(columns, _)| columns);
        let style = Style { width, color: false, plain: false, whole: true };
        let value = call.any(0);
        let columns: Vec<String> = call
            .any(1)
            .into_typed_array::<ImmutableString>()
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect();
        if types::as_list(&value).is_some() && columns.is_empty() {
            return Ok(render::render(&value, &style).into());
        }
        let table = value.as_array_ref().ok().and_then(|rows| render::of_rows(&rows, &columns, &style));
        table.map(Dynamic::from).ok_or_else(|| {
            Raised::invalid(format!("`table` wants rows, got {}", types::name(&value)))
                .with_hint("an array of maps, `table([#{ name: \"a\", size: 1 }])`, an array of arrays, or a list such as `images()`")
                .into()
        })
    },
};
