//! Several layers as the one tree that a mount of them would show, without mounting.

mod names;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use super::entry::split_path;
use super::error::{Error, shown};
use super::ladder::{Ladder, Rung};
use super::overlay::OverlayFormat;
use super::owners::Owners;
use crate::sys::file::{self, Name, Stat};

pub use names::Glance;

/// As many symbolic links as the kernel follows in one path.
const MOST_LINKS: usize = 40;

/// A read-only merged view of unpacked layers: whiteouts and opaque directories are obeyed, symbolic
/// links lead nowhere but inside. Nothing is cached, so a layer that changes is seen as it is.
#[derive(Debug, Clone)]
pub struct Stack {
    root: Merged,
}

/// One file of a [`Stack`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// What the topmost layer that has it says of it.
    pub stat: Stat,
    /// That layer's position, 0 for the top.
    pub layer: usize,
}

/// Names and nodes of a directory, sorted by name.
pub type Listing = Vec<(Vec<u8>, Node)>;

/// Where a path leads, symbolic links followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The path without links, `.` and `..`; no leading `/`; the root is empty.
    pub path: Vec<u8>,
    /// What is there; `None` where nothing is.
    pub node: Option<Node>,
}

impl Stack {
    /// The view of `dirs` (each a part's `fs/`), top first; none at all is an empty root. What lies
    /// below a layer whose root is opaque is not looked at.
    ///
    /// # Errors
    /// [`Error::Io`] where one cannot be opened.
    pub fn open(dirs: &[PathBuf], format: OverlayFormat) -> Result<Self, Error> {
        let mut parts = Vec::with_capacity(dirs.len());
        let mut owners = Vec::with_capacity(dirs.len());
        for (layer, path) in dirs.iter().enumerate() {
            let dir = file::open_root(path).map_err(|source| Error::host("open", path, source))?;
            let is_last =
                format.is_opaque_of(dir.as_fd()).map_err(|source| Error::host("read", path, source))?;
            parts.push((layer, Arc::new(dir)));
            owners.push(Owners::of_tree(path)?);
            if is_last {
                break;
            }
        }
        Ok(Self { root: Merged { parts, format, owners: owners.into() } })
    }

    /// Which marks its layers use.
    #[must_use]
    pub const fn format(&self) -> OverlayFormat {
        self.root.format
    }

    /// Whether one of its layers has records of owners ([`super::owners`]).
    #[must_use]
    pub fn has_records(&self) -> bool {
        self.root.owners.iter().any(Option::is_some)
    }

