//! `Comparison`: in what two things differ.

use rhai::Dynamic;

use super::super::json;
use super::super::render::{Cell, Tone};
use super::{Column, Key, List, Record};
use crate::workbench::Comparison;

impl Record for Comparison {
    const NAME: &'static str = "Comparison";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "before", doc: "what was compared", get: |it| json::text(&it.before) },
        Key { name: "after", doc: "with what", get: |it| json::text(&it.after) },
        Key {
            name: "same",
            doc: "whether files, configuration and packages are the same",
            get: |it| Dynamic::from_bool(it.same),
        },
        Key {
            name: "reproducible",
            doc: "whether besides nothing is packed, dated or told differently",
            get: |it| Dynamic::from_bool(it.reproducible),
        },
        Key {
            name: "verdict",
            doc: "`identical`, `same` (but for when and by what it was made), `packed differently`, `only times differ` or `different`",
            get: |it| json::text(&it.verdict),
        },
        Key {
            name: "files",
            doc: "paths that are not the same, with reasons",
            get: |it| Dynamic::from(it.files.iter().cloned().collect::<List<_>>()),
        },
        Key {
            name: "config",
            doc: "settings that are not the same",
            get: |it| Dynamic::from(it.config.iter().cloned().collect::<List<_>>()),
        },
        Key {
            name: "history",
            doc: "steps that only one of them has",
            get: |it| Dynamic::from(it.history.iter().cloned().collect::<List<_>>()),
        },
        Key {
            name: "layers",
            doc: "layer by layer: the same, or what differs",
            get: |it| Dynamic::from(it.layers.iter().cloned().collect::<List<_>>()),
        },
        Key {
            name: "packing",
            doc: "why archives of the same files are not the same: order, times, headers, compression, …",
            get: |it| Dynamic::from(it.packing.iter().cloned().collect::<List<_>>()),
        },
        Key {
            name: "packages",
            doc: "packages that are not the same",
            get: |it| Dynamic::from(it.packages.iter().cloned().collect::<List<_>>()),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "before", cell: |it| Cell::text(&it.before) },
        Column { title: "after", cell: |it| Cell::text(&it.after) },
        Column {
            title: "verdict",
            cell: |it| Cell::toned(&it.verdict, if it.same { Tone::Good } else { Tone::Bad }),
        },
        Column { title: "files", cell: |it| Cell::count(it.files.len() as u64) },
        Column { title: "settings", cell: |it| Cell::count(it.config.len() as u64) },
        Column { title: "packages", cell: |it| Cell::count(it.packages.len() as u64) },
        Column { title: "packing", cell: |it| Cell::text(parts(it)) },
    ];

    fn brief(&self) -> String {
        let parts = parts(self);
        let told = if parts.is_empty() { parts } else { format!(" ({parts})") };
        format!("{} and {}: {}{told}", self.before, self.after, self.verdict)
    }
}

/// The parts of archives that differ anywhere.
fn parts(it: &Comparison) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in it.packing.iter().map(|it| it.part.as_str()) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join(", ")
}
