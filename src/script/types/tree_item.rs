//! `TreeItem`, and the list of them: `Tree`.

use super::super::json;
use super::super::render::Cell;
use super::change::tone;
use super::{Column, Key, Record};
use crate::workbench::TreeItem;

impl Record for TreeItem {
    const NAME: &'static str = "TreeItem";
    const LIST: &'static str = "Tree";
    const KEYS: &'static [Key<Self>] = &[
        Key {
            name: "kind",
            doc: "`A` added, `C` changed, `D` deleted by the layer that was asked for, else `()`",
            get: |it| json::optional(it.kind.as_ref()),
        },
        Key { name: "path", doc: "absolute path", get: |it| json::text(&it.path) },
        Key { name: "type", doc: "`file`, `dir`, `symlink`, …", get: |it| json::text(&it.file_type) },
        Key { name: "size", doc: "bytes of it and of all below it", get: |it| json::int(it.size) },
        Key {
            name: "file_count",
            doc: "how many files it is or has below",
            get: |it| json::int(it.file_count),
        },
        Key { name: "mode", doc: "permission bits", get: |it| json::int(it.mode.into()) },
        Key { name: "uid", doc: "owner", get: |it| json::int(it.uid.into()) },
        Key { name: "gid", doc: "group", get: |it| json::int(it.gid.into()) },
        Key { name: "mtime", doc: "last change, RFC 3339", get: |it| json::text(&it.mtime) },
        Key { name: "link", doc: "target of a link, else `()`", get: |it| json::optional(it.link.as_ref()) },
        Key {
            name: "layer",
            doc: "index of the layer that brought it",
            get: |it| json::int(it.layer as u64),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column {
            title: "",
            cell: |it| {
                let kind = it.kind.as_deref().unwrap_or("");
                if kind.is_empty() { Cell::text("") } else { Cell::toned(kind, tone(kind)) }
            },
        },
        Column { title: "mode", cell: |it| Cell::text(format!("{:04o}", it.mode)) },
        Column { title: "owner", cell: |it| Cell::text(format!("{}:{}", it.uid, it.gid)) },
        Column { title: "size", cell: |it| Cell::size(it.size) },
        Column { title: "layer", cell: |it| Cell::count(it.layer as u64) },
        Column { title: "path", cell: |it| Cell::strong(named(it, &it.path)) },
    ];

    fn brief(&self) -> String {
        self.path.clone()
    }
}

/// `name`, as a list of files writes what it is.
pub fn named(it: &TreeItem, name: &str) -> String {
    match &it.link {
        Some(link) => format!("{name} -> {link}"),
        None => name.to_owned(),
    }
}
