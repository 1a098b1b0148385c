//! `Duplicate`: a content that several files have.

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, Record};
use crate::workbench::Duplicate;

impl Record for Duplicate {
    const NAME: &'static str = "Duplicate";
    const LIST: &'static str = "Duplicates";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "digest", doc: "of the content", get: |it| json::text(&it.digest) },
        Key { name: "size", doc: "bytes of one", get: |it| json::int(it.size) },
        Key { name: "count", doc: "how many files", get: |it| json::int(it.count) },
        Key { name: "wasted", doc: "bytes of all but one", get: |it| json::int(it.wasted) },
        Key { name: "paths", doc: "the files, an array", get: |it| json::texts(&it.paths) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "wasted", cell: |it| Cell::size(it.wasted) },
        Column { title: "size", cell: |it| Cell::size(it.size) },
        Column { title: "files", cell: |it| Cell::count(it.count) },
        Column { title: "paths", cell: |it| Cell::strong(it.paths.join(" ")) },
    ];

    fn brief(&self) -> String {
        format!("{} files of {} bytes: {}", self.count, self.size, self.paths.join(" "))
    }
}
