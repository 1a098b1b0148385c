//! What can go wrong with a layer.

use std::io;

use super::spelling::escape_path;
use crate::oci::DiffId;

/// A layer that cannot be read, written or understood.
///
/// Paths in it are spelled as people see them ([`escape_path`]).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host refused something.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: String,
        /// The host's answer.
        source: io::Error,
    },
    /// The bytes are not a tar stream, or break its rules.
    #[error("the layer's tar is damaged at byte {offset}: {reason}")]
    Tar {
        /// Where the header or the data in question begins.
        offset: u64,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// The tar is sound but asks for what no layer may ask for.
    #[error("the layer's entry `{path}` is refused: {reason}")]
    Refused {
        /// The entry.
        path: String,
        /// Why.
        reason: &'static str,
    },
    /// More than the caller allows.
    #[error("the layer exceeds the limit `{limit}` of {allowed} at `{path}`")]
    Limit {
        /// The name of the field of [`Limits`](super::Limits).
        limit: &'static str,
        /// Its value.
        allowed: u64,
        /// The entry that went beyond.
        path: String,
    },
    /// The uncompressed bytes have another digest than promised.
    #[error("the layer's contents are {found}, not {expected} as its image says")]
    DiffId {
        /// What the image promised.
        expected: DiffId,
        /// What came.
        found: DiffId,
    },
    /// A real file is named like a whiteout: no layer can express that.
    #[error("`{path}` cannot be in a layer: names that begin with `.wh.` mean deletions; rename it")]
    WhiteoutName {
        /// The file.
        path: String,
    },
    /// The content is not as long as its entry says.
    #[error("`{path}` changed while it was read: {expected} bytes were expected")]
    SizeChanged {
        /// The file.
        path: String,
        /// The size when the tree was scanned.
        expected: u64,
    },
    /// Entries were not sorted by path, or one came twice.
    #[error("the layer's entry `{path}` is out of order")]
    Order {
        /// The entry.
        path: String,
    },
    /// The path names nothing, or not what is needed.
    #[error("`{path}` {reason}")]
    Path {
        /// The path, beginning with `/`.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A text that is not a path's spelling.
    #[error("`{text}` is not a path: {reason}")]
    Spelling {
        /// What was given.
        text: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// Somebody wanted the work to end.
    #[error("interrupted while a layer was made")]
    Interrupted,
    /// A file of the store that should describe a layer does not.
    #[error("`{path}` is damaged: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Error {
    /// An `Io` of `action` on a path in a layer.
    pub(super) fn io(action: &'static str, path: &[u8], source: io::Error) -> Self {
        Self::Io { action, path: shown(path), source }
    }

    /// An `Io` on a path of the host.
    pub(super) fn host(action: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        Self::Io { action, path: path.display().to_string(), source }
    }

    pub(super) fn refused(path: &[u8], reason: &'static str) -> Self {
        Self::Refused { path: shown(path), reason }
    }

    /// Whether the file system is full, or a quota reached.
    #[must_use]
    pub fn is_no_space(&self) -> bool {
        matches!(self, Self::Io { source, .. } if matches!(
            source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        ))
    }
}

/// A layer's path as people see it: from the root, escaped, and not endless.
pub(super) fn shown(path: &[u8]) -> String {
    const MOST: usize = 300;
    let cut = path.len() > MOST;
    let mut text = format!("/{}", escape_path(&path[..path.len().min(MOST)]));
    if cut {
        text.push('…');
    }
    text
}
