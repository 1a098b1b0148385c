//! rpm's databases: headers, one a package, in one of three files.
//!
//! The `rpmdb` crate was weighed: one release, for a SQLite of another version than ours, and it follows whatever
//! page a stranger's file names.

mod berkeley;
mod header;
mod ndb;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::Package;

pub(super) use header::package;

/// Which file format a database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RpmFormat {
    /// `rpmdb.sqlite`, of rpm 4.16 and later; who can read SQLite finds the headers in `Packages.blob`.
    Sqlite,
    /// `Packages`, a hash of Berkeley DB: CentOS and RHEL up to 8.
    Berkeley,
    /// `Packages.db`, rpm's own "new database": SUSE.
    Ndb,
}

impl RpmFormat {
    /// The format of a file that begins so; 16 bytes are enough.
    #[must_use]
    pub fn of(start: &[u8]) -> Option<Self> {
        if start.starts_with(b"SQLite format 3\0") {
            Some(Self::Sqlite)
        } else if start.starts_with(ndb::MAGIC) {
            Some(Self::Ndb)
        } else {
            berkeley::order(start).map(|_| Self::Berkeley)
        }
    }
}

/// Why a database cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RpmError {
    /// The file itself cannot.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It does not hold what its format wants.
    #[error("{0}")]
    Damaged(&'static str),
}

/// Bytes of all headers of a database; no honest one is near it.
const MOST: u64 = 256 << 20;

/// The packages in a database of Berkeley DB or of rpm's own format.
///
/// # Errors
/// [`RpmError`]; also for SQLite, which is not read here.
pub fn rpm_packages(file: &File) -> Result<Vec<Package>, RpmError> {
    let length = file.metadata()?.len();
    let mut start = [0; 16];
    if length < start.len() as u64 {
        // Made and never filled.
        return if length == 0 { Ok(Vec::new()) } else { Err(RpmError::Damaged("it is cut off")) };
    }
    file.read_exact_at(&mut start, 0)?;
    let mut found = Vec::new();
    let mut note = |record: &[u8]| found.extend(header::package(record));
    match RpmFormat::of(&start) {
        Some(RpmFormat::Berkeley) => berkeley::records(file, length, &mut note)?,
        Some(RpmFormat::Ndb) => ndb::records(file, length, &mut note)?,
        Some(RpmFormat::Sqlite) | None => return Err(RpmError::Damaged("it is no database of rpm")),
    }
    Ok(found)
}

/// Counts the bytes of headers down.
struct Budget(u64);

impl Budget {
    fn take(&mut self, bytes: u64) -> Result<(), RpmError> {
        self.0 = self.0.checked_sub(bytes).ok_or(RpmError::Damaged("its packages have more than 256 MiB"))?;
        Ok(())
    }
}
