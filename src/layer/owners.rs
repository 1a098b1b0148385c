//! Owners that files should have and cannot have, because only one user id exists here.
//!
//! A user without a range of subordinate ids is user 0 of a namespace that knows no other. What a layer or
//! a program in a container wants to belong to somebody else belongs to that one user on the disk, and
//! whom it should belong to is kept beside it: as the extended attribute [`ATTRIBUTE`] of the file, which
//! overlayfs copies up with it; for what cannot have attributes (links, FIFOs, sockets) as a line of the
//! part's file `owners`, by inode. A device is an empty file whose record says what it should be. On a file system
//! without attributes all records are lines.
//!
//! A part that has the file `owners` beside its `fs` is read with its records; in any other they count for
//! nothing, and in no case are they part of a layer.

use std::collections::HashMap;
use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use super::entry::{Entry, Kind};
use super::error::Error;
use crate::sys::file::{self, Name, Stat};

/// The extended attribute that says whom a file should belong to.
pub const ATTRIBUTE: &CStr = c"user.plywood.owner";

const FILE: &str = "owners";
const HEADER: &[u8] = b"plywood owners 1\n";
/// The line that says that some file has a record; without it none needs to be looked at.
const ANY: &[u8] = b"any";
/// The line that says that also what could have an attribute may have a line instead.
const ALL: &[u8] = b"all";

/// Whom a file should belong to, and what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Owner {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Of a device: `S_IFCHR` or `S_IFBLK`, major and minor number.
    pub device: Option<(u32, u32, u32)>,
}

impl Owner {
    /// An owner of something that is what it seems.
    #[must_use]
    pub const fn new(uid: u32, gid: u32) -> Self {
        Self { uid, gid, device: None }
    }

    /// Whom what an entry of a layer tells of should belong to.
    pub(super) fn of(entry: &Entry) -> Self {
        let is_device = matches!(entry.kind, Kind::CharDevice | Kind::BlockDevice);
        let device = is_device.then_some((entry.kind.file_type(), entry.device.0, entry.device.1));
        Self { device, ..Self::new(entry.uid, entry.gid) }
    }

    /// What [`Self::text`] wrote; `None` for anything else, which anybody may have written.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut fields = std::str::from_utf8(text).ok()?.split(':');
        let mut number = || fields.next().and_then(|field| field.parse::<u32>().ok());
        let (uid, gid) = (number()?, number()?);
        let device = match fields.next() {
            None => None,
            Some(kind) => {
                let kind = match kind {
                    "c" => libc::S_IFCHR,
                    "b" => libc::S_IFBLK,
                    _ => return None,
                };
                let mut number = || fields.next().and_then(|field| field.parse::<u32>().ok());
                Some((kind, number()?, number()?))
            }
        };
        fields.next().is_none().then_some(Self { uid, gid, device })
    }

    /// `UID:GID`, for a device also `:c:MAJOR:MINOR` or `:b:MAJOR:MINOR`.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { uid, gid, device } = self;
        match device {
            None => format!("{uid}:{gid}"),
            Some((kind, major, minor)) => {
                let letter = if *kind == libc::S_IFBLK { 'b' } else { 'c' };
                format!("{uid}:{gid}:{letter}:{major}:{minor}")
            }
        }
    }

    /// Whether there is nothing to remember: it belongs to the one user that there is.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    fn apply(&self, stat: &mut Stat) {
        (stat.uid, stat.gid) = (self.uid, self.gid);
        if let Some((kind, major, minor)) = self.device
            && stat.is_file()
        {
            stat.mode = stat.mode & !libc::S_IFMT | kind;
            stat.device = (major, minor);
        }
    }
}

/// An inode and when it was made: numbers are used again.
pub type Inode = (u64, (i64, u32));

/// The records of one part.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    any: bool,
    all: bool,
    by_inode: HashMap<Inode, Owner>,
}

impl Owners {
    /// The records of the part whose tree is at `tree` (its `fs`); `None` where the disk's own word counts.
    ///
    /// # Errors
    /// [`Error::Io`] when they are there and cannot be read.
    pub fn of_tree(tree: &Path) -> Result<Option<Self>, Error> {
        let path = beside(tree);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(Self::parse(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::host("read", &path, source)),
        }
    }

