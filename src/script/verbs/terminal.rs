//! `terminal`.

use rhai::{Dynamic, Map};

use super::{Example, Group, Needs, Overload, Verb};

/// The entry.
pub static VERB: Verb = Verb {
    name: "terminal",
    group: Group::Script,
    summary: "the terminal's size; `()` where the output goes elsewhere",
    doc: "\
Gives `#{ columns, rows }` as they are now.",
    overloads: &[Overload { params: &[], returns: "map" }],
    options: &[],
    examples: &[Example {
        about: "how wide a picture may be",
        code: "let width = terminal()?.columns ?? 80;",
        needs: Needs::Nothing,
    }],
    call: |call| {
        let Some((columns, rows)) = (call.context.options.terminal)() else { return Ok(Dynamic::UNIT) };
        let mut map = Map::new();
        map.insert("columns".into(), Dynamic::from_int(columns.into()));
        map.insert("rows".into(), Dynamic::from_int(rows.into()));
        Ok(map.into())
    },
};
