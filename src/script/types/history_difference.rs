//! `HistoryDifference`: a step that only one of two images has.

use super::super::json;
use super::super::render::Cell;
use super::change::tone;
use super::{Column, Key, Record};
use crate::workbench::HistoryDifference;

impl Record for HistoryDifference {
    const NAME: &'static str = "HistoryDifference";
    const LIST: &'static str = "HistoryDifferences";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "kind", doc: "`A` added, `D` deleted", get: |it| json::text(&it.kind) },
        Key { name: "index", doc: "its place in its history", get: |it| json::int(it.index as u64) },
        Key { name: "created_by", doc: "the command", get: |it| json::text(&it.created_by) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "", cell: |it| Cell::toned(&it.kind, tone(&it.kind)) },
        Column { title: "step", cell: |it| Cell::count(it.index as u64) },
        Column { title: "created by", cell: |it| Cell::toned(&it.created_by, tone(&it.kind)) },
    ];

    fn brief(&self) -> String {
        format!("{} {}", self.kind, self.created_by)
    }
}
