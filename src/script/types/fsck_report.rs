//! `FsckReport`.

use rhai::Dynamic;

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, List, Record};
use crate::workbench::FsckReport;

impl Record for FsckReport {
    const NAME: &'static str = "FsckReport";
    const KEYS: &'static [Key<Self>] = &[
        Key {
            name: "problems",
            doc: "what is wrong",
            get: |it| Dynamic::from(it.problems.iter().cloned().collect::<List<_>>()),
        },
        Key { name: "garbage", doc: "names of what no record reaches", get: |it| json::texts(&it.garbage) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "problems", cell: |it| Cell::count(it.problems.len() as u64) },
        Column { title: "garbage", cell: |it| Cell::count(it.garbage.len() as u64) },
    ];

    fn brief(&self) -> String {
        format!("{} problems, {} pieces of garbage", self.problems.len(), self.garbage.len())
    }
}
