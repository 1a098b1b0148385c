//! `Waste`: what an image carries and no container of it can see.

use rhai::Dynamic;

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, List, Record};
use crate::workbench::Waste;

impl Record for Waste {
    const NAME: &'static str = "Waste";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "total", doc: "sum of the layers' sizes, bytes", get: |it| json::int(it.total) },
        Key { name: "waste", doc: "hidden bytes", get: |it| json::int(it.waste) },
        Key { name: "efficiency", doc: "1 - waste / total", get: |it| Dynamic::from_float(it.efficiency) },
        Key {
            name: "items",
            doc: "every hidden byte once: who added it, who hid it",
            get: |it| Dynamic::from(it.items.iter().cloned().collect::<List<_>>()),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "total", cell: |it| Cell::size(it.total) },
        Column { title: "waste", cell: |it| Cell::size(it.waste) },
        Column { title: "efficiency", cell: |it| Cell::text(format!("{:.1} %", it.efficiency * 100.0)) },
    ];

    fn brief(&self) -> String {
        format!("{} of {} bytes in {} items", self.waste, self.total, self.items.len())
    }
}
