//! `PackageDifference`: a package that two things do not have alike.

use super::super::json;
use super::super::render::{Cell, Tone};
use super::change::tone;
use super::{Column, Key, Record};
use crate::workbench::PackageDifference;

impl Record for PackageDifference {
    const NAME: &'static str = "PackageDifference";
    const LIST: &'static str = "PackageDifferences";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "kind", doc: "`A` added, `C` changed, `D` deleted", get: |it| json::text(&it.kind) },
        Key {
            name: "manager",
            doc: "`apk`, `dpkg`, `npm`, `pip`, `pkg` or `rpm`",
            get: |it| json::text(&it.manager),
        },
        Key { name: "name", doc: "its name", get: |it| json::text(&it.name) },
        Key { name: "before", doc: "the version that was", get: |it| json::optional(it.before.as_ref()) },
        Key { name: "after", doc: "the version that is", get: |it| json::optional(it.after.as_ref()) },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "", cell: |it| Cell::toned(&it.kind, tone(&it.kind)) },
        Column { title: "manager", cell: |it| Cell::text(&it.manager) },
        Column { title: "package", cell: |it| Cell::strong(&it.name) },
        Column {
            title: "before",
            cell: |it| Cell::toned(it.before.clone().unwrap_or_default(), Tone::Deleted),
        },
        Column { title: "after", cell: |it| Cell::toned(it.after.clone().unwrap_or_default(), Tone::Added) },
    ];

    fn brief(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}
