//! What a writable directory changed, in Docker's words.
//!
//! Source: moby `pkg/archive/changes.go` and `changes_unix.go` as overlay2 uses them: the merged tree
//! is compared with the image's, so a copied-up but untouched file is no change, and neither is a
//! directory of which only the time differs. Here only the upper directory is walked; a lower
//! directory is listed only where the upper one hides it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::combine::combine;
use super::entry::{Entry, Kind, Mtime, split_path};
use super::error::Error;
use super::overlay::OverlayFormat;
use super::scan::scan_all_kinds;
use super::stack::{Cursor, Node, Stack};
use super::xattr;

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It was there and is different.
    Modified,
    /// It is gone.
    Deleted,
}

impl ChangeKind {
    /// Docker's letter: `A`, `C` or `D`.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Added => 'A',
            Self::Modified => 'C',
            Self::Deleted => 'D',
        }
    }
}

/// One line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// From the root, with its leading `/`.
    pub path: Vec<u8>,
    /// Bytes that a regular file has now (a further hard link adds none); else 0.
    pub size: u64,
    /// What the file is now; of a deleted one, what it was.
    pub file_type: Kind,
}

/// What the writable directory `upper` changed in `lowers`, sorted by path.
///
/// # Errors
/// [`Error::Io`].
pub fn changes(upper: &Path, lowers: &Stack) -> Result<Vec<Change>, Error> {
    compare(&scan_all_kinds(upper, lowers.format())?, lowers)
}

/// The same for several writable directories, top first, each of which was mounted upon the next:
/// equals what one single writable directory would have given.
///
/// # Errors
/// [`Error::Io`].
pub fn changes_of(uppers: &[PathBuf], lowers: &Stack) -> Result<Vec<Change>, Error> {
    compare(&scan_all(uppers, lowers.format())?, lowers)
}

/// The entries of several writable directories, top first, as one would have them; sockets too.
///
/// # Errors
/// [`Error::Io`].
pub fn scan_all(uppers: &[PathBuf], format: OverlayFormat) -> Result<Vec<Entry>, Error> {
    let lists = uppers.iter().map(|upper| scan_all_kinds(upper, format)).collect::<Result<Vec<_>, _>>()?;
    Ok(combine(lists).into_iter().map(|combined| combined.entry).collect())
}

/// What a layer with `entries` (sorted by path, parents included) changes in `lowers`, sorted by path.
///
/// # Errors
/// [`Error::Io`].
pub fn compare(entries: &[Entry], lowers: &Stack) -> Result<Vec<Change>, Error> {
    let mut comparison =
        Comparison { entries, lowers: lowers.cursor(), dirs: HashMap::new(), changes: Vec::new() };
    let is_opaque = entries.first().is_some_and(|entry| entry.path.is_empty() && entry.opaque);
    let below = if is_opaque { Below::Hidden } else { Below::Shown };
    comparison.dirs.insert(b"", Dir { below, is_reported: true });
    if is_opaque {
        comparison.deletions(b"")?;
    }
    for entry in entries.iter().filter(|entry| !entry.path.is_empty()) {
        comparison.look_at(entry)?;
    }
    let mut changes = comparison.changes;
    changes.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(changes)
}

/// What the image has where the upper directory has a directory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    /// No directory: everything is new.
    Nothing,
    /// A directory whose content shows through.
    Shown,
    /// A directory whose content does not: what the upper one lacks was deleted.
    Hidden,
}

struct Dir {
    below: Below,
    is_reported: bool,
}

struct Comparison<'a> {
    entries: &'a [Entry],
    lowers: Cursor,
    dirs: HashMap<&'a [u8], Dir>,
    changes: Vec<Change>,
}

