//! How deletions are marked in an upper directory.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use crate::sys::file::{self, Name, Stat};

/// Which marks a store's directories use.
///
/// Source: the kernel's `Documentation/filesystems/overlayfs.rst`, "User xattr".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OverlayFormat {
    /// Character devices 0:0 and `trusted.overlay.*`: mounts made by real root.
    Trusted,
    /// The same with `user.overlay.*`: mounts with the option `userxattr`, as in a user namespace.
    User,
    /// FIFOs of a kind that no program makes. A file system without user attributes, or an overlay that is
    /// the disk of a container, can hold no others; overlayfs does not know them, so containers run in copies.
    Plain,
}

/// In a directory: it hides all of its namesakes below. Layers have no such name of their own (image-spec `layer.md`).
const OPAQUE: &[u8] = b".wh..wh..opq";

/// When no file was made: 2033, to the second.
const NEVER: i64 = 0x7768_6974;

impl OverlayFormat {
    /// The attribute that, with the value `y`, makes a directory hide all of its namesakes below.
    #[must_use]
    pub const fn opaque(self) -> Option<&'static CStr> {
        match self {
            Self::Trusted => Some(c"trusted.overlay.opaque"),
            Self::User => Some(c"user.overlay.opaque"),
            Self::Plain => None,
        }
    }

    /// The attribute that makes an empty regular file a whiteout, where no device could be made.
    #[must_use]
    pub const fn whiteout(self) -> Option<&'static CStr> {
        match self {
            Self::Trusted => Some(c"trusted.overlay.whiteout"),
            Self::User => Some(c"user.overlay.whiteout"),
            Self::Plain => None,
        }
    }

    /// Marks `name` in `dir`, where nothing is, as deleted.
    ///
    /// # Errors
    /// Those of `mknodat(2)`: `EPERM` where the file system takes no device 0:0, as overlayfs itself.
    pub fn hide(self, dir: BorrowedFd<'_>, name: &Name) -> io::Result<()> {
        if self != Self::Plain {
            return file::make_whiteout(dir, name);
        }
        file::make_node(dir, name, libc::S_IFIFO, (0, 0))?;
        file::set_mtime(dir, name, NEVER, 0)
    }

    /// Is `name` in `dir`, which is as `stat` says, such a mark?
    ///
    /// # Errors
    /// Those of `getxattr(2)`.
    pub fn is_hidden(self, dir: BorrowedFd<'_>, name: &Name, stat: &Stat) -> io::Result<bool> {
        if self.is_mark(stat) {
            return Ok(true);
        }
        match self.whiteout() {
            Some(mark) if stat.is_file() && stat.size == 0 => Ok(file::get_xattr(dir, name, mark)?.is_some()),
            _ => Ok(false),
        }
    }

    /// The same for what can be told without a look at attributes.
    pub(super) const fn is_mark(self, stat: &Stat) -> bool {
        match self {
            Self::Trusted | Self::User => stat.is_whiteout(),
            Self::Plain => {
                stat.file_type() == libc::S_IFIFO && stat.mode & 0o7777 == 0 && stat.mtime == NEVER
            }
        }
    }

    /// Is `name` the mark in a directory that says that it is opaque, if it is a mark?
    pub(super) fn is_about_parent(self, name: &Name) -> bool {
        self == Self::Plain && name.as_bytes() == OPAQUE
    }

    /// Makes the directory `name` in `dir` hide its namesakes below.
    ///
    /// # Errors
    /// Those of `setxattr(2)`, or of [`Self::hide`].
    pub fn set_opaque(self, dir: BorrowedFd<'_>, name: &Name) -> io::Result<()> {
        match self.opaque() {
            Some(mark) => file::set_xattr(dir, name, mark, b"y"),
            None => self.set_opaque_of(file::open_base(dir, name)?.as_fd()),
        }
    }

    /// The same for an open directory.
    ///
    /// # Errors
    /// As [`Self::set_opaque`].
    pub fn set_opaque_of(self, dir: BorrowedFd<'_>) -> io::Result<()> {
        match self.opaque() {
            Some(mark) => file::set_xattr_of(dir, mark, b"y"),
            None if self.is_opaque_of(dir)? => Ok(()),
            None => self.hide(dir, &Name::new(OPAQUE)?),
        }
    }

    /// Does the directory `name` in `dir` hide its namesakes below?
    ///
    /// # Errors
    /// Those of `getxattr(2)` and `fstatat(2)`.
    pub fn is_opaque(self, dir: BorrowedFd<'_>, name: &Name) -> io::Result<bool> {
        match self.opaque() {
            Some(mark) => Ok(file::get_xattr(dir, name, mark)?.as_deref() == Some(b"y")),
            None => self.is_opaque_of(file::open_base(dir, name)?.as_fd()),
        }
    }

    /// The same for an open directory.
    ///
    /// # Errors
    /// As [`Self::is_opaque`].
    pub fn is_opaque_of(self, dir: BorrowedFd<'_>) -> io::Result<bool> {
        match self.opaque() {
            Some(mark) => Ok(file::get_xattr_of(dir, mark)?.as_deref() == Some(b"y")),
            None => Ok(file::find_at(dir, &Name::new(OPAQUE)?)?.is_some_and(|stat| self.is_mark(&stat))),
        }
    }

    /// Takes that mark away.
    ///
    /// # Errors
    /// Those of `removexattr(2)` and `unlinkat(2)`.
    pub fn unset_opaque(self, dir: BorrowedFd<'_>, name: &Name) -> io::Result<()> {
        match self.opaque() {
            Some(mark) => file::remove_xattr(dir, name, mark),
            None => file::remove(file::open_base(dir, name)?.as_fd(), &Name::new(OPAQUE)?, false),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::layer::{Kind, Stack, scan};
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};

    /// What needs neither privileges nor attributes is read as what it says.
    #[test]
    fn plain_marks_are_read() {
        let place = tempfile::tempdir().unwrap();
        let [upper, lower] = ["upper", "lower"].map(|name| place.path().join(name));
        for path in ["upper/d", "lower/d/below", "lower/other"] {
            std::fs::create_dir_all(place.path().join(path)).unwrap();
        }
        let dir = file::open_root(&upper).unwrap();
        let name = |text: &[u8]| Name::new(text).unwrap();
        let plain = OverlayFormat::Plain;
        plain.hide(dir.as_fd(), &name(b"other")).unwrap();
        plain.set_opaque(dir.as_fd(), &name(b"d")).unwrap();
        plain.set_opaque(dir.as_fd(), &name(b"d")).unwrap();
        let found = scan(&upper, plain).unwrap();
        let seen: Vec<_> =
            found.iter().map(|entry| (entry.path.as_slice(), entry.kind, entry.opaque)).collect();
        assert_eq!(seen, [(&b"d"[..], Kind::Dir, true), (b"other", Kind::Whiteout, false)]);
        let stack = Stack::open(&[upper.clone(), lower], plain).unwrap();
        assert!(stack.lookup(b"other").unwrap().is_none());
        assert!(stack.lookup(b"d/below").unwrap().is_none() && stack.lookup(b"d").unwrap().is_some());
        plain.unset_opaque(dir.as_fd(), &name(b"d")).unwrap();
        assert!(!plain.is_opaque(dir.as_fd(), &name(b"d")).unwrap());
        // A FIFO of somebody else's is one.
        nix::unistd::mkfifo(&upper.join("pipe"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        let pipe = std::fs::metadata(upper.join("pipe")).unwrap();
        assert!(pipe.file_type().is_fifo() && pipe.permissions().mode() & 0o7777 != 0);
        assert_eq!(scan(&upper, plain).unwrap()[2].kind, Kind::Fifo);
        // In the kernel's formats these marks are what they look like.
        assert_eq!(scan(&upper, OverlayFormat::User).unwrap()[1].kind, Kind::Fifo);
    }
}
