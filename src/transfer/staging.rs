//! Where what goes out is written until it is whole.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Error;
use crate::store::Store;

/// Makes files and folders beside their final places. What a killed process leaves there, the next one to use the
/// same store sweeps.
#[derive(Clone, Copy)]
pub(super) struct Staging<'a> {
    store: &'a Store,
}

impl<'a> Staging<'a> {
    pub const fn new(store: &'a Store) -> Self {
        Self { store }
    }

    /// A file in `folder`, with the rights that the process's umask leaves.
    pub fn file(&self, folder: &Path) -> Result<NamedTempFile, Error> {
        let prefix = self.store.stage_outside(folder)?;
        tempfile::Builder::new()
            .prefix(&prefix)
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(Error::io("create a file in", folder))
    }

    /// A folder in `folder`, likewise; the caller removes it.
    pub fn directory(&self, folder: &Path) -> Result<PathBuf, Error> {
        let prefix = self.store.stage_outside(folder)?;
        let made = tempfile::Builder::new()
            .prefix(&prefix)
            .permissions(fs::Permissions::from_mode(0o777))
            .tempdir_in(folder);
        made.map(tempfile::TempDir::keep).map_err(Error::io("create a folder in", folder))
    }

    /// A file for what has no place beside its own, such as a pipe.
    pub fn elsewhere(&self) -> Result<NamedTempFile, Error> {
        Ok(self.store.temporary_file()?)
    }
}

/// Puts the folder `new` where `target` is; what was there goes. Whenever this process dies, one of both is there.
pub(super) fn replace_directory(new: &Path, target: &Path) -> io::Result<()> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    match renameat2(AT_FDCWD, new, AT_FDCWD, target, RenameFlags::RENAME_EXCHANGE) {
        Ok(()) => fs::remove_dir_all(new),
        Err(nix::errno::Errno::ENOENT) => fs::rename(new, target),
        // Not every file system can exchange two names.
        Err(nix::errno::Errno::EINVAL | nix::errno::Errno::ENOSYS) => {
            fs::remove_dir_all(target)?;
            fs::rename(new, target)
        }
        Err(errno) => Err(errno.into()),
    }
}
