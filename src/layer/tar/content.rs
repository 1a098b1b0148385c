//! Where the bytes of files come from while a tar is written.

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use crate::layer::entry::split_path;
use crate::layer::error::Error;
use crate::layer::ladder::{Ladder, Rung};
use crate::sys::file::{self, Name};

/// Gives the content of the files of a layer.
pub trait Content {
    /// The content of the regular file at `path`, from its beginning.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    fn open(&self, path: &[u8]) -> Result<Box<dyn Read + '_>, Error>;
}

/// The files below a directory, opened without following a symbolic link anywhere.
pub struct DirContent {
    ladder: RefCell<Ladder<OwnedFd>>,
}

impl DirContent {
    /// The files below `root`, a part's `fs/`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(root: &Path) -> Result<Self, Error> {
        let dir = file::open_root(root).map_err(|source| Error::host("open", root, source))?;
        Ok(Self { ladder: RefCell::new(Ladder::new(dir)) })
    }

    /// The regular file at `path`.
    ///
    /// # Errors
    /// [`Error::Path`] where there is none; [`Error::Io`].
    pub fn file(&self, path: &[u8]) -> Result<File, Error> {
        let (dir, name) = split_path(path);
        let fail = |source| Error::io("open", path, source);
        let missing =
            || Error::Path { path: crate::layer::error::shown(path), reason: "is not there any more" };
        let mut ladder = self.ladder.borrow_mut();
        let dir = ladder.go(dir).map_err(fail)?.ok_or_else(missing)?;
        file::open_file(dir.as_fd(), &Name::new(name).map_err(fail)?).map_err(fail)
    }
}

impl Content for DirContent {
    fn open(&self, path: &[u8]) -> Result<Box<dyn Read + '_>, Error> {
        Ok(Box::new(self.file(path)?))
    }
}

impl Rung for OwnedFd {
    type Error = std::io::Error;

    fn down(&self, name: &[u8]) -> std::io::Result<Option<Self>> {
        down(self.as_fd(), name)
    }
}

fn down(dir: BorrowedFd<'_>, name: &[u8]) -> std::io::Result<Option<OwnedFd>> {
    match file::open_base(dir, &Name::new(name)?) {
        Ok(dir) => Ok(Some(dir)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR | libc::ELOOP)) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
