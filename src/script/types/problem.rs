//! `Problem`: one thing that `fsck` found.

use rhai::Dynamic;

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, Record};
use crate::workbench::Problem;

impl Record for Problem {
    const NAME: &'static str = "Problem";
    const LIST: &'static str = "Problems";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "kind", doc: "`layer`, `blob`, `image`, …", get: |it| json::text(&it.kind) },
        Key { name: "name", doc: "which", get: |it| json::text(&it.name) },
        Key { name: "detail", doc: "what is wrong with it", get: |it| json::text(&it.detail) },
        Key { name: "repaired", doc: "whether it was put right", get: |it| Dynamic::from_bool(it.repaired) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "kind", cell: |it| Cell::text(&it.kind) },
        Column { title: "name", cell: |it| Cell::strong(&it.name) },
        Column { title: "detail", cell: |it| Cell::text(&it.detail) },
        Column { title: "repaired", cell: |it| Cell::text(if it.repaired { "yes" } else { "no" }) },
    ];

    fn brief(&self) -> String {
        format!("{} {}: {}", self.kind, self.name, self.detail)
    }
}