    fn parse(bytes: &[u8]) -> Self {
        let mut owners = Self::default();
        // A last line without its end was cut by a kill, and what it told of was not done.
        for line in bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n")) {
            if line == ANY {
                owners.any = true;
            } else if line == ALL {
                owners.all = true;
            } else if let Some((inode, owner)) = line_of(line) {
                owners.any = true;
                owners.by_inode.insert(inode, owner);
            }
        }
        owners
    }

    /// Whether any file of the part has a record.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.any
    }

    /// Records of what cannot have attributes.
    #[must_use]
    pub const fn by_inode(&self) -> &HashMap<Inode, Owner> {
        &self.by_inode
    }

    /// Makes `stat`, of `name` in `dir`, say what the file should be.
    pub(super) fn correct(&self, dir: BorrowedFd<'_>, name: &Name, stat: &mut Stat) -> io::Result<()> {
        if !self.any || stat.is_whiteout() {
            return Ok(());
        }
        let mut owner = None;
        let takes_attributes = stat.is_file() || stat.is_dir();
        if takes_attributes {
            owner = file::get_xattr(dir, name, ATTRIBUTE)?.as_deref().and_then(Owner::parse);
        }
        if owner.is_none() && !self.by_inode.is_empty() && (self.all || !takes_attributes) {
            owner = self.by_inode.get(&(stat.ino, file::born(dir, name)?)).copied();
        }
        if let Some(owner) = owner {
            owner.apply(stat);
        }
        Ok(())
    }

    /// The same for a tree's root.
    pub(super) fn correct_root(&self, root: BorrowedFd<'_>, stat: &mut Stat) -> io::Result<()> {
        if self.any
            && let Some(owner) = self.of_open(root)?
        {
            owner.apply(stat);
        }
        Ok(())
    }

    /// The record of an open file or directory.
    ///
    /// # Errors
    /// Those of `getxattr(2)` and `statx(2)`.
    pub fn of_open(&self, open: BorrowedFd<'_>) -> io::Result<Option<Owner>> {
        let owner = file::get_xattr_of(open, ATTRIBUTE)?.as_deref().and_then(Owner::parse);
        if owner.is_some() || !self.all {
            return Ok(owner);
        }
        Ok(self.by_inode.get(&inode_of(open)?).copied())
    }
}

fn inode_of(open: BorrowedFd<'_>) -> io::Result<Inode> {
    Ok((file::stat_of_fd(open)?.ino, file::born_of(open)?))
}

/// Does the file system know no such attributes?
fn is_unsupported(answer: &io::Result<()>) -> bool {
    matches!(answer, Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP))
}

fn line_of(line: &[u8]) -> Option<(Inode, Owner)> {
    let mut fields = std::str::from_utf8(line).ok()?.split(' ');
    let inode = fields.next()?.parse().ok()?;
    let (seconds, nanos) = fields.next()?.split_once('.')?;
    let owner = Owner::parse(fields.next()?.as_bytes())?;
    Some(((inode, (seconds.parse().ok()?, nanos.parse().ok()?)), owner))
}

fn beside(tree: &Path) -> PathBuf {
    tree.with_file_name(FILE)
}

/// Writes the records of one part.
#[derive(Debug)]
pub struct Recorder {
    file: File,
    any: bool,
    all: bool,
}

impl Recorder {
    /// For the part whose tree is at `tree`; from now its records count.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(tree: &Path) -> Result<Self, Error> {
        let path = beside(tree);
        let fail = |source| Error::host("write", &path, source);
        let known = Owners::of_tree(tree)?;
        let mut file = File::options().append(true).create(true).open(&path).map_err(fail)?;
        if known.is_none() {
            file.write_all(HEADER).map_err(fail)?;
        }
        let (any, all) = known.map_or((false, false), |known| (known.any, known.all));
        Ok(Self { file, any, all })
    }

    /// Notes that some file has a record; to be called before the first gets its attribute.
    ///
    /// # Errors
    /// `write(2)`'s.
    pub fn begin(&mut self) -> io::Result<()> {
        if !self.any {
            self.file.write_all(b"any\n")?;
            self.any = true;
        }
        Ok(())
    }

    /// Records the owner of something that could have an attribute, if its file system had any.
    ///
    /// # Errors
    /// `write(2)`'s.
    pub fn note_instead(&mut self, inode: Inode, owner: &Owner) -> io::Result<()> {
        if owner.is_plain() && !self.all {
            return Ok(());
        }
        if !self.all {
            self.file.write_all(b"all\n")?;
            self.all = true;
        }
        self.note(inode, owner)
    }

    /// Records the owner of something that cannot have attributes.
    ///
    /// # Errors
    /// `write(2)`'s.
    pub fn note(&mut self, inode: Inode, owner: &Owner) -> io::Result<()> {
        let (ino, (seconds, nanos)) = inode;
        self.any = true;
        // One call: lines of a file opened for appending do not mix.
        self.file.write_all(format!("{ino} {seconds}.{nanos} {}\n", owner.text()).as_bytes())
    }

    /// Records the owner of `name` in `dir`, whatever it is.
    ///
    /// # Errors
    /// Those of `setxattr(2)` and `write(2)`.
    pub fn give(&mut self, dir: BorrowedFd<'_>, name: &Name, owner: &Owner) -> io::Result<()> {
        let stat = file::stat_at(dir, name)?;
        if !(stat.is_file() || stat.is_dir()) {
            return self.note((stat.ino, file::born(dir, name)?), owner);
        }
        let answer = if owner.is_plain() {
            file::remove_xattr(dir, name, ATTRIBUTE)
        } else {
            self.begin()?;
            file::set_xattr(dir, name, ATTRIBUTE, owner.text().as_bytes())
        };
        if is_unsupported(&answer) {
            return self.note_instead((stat.ino, file::born(dir, name)?), owner);
        }
        answer
    }

    /// The same for an open file or directory.
    ///
    /// # Errors
    /// As [`Self::give`].
    pub fn give_open(&mut self, open: BorrowedFd<'_>, owner: &Owner) -> io::Result<()> {
        self.begin()?;
        let answer = file::set_xattr_of(open, ATTRIBUTE, owner.text().as_bytes());
        if is_unsupported(&answer) {
            return self.note_instead(inode_of(open)?, owner);
        }
        answer
    }
}

