//! `WasteItem`.

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, Record};
use crate::workbench::WasteItem;

impl Record for WasteItem {
    const NAME: &'static str = "WasteItem";
    const LIST: &'static str = "WasteItems";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "path", doc: "absolute path", get: |it| json::text(&it.path) },
        Key { name: "bytes", doc: "hidden bytes", get: |it| json::int(it.bytes) },
        Key {
            name: "added_by",
            doc: "index of the layer that has them",
            get: |it| json::int(it.added_by as u64),
        },
        Key {
            name: "hidden_by",
            doc: "index of the layer that hides them",
            get: |it| json::int(it.hidden_by as u64),
        },
        Key { name: "cause", doc: "why they are hidden", get: |it| json::text(&it.cause) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "bytes", cell: |it| Cell::size(it.bytes) },
        Column { title: "added by", cell: |it| Cell::count(it.added_by as u64) },
        Column { title: "hidden by", cell: |it| Cell::count(it.hidden_by as u64) },
        Column { title: "cause", cell: |it| Cell::text(&it.cause) },
        Column { title: "path", cell: |it| Cell::strong(&it.path) },
    ];

    fn brief(&self) -> String {
        format!("{} bytes of {}", self.bytes, self.path)
    }
}
