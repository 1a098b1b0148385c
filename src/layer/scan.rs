//! Reading an upper directory as the entries of a layer.

use std::collections::{HashMap, HashSet};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use super::entry::{Entry, Kind, Mtime};
use super::error::Error;
use super::overlay::OverlayFormat;
use super::owners::Owners;
use super::stop::{Stop, go_on, never};
use super::xattr;
use crate::sys::file::{self, Name, Stat};

/// How many directories stay open on the way down; above, `..` leads back.
const OPEN: usize = 64;

/// The entries below `root`, a part's `fs/`, sorted by path; parents come before their children.
///
/// Whiteouts and opaque directories are recognised by `format`. Whiteouts carry nothing but their
/// path. Names of one inode are a first entry and `Hardlink`s to it. Sockets are left out. The root
/// itself is listed (with an empty path) only where it is opaque.
///
/// # Errors
/// [`Error::Io`].
pub fn scan(root: &Path, format: OverlayFormat) -> Result<Vec<Entry>, Error> {
    Ok(without_sockets(scan_all_kinds(root, format)?))
}

/// A hard link to a socket is one too: none of its names carries anything.
pub(super) fn without_sockets(mut entries: Vec<Entry>) -> Vec<Entry> {
    let sockets: HashSet<Vec<u8>> =
        entries.iter().filter(|entry| entry.kind == Kind::Socket).map(|entry| entry.path.clone()).collect();
    if !sockets.is_empty() {
        entries.retain(|entry| {
            entry.kind != Kind::Socket && !(entry.kind == Kind::Hardlink && sockets.contains(&entry.link))
        });
    }
    entries
}

/// The same with sockets, which are in no layer and yet are changes.
pub(super) fn scan_all_kinds(root: &Path, format: OverlayFormat) -> Result<Vec<Entry>, Error> {
    scan_until(root, format, &never)
}

/// The same, unless it is to end.
pub(super) fn scan_until(root: &Path, format: OverlayFormat, stop: Stop<'_>) -> Result<Vec<Entry>, Error> {
    let dir = file::open_root(root).map_err(|source| Error::host("open", root, source))?;
    let owners = Owners::of_tree(root)?;
    let mut walk = Walk {
        stop,
        format,
        owners,
        buffer: Vec::new(),
        found: Vec::new(),
        opaque: HashSet::new(),
        steps: Vec::new(),
        path: Vec::new(),
    };
    if format.is_opaque_of(dir.as_fd()).map_err(|source| Error::host("read", root, source))? {
        walk.found.push((Entry { opaque: true, ..described(dir.as_fd())? }, 0));
    }
    walk.enter(dir)?;
    walk.run()?;
    for (entry, _) in walk.found.iter_mut().filter(|(entry, _)| walk.opaque.contains(&entry.path)) {
        entry.opaque = true;
    }
    Ok(arrange(walk.found))
}

fn described(root: BorrowedFd<'_>) -> Result<Entry, Error> {
    let stat = file::stat_of_fd(root).map_err(|source| Error::io("read", b"", source))?;
    Ok(entry_of(Vec::new(), Kind::Dir, &stat))
}

struct Step {
    /// `None` while too many deeper ones are open.
    dir: Option<OwnedFd>,
    identity: (u64, u64),
    /// The length of the path of this directory.
    end: usize,
    /// Not yet visited; a name can be any bytes but `/`.
    subdirectories: Vec<Name>,
}

struct Walk<'a> {
    stop: Stop<'a>,
    format: OverlayFormat,
    owners: Option<Owners>,
    buffer: Vec<u8>,
    /// With the inode number where there may be more names.
    found: Vec<(Entry, u64)>,
    /// Directories that a mark in them says to be opaque.
    opaque: HashSet<Vec<u8>>,
    steps: Vec<Step>,
    path: Vec<u8>,
}

