//! `FileDifference`: a path that two things do not have alike.

use super::super::json;
use super::super::render::Cell;
use super::change::tone;
use super::{Column, Key, Record};
use crate::workbench::FileDifference;

impl Record for FileDifference {
    const NAME: &'static str = "FileDifference";
    const LIST: &'static str = "FileDifferences";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "kind", doc: "`A` added, `C` changed, `D` deleted", get: |it| json::text(&it.kind) },
        Key { name: "path", doc: "absolute path", get: |it| json::text(&it.path) },
        Key { name: "type", doc: "`file`, `dir`, `symlink`, …", get: |it| json::text(&it.file_type) },
        Key { name: "size", doc: "bytes of a file, else 0", get: |it| json::int(it.size) },
        Key {
            name: "reasons",
            doc: "in what it differs, an array: `type`, `mode`, `owner`, `size`, `mtime`, `link`, `device`, `xattrs`, `content`",
            get: |it| json::texts(&it.reasons),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "", cell: |it| Cell::toned(&it.kind, tone(&it.kind)) },
        Column { title: "path", cell: |it| Cell::toned(&it.path, tone(&it.kind)) },
        Column { title: "size", cell: |it| if it.size == 0 { Cell::text("") } else { Cell::size(it.size) } },
        Column { title: "why", cell: |it| Cell::text(it.reasons.join(" ")) },
    ];

    fn brief(&self) -> String {
        format!("{} {}", self.kind, self.path)
    }

    fn line(&self) -> Option<String> {
        let reasons =
            if self.reasons.is_empty() { String::new() } else { format!("  ({})", self.reasons.join(" ")) };
        Some(format!("{}{reasons}", self.brief()))
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.path.cmp(&other.path)
    }
}
