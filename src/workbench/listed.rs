//! Entries of layers as people and scripts see them.

use super::File;
use super::time::rfc3339;
use crate::layer::{self, EntryRef, Kind};

/// A layer's entry as a value.
pub(super) fn file(entry: &EntryRef<'_>) -> File {
    let link = match entry.kind {
        Kind::Symlink => Some(layer::escape_path(entry.link)),
        Kind::Hardlink => Some(absolute(entry.link)),
        _ => None,
    };
    File {
        path: absolute(entry.path),
        file_type: entry.kind.as_str().to_owned(),
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        size: entry.size,
        mtime: rfc3339(
            entry.mtime.secs.saturating_mul(1_000_000_000).saturating_add(entry.mtime.nanos.into()),
        ),
        link,
    }
}

/// A layer's path as people write it.
pub(super) fn absolute(path: &[u8]) -> String {
    format!("/{}", layer::escape_path(path))
}
