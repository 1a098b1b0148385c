//! `JunkFile`, and the list of them: `Junk`.

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, Record};
use crate::workbench::Junk;

impl Record for Junk {
    const NAME: &'static str = "JunkFile";
    const LIST: &'static str = "Junk";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "path", doc: "absolute path", get: |it| json::text(&it.path) },
        Key { name: "size", doc: "bytes", get: |it| json::int(it.size) },
        Key { name: "rule", doc: "which rule says so, such as `apt cache`", get: |it| json::text(&it.rule) },
        Key { name: "layer", doc: "index of the layer that has it", get: |it| json::int(it.layer as u64) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "size", cell: |it| Cell::size(it.size) },
        Column { title: "layer", cell: |it| Cell::count(it.layer as u64) },
        Column { title: "rule", cell: |it| Cell::text(&it.rule) },
        Column { title: "path", cell: |it| Cell::strong(&it.path) },
    ];

    fn brief(&self) -> String {
        format!("{} bytes of {}: {}", self.size, self.rule, self.path)
    }
}
