//! Files that appear complete or not at all.

use std::fs::{self, File};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Error;
use super::staging::Staging;

/// A file being written beside its final place.
pub(super) struct Output {
    temporary: NamedTempFile,
    path: PathBuf,
    in_place: bool,
}

impl Output {
    /// Begins the file that will be at `path`; a symbolic link there stays one. What has no place
    /// for a rename, such as a pipe, is written at the end, from a file in the store.
    pub fn create(path: &Path, staging: Staging<'_>) -> Result<Self, Error> {
        let found = fs::metadata(path).ok();
        if found.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(Error::io("write", path)(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        // `/dev/stdout` may lead to a file, and is itself not to be replaced.
        let given = path.starts_with("/dev") || path.starts_with("/proc");
        let in_place = found.is_some_and(|found| given || !found.is_file());
        let resolved = if in_place { None } else { fs::canonicalize(path).ok() };
        let path = resolved.as_deref().unwrap_or(path);
        let temporary = if in_place { staging.elsewhere()? } else { staging.file(&directory_of(path))? };
        Ok(Self { temporary, path: path.to_owned(), in_place })
    }

    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A handle to write with.
    pub fn file(&self) -> Result<File, Error> {
        self.temporary.reopen().map_err(Error::io("write", &self.path))
    }

    /// Puts the file in its place; it survives a power cut from here on.
    pub fn finish(self) -> Result<(), Error> {
        let failed = Error::io("write", &self.path);
        if self.in_place {
            let mut from = self.temporary.as_file();
            from.rewind().map_err(&failed)?;
            // Truncating does nothing to what is no file.
            let mut to = File::options().write(true).truncate(true).open(&self.path).map_err(&failed)?;
            io::copy(&mut from, &mut to).map_err(&failed)?;
            return to.flush().map_err(&failed);
        }
        self.temporary.as_file().sync_all().map_err(&failed)?;
        self.temporary.persist(&self.path).map_err(|error| failed(error.error))?;
        sync_directory(&directory_of(&self.path))
    }
}

/// The directory that `path` is in.
pub(super) fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Makes the names in a directory survive a power cut.
pub(super) fn sync_directory(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(Error::io("write", path))
}
