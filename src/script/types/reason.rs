//! `Reason`: one thing in which a path differs.

use super::super::json;
use super::super::render::{Cell, Tone};
use super::{Column, Key, Record};
use crate::workbench::Reason;

impl Record for Reason {
    const NAME: &'static str = "Reason";
    const LIST: &'static str = "Reasons";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "path", doc: "absolute path", get: |it| json::text(&it.path) },
        Key { name: "layer", doc: "index of the layer that did it", get: |it| json::int(it.layer as u64) },
        Key {
            name: "aspect",
            doc: "`added`, `removed`, `type`, `mode`, `owner`, `size`, `mtime`, `link`, `device`, `xattrs`, `content`; `content?` where nobody could look",
            get: |it| json::text(&it.aspect),
        },
        Key { name: "before", doc: "what was", get: |it| json::optional(it.before.as_ref()) },
        Key { name: "after", doc: "what is", get: |it| json::optional(it.after.as_ref()) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "layer", cell: |it| Cell::count(it.layer as u64) },
        Column { title: "path", cell: |it| Cell::strong(&it.path) },
        Column { title: "what", cell: |it| Cell::text(&it.aspect) },
        Column {
            title: "before",
            cell: |it| Cell::toned(it.before.clone().unwrap_or_default(), Tone::Deleted),
        },
        Column { title: "after", cell: |it| Cell::toned(it.after.clone().unwrap_or_default(), Tone::Added) },
    ];

    fn brief(&self) -> String {
        format!("{} of {}", self.aspect, self.path)
    }
}
