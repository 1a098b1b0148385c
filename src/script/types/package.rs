//! `Package`: what a package manager says is installed.

use super::super::json;
use super::super::render::Cell;
use super::{Column, Key, Record};
use crate::workbench::InstalledPackage;

impl Record for InstalledPackage {
    const NAME: &'static str = "Package";
    const LIST: &'static str = "Packages";
    const KEYS: &'static [Key<Self>] = &[
        Key {
            name: "manager",
            doc: "`apk`, `dpkg`, `npm`, `pip`, `pkg` or `rpm`",
            get: |it| json::text(&it.manager),
        },
        Key { name: "name", doc: "its name", get: |it| json::text(&it.name) },
        Key { name: "version", doc: "its version", get: |it| json::text(&it.version) },
        Key {
            name: "architecture",
            doc: "the architecture it is for; empty where none is said",
            get: |it| json::text(&it.architecture),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "manager", cell: |it| Cell::text(&it.manager) },
        Column { title: "package", cell: |it| Cell::strong(&it.name) },
        Column { title: "version", cell: |it| Cell::text(&it.version) },
        Column { title: "architecture", cell: |it| Cell::text(&it.architecture) },
    ];

    fn brief(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}
