//! `Finding`: what one rule of `check` found; and `FindingItem`, a file that it is about.

use rhai::Dynamic;

use super::super::json;
use super::super::render::{Cell, Tone};
use super::{Column, Key, List, Record};
use crate::workbench::{Finding, FindingItem};

impl Record for Finding {
    const NAME: &'static str = "Finding";
    const LIST: &'static str = "Findings";
    const KEYS: &'static [Key<Self>] = &[
        Key {
            name: "rule",
            doc: "its name in a file, such as `highestWastedBytes`",
            get: |it| json::text(&it.rule),
        },
        Key { name: "ok", doc: "the image is as it asks", get: |it| Dynamic::from_bool(it.ok) },
        Key {
            name: "value",
            doc: "what was found: a share from 0 to 1, bytes, or how many",
            get: |it| number(&it.value),
        },
        Key { name: "limit", doc: "what is asked; the same is good enough", get: |it| number(&it.limit) },
        Key { name: "unit", doc: "`share`, `bytes` or `count`", get: |it| json::text(&it.unit) },
        Key {
            name: "items",
            doc: "what it is about, the worst first",
            get: |it| Dynamic::from(it.items.iter().cloned().collect::<List<_>>()),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column {
            title: "",
            cell: |it| if it.ok { Cell::toned("ok", Tone::Good) } else { Cell::toned("no", Tone::Bad) },
        },
        Column { title: "rule", cell: |it| Cell::strong(&it.rule) },
        Column { title: "found", cell: |it| measure(&it.value, &it.unit) },
        Column { title: "asked", cell: |it| measure(&it.limit, &it.unit) },
        Column {
            title: "worst",
            cell: |it| {
                let worst = it.items.first().filter(|_| !it.ok);
                Cell::text(worst.map(Record::brief).unwrap_or_default())
            },
        },
    ];

    fn brief(&self) -> String {
        format!("{} {}: {}", if self.ok { "ok" } else { "no" }, self.rule, self.value)
    }
}

impl Record for FindingItem {
    const NAME: &'static str = "FindingItem";
    const LIST: &'static str = "FindingItems";
    const KEYS: &'static [Key<Self>] = &[
        Key {
            name: "name",
            doc: "absolute path, or name and version of a package",
            get: |it| json::text(&it.name),
        },
        Key { name: "bytes", doc: "its bytes", get: |it| json::int(it.bytes) },
        Key {
            name: "layer",
            doc: "index of the layer that has it; `()` of a package",
            get: |it| it.layer.map_or(Dynamic::UNIT, |layer| json::int(layer as u64)),
        },
        Key {
            name: "created_by",
            doc: "the command that made that layer, else `()`",
            get: |it| json::optional(it.created_by.as_ref()),
        },
        Key { name: "why", doc: "what is wrong with it", get: |it| json::text(&it.why) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "bytes", cell: |it| Cell::size(it.bytes) },
        Column {
            title: "layer",
            cell: |it| it.layer.map_or_else(|| Cell::text(""), |layer| Cell::count(layer as u64)),
        },
        Column { title: "why", cell: |it| Cell::text(&it.why) },
        Column { title: "name", cell: |it| Cell::strong(&it.name) },
    ];

    fn brief(&self) -> String {
        let layer = self.layer.map(|layer| format!(" in layer {layer}")).unwrap_or_default();
        let name =
            if self.name.is_empty() { self.created_by.as_deref().unwrap_or_default() } else { &self.name };
        format!("{name}{layer}: {}", self.why)
    }
}

fn number(number: &serde_json::Number) -> Dynamic {
    match number.as_i64() {
        Some(whole) => whole.into(),
        None => Dynamic::from_float(number.as_f64().unwrap_or_default()),
    }
}

fn measure(number: &serde_json::Number, unit: &str) -> Cell {
    match (unit, number.as_u64()) {
        ("bytes", Some(bytes)) => Cell::size(bytes),
        ("count", Some(count)) => Cell::count(count),
        _ => Cell::text(format!("{:.2} %", number.as_f64().unwrap_or_default() * 100.0)),
    }
}
