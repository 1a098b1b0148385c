//! `PackingDifference`: one thing in which two archives of the same files differ.

use rhai::Dynamic;

use super::super::json;
use super::super::render::{Cell, Tone};
use super::{Column, Key, Record};
use crate::workbench::PackingDifference;

impl Record for PackingDifference {
    const NAME: &'static str = "PackingDifference";
    const LIST: &'static str = "PackingDifferences";
    const KEYS: &'static [Key<Self>] = &[
        Key {
            name: "layer",
            doc: "the layer, from 0; `()` of what is told of the image",
            get: |it| it.layer.map_or(Dynamic::UNIT, |layer| json::int(layer as u64)),
        },
        Key {
            name: "part",
            doc: "`created`, `documents`, `order`, `entries`, `mtime`, `owner`, `mode`, `link`, `xattrs`, `headers`, `pax`, `padding`, `compression`",
            get: |it| json::text(&it.part),
        },
        Key {
            name: "field",
            doc: "what exactly: `uname`, `format`, `pax atime`, `gzip mtime`, …",
            get: |it| json::text(&it.field),
        },
        Key { name: "count", doc: "how many entries show it", get: |it| json::int(it.count) },
        Key { name: "path", doc: "the first of them, or `()`", get: |it| json::optional(it.path.as_ref()) },
        Key { name: "before", doc: "what it was there", get: |it| json::optional(it.before.as_ref()) },
        Key { name: "after", doc: "what it is", get: |it| json::optional(it.after.as_ref()) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column {
            title: "layer",
            cell: |it| it.layer.map_or_else(|| Cell::text(""), |layer| Cell::count(layer as u64)),
        },
        Column { title: "what differs", cell: |it| Cell::strong(&it.field) },
        Column { title: "entries", cell: |it| Cell::count(it.count) },
        Column { title: "such as", cell: |it| Cell::text(it.path.clone().unwrap_or_default()) },
        Column {
            title: "before",
            cell: |it| Cell::toned(it.before.clone().unwrap_or_default(), Tone::Deleted),
        },
        Column { title: "after", cell: |it| Cell::toned(it.after.clone().unwrap_or_default(), Tone::Added) },
    ];

    fn brief(&self) -> String {
        let layer = self.layer.map_or_else(String::new, |layer| format!("layer {layer}: "));
        format!("{layer}{} of {}", self.field, self.count)
    }
}
