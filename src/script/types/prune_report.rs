//! `PruneReport`.

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, Record};
use crate::workbench::PruneReport;

impl Record for PruneReport {
    const NAME: &'static str = "PruneReport";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "parts", doc: "directories removed", get: |it| json::int(it.parts) },
        Key { name: "blobs", doc: "blobs removed", get: |it| json::int(it.blobs) },
        Key { name: "layers", doc: "layers removed", get: |it| json::int(it.layers) },
        Key { name: "bytes", doc: "bytes freed", get: |it| json::int(it.bytes) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "layers", cell: |it| Cell::count(it.layers) },
        Column { title: "blobs", cell: |it| Cell::count(it.blobs) },
        Column { title: "directories", cell: |it| Cell::count(it.parts) },
        Column { title: "freed", cell: |it| Cell::size(it.bytes) },
    ];

    fn brief(&self) -> String {
        format!("{} bytes freed", self.bytes)
    }
}