impl Walk<'_> {
    /// Lists `dir`, which is at `self.path`, and puts it on the stack.
    fn enter(&mut self, dir: OwnedFd) -> Result<(), Error> {
        let stat = file::stat_of_fd(dir.as_fd()).map_err(|source| Error::io("read", &self.path, source))?;
        let mut names = Vec::new();
        file::list(dir.as_fd(), &mut self.buffer, &mut |name| {
            names.push(Name::new(name)?);
            Ok(())
        })
        .map_err(|source| Error::io("list", &self.path, source))?;
        let mut subdirectories = Vec::new();
        for name in names {
            go_on(self.stop)?;
            match self.visit(dir.as_fd(), &name) {
                // In the tree of a container that runs and is not paused it may have gone since it was listed.
                Err(Error::Io { source, .. }) if source.raw_os_error() == Some(libc::ENOENT) => {}
                is_dir => {
                    if is_dir? {
                        subdirectories.push(name);
                    }
                }
            }
        }
        let (identity, end) = ((stat.dev, stat.ino), self.path.len());
        self.steps.push(Step { dir: Some(dir), identity, end, subdirectories });
        if let Some(far) = self.steps.len().checked_sub(OPEN).and_then(|index| self.steps.get_mut(index)) {
            far.dir = None;
        }
        Ok(())
    }

    /// Notes one file; whether it is a directory to go into.
    fn visit(&mut self, dir: BorrowedFd<'_>, name: &Name) -> Result<bool, Error> {
        let mut path = Vec::with_capacity(self.path.len() + 1 + name.as_bytes().len());
        path.extend_from_slice(&self.path);
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name.as_bytes());
        let mut stat = file::stat_at(dir, name).map_err(|source| Error::io("read", &path, source))?;
        if let Some(owners) = &self.owners {
            owners
                .correct(dir, name, &mut stat)
                .map_err(|source| Error::io("read the owner of", &path, source))?;
        }
        if self.format.is_mark(&stat) {
            if self.format.is_about_parent(name) {
                self.opaque.insert(self.path.clone());
                return Ok(false);
            }
            self.found.push((Entry::new(path, Kind::Whiteout), 0));
            return Ok(false);
        }
        let Some(kind) = Kind::of_mode(stat.mode) else { return Ok(false) };
        let mut entry = entry_of(path, kind, &stat);
        if kind == Kind::Symlink {
            entry.link =
                file::read_link(dir, name).map_err(|source| Error::io("read", &entry.path, source))?;
        } else {
            let marks = read_xattrs(dir, name, self.format, &mut entry)?;
            if marks.whiteout && kind == Kind::File && stat.size == 0 {
                self.found.push((Entry::new(entry.path, Kind::Whiteout), 0));
                return Ok(false);
            }
            entry.opaque = marks.opaque && kind == Kind::Dir;
        }
        let is_dir = kind == Kind::Dir;
        let inode = if stat.nlink > 1 && !is_dir { stat.ino } else { 0 };
        self.found.push((entry, inode));
        Ok(is_dir)
    }

    fn run(&mut self) -> Result<(), Error> {
        while let Some(step) = self.steps.last_mut() {
            let moved = |path: &[u8]| {
                Error::io("list", path, std::io::Error::other("its directories were moved meanwhile"))
            };
            if let Some(name) = step.subdirectories.pop() {
                self.path.truncate(step.end);
                let Some(parent) = &step.dir else { return Err(moved(&self.path)) };
                let dir = file::open_dir(parent.as_fd(), &name);
                if !self.path.is_empty() {
                    self.path.push(b'/');
                }
                self.path.extend_from_slice(name.as_bytes());
                match dir {
                    Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
                    dir => self.enter(dir.map_err(|source| Error::io("open", &self.path, source))?)?,
                }
                continue;
            }
            let Some(done) = self.steps.pop() else { break };
            let Some(above) = self.steps.last_mut() else { break };
            // Going up through `..` is safe in a tree that nobody changes; somebody who does is noticed.
            if above.dir.is_none() {
                let Some(dir) = &done.dir else { return Err(moved(&self.path)) };
                let parent =
                    file::open_parent(dir.as_fd()).map_err(|source| Error::io("open", &self.path, source))?;
                let stat = file::stat_of_fd(parent.as_fd())
                    .map_err(|source| Error::io("read", &self.path, source))?;
                if (stat.dev, stat.ino) != above.identity {
                    return Err(moved(&self.path));
                }
                above.dir = Some(parent);
            }
        }
        Ok(())
    }
}

pub(super) fn entry_of(path: Vec<u8>, kind: Kind, stat: &Stat) -> Entry {
    let is_device = matches!(kind, Kind::CharDevice | Kind::BlockDevice);
    Entry {
        mode: stat.mode & 0o7777,
        uid: stat.uid,
        gid: stat.gid,
        size: if kind == Kind::File { stat.size } else { 0 },
        mtime: Mtime { secs: stat.mtime, nanos: stat.mtime_nanos },
        device: if is_device { stat.device } else { (0, 0) },
        ..Entry::new(path, kind)
    }
}

pub(super) struct Marks {
    opaque: bool,
    whiteout: bool,
}

/// Reads the kept attributes into `entry`, and overlayfs's marks.
pub(super) fn read_xattrs(
    dir: BorrowedFd<'_>,
    name: &Name,
    format: OverlayFormat,
    entry: &mut Entry,
) -> Result<Marks, Error> {
    let mut marks = Marks { opaque: false, whiteout: false };
    let fail = |path: &[u8], source| Error::io("read the extended attributes of", path, source);
    let listed = file::list_xattrs(dir, name).map_err(|source| fail(&entry.path, source))?;
    for attribute in listed.split_inclusive(|&byte| byte == 0) {
        let Ok(attribute) = std::ffi::CStr::from_bytes_with_nul(attribute) else { continue };
        let is_opaque = format.opaque() == Some(attribute);
        let is_whiteout = format.whiteout() == Some(attribute);
        let is_kept = xattr::is_kept(attribute.to_bytes());
        if !is_opaque && !is_whiteout && !is_kept {
            continue;
        }
        let value = file::get_xattr(dir, name, attribute).map_err(|source| fail(&entry.path, source))?;
        // It may have vanished between the two calls.
        let Some(value) = value else { continue };
        marks.opaque |= is_opaque && value == b"y";
        marks.whiteout |= is_whiteout;
        if is_kept {
            let attribute = attribute.to_bytes().to_vec();
            let value = xattr::portable(&attribute, value);
            entry.xattrs.push((attribute, value));
        }
    }
    entry.xattrs.sort_unstable();
    Ok(marks)
}

/// Sorts by path, and makes every name of an inode but the first a hard link.
fn arrange(mut found: Vec<(Entry, u64)>) -> Vec<Entry> {
    // Directories were listed as wholes, so long runs may be in order already: a stable sort uses them.
    found.sort_by(|one, other| one.0.path.cmp(&other.0.path));
    let mut first_names: HashMap<u64, usize> = HashMap::new();
    let mut entries: Vec<Entry> = Vec::with_capacity(found.len());
    for (mut entry, inode) in found {
        if inode != 0 {
            match first_names.get(&inode).and_then(|&first| entries.get(first)) {
                Some(first) => {
                    entry.link.clone_from(&first.path);
                    entry.kind = Kind::Hardlink;
                    entry.size = 0;
                    entry.device = (0, 0);
                    entry.xattrs.clear();
                }
                None => {
                    first_names.insert(inode, entries.len());
                }
            }
        }
        entries.push(entry);
    }
    entries
}
