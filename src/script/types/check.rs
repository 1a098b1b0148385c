//! `Check`: one thing that `doctor` looked at.

use rhai::Dynamic;

use super::super::json;
use super::super::render::{Cell, Tone};
use super::{Column, Key, Record};
use crate::workbench::Check;

impl Record for Check {
    const NAME: &'static str = "Check";
    const LIST: &'static str = "Checks";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "name", doc: "what was looked at", get: |it| json::text(&it.name) },
        Key { name: "ok", doc: "it is as it should be", get: |it| Dynamic::from_bool(it.ok) },
        Key { name: "detail", doc: "what was found", get: |it| json::text(&it.detail) },
        Key { name: "fix", doc: "the exact fix, else `()`", get: |it| json::optional(it.fix.as_ref()) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column {
            title: "",
            cell: |it| if it.ok { Cell::toned("ok", Tone::Good) } else { Cell::toned("no", Tone::Bad) },
        },
        Column { title: "check", cell: |it| Cell::strong(&it.name) },
        Column { title: "found", cell: |it| Cell::text(&it.detail) },
        Column { title: "fix", cell: |it| Cell::text(it.fix.clone().unwrap_or_default()) },
    ];

    fn brief(&self) -> String {
        format!("{}: {}", self.name, self.detail)
    }
}
