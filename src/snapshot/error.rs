//! What can go wrong with a chain of layers.

use std::path::PathBuf;

use crate::oci::DiffId;

/// A chain that cannot be built, or a file that cannot be put on top of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image names a layer that the store has not.
    #[error("layer `{diff_id}` is not in the store")]
    LayerMissing {
        /// The layer.
        diff_id: DiffId,
    },
    /// Something on the way to the path is no directory.
    #[error("`{path}`: not a directory")]
    NotADirectory {
        /// The path, in the reversible spelling.
        path: String,
    },
    /// A directory stands where a file should go, or the other way round.
    #[error("`{path}` is a directory")]
    IsADirectory {
        /// The path, in the reversible spelling.
        path: String,
    },
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The host's path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A record could not be read or written.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A layer's tree could not be read.
    #[error(transparent)]
    Layer(#[from] crate::layer::Error),
}
