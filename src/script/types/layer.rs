//! `Layer`.

use std::cmp::Ordering;

use rhai::Dynamic;

use super::super::json;
use super::super::render::Cell;
use super::image::short;
use super::{Column, Key, List, Noun, Record};
use crate::workbench::Layer;

impl Record for Layer {
    const NAME: &'static str = "Layer";
    const LIST: &'static str = "Layers";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "index", doc: "from 0, the lowest", get: |it| json::int(it.index as u64) },
        Key {
            name: "digest",
            doc: "digest of the blob as it came, `()` where there is none",
            get: |it| json::optional(it.digest.as_ref()),
        },
        Key { name: "diff_id", doc: "digest of the uncompressed tar", get: |it| json::text(&it.diff_id) },
        Key { name: "media_type", doc: "media type", get: |it| json::text(&it.media_type) },
        Key { name: "size", doc: "bytes of its files, hard links once", get: |it| json::int(it.size) },
        Key {
            name: "compressed_size",
            doc: "bytes of the blob as it came",
            get: |it| it.compressed_size.map_or(Dynamic::UNIT, json::int),
        },
        Key { name: "file_count", doc: "how many files", get: |it| json::int(it.file_count) },
        Key { name: "created", doc: "when, RFC 3339", get: |it| json::optional(it.created.as_ref()) },
        Key {
            name: "created_by",
            doc: "the command that made it",
            get: |it| json::optional(it.created_by.as_ref()),
        },
        Key { name: "waste", doc: "bytes of it that a later layer hides", get: |it| json::int(it.waste) },
    ];
    const NOUNS: &'static [Noun<Self>] = &[Noun {
        name: "files",
        doc: "its files, byte-sorted",
        get: |context, it| {
            Ok(Dynamic::from(context.workbench.layer_files(it)?.into_iter().collect::<List<_>>()))
        },
    }];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "layer", cell: |it| Cell::count(it.index as u64) },
        Column { title: "diff id", cell: |it| Cell::id(&it.diff_id) },
        Column { title: "size", cell: |it| Cell::size(it.size) },
        Column { title: "files", cell: |it| Cell::count(it.file_count) },
        Column { title: "waste", cell: |it| Cell::size(it.waste) },
        Column { title: "created by", cell: |it| Cell::text(it.created_by.clone().unwrap_or_default()) },
    ];

    fn brief(&self) -> String {
        format!("{} {}", self.index, short(&self.diff_id))
    }

    fn order(&self, other: &Self) -> Ordering {
        (self.index, &self.diff_id).cmp(&(other.index, &other.diff_id))
    }
}
