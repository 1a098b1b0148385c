//! What can go wrong in a store.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use rusqlite::ErrorCode;

use super::PartId;
use crate::oci::{DiffId, Digest};

/// The kind of thing that a name was looked up among.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// A container, by id, name, or the beginning of an id.
    Container,
    /// An image, by reference or the beginning of an id.
    Image,
    /// A blob, by digest.
    Blob,
    /// A snapshot, by id, name, or the beginning of an id.
    Snapshot,
}

impl fmt::Display for Noun {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Container => "container",
            Self::Image => "image",
            Self::Blob => "blob",
            Self::Snapshot => "snapshot",
        })
    }
}

/// A store's refusal or failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file operation failed for a reason without a variant of its own.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// A verb: `read`, `create`, `remove`.
        doing: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The disk, or the user's quota, is full. Nothing half-written stays.
    #[error("no space is left for the store at `{}`", path.display())]
    NoSpace {
        /// The store, or the file in it.
        path: PathBuf,
    },
    /// The file system cannot be written to.
    #[error("the store at `{}` is on a read-only file system", path.display())]
    ReadOnly {
        /// The store, or the file in it.
        path: PathBuf,
    },
    /// The permissions forbid it.
    #[error("the store at `{}` may not be used: permission denied", path.display())]
    Denied {
        /// The store, or the file in it.
        path: PathBuf,
    },
    /// The store belongs to somebody else: files made in it would be theirs to fight with.
    #[error("the store at `{}` belongs to user id {owner}, not to you (user id {user}); choose another with `--store`", path.display())]
    Foreign {
        /// The store.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        user: u32,
    },
    /// There is something else at the store's path.
    #[error("`{}` is not a directory, so it cannot be a store", path.display())]
    NotADirectory {
        /// The path given.
        path: PathBuf,
    },
    /// There is a directory with other things in it.
    #[error("`{}` is not a store: it has `{entry}` in it; choose an empty or a new directory", path.display())]
    NotAStore {
        /// The path given.
        path: PathBuf,
        /// One thing in it that is not a store's.
        entry: String,
    },
    /// Written by a later Plywood.
    #[error("the store at `{}` has version {found}, and this program knows up to {known}: use a newer plywood", path.display())]
    Newer {
        /// The store.
        path: PathBuf,
        /// The version found in it.
        found: i64,
        /// The newest version that is understood.
        known: i64,
    },
    /// The database cannot be read as one.
    #[error("the records at `{}` are damaged ({detail}); `plywood fsck` says more", path.display())]
    Corrupt {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// Another process held the records for longer than is ever needed.
    #[error("the records at `{}` stayed locked by another process", path.display())]
    Stuck {
        /// The database file.
        path: PathBuf,
    },
    /// SQLite failed otherwise.
    #[error("the records could not be used: {0}")]
    Database(rusqlite::Error),
    /// Somebody is writing to the container.
    #[error("container `{container}` is in use by process {pid}")]
    Busy {
        /// Its name, or its row where the name is not known.
        container: String,
        /// The process that has it; 0 if that cannot be told.
        pid: u32,
    },
    /// Ctrl-C came while waiting for a lock.
    #[error("interrupted while waiting for container `{container}`")]
    Interrupted {
        /// Its name, or its row where the name is not known.
        container: String,
    },
    /// Nothing has this name.
    #[error("no such {noun}: `{name}`")]
    NotFound {
        /// What was looked for.
        noun: Noun,
        /// As it was given.
        name: String,
    },
    /// Several things have an id that begins so.
    #[error("`{prefix}` may be any of {} {noun}s: {}", matches.len(), matches.join(", "))]
    Ambiguous {
        /// What was looked for.
        noun: Noun,
        /// As it was given.
        prefix: String,
        /// Their short ids, ten at most.
        matches: Vec<String>,
    },
    /// The name of a container or snapshot is taken by another one.
    #[error("the name `{name}` is in use by {noun} `{}`", holder.get(..12).unwrap_or(holder))]
    NameInUse {
        /// What sort of thing has it.
        noun: Noun,
        /// The name.
        name: String,
        /// The id of the one that has it.
        holder: String,
    },
    /// Not a name for a container or a snapshot.
    #[error(
        "`{name}` cannot be a name: want a letter or digit, then letters, digits, `_`, `.` and `-`, at most 128"
    )]
    InvalidName {
        /// The name.
        name: String,
    },
    /// An image cannot go while a container or a snapshot is made of it.
    #[error("image `{image}` is in use by {noun} `{user}`{}", more(*others))]
    InUse {
        /// The image's short id.
        image: String,
        /// What sort of thing is made of it.
        noun: Noun,
        /// The name of one thing made of it.
        user: String,
        /// How many others of the sort are.
        others: u64,
    },
    /// A container that is to be copied is no more what it was.
    #[error("container `{container}` has changed meanwhile")]
    Changed {
        /// Its name.
        container: String,
    },
    /// A record would name a layer that is not there, perhaps because somebody pruned it.
    #[error("layer `{diff_id}` is not in the store")]
    MissingLayer {
        /// Which layer.
        diff_id: DiffId,
    },
    /// A record would name a blob that is not there.
    #[error("blob `{digest}` is not in the store")]
    MissingBlob {
        /// Which blob.
        digest: Digest,
    },
    /// A record would name a part that is not there.
    #[error("part `{part}` is not in the store")]
    MissingPart {
        /// Which part.
        part: PartId,
    },
    /// `fsck` found the image damaged and set it aside.
    #[error("image `{image}` is damaged: {damage}; load or pull it again")]
    Damaged {
        /// The image's short id.
        image: String,
        /// What is wrong with it.
        damage: String,
    },
    /// Bytes are not what their digest says.
    #[error("want `{expected}`, got `{actual}`")]
    WrongDigest {
        /// What it should be.
        expected: Digest,
        /// What it is.
        actual: Digest,
    },
    /// A record has something in it that this program did not write.
    #[error("a record of {table} cannot be read: {detail}")]
    BadRecord {
        /// The table.
        table: &'static str,
        /// What is wrong.
        detail: String,
    },
}

