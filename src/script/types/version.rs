//! `Version`: what one layer says of a path.

use rhai::Dynamic;

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, Record};
use crate::workbench::Version;

impl Record for Version {
    const NAME: &'static str = "Version";
    const LIST: &'static str = "Versions";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "layer", doc: "index of the layer", get: |it| json::int(it.layer as u64) },
        Key { name: "path", doc: "absolute path", get: |it| json::text(&it.file.path) },
        Key { name: "type", doc: "`file`, `dir`, `symlink`, …", get: |it| json::text(&it.file.file_type) },
        Key { name: "mode", doc: "permission bits", get: |it| json::int(it.file.mode.into()) },
        Key { name: "uid", doc: "owner", get: |it| json::int(it.file.uid.into()) },
        Key { name: "gid", doc: "group", get: |it| json::int(it.file.gid.into()) },
        Key { name: "size", doc: "bytes of a file, else 0", get: |it| json::int(it.file.size) },
        Key { name: "mtime", doc: "last change, RFC 3339", get: |it| json::text(&it.file.mtime) },
        Key {
            name: "link",
            doc: "target of a link, else `()`",
            get: |it| json::optional(it.file.link.as_ref()),
        },
        Key {
            name: "came",
            doc: "`added`, `replaced`, `removed` or `whiteout of nothing`",
            get: |it| json::text(&it.came),
        },
        Key {
            name: "created",
            doc: "when the layer was made, RFC 3339",
            get: |it| json::optional(it.created.as_ref()),
        },
        Key {
            name: "created_by",
            doc: "the command that made the layer",
            get: |it| json::optional(it.created_by.as_ref()),
        },
        Key {
            name: "gone_in",
            doc: "index of the layer that hid it, `()` of what the end shows",
            get: |it| it.gone_in.map_or(Dynamic::UNIT, |layer| json::int(layer as u64)),
        },
        Key { name: "gone_how", doc: "how it was hidden", get: |it| json::optional(it.gone_how.as_ref()) },
        Key {
            name: "gone_by",
            doc: "the path whose entry there did it: its own, or a directory above",
            get: |it| json::optional(it.gone_by.as_ref()),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "layer", cell: |it| Cell::count(it.layer as u64) },
        Column { title: "came", cell: |it| Cell::text(&it.came) },
        Column { title: "type", cell: |it| Cell::text(&it.file.file_type) },
        Column { title: "mode", cell: |it| Cell::text(format!("{:04o}", it.file.mode)) },
        Column { title: "size", cell: |it| Cell::size(it.file.size) },
        Column {
            title: "gone",
            cell: |it| match (&it.gone_in, &it.gone_how) {
                (Some(layer), Some(how)) => Cell::text(format!("{how} in {layer}")),
                _ => Cell::text(""),
            },
        },
        Column { title: "created", cell: |it| Cell::time(it.created.as_deref().unwrap_or("")) },
        Column { title: "created by", cell: |it| Cell::text(it.created_by.clone().unwrap_or_default()) },
    ];

    fn brief(&self) -> String {
        format!("{} {} in layer {}", self.file.path, self.came, self.layer)
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        (&self.file.path, self.layer).cmp(&(&other.file.path, other.layer))
    }
}
