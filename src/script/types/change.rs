//! `Change`, and the list of them: `Diff`.

use super::super::json;
use super::super::render::{Cell, Tone};
use super::{Column, Key, Record};
use crate::workbench::Change;

impl Record for Change {
    const NAME: &'static str = "Change";
    const LIST: &'static str = "Diff";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "kind", doc: "`A` added, `C` changed, `D` deleted", get: |it| json::text(&it.kind) },
        Key { name: "path", doc: "absolute path", get: |it| json::text(&it.path) },
        Key { name: "size", doc: "bytes of a file, else 0", get: |it| json::int(it.size) },
        Key { name: "type", doc: "`file`, `dir`, `symlink`, …", get: |it| json::text(&it.file_type) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "", cell: |it| Cell::toned(&it.kind, tone(&it.kind)) },
        Column { title: "path", cell: |it| Cell::toned(&it.path, tone(&it.kind)) },
        Column { title: "size", cell: |it| if it.size == 0 { Cell::text("") } else { Cell::size(it.size) } },
    ];

    fn brief(&self) -> String {
        format!("{} {}", self.kind, self.path)
    }

    fn line(&self) -> Option<String> {
        Some(self.brief())
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.path.cmp(&other.path)
    }
}

/// The colour of a kind of change.
pub fn tone(kind: &str) -> Tone {
    match kind {
        "A" => Tone::Added,
        "D" => Tone::Deleted,
        _ => Tone::Changed,
    }
}