/// Sets the owner of `name` in `dir`; where only one id exists, with a `recorder`, records it.
///
/// # Errors
/// `EINVAL` without a recorder for an id that is not mapped; others of `fchownat(2)`.
pub fn set_owner(
    dir: BorrowedFd<'_>,
    name: &Name,
    (uid, gid): (u32, u32),
    recorder: Option<&mut Recorder>,
) -> io::Result<()> {
    match recorder {
        Some(recorder) if (uid, gid) != file::own_ids() => recorder.give(dir, name, &Owner::new(uid, gid)),
        Some(_) => Ok(()),
        None => file::set_owner(dir, name, uid, gid),
    }
}

/// A recorder for `tree` if one of `others`, of which it will hold files, or itself has records.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn recorder_like(others: &[PathBuf], tree: &Path) -> Result<Option<Recorder>, Error> {
    for one in others.iter().map(PathBuf::as_path).chain([tree]) {
        if Owners::of_tree(one)?.is_some() {
            return Recorder::open(tree).map(Some);
        }
    }
    Ok(None)
}

/// Open directory for [`Owners::correct`] by a whole path; tests and tools.
#[cfg(test)]
pub(super) fn owner_of(tree: &Path, name: &[u8]) -> Option<Owner> {
    use std::os::fd::AsFd;
    let dir = file::open_root(tree).ok()?;
    let name = Name::new(name).ok()?;
    let mut stat = file::stat_at(dir.as_fd(), &name).ok()?;
    let owners = Owners::of_tree(tree).ok()??;
    owners.correct(dir.as_fd(), &name, &mut stat).ok()?;
    let device = matches!(stat.file_type(), libc::S_IFCHR | libc::S_IFBLK).then_some((
        stat.file_type(),
        stat.device.0,
        stat.device.1,
    ));
    Some(Owner { uid: stat.uid, gid: stat.gid, device })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn what_is_written_is_read() {
        for owner in [
            Owner::new(0, 42),
            Owner::new(u32::MAX - 1, 7),
            Owner { device: Some((libc::S_IFCHR, 1, 3)), ..Owner::default() },
            Owner { device: Some((libc::S_IFBLK, 259, 70_000)), ..Owner::new(5, 6) },
        ] {
            assert_eq!(Owner::parse(owner.text().as_bytes()), Some(owner));
        }
        for text in ["", "1", "1:", "a:b", "1:2:", "1:2:c", "1:2:c:3", "1:2:d:3:4", "1:2:c:3:4:5", "-1:0"] {
            assert_eq!(Owner::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_cut_line_counts_for_nothing() {
        let owners = Owners::parse(b"plywood owners 1\nany\n7 1.5 3:4\n8 1.5 3:");
        assert!(owners.any());
        assert_eq!(owners.by_inode().len(), 1);
        assert_eq!(owners.by_inode().get(&(7, (1, 5))), Some(&Owner::new(3, 4)));
        assert!(!Owners::parse(HEADER).any());
    }

    #[test]
    fn links_are_recorded_beside_the_tree() {
        let part = tempfile::tempdir().unwrap();
        let tree = part.path().join("fs");
        std::fs::create_dir(&tree).unwrap();
        std::os::unix::fs::symlink("nowhere", tree.join("link")).unwrap();
        assert!(Owners::of_tree(&tree).unwrap().is_none());
        let mut recorder = Recorder::open(&tree).unwrap();
        let dir = file::open_root(&tree).unwrap();
        recorder.give(dir.as_fd(), &Name::new(b"link").unwrap(), &Owner::new(33, 34)).unwrap();
        assert_eq!(owner_of(&tree, b"link"), Some(Owner::new(33, 34)));
        let mut again = Recorder::open(&tree).unwrap();
        again.give(dir.as_fd(), &Name::new(b"link").unwrap(), &Owner::new(1, 2)).unwrap();
        assert_eq!(owner_of(&tree, b"link"), Some(Owner::new(1, 2)));
    }
}