fn more(others: u64) -> String {
    if others == 0 { String::new() } else { format!(" and {others} more") }
}

impl Error {
    /// Sorts a file operation's failure.
    pub(super) fn io(doing: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        let path = path.as_ref().to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            _ => Self::Io { doing, path, source },
        }
    }

    /// Sorts SQLite's failure; `database` is the file.
    pub(super) fn sqlite(error: rusqlite::Error, database: &Path) -> Self {
        let path = || database.to_owned();
        let Some(code) = error.sqlite_error_code() else { return Self::Database(error) };
        match code {
            ErrorCode::DiskFull => Self::NoSpace { path: path() },
            ErrorCode::SystemIoFailure if is_full(database) => Self::NoSpace { path: path() },
            ErrorCode::ReadOnly => Self::ReadOnly { path: path() },
            ErrorCode::PermissionDenied => Self::Denied { path: path() },
            ErrorCode::CannotOpen => cannot_open(error, database),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Self::Corrupt { path: path(), detail: error.to_string() }
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
                Self::Stuck { path: path() }
            }
            _ => Self::Database(error),
        }
    }
}

/// SQLite does not say why it cannot open.
///
/// The file is not opened to find out: closing it again would release the locks that SQLite has on it.
fn cannot_open(error: rusqlite::Error, database: &Path) -> Error {
    let wanted = AccessFlags::R_OK | AccessFlags::W_OK;
    let folder = database.parent().unwrap_or(database);
    match access(folder, wanted | AccessFlags::X_OK).and_then(|()| access(database, wanted)) {
        Ok(()) | Err(Errno::ENOENT) if is_full(database) => Error::NoSpace { path: database.to_owned() },
        Ok(()) | Err(Errno::ENOENT) => Error::Database(error),
        Err(errno) => Error::io("open", database, errno.into()),
    }
}

/// SQLite reports a full disk as a plain I/O failure where it was growing its shared memory.
fn is_full(database: &Path) -> bool {
    let parent = database.parent().unwrap_or(database);
    nix::sys::statvfs::statvfs(parent).is_ok_and(|status| {
        status.blocks_available() == 0 || status.files() > 0 && status.files_available() == 0
    })
}
