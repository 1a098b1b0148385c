//! Removing trees that a container may have made hostile: very deep, without permissions, full of links.
//!
//! `std::fs::remove_dir_all` holds one descriptor and one stack frame for each level, and a container can make more
//! levels than there are of either. Here a directory that is too deep is first moved up.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, renameat};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};

/// How many levels are held open at once.
const LEVELS: usize = 32;

/// A directory whose entries appeared while it was emptied is looked at again, so often.
const ROUNDS: usize = 16;

/// Removes `name` below `folder`, whatever it is; what is not there is not an error.
///
/// `fresh_name` gives names for directories that are moved up into `folder` on the way.
pub(super) fn remove(folder: &Path, name: &str, fresh_name: &dyn Fn() -> String) -> io::Result<()> {
    let top = Dir::open(folder, OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
    let name = CString::new(name).map_err(|_| Errno::EINVAL)?;
    let mut remover = Remover { top: top.as_fd(), fresh_name, moved: vec![name] };
    let mut result = Ok(());
    while let Some(name) = remover.moved.pop() {
        let removed = remover.entry(top.as_fd(), &name, None, 0);
        result = result.and(removed);
    }
    result.map_err(io::Error::from)
}

struct Remover<'a> {
    top: BorrowedFd<'a>,
    fresh_name: &'a dyn Fn() -> String,
    moved: Vec<CString>,
}

impl Remover<'_> {
    fn entry(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &CStr,
        kind: Option<Type>,
        depth: usize,
    ) -> nix::Result<()> {
        if kind != Some(Type::Directory) {
            match unlinkat(parent, name, UnlinkatFlags::NoRemoveDir) {
                Ok(()) | Err(Errno::ENOENT) => return Ok(()),
                // Not every file system tells kinds; a directory is EISDIR, or EPERM by POSIX.
                Err(Errno::EISDIR | Errno::EPERM) if kind.is_none() => {}
                Err(errno) => return Err(errno),
            }
        }
        for _ in 0..ROUNDS {
            match unlinkat(parent, name, UnlinkatFlags::RemoveDir) {
                Ok(()) | Err(Errno::ENOENT) => return Ok(()),
                Err(Errno::ENOTEMPTY | Errno::EEXIST) => {}
                Err(errno) => return Err(errno),
            }
            if depth == LEVELS {
                let fresh = CString::new((self.fresh_name)()).map_err(|_| Errno::EINVAL)?;
                renameat(parent, name, self.top, fresh.as_c_str())?;
                self.moved.push(fresh);
                return Ok(());
            }
            let mut directory = open_any(parent, name)?;
            let mut entries = Vec::new();
            for entry in directory.iter() {
                let entry = entry?;
                if !is_dots(entry.file_name()) {
                    entries.push((entry.file_name().to_owned(), entry.file_type()));
                }
            }
            for (name, kind) in entries {
                self.entry(directory.as_fd(), &name, kind, depth + 1)?;
            }
        }
        Err(Errno::ENOTEMPTY)
    }
}

/// Opens a directory even if its owner took every permission from it.
fn open_any(parent: BorrowedFd<'_>, name: &CStr) -> nix::Result<Dir> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    match Dir::openat(parent, name, flags, Mode::empty()) {
        Err(Errno::EACCES) => {
            fchmodat(parent, name, Mode::S_IRWXU, FchmodatFlags::NoFollowSymlink)?;
            Dir::openat(parent, name, flags, Mode::empty())
        }
        // One may list but neither enter nor change it; that shows only below.
        Ok(directory) => {
            if fstatat(&directory, ".", AtFlags::empty()) == Err(Errno::EACCES) {
                fchmodat(parent, name, Mode::S_IRWXU, FchmodatFlags::NoFollowSymlink)?;
            }
            Ok(directory)
        }
        other => other,
    }
}

/// Bytes that `path` and all below it take on the disk; what is deeper than 32 levels is not counted.
pub(super) fn disk_usage(path: &Path) -> u64 {
    let own = nix::sys::stat::lstat(path).map_or(0, |status| blocks(status.st_blocks));
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    own + Dir::open(path, flags, Mode::empty()).map_or(0, |directory| usage_below(directory, 0))
}

fn usage_below(mut directory: Dir, depth: usize) -> u64 {
    let mut total = 0;
    let mut inner = Vec::new();
    let names: Vec<CString> = directory
        .iter()
        .flatten()
        .map(|entry| entry.file_name().to_owned())
        .filter(|name| !is_dots(name))
        .collect();
    for name in names {
        let name = OsStr::from_bytes(name.as_bytes());
        let Ok(status) = fstatat(&directory, name, AtFlags::AT_SYMLINK_NOFOLLOW) else { continue };
        let links = u64::from(u32::try_from(status.st_nlink).unwrap_or(u32::MAX)).max(1);
        let is_directory = status.st_mode & libc::S_IFMT == libc::S_IFDIR;
        // Hard links share their blocks; a share each adds up without remembering inodes.
        total += if is_directory { blocks(status.st_blocks) } else { blocks(status.st_blocks) / links };
        if is_directory && depth < LEVELS {
            inner.push(name.to_owned());
        }
    }
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    for name in inner {
        if let Ok(below) = Dir::openat(&directory, name.as_os_str(), flags, Mode::empty()) {
            total += usage_below(below, depth + 1);
        }
    }
    total
}

/// `st_blocks` counts units of 512 bytes, whatever the file system's blocks are.
fn blocks(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0) * 512
}

fn is_dots(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn deep_closed_and_linked_trees_go() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("kept"), "x").unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir(&tree).unwrap();
        std::os::unix::fs::symlink(&outside, tree.join("link")).unwrap();
        fs::create_dir(tree.join("closed")).unwrap();
        fs::write(tree.join("closed/file"), "x").unwrap();
        fs::set_permissions(tree.join("closed"), PermissionsExt::from_mode(0o0)).unwrap();
        // Deeper than any path may be long.
        let mut here = Dir::open(&tree, OFlag::O_DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..3000 {
            nix::sys::stat::mkdirat(&here, "d", Mode::S_IRWXU).unwrap();
            here = Dir::openat(&here, "d", OFlag::O_DIRECTORY, Mode::empty()).unwrap();
        }
        drop(here);
        assert!(disk_usage(&tree) > 0);
        let counter = AtomicU32::new(0);
        let fresh = || format!("moved-{}", counter.fetch_add(1, Ordering::Relaxed));
        remove(folder.path(), "tree", &fresh).unwrap();
        remove(folder.path(), "tree", &fresh).unwrap();
        let left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["outside"]);
        assert!(outside.join("kept").exists());
    }
}
