//! `File`.

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, Record};
use crate::workbench::File;

impl Record for File {
    const NAME: &'static str = "File";
    const LIST: &'static str = "Files";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "path", doc: "absolute path", get: |it| json::text(&it.path) },
        Key {
            name: "type",
            doc: "`file`, `dir`, `symlink`, `hardlink`, `char`, `block`, `fifo`, `whiteout`",
            get: |it| json::text(&it.file_type),
        },
        Key { name: "mode", doc: "permission bits", get: |it| json::int(it.mode.into()) },
        Key { name: "uid", doc: "owner", get: |it| json::int(it.uid.into()) },
        Key { name: "gid", doc: "group", get: |it| json::int(it.gid.into()) },
        Key { name: "size", doc: "bytes of a file, else 0", get: |it| json::int(it.size) },
        Key { name: "mtime", doc: "last change, RFC 3339", get: |it| json::text(&it.mtime) },
        Key { name: "link", doc: "target of a link, else `()`", get: |it| json::optional(it.link.as_ref()) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "type", cell: |it| Cell::text(&it.file_type) },
        Column { title: "mode", cell: |it| Cell::text(format!("{:04o}", it.mode)) },
        Column { title: "owner", cell: |it| Cell::text(format!("{}:{}", it.uid, it.gid)) },
        Column { title: "size", cell: |it| Cell::size(it.size) },
        Column {
            title: "path",
            cell: |it| match &it.link {
                Some(link) => Cell::strong(format!("{} -> {link}", it.path)),
                None => Cell::strong(&it.path),
            },
        },
    ];

    fn brief(&self) -> String {
        self.path.clone()
    }
}
