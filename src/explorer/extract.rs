//! Writing files of an image into a folder of this machine.

use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path};

use super::material::{Material, Picked};
use super::text;
use crate::inspect::model::NodeId;
use crate::layer::Kind;

/// More than this is not held in memory.
const MOST: u64 = 1 << 30;

/// Where an extraction begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root {
    /// The path.
    pub node: NodeId,
    /// As this layer has it.
    pub layer: usize,
    /// What is in it is what this layer shows.
    pub after: usize,
}

/// All that is at or below `roots`, each once, sorted by path and layer.
pub fn gather(material: &Material, roots: &[Root]) -> Vec<Picked> {
    let model = &material.model;
    let mut found = Vec::new();
    for root in roots {
        found.extend(material.picked(root.node, root.layer));
        let mut pending: Vec<NodeId> = model.children(root.node).collect();
        while let Some(node) = pending.pop() {
            if let Some(version) = model.shown(node, root.after) {
                found.extend(material.picked(node, version.layer));
                pending.extend(model.children(node));
            }
        }
    }
    found.sort_by(|one, other| (&one.entry.path, one.layer).cmp(&(&other.entry.path, other.layer)));
    found.dedup_by(|one, other| one.entry.path == other.entry.path && one.layer == other.layer);
    found
}

/// Writes the regular files among `picked` below `folder`, each at its path; gives what is to be told. What is
/// there already stays, and no symbolic link is made: nothing can lead out of the folder.
pub fn extract(material: &Material, folder: &str, picked: &[Picked]) -> String {
    let (mut written, mut left_out) = (0_usize, 0_usize);
    for one in picked {
        if one.entry.kind == Kind::Dir {
            continue;
        }
        if one.entry.kind != Kind::File || one.entry.size > MOST {
            left_out += 1;
            continue;
        }
        if let Err(error) = write(material, Path::new(folder), one) {
            return format!("{}: {error} ({written} written before)", text::path(&one.entry.path));
        }
        written += 1;
    }
    let files = if written == 1 { "file" } else { "files" };
    let rest =
        if left_out > 0 { format!(", {left_out} that are no plain files left out") } else { String::new() };
    format!("{written} {files} written to {}{rest}", text::line(folder))
}

fn write(material: &Material, folder: &Path, one: &Picked) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    let inner = Path::new(std::ffi::OsStr::from_bytes(&one.entry.path));
    if inner.components().any(|part| !matches!(part, Component::Normal(_))) {
        return Err("is no path below a folder".to_owned());
    }
    let bytes = (material.load)(one.layer, &one.entry.path, MOST)?;
    let target = folder.join(inner);
    if let Some(above) = target.parent() {
        fs::create_dir_all(above).map_err(said)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(one.entry.mode & 0o777);
    let mut file = options.open(&target).map_err(said)?;
    file.write_all(&bytes).map_err(said)
}
