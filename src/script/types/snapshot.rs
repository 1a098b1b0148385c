//! `Snapshot`.

use std::cmp::Ordering;

use rhai::Dynamic;

use super::super::json;
use super::super::render::Cell;
use super::image::short;
use super::{Column, Handle, Key, Record};
use crate::workbench::Snapshot;

impl Record for Snapshot {
    const NAME: &'static str = "Snapshot";
    const LIST: &'static str = "Snapshots";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "id", doc: "64 hexadecimal digits", get: |it| json::text(&it.id) },
        Key { name: "name", doc: "two words, or the `name` option", get: |it| json::text(&it.name) },
        Key {
            name: "container",
            doc: "the id of its container, which may be gone",
            get: |it| json::text(&it.container),
        },
        Key { name: "image", doc: "the name of the container's image", get: |it| json::text(&it.image) },
        Key { name: "created", doc: "when, RFC 3339", get: |it| json::text(&it.created) },
        Key { name: "parts", doc: "how many directories it is made of", get: |it| json::int(it.parts) },
        Key { name: "message", doc: "the `message` option", get: |it| json::optional(it.message.as_ref()) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "snapshot", cell: |it| Cell::id(&it.id) },
        Column { title: "name", cell: |it| Cell::strong(&it.name) },
        Column { title: "container", cell: |it| Cell::id(&it.container) },
        Column { title: "image", cell: |it| Cell::text(&it.image) },
        Column { title: "created", cell: |it| Cell::time(&it.created) },
        Column { title: "message", cell: |it| Cell::text(it.message.clone().unwrap_or_default()) },
    ];

    fn brief(&self) -> String {
        short(&self.id)
    }

    fn order(&self, other: &Self) -> Ordering {
        (&self.created, &self.id).cmp(&(&other.created, &other.id))
    }
}

impl From<Snapshot> for Dynamic {
    fn from(snapshot: Snapshot) -> Self {
        Self::from(Handle::new(snapshot))
    }
}
