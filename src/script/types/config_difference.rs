//! `ConfigDifference`: a setting that two images do not have alike.

use super::super::json;
use super::super::render::{Cell, Tone};
use super::{Column, Key, Record};
use crate::workbench::ConfigDifference;

impl Record for ConfigDifference {
    const NAME: &'static str = "ConfigDifference";
    const LIST: &'static str = "ConfigDifferences";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "key", doc: "such as `Cmd`, `Env.PATH`, `architecture`", get: |it| json::text(&it.key) },
        Key { name: "before", doc: "what was", get: |it| json::optional(it.before.as_ref()) },
        Key { name: "after", doc: "what is", get: |it| json::optional(it.after.as_ref()) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "setting", cell: |it| Cell::strong(&it.key) },
        Column {
            title: "before",
            cell: |it| Cell::toned(it.before.clone().unwrap_or_default(), Tone::Deleted),
        },
        Column { title: "after", cell: |it| Cell::toned(it.after.clone().unwrap_or_default(), Tone::Added) },
    ];

    fn brief(&self) -> String {
        self.key.clone()
    }
}
