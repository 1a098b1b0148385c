//! What changed in a copy, as a writable directory of overlayfs.

use std::collections::{HashMap, HashSet};
use std::os::fd::AsFd;
use std::path::Path;

use super::materialise::{Snapshot, dress, ladder};
use crate::layer::entry::{Entry, Kind, split_path};
use crate::layer::error::Error;
use crate::layer::ladder::gone;
use crate::layer::owners::{Owners, Recorder};
use crate::layer::scan::{scan, scan_all_kinds};
use crate::layer::stack::Stack;
use crate::sys::file::{self, Name};

/// Makes in the empty directory `into` what a container wrote in `tree`, a copy of `upper` upon `lowers` that
/// was as `snapshot` says, together with what `upper` held before. Files become further names of those in `tree`.
///
/// # Errors
/// [`Error::Io`].
pub fn harvest(
    tree: &Path,
    snapshot: &Snapshot,
    upper: &Path,
    lowers: &Stack,
    into: &Path,
    mut recorder: Option<Recorder>,
) -> Result<(), Error> {
    let format = lowers.format();
    let now = scan_all_kinds(tree, format)?;
    let before: HashMap<Vec<u8>, bool> =
        scan(upper, format)?.into_iter().map(|entry| (entry.path, entry.opaque)).collect();
    let mut source = ladder(tree)?;
    let mut below = lowers.cursor();
    let there: HashSet<&[u8]> = now.iter().map(|entry| entry.path.as_slice()).collect();
    // Directories that show nothing from below.
    let mut closed: HashSet<&[u8]> = HashSet::new();
    let mut opaque: HashSet<&[u8]> = HashSet::new();
    let mut wanted: HashSet<&[u8]> = HashSet::new();
    let mut deleted: Vec<Vec<u8>> = Vec::new();
    let mut looked_at: Vec<&[u8]> = vec![b""];
    for entry in &now {
        let fail = |source| Error::io("read", &entry.path, source);
        let (parent, name) = split_path(&entry.path);
        let name = Name::new(name).map_err(fail)?;
        let dir = source.go(parent).map_err(fail)?.ok_or_else(|| fail(gone()))?;
        let (identity, changed) = file::changed(dir.as_fd(), &name).map_err(fail)?;
        let mark = snapshot.marks.get(&entry.path);
        let is_same = mark.is_some_and(|mark| mark.identity == identity);
        let is_untouched = is_same && mark.is_some_and(|mark| mark.changed == changed && !mark.from_top);
        let is_inside = closed.contains(parent);
        if !is_untouched || is_inside {
            want(&mut wanted, &entry.path);
        }
        if entry.kind == Kind::Dir {
            let was_opaque = before.get(&entry.path).copied().unwrap_or(false);
            if is_inside {
                closed.insert(&entry.path);
            } else if !is_same || was_opaque {
                closed.insert(&entry.path);
                if below.find(&entry.path)?.is_some() {
                    opaque.insert(&entry.path);
                }
            } else {
                looked_at.push(&entry.path);
            }
        }
    }
    for dir in looked_at {
        for (name, _) in below.list(dir)?.unwrap_or_default() {
            let mut path = dir.to_vec();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(&name);
            if !there.contains(path.as_slice()) {
                want(&mut wanted, dir);
                deleted.push(path);
            }
        }
    }
    let mut target = ladder(into)?;
    let kept: Vec<&Entry> = now.iter().filter(|entry| wanted.contains(entry.path.as_slice())).collect();
    for entry in &kept {
        let fail = |source| Error::io("keep", &entry.path, source);
        let (parent, name) = split_path(&entry.path);
        let name = Name::new(name).map_err(fail)?;
        let dir = target.go(parent).map_err(fail)?.ok_or_else(|| fail(gone()))?;
        if entry.kind == Kind::Dir {
            file::make_dir(dir.as_fd(), &name, 0o700).map_err(fail)?;
            if opaque.contains(entry.path.as_slice()) {
                format.set_opaque(dir.as_fd(), &name).map_err(fail)?;
            }
        } else {
            let from = source.go(parent).map_err(fail)?.ok_or_else(|| fail(gone()))?;
            file::make_link(from.as_fd(), &name, dir.as_fd(), &name).map_err(fail)?;
        }
    }
    for path in &deleted {
        let fail = |source| Error::io("mark as deleted", path, source);
        let (parent, name) = split_path(path);
        let name = Name::new(name).map_err(fail)?;
        let dir = target.go(parent).map_err(fail)?.ok_or_else(|| fail(gone()))?;
        format.hide(dir.as_fd(), &name).map_err(fail)?;
    }
    for entry in kept.iter().rev().filter(|entry| entry.kind == Kind::Dir) {
        let fail = |source| Error::io("keep", &entry.path, source);
        let (parent, name) = split_path(&entry.path);
        let name = Name::new(name).map_err(fail)?;
        let dir = target.go(parent).map_err(fail)?.ok_or_else(|| fail(gone()))?;
        dress(entry, dir.as_fd(), &name, recorder.as_mut()).map_err(fail)?;
    }
    root(tree, into, recorder.as_mut())
}

/// The writable directory itself looks like the copy's root.
fn root(tree: &Path, into: &Path, recorder: Option<&mut Recorder>) -> Result<(), Error> {
    let fail = |source| Error::host("set up", into, source);
    let from = file::open_root(tree).map_err(fail)?;
    let to = file::open_root(into).map_err(fail)?;
    let stat = file::stat_of_fd(from.as_fd()).map_err(fail)?;
    match recorder {
        Some(recorder) => {
            let owners = Owners::of_tree(tree)?.unwrap_or_default();
            if let Some(owner) = owners.of_open(from.as_fd()).map_err(fail)? {
                recorder.give_open(to.as_fd(), &owner).map_err(fail)?;
            }
        }
        None => file::set_owner_of(to.as_fd(), stat.uid, stat.gid).map_err(fail)?,
    }
    file::set_mode_of(to.as_fd(), stat.mode & 0o7777).map_err(fail)?;
    file::set_mtime_of(to.as_fd(), stat.mtime, stat.mtime_nanos).map_err(fail)
}

/// Notes a path and all directories around it.
fn want<'a>(wanted: &mut HashSet<&'a [u8]>, mut path: &'a [u8]) {
    while !path.is_empty() && wanted.insert(path) {
        path = split_path(path).0;
    }
}
