//! What can go wrong while the starter image is put together.

use std::path::{Path, PathBuf};

/// Why the starter image or its packages could not be assembled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host has no shell that could be copied.
    #[error("this machine has no usable `/bin/sh`: {reason}")]
    NoShell {
        /// What stood in the way.
        reason: String,
    },
    /// A library that a program asks for is nowhere on the search path.
    #[error("library `{library}`, needed by `{needed_by}`, is not on this machine")]
    MissingLibrary {
        /// The name as the program spells it.
        library: String,
        /// The program or library that asks for it.
        needed_by: PathBuf,
    },
    /// The loader that a program names does not exist.
    #[error("interpreter `{interpreter}`, needed by `{needed_by}`, is not on this machine")]
    MissingInterpreter {
        /// The interpreter's path.
        interpreter: PathBuf,
        /// The program that asks for it.
        needed_by: PathBuf,
    },
    /// A file that starts like an ELF object but cannot be read as one.
    #[error("`{path}` is not a well-formed ELF file: {reason}")]
    Elf {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// The tree already has something else in that place.
    #[error("`{path}` is in the tree already, as something else")]
    Occupied {
        /// The place in the tree.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    /// For `map_err`: names the file and what was tried with it.
    pub(super) fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
