//! Everything that a stack shows, copied.

use std::collections::HashMap;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use crate::layer::entry::{Entry, Kind, split_path};
use crate::layer::error::Error;
use crate::layer::ladder::{Ladder, gone};
use crate::layer::owners::{Owner, Recorder};
use crate::layer::stack::{Cursor, Stack};
use crate::sys::file::{self, Name, Time};

/// How contents get into a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Copying {
    /// Blocks are shared where the file system can, else copied.
    #[default]
    Reflink,
    /// Every byte is copied.
    Bytes,
}

/// Longer than file systems' clocks stand still.
const TICK: Duration = Duration::from_millis(12);

/// What a file of the copy was like before anybody used it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) identity: (u64, Time),
    pub(super) changed: Time,
    /// It came from the topmost layer.
    pub(super) from_top: bool,
}

/// A copy as it was made.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub(super) marks: HashMap<Vec<u8>, Mark>,
}

/// Copies all that `stack` shows into the empty directory `into`. With a `recorder` owners are recorded.
///
/// # Errors
/// [`Error::Io`].
pub fn materialise(
    stack: &Stack,
    into: &Path,
    copying: Copying,
    mut recorder: Option<Recorder>,
) -> Result<Snapshot, Error> {
    let root = file::open_root(into).map_err(|source| Error::host("open", into, source))?;
    let entries = stack.entries()?;
    let mut target = Ladder::new(root.try_clone().map_err(|source| Error::host("open", into, source))?);
    let mut source = stack.cursor();
    let mut from_top = Vec::with_capacity(entries.len());
    // Names of one file of the writable layer stay so; in a layer below overlayfs parts them at the first write.
    let mut first_names: HashMap<u64, &[u8]> = HashMap::new();
    for entry in &entries {
        let fail = |source| Error::io("copy", &entry.path, source);
        let node = source.find(&entry.path)?;
        from_top.push(node.is_some_and(|node| node.layer == 0));
        let layer = node.map_or(0, |node| node.layer);
        let (dir, name) = split_path(&entry.path);
        let name = Name::new(name).map_err(fail)?;
        if let Some(node) = node.filter(|node| node.layer == 0 && node.stat.nlink > 1 && !node.is_dir()) {
            if let Some(first) = first_names.get(&node.stat.ino) {
                link(&mut target, first, &entry.path).map_err(fail)?;
                continue;
            }
            first_names.insert(node.stat.ino, &entry.path);
        }
        let dir = target.go(dir).map_err(fail)?.ok_or_else(|| fail(gone()))?.as_fd();
        make(entry, layer, &mut source, dir, &name, copying)?;
        if entry.kind != Kind::Dir {
            dress(entry, dir, &name, recorder.as_mut()).map_err(fail)?;
        }
    }
    for entry in entries.iter().rev().filter(|entry| entry.kind == Kind::Dir) {
        let fail = |source| Error::io("copy", &entry.path, source);
        let (dir, name) = split_path(&entry.path);
        let name = Name::new(name).map_err(fail)?;
        let dir = target.go(dir).map_err(fail)?.ok_or_else(|| fail(gone()))?.as_fd();
        dress(entry, dir, &name, recorder.as_mut()).map_err(fail)?;
    }
    if let Some(entry) = stack.entry(b"")? {
        let fail = |source| Error::io("copy", b"", source);
        match &mut recorder {
            Some(recorder) if (entry.uid, entry.gid) != file::own_ids() => {
                recorder.give_open(root.as_fd(), &Owner::new(entry.uid, entry.gid)).map_err(fail)?;
            }
            Some(_) => {}
            None => file::set_owner_of(root.as_fd(), entry.uid, entry.gid).map_err(fail)?,
        }
        file::set_mode_of(root.as_fd(), entry.mode).map_err(fail)?;
        file::set_mtime_of(root.as_fd(), entry.mtime.secs, entry.mtime.nanos).map_err(fail)?;
    }
    let mut marks = HashMap::with_capacity(entries.len());
    for (entry, from_top) in entries.into_iter().zip(from_top) {
        let fail = |source| Error::io("read", &entry.path, source);
        let (dir, name) = split_path(&entry.path);
        let name = Name::new(name).map_err(fail)?;
        let dir = target.go(dir).map_err(fail)?.ok_or_else(|| fail(gone()))?;
        let (identity, changed) = file::changed(dir.as_fd(), &name).map_err(fail)?;
        marks.insert(entry.path, Mark { identity, changed, from_top });
    }
    // The kernel's clock for these times stands still for up to 10 ms: what is changed from now on must show.
    std::thread::sleep(TICK);
    Ok(Snapshot { marks })
}

fn link(target: &mut Ladder<OwnedFd>, first: &[u8], path: &[u8]) -> io::Result<()> {
    let (dir, old) = split_path(first);
    let from = target.go(dir)?.ok_or_else(gone)?.try_clone()?;
    let (dir, name) = split_path(path);
    let into = target.go(dir)?.ok_or_else(gone)?;
    file::make_link(from.as_fd(), &Name::new(old)?, into.as_fd(), &Name::new(name)?)
}

fn make(
    entry: &Entry,
    layer: usize,
    source: &mut Cursor,
    dir: BorrowedFd<'_>,
    name: &Name,
    copying: Copying,
) -> Result<(), Error> {
    let fail = |source| Error::io("copy", &entry.path, source);
    match entry.kind {
        Kind::Dir => file::make_dir(dir, name, 0o700).map_err(fail),
        Kind::Symlink => file::make_symlink(&entry.link, dir, name).map_err(fail),
        Kind::File => {
            let from = source.open(&entry.path, layer)?;
            let out = file::create_file(dir, name).map_err(fail)?;
            match copying {
                Copying::Reflink => file::copy_data(&from, &out, entry.size).map_err(fail),
                Copying::Bytes => file::copy_bytes(&from, &out, entry.size).map_err(fail),
            }
        }
        Kind::CharDevice | Kind::BlockDevice => {
            match file::make_node(dir, name, entry.kind.file_type() | 0o600, entry.device) {
                // With a record it is a device all the same.
                Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
                    file::create_file(dir, name).map(drop).map_err(fail)
                }
                made => made.map_err(fail),
            }
        }
        kind => file::make_node(dir, name, kind.file_type() | 0o600, (0, 0)).map_err(fail),
    }
}

/// Owner, attributes, mode and time.
pub(super) fn dress(
    entry: &Entry,
    dir: BorrowedFd<'_>,
    name: &Name,
    recorder: Option<&mut Recorder>,
) -> io::Result<()> {
    match recorder {
        Some(recorder) => {
            let owner = Owner::of(entry);
            if !owner.is_plain() {
                recorder.give(dir, name, &owner)?;
            }
        }
        None => file::set_owner(dir, name, entry.uid, entry.gid)?,
    }
    for (attribute, value) in &entry.xattrs {
        file::set_xattr(dir, name, &CString::new(attribute.as_slice())?, value)?;
    }
    if entry.kind != Kind::Symlink {
        file::set_mode(dir, name, entry.mode)?;
    }
    file::set_mtime(dir, name, entry.mtime.secs, entry.mtime.nanos)
}

/// A ladder over the tree at `path`.
pub(super) fn ladder(path: &Path) -> Result<Ladder<OwnedFd>, Error> {
    Ok(Ladder::new(file::open_root(path).map_err(|source| Error::host("open", path, source))?))
}
