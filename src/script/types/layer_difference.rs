//! `LayerDifference`: two layers at the same place.

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, Record};
use crate::workbench::LayerDifference;

impl Record for LayerDifference {
    const NAME: &'static str = "LayerDifference";
    const LIST: &'static str = "LayerDifferences";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "index", doc: "from 0, the lowest", get: |it| json::int(it.index as u64) },
        Key { name: "before", doc: "the one's `diff_id`", get: |it| json::optional(it.before.as_ref()) },
        Key { name: "after", doc: "the other's", get: |it| json::optional(it.after.as_ref()) },
        Key {
            name: "what",
            doc: "`same`, `compression`, `times` (of files), `packing` (of the same files), `ignored` (nothing that counts), `files`, `only one`",
            get: |it| json::text(&it.what),
        },
        Key {
            name: "packing",
            doc: "the parts of the archives that differ, an array: `order`, `mtime`, `headers`, …",
            get: |it| json::texts(&it.packing),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "layer", cell: |it| Cell::count(it.index as u64) },
        Column { title: "before", cell: |it| Cell::id(it.before.clone().unwrap_or_default()) },
        Column { title: "after", cell: |it| Cell::id(it.after.clone().unwrap_or_default()) },
        Column { title: "what differs", cell: |it| Cell::text(&it.what) },
        Column { title: "packing", cell: |it| Cell::text(it.packing.join(", ")) },
    ];

    fn brief(&self) -> String {
        format!("{}: {}", self.index, self.what)
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.index.cmp(&other.index)
    }
}