    /// What is at exactly `path`: no symbolic link is followed, not even on the way.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn lookup(&self, path: &[u8]) -> Result<Option<Node>, Error> {
        self.cursor().find(&lexical(path))
    }

    /// Where `path` leads when symbolic links are followed inside the stack, the last component's
    /// only with `follow_last`. What is missing stays as it was spelled, so that it can be made there.
    ///
    /// # Errors
    /// [`Error::Path`] for more than 40 links, and for a way through what is no directory; [`Error::Io`].
    pub fn resolve(&self, path: &[u8], follow_last: bool) -> Result<Resolved, Error> {
        let mut cursor = self.cursor();
        let mut pending: Vec<Vec<u8>> = components(path).rev().map(<[u8]>::to_vec).collect();
        let (mut here, mut node, mut links) = (Vec::new(), cursor.find(b"")?, 0);
        while let Some(name) = pending.pop() {
            if node.is_some_and(|node| !node.stat.is_dir()) {
                return Err(Error::Path { path: shown(&here), reason: "is not a directory" });
            }
            if name == b".." {
                here.truncate(split_path(&here).0.len());
                node = cursor.find(&here)?;
                continue;
            }
            let parent = here.len();
            join(&mut here, &name);
            node = match node {
                Some(_) => cursor.find(&here)?,
                None => None,
            };
            let is_link = node.is_some_and(|node| node.stat.is_symlink());
            if is_link && (follow_last || !pending.is_empty()) {
                links += 1;
                if links > MOST_LINKS {
                    return Err(Error::Path { path: shown(path), reason: "has too many symbolic links" });
                }
                let target = cursor.read_link(&here)?;
                here.truncate(if target.starts_with(b"/") { 0 } else { parent });
                node = cursor.find(&here)?;
                pending.extend(components(&target).rev().map(<[u8]>::to_vec));
            }
        }
        Ok(Resolved { path: here, node })
    }

    /// Names and nodes in the directory at `path` (symbolic links followed), sorted by name.
    ///
    /// # Errors
    /// [`Error::Path`] where there is no directory; [`Error::Io`].
    pub fn read_dir(&self, path: &[u8]) -> Result<Listing, Error> {
        let resolved = self.resolve(path, true)?;
        self.cursor().list(&resolved.path)?.ok_or_else(|| Error::Path {
            path: shown(&resolved.path),
            reason: if resolved.node.is_some() { "is not a directory" } else { "does not exist" },
        })
    }

    /// Opens the regular file at `path` (symbolic links followed) for reading.
    ///
    /// # Errors
    /// [`Error::Path`] where there is none; [`Error::Io`].
    pub fn open_file(&self, path: &[u8]) -> Result<File, Error> {
        let resolved = self.resolve(path, true)?;
        let fail = |reason| Error::Path { path: shown(&resolved.path), reason };
        let node = resolved.node.ok_or_else(|| fail("does not exist"))?;
        if node.stat.is_dir() {
            return Err(fail("is a directory"));
        }
        // Opening a device or a FIFO would already do something.
        if !node.stat.is_file() {
            return Err(fail("is not a regular file"));
        }
        let opened = self.cursor().open(&resolved.path, node.layer)?;
        let stat =
            file::stat_of_fd(opened.as_fd()).map_err(|source| Error::io("read", &resolved.path, source))?;
        if stat.is_file() { Ok(opened) } else { Err(fail("is not a regular file")) }
    }

    /// The target of the symbolic link at `path`; links on the way are followed.
    ///
    /// # Errors
    /// [`Error::Path`] where there is none; [`Error::Io`].
    pub fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Error> {
        let resolved = self.resolve(path, false)?;
        match resolved.node {
            Some(node) if node.stat.is_symlink() => self.cursor().read_link(&resolved.path),
            _ => Err(Error::Path { path: shown(&resolved.path), reason: "is not a symbolic link" }),
        }
    }

    /// For many look-ups in path order.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor(Ladder::new(self.root.clone()))
    }
}

fn join(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|name| !matches!(*name, b"" | b"."))
}

/// `path` without superfluous slashes and dots.
fn lexical(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    for name in components(path) {
        if name == b".." {
            plain.truncate(split_path(&plain).0.len());
        } else {
            join(&mut plain, name);
        }
    }
    plain
}

/// Looks at literal paths of a stack, remembering the last directory.
pub(super) struct Cursor(Ladder<Merged>);

impl Cursor {
    fn dir(&mut self, dir: &[u8]) -> Result<Option<&Merged>, Error> {
        self.0.go(dir).map_err(|source| Error::io("look into", dir, source))
    }

    /// What is at `path`.
    pub(super) fn find(&mut self, path: &[u8]) -> Result<Option<Node>, Error> {
        let fail = |source| Error::io("read", path, source);
        if path.is_empty() {
            let Some(root) = self.0.go(b"").map_err(fail)? else { return Ok(None) };
            let Some((layer, dir)) = root.parts.first() else { return Ok(None) };
            let mut stat = file::stat_of_fd(dir.as_fd()).map_err(fail)?;
            if let Some(Some(owners)) = root.owners.get(*layer) {
                owners.correct_root(dir.as_fd(), &mut stat).map_err(fail)?;
            }
            return Ok(Some(Node { stat, layer: *layer }));
        }
        let (dir, name) = split_path(path);
        let Some(dir) = self.dir(dir)? else { return Ok(None) };
        match Name::new(name) {
            Ok(name) => dir.find(&name).map_err(fail),
            // Too long a name is never there.
            Err(_) => Ok(None),
        }
    }

    /// What is in the directory at `path`; `None` where there is none.
    pub(super) fn list(&mut self, path: &[u8]) -> Result<Option<Listing>, Error> {
        match self.dir(path)? {
            Some(dir) => dir.list().map(Some).map_err(|source| Error::io("list", path, source)),
            None => Ok(None),
        }
    }

    /// One extended attribute of the file at `path` in `layer`.
    pub(super) fn xattr(
        &mut self,
        path: &[u8],
        layer: usize,
        attribute: &std::ffi::CStr,
    ) -> Result<Option<Vec<u8>>, Error> {
        self.at(path, layer, |dir, name| file::get_xattr(dir, name, attribute))
    }

