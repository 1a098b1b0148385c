//! `HistoryEntry`, and the list of them: `History`.

use rhai::Dynamic;

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, Record};
use crate::workbench::HistoryEntry;

impl Record for HistoryEntry {
    const NAME: &'static str = "HistoryEntry";
    const LIST: &'static str = "History";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "created", doc: "when, RFC 3339", get: |it| json::optional(it.created.as_ref()) },
        Key { name: "created_by", doc: "the command", get: |it| json::optional(it.created_by.as_ref()) },
        Key { name: "author", doc: "who", get: |it| json::optional(it.author.as_ref()) },
        Key { name: "comment", doc: "the message", get: |it| json::optional(it.comment.as_ref()) },
        Key { name: "empty_layer", doc: "it added no layer", get: |it| Dynamic::from_bool(it.empty_layer) },
        Key { name: "size", doc: "bytes of its layer", get: |it| json::int(it.size) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "created", cell: |it| Cell::time(it.created.as_deref().unwrap_or("")) },
        Column { title: "size", cell: |it| Cell::size(it.size) },
        Column { title: "created by", cell: |it| Cell::text(it.created_by.clone().unwrap_or_default()) },
        Column { title: "comment", cell: |it| Cell::text(it.comment.clone().unwrap_or_default()) },
    ];

    fn brief(&self) -> String {
        self.created_by.clone().or_else(|| self.comment.clone()).unwrap_or_default()
    }
}
