//! Marks that say nothing are taken away.

use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::entry::{Entry, Kind, split_path};
use super::error::Error;
use super::ladder::{Ladder, gone};
use super::overlay::OverlayFormat;
use super::scan::{scan_until, without_sockets};
use super::stack::Stack;
use super::stop::Stop;
use crate::sys::file::{self, Name};

/// Takes away, on disk and in the answer, the marks in `upper` that hide nothing of `lowers`: whiteouts
/// of what is not there, and opaqueness of directories that have no content below. The entries that
/// remain, as [`scan`](super::scan()) gives them.
///
/// Which such marks there are depends on how the tree came about (overlayfs makes any new directory
/// opaque; a file that was made and frozen before it was deleted leaves a whiteout). Without them one
/// writable directory and several that were [merged](super::merge()) give the same layer, and a layer hides
/// nothing by accident when it is used upon another image.
///
/// # Errors
/// [`Error::Io`]; [`Error::Interrupted`], after which the tree says what it said and may have some of the marks.
pub fn settle(upper: &Path, lowers: &Stack, stop: Stop<'_>) -> Result<Vec<Entry>, Error> {
    let format = lowers.format();
    let mut entries = without_sockets(scan_until(upper, format, stop)?);
    let mut cursor = lowers.cursor();
    let root = file::open_root(upper).map_err(|source| Error::host("open", upper, source))?;
    let mut ladder = Ladder::new(root);
    // Directories that show nothing from below; so does everything in them.
    let mut closed: HashSet<Vec<u8>> = HashSet::new();
    let mut touched: Vec<Vec<u8>> = Vec::new();
    let mut keep = Vec::with_capacity(entries.len());
    let mut is_over = false;
    for entry in &mut entries {
        if stop() {
            // What was begun is made whole first.
            is_over = true;
            break;
        }
        let (dir, _) = split_path(&entry.path);
        let is_inside = !entry.path.is_empty() && closed.contains(dir);
        let mut stays = true;
        match entry.kind {
            Kind::Whiteout if is_inside || cursor.find(&entry.path)?.is_none() => {
                remove_mark(&mut ladder, entry, format)?;
                touched.push(dir.to_vec());
                stays = false;
            }
            Kind::Dir if entry.opaque => {
                let has_content =
                    !is_inside && cursor.list(&entry.path)?.is_some_and(|list| !list.is_empty());
                if !has_content && entry.path.is_empty() {
                    unmark_root(upper, format)?;
                    stays = false;
                } else if !has_content {
                    remove_mark(&mut ladder, entry, format)?;
                    entry.opaque = false;
                }
                closed.insert(entry.path.clone());
            }
            Kind::Dir if is_inside => {
                closed.insert(entry.path.clone());
            }
            _ => {}
        }
        keep.push(stays);
    }
    // Taking a whiteout away is no change of its directory that anybody should see.
    for dir in touched {
        let Ok(at) = entries.binary_search_by(|entry| entry.path.cmp(&dir)) else { continue };
        restore_mtime(&mut ladder, &entries[at]).map_err(|source| Error::io("restore", &dir, source))?;
    }
    if is_over {
        return Err(Error::Interrupted);
    }
    let mut keep = keep.into_iter();
    entries.retain(|_| keep.next().unwrap_or(true));
    Ok(entries)
}

fn remove_mark(ladder: &mut Ladder<OwnedFd>, entry: &Entry, format: OverlayFormat) -> Result<(), Error> {
    let act = || -> io::Result<()> {
        let (dir, name) = split_path(&entry.path);
        let dir = ladder.go(dir)?.ok_or_else(gone)?.as_fd();
        let name = Name::new(name)?;
        if entry.kind == Kind::Whiteout {
            file::remove(dir, &name, false)
        } else {
            format.unset_opaque(dir, &name)
        }
    };
    let mut act = act;
    act().map_err(|source| Error::io("settle", &entry.path, source))
}

/// A tree's root is reached by the directory that it is in.
fn unmark_root(tree: &Path, format: OverlayFormat) -> Result<(), Error> {
    let fail = |source| Error::host("settle", tree, source);
    let (Some(part), Some(name)) = (tree.parent(), tree.file_name()) else { return Ok(()) };
    let part = file::open_root(part).map_err(fail)?;
    let name = Name::new(name.as_bytes()).map_err(fail)?;
    format.unset_opaque(part.as_fd(), &name).map_err(fail)
}

fn restore_mtime(ladder: &mut Ladder<OwnedFd>, entry: &Entry) -> io::Result<()> {
    let (dir, name) = split_path(&entry.path);
    let dir = ladder.go(dir)?.ok_or_else(gone)?.as_fd();
    if entry.path.is_empty() {
        return file::set_mtime_of(dir, entry.mtime.secs, entry.mtime.nanos);
    }
    file::set_mtime(dir, &Name::new(name)?, entry.mtime.secs, entry.mtime.nanos)
}