    pub(super) fn read_link(&mut self, path: &[u8]) -> Result<Vec<u8>, Error> {
        let missing = || Error::Path { path: shown(path), reason: "does not exist" };
        let node = self.find(path)?.ok_or_else(missing)?;
        self.at(path, node.layer, file::read_link)
    }

    pub(super) fn open(&mut self, path: &[u8], layer: usize) -> Result<File, Error> {
        self.at(path, layer, file::open_file)
    }

    pub(super) fn at<T>(
        &mut self,
        path: &[u8],
        layer: usize,
        call: impl FnOnce(BorrowedFd<'_>, &Name) -> io::Result<T>,
    ) -> Result<T, Error> {
        let (dir, name) = split_path(path);
        let missing = || Error::Path { path: shown(path), reason: "does not exist" };
        let dir = self.dir(dir)?.ok_or_else(missing)?;
        let (_, dir) = dir.parts.iter().find(|(part, _)| *part == layer).ok_or_else(missing)?;
        Name::new(name)
            .and_then(|name| call(dir.as_fd(), &name))
            .map_err(|source| Error::io("read", path, source))
    }
}

/// One directory as the stack shows it: the same directory in each layer that takes part, top first.
#[derive(Debug, Clone)]
struct Merged {
    parts: Vec<(usize, Arc<OwnedFd>)>,
    format: OverlayFormat,
    /// By layer.
    owners: Arc<[Option<Owners>]>,
}

impl Merged {
    /// What `name` is in `dir` of a layer, with the owner that it should have.
    fn stat(&self, layer: usize, dir: BorrowedFd<'_>, name: &Name) -> io::Result<Option<Stat>> {
        let mut stat = file::find_at(dir, name)?;
        if let (Some(stat), Some(Some(owners))) = (&mut stat, self.owners.get(layer)) {
            owners.correct(dir, name, stat)?;
        }
        Ok(stat)
    }

    fn find(&self, name: &Name) -> io::Result<Option<Node>> {
        for (layer, dir) in &self.parts {
            if let Some(stat) = self.stat(*layer, dir.as_fd(), name)? {
                let hides = self.format.is_hidden(dir.as_fd(), name, &stat)?;
                return Ok((!hides).then_some(Node { stat, layer: *layer }));
            }
        }
        Ok(None)
    }

    fn list(&self) -> io::Result<Listing> {
        let mut found: BTreeMap<Vec<u8>, Option<Node>> = BTreeMap::new();
        let mut buffer = Vec::new();
        for (layer, dir) in &self.parts {
            // The held descriptor may be good for nothing but looking up.
            let readable = file::reopen_dir(dir.as_fd())?;
            let mut names = Vec::new();
            file::list(readable.as_fd(), &mut buffer, &mut |name| {
                names.push(Name::new(name)?);
                Ok(())
            })?;
            for name in names {
                if let Slot::Vacant(slot) = found.entry(name.as_bytes().to_vec()) {
                    let Some(stat) = self.stat(*layer, dir.as_fd(), &name)? else { continue };
                    let hides = self.format.is_hidden(dir.as_fd(), &name, &stat)?;
                    slot.insert((!hides).then_some(Node { stat, layer: *layer }));
                }
            }
        }
        Ok(found.into_iter().filter_map(|(name, node)| Some((name, node?))).collect())
    }
}

impl Rung for Merged {
    type Error = io::Error;

    fn down(&self, name: &[u8]) -> io::Result<Option<Self>> {
        let Ok(name) = Name::new(name) else { return Ok(None) };
        let mut parts = Vec::new();
        for (layer, dir) in &self.parts {
            match file::open_base(dir.as_fd(), &name) {
                Ok(inner) => {
                    parts.push((*layer, Arc::new(inner)));
                    if self.format.is_opaque(dir.as_fd(), &name)? {
                        break;
                    }
                }
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
                // A whiteout or another file: it hides what is below.
                Err(error) if matches!(error.raw_os_error(), Some(libc::ENOTDIR | libc::ELOOP)) => break,
                Err(error) => return Err(error),
            }
        }
        Ok((!parts.is_empty()).then(|| Self { parts, format: self.format, owners: self.owners.clone() }))
    }
}