impl<'a> Comparison<'a> {
    fn look_at(&mut self, entry: &'a Entry) -> Result<(), Error> {
        let (parent, _) = split_path(&entry.path);
        let around = self.dirs.get(parent).map_or(Below::Nothing, |dir| dir.below);
        let node = if around == Below::Nothing { None } else { self.lowers.find(&entry.path)? };
        if entry.kind == Kind::Whiteout {
            // Beside a hidden directory's content the whiteout says nothing: the list of deletions does.
            if let (Some(node), Below::Shown) = (node, around) {
                self.report(ChangeKind::Deleted, &entry.path, 0, kind_of(&node));
            }
            return Ok(());
        }
        let (kind, first) = self.first_name(entry);
        let size = if entry.kind == Kind::File { entry.size } else { 0 };
        let change = match node {
            None => Some(ChangeKind::Added),
            Some(node) if self.differs(entry, first, &node)? => Some(ChangeKind::Modified),
            Some(_) => None,
        };
        if kind == Kind::Dir {
            let below = match node {
                Some(node) if node.stat.is_dir() && (entry.opaque || around == Below::Hidden) => {
                    Below::Hidden
                }
                Some(node) if node.stat.is_dir() => Below::Shown,
                _ => Below::Nothing,
            };
            self.dirs.insert(&entry.path, Dir { below, is_reported: change.is_some() });
            if below == Below::Hidden {
                self.deletions(&entry.path)?;
            }
        }
        if let Some(change) = change {
            self.report(change, &entry.path, size, kind);
        }
        Ok(())
    }

    /// Everything that the image has in `dir` and the upper directory has not.
    fn deletions(&mut self, dir: &'a [u8]) -> Result<(), Error> {
        for (name, node) in self.lowers.list(dir)?.unwrap_or_default() {
            let mut path = dir.to_vec();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(&name);
            if self.entry(&path).is_none_or(|entry| entry.kind == Kind::Whiteout) {
                self.report(ChangeKind::Deleted, &path, 0, kind_of(&node));
            }
        }
        Ok(())
    }

    fn entry(&self, path: &[u8]) -> Option<&'a Entry> {
        let at = self.entries.binary_search_by(|entry| entry.path.as_slice().cmp(path)).ok()?;
        self.entries.get(at)
    }

    /// What a hard link really is, and the entry that has its bytes and attributes.
    fn first_name(&self, entry: &'a Entry) -> (Kind, &'a Entry) {
        let first = if entry.kind == Kind::Hardlink { self.entry(&entry.link) } else { None };
        let first = first.unwrap_or(entry);
        (first.kind, first)
    }

    fn differs(&mut self, entry: &Entry, first: &Entry, node: &Node) -> Result<bool, Error> {
        let stat = &node.stat;
        let size = match first.kind {
            Kind::Symlink => first.link.len() as u64,
            _ => first.size,
        };
        // moby's test for a directory is true of block devices as well.
        let is_timed = stat.mode & libc::S_IFDIR != libc::S_IFDIR;
        if entry.mode | first.kind.file_type() != stat.mode
            || (entry.uid, entry.gid) != (stat.uid, stat.gid)
            || first.device != stat.device
            || is_timed
                && (size != stat.size
                    || !entry.mtime.is_same(Mtime { secs: stat.mtime, nanos: stat.mtime_nanos }))
        {
            return Ok(true);
        }
        if first.kind != Kind::File {
            return Ok(false);
        }
        let now = first.as_ref().xattrs.get(xattr::CAPABILITY).map(<[u8]>::to_vec);
        let before = self
            .lowers
            .xattr(&entry.path, node.layer, c"security.capability")?
            .map(|value| xattr::portable(xattr::CAPABILITY, value));
        Ok(now != before)
    }

    /// Notes a change, and that the directories around it are changed thereby.
    fn report(&mut self, kind: ChangeKind, path: &[u8], size: u64, file_type: Kind) {
        let mut dir = split_path(path).0;
        while let Some(state) = self.dirs.get_mut(dir) {
            if state.is_reported {
                break;
            }
            state.is_reported = true;
            self.changes.push(change(ChangeKind::Modified, dir, 0, Kind::Dir));
            dir = split_path(dir).0;
        }
        self.changes.push(change(kind, path, size, file_type));
    }
}

fn change(kind: ChangeKind, path: &[u8], size: u64, file_type: Kind) -> Change {
    let mut absolute = Vec::with_capacity(path.len() + 1);
    absolute.push(b'/');
    absolute.extend_from_slice(path);
    Change { kind, path: absolute, size, file_type }
}

/// What the kernel has no name for is shown as something that has no content.
fn kind_of(node: &Node) -> Kind {
    Kind::of_mode(node.stat.mode).unwrap_or(Kind::Fifo)
}
