//! The shape of `dive --json`, for tools that read it. The figures are ours.
//!
//! Source: dive's `cmd/dive/cli/internal/command/export`; modes are Go's `fs.FileMode`, types are tar's flags.

use serde::Serialize;

use super::super::look::Content;
use super::super::{Result, Subject, Workbench};
use crate::layer::{self, EntryRef, Kind};

#[derive(Serialize)]
struct Document {
    layer: Vec<LayerOf>,
    image: ImageOf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerOf {
    index: usize,
    id: String,
    digest_id: String,
    size_bytes: u64,
    command: String,
    file_list: Vec<FileOf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileOf {
    path: String,
    type_flag: u8,
    link_name: String,
    size: u64,
    file_mode: u32,
    uid: u32,
    gid: u32,
    is_dir: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageOf {
    size_bytes: u64,
    inefficient_bytes: u64,
    efficiency_score: f64,
    file_reference: Vec<Reference>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    count: usize,
    size_bytes: u64,
    file: String,
}

/// The document, as text.
pub(super) fn text(workbench: &Workbench, subject: &Subject) -> Result<String> {
    let look = workbench.look(subject, Content::IfThere)?;
    let waste = workbench.waste(subject)?;
    let layers = workbench.layers(subject)?;
    let files = |index: usize| {
        let entries = look.model.entries(index).into_iter().flat_map(|entries| entries.iter());
        entries.filter(|entry| !entry.path.is_empty()).map(|entry| file(&entry)).collect::<Vec<_>>()
    };
    let layer = layers
        .into_iter()
        .map(|layer| LayerOf {
            index: layer.index,
            id: layer.digest.clone().unwrap_or_else(|| layer.diff_id.clone()),
            size_bytes: layer.size,
            command: layer.created_by.unwrap_or_default(),
            file_list: files(layer.index),
            digest_id: layer.diff_id,
        })
        .collect();
    // One line a path: how many versions of it are hidden, and their bytes.
    let mut hidden: Vec<Reference> = Vec::new();
    let mut items = waste.items;
    items.sort_by(|one, other| one.path.cmp(&other.path));
    for item in items {
        match hidden.last_mut().filter(|last| last.file == item.path) {
            Some(last) => {
                last.count += 1;
                last.size_bytes += item.bytes;
            }
            None => hidden.push(Reference { count: 1, size_bytes: item.bytes, file: item.path }),
        }
    }
    hidden
        .sort_by(|one, other| other.size_bytes.cmp(&one.size_bytes).then_with(|| one.file.cmp(&other.file)));
    let document = Document {
        layer,
        image: ImageOf {
            size_bytes: waste.total,
            inefficient_bytes: waste.waste,
            efficiency_score: waste.efficiency,
            file_reference: hidden,
        },
    };
    Ok(super::super::inspect::to_json(&document)?.to_string() + "\n")
}

fn file(entry: &EntryRef<'_>) -> FileOf {
    let mut path = layer::escape_path(entry.path);
    if entry.kind == Kind::Whiteout {
        let (folder, name) =
            path.rsplit_once('/').map_or(("", path.as_str()), |(folder, name)| (folder, name));
        path = if folder.is_empty() { format!(".wh.{name}") } else { format!("{folder}/.wh.{name}") };
    }
    let (flag, bits) = match entry.kind {
        Kind::File | Kind::Whiteout | Kind::Socket => (b'0', 0),
        Kind::Hardlink => (b'1', 0),
        Kind::Symlink => (b'2', 1 << 27),
        Kind::CharDevice => (b'3', 1 << 26 | 1 << 21),
        Kind::BlockDevice => (b'4', 1 << 26),
        Kind::Dir => (b'5', 1 << 31),
        Kind::Fifo => (b'6', 1 << 25),
    };
    let special = [(0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20)];
    let special = special.iter().filter(|(unix, _)| entry.mode & unix != 0).fold(0, |sum, (_, go)| sum | go);
    FileOf {
        path,
        type_flag: flag,
        link_name: layer::escape_path(entry.link),
        size: if entry.kind == Kind::File { entry.size } else { 0 },
        file_mode: entry.mode & 0o777 | bits | special,
        uid: entry.uid,
        gid: entry.gid,
        is_dir: entry.kind == Kind::Dir,
    }
}
