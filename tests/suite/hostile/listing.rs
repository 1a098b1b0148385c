//! What a layer holds, a line a file:
//!
//! ```text
//! dir /etc · file /etc/name 12B · file /bin/su 4755 8B · symlink /a -> ../b · hardlink /c -> /etc/name
//! dir /gone opaque · whiteout /old · char_device /null · fifo /pipe
//! ```
//! Modes are left out where they are the usual ones.

use std::path::Path;

use plywood::layer::{Entry, Error, Kind, OverlayFormat, escape_path, scan};
use serde_json::Value;

/// Of a record that `files` gives. It does not say which directories are opaque.
pub fn of_record(file: &Value) -> String {
    let text = |key: &str| file[key].as_str().unwrap_or_default();
    let number = |key: &str| file[key].as_u64().unwrap_or_default();
    line(text("type"), text("path"), number("mode"), number("size"), file["link"].as_str())
}

/// Of the tree that is on the disk.
pub fn on_disk(tree: &Path, format: OverlayFormat) -> Result<Vec<String>, Error> {
    Ok(scan(tree, format)?.iter().map(of_entry).collect())
}

fn of_entry(entry: &Entry) -> String {
    let link = match entry.kind {
        Kind::Symlink => Some(escape_path(&entry.link)),
        Kind::Hardlink => Some(format!("/{}", escape_path(&entry.link))),
        _ => None,
    };
    let path = format!("/{}", escape_path(&entry.path));
    let mut line = line(entry.kind.as_str(), &path, entry.mode.into(), entry.size, link.as_deref());
    if entry.opaque {
        line.push_str(" opaque");
    }
    line
}

fn line(kind: &str, path: &str, mode: u64, size: u64, link: Option<&str>) -> String {
    let mut line = format!("{kind} {path}");
    let usual = match kind {
        "dir" => mode == 0o755,
        "symlink" | "whiteout" | "hardlink" => true,
        _ => mode == 0o644,
    };
    if !usual {
        line.push_str(&format!(" {mode:o}"));
    }
    if kind == "file" && size > 0 {
        line.push_str(&format!(" {size}B"));
    }
    if let Some(link) = link {
        line.push_str(&format!(" -> {link}"));
    }
    line
}

/// The lines of the directories that lead to `path`, itself included.
pub fn directories(path: &str) -> Vec<String> {
    path.match_indices('/')
        .skip(1)
        .map(|(at, _)| &path[..at])
        .chain([path])
        .map(|path| format!("dir {path}"))
        .collect()
}
