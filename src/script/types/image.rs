//! `Image`.

use std::cmp::Ordering;

use rhai::Dynamic;

use super::super::json;
use super::super::render::Cell;
use super::{Column, Handle, Key, List, Noun, Record};
use crate::workbench::{Image, Subject};

impl Record for Image {
    const NAME: &'static str = "Image";
    const LIST: &'static str = "Images";
    const KEYS: &'static [Key<Self>] = &[
        Key { name: "id", doc: "digest of the configuration", get: |it| json::text(&it.id) },
        Key {
            name: "digest",
            doc: "digest of the manifest, `()` where there is none",
            get: |it| json::optional(it.digest.as_ref()),
        },
        Key { name: "references", doc: "its names, sorted", get: |it| json::texts(&it.references) },
        Key { name: "size", doc: "unpacked bytes of all layers", get: |it| json::int(it.size) },
        Key { name: "created", doc: "when, RFC 3339", get: |it| json::text(&it.created) },
        Key {
            name: "config",
            doc: "the configuration document, a map",
            get: |it| json::to_dynamic(&it.config),
        },
        Key {
            name: "diff_ids",
            doc: "digests of the uncompressed layers, lowest first",
            get: |it| json::texts(&it.diff_ids),
        },
        Key { name: "architecture", doc: "such as `amd64`", get: |it| json::text(&it.architecture) },
        Key { name: "os", doc: "such as `linux`", get: |it| json::text(&it.os) },
        Key {
            name: "verified",
            doc: "whether it is in the store, and so what its digests say; `false` of one that is only looked at",
            get: |it| it.verified.into(),
        },
        Key {
            name: "saving",
            doc: "of an image just made of another: how many bytes less it has, else `()`",
            get: |it| it.saving.map_or(Dynamic::UNIT, Dynamic::from_int),
        },
    ];
    const NOUNS: &'static [Noun<Self>] = &[
        Noun {
            name: "files",
            doc: "every file as a container would see it",
            get: |context, it| {
                let subject = Subject::Image((*it.0).clone());
                Ok(Dynamic::from(context.workbench.files(&subject)?.into_iter().collect::<List<_>>()))
            },
        },
        Noun {
            name: "reference",
            doc: "its first name, else its short id",
            get: |_, it| Ok(it.brief().into()),
        },
    ];
    const COLUMNS: &'static [Column<Self>] = &[
        Column { title: "image", cell: |it| Cell::strong(it.references.join(" ")) },
        Column { title: "id", cell: |it| Cell::id(&it.id) },
        Column { title: "layers", cell: |it| Cell::count(it.diff_ids.len() as u64) },
        Column { title: "size", cell: |it| Cell::size(it.size) },
        Column { title: "created", cell: |it| Cell::time(&it.created) },
    ];

    fn brief(&self) -> String {
        self.references.first().cloned().unwrap_or_else(|| short(&self.id))
    }

    fn order(&self, other: &Self) -> Ordering {
        (&self.created, &self.id).cmp(&(&other.created, &other.id))
    }
}

/// Twelve digits of an id or digest, as people write them.
pub fn short(id: &str) -> String {
    id.strip_prefix("sha256:").unwrap_or(id).chars().take(12).collect()
}

impl From<Image> for Dynamic {
    fn from(image: Image) -> Self {
        Self::from(Handle::new(image))
    }
}
