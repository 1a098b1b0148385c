//! Several frozen parts as one, made of hard links; and taking away marks that say nothing.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::combine::{Combined, Fate, combine, combine_some};
use super::duplicate::copy_file;
use super::entry::{Entry, Kind, split_path};
use super::error::Error;
use super::ladder::Ladder;
use super::overlay::OverlayFormat;
use super::owners::{self, Owner, Owners, Recorder};
use super::scan::{scan_until, without_sockets};
use super::stack::Stack;
use super::stop::{Stop, go_on};
use crate::sys::file::{self, Name};

/// Fills the empty directory `into` (a part's `fs/`) with what `parts` (each a part's `fs/`, top
/// first) do one upon the other: files (and sockets) are further names of the same inodes, deletions
/// and opaque directories are combined. The entries of the result, as [`scan`](super::scan()) would give them.
///
/// Where a file has too many names or lies on another file system, it is copied.
///
/// # Errors
/// [`Error::Io`]; [`Error::Interrupted`], after which `into` is unfinished and the caller removes it.
pub fn merge(
    parts: &[PathBuf],
    into: &Path,
    format: OverlayFormat,
    stop: Stop<'_>,
) -> Result<Vec<Entry>, Error> {
    let combined = combine(lists_of(parts, format, stop)?);
    place_all(combined, parts, into, format, stop)
}

/// The same as if `parts` held only what their entries' fates leave of them.
///
/// # Errors
/// As [`merge`].
pub fn merge_some(
    parts: &[PathBuf],
    into: &Path,
    format: OverlayFormat,
    fate: &dyn Fn(&Entry) -> Fate,
    stop: Stop<'_>,
) -> Result<Vec<Entry>, Error> {
    let combined = combine_some(lists_of(parts, format, stop)?, fate);
    place_all(combined, parts, into, format, stop)
}

fn lists_of(parts: &[PathBuf], format: OverlayFormat, stop: Stop<'_>) -> Result<Vec<Vec<Entry>>, Error> {
    parts.iter().map(|part| scan_until(part, format, stop)).collect()
}

fn place_all(
    combined: Vec<Combined>,
    parts: &[PathBuf],
    into: &Path,
    format: OverlayFormat,
    stop: Stop<'_>,
) -> Result<Vec<Entry>, Error> {
    let open = |path: &Path| file::open_root(path).map_err(|source| Error::host("open", path, source));
    let mut sources = Vec::with_capacity(parts.len());
    for part in parts {
        sources.push(Ladder::new(open(part)?));
    }
    let root = open(into)?;
    let mut recorder = owners::recorder_like(parts, into)?;
    copy_root(parts, root.as_fd(), format, into, recorder.as_mut())?;
    let mut target = Ladder::new(root);
    for one in combined.iter().filter(|one| !one.entry.path.is_empty()) {
        go_on(stop)?;
        place(one, &mut sources, &mut target, format, recorder.as_mut())
            .map_err(|source| Error::io("merge", &one.entry.path, source))?;
    }
    // Last, from the inside out, since every file put in changes its directory's time.
    for one in combined.iter().rev().filter(|one| one.entry.kind == Kind::Dir && !one.entry.path.is_empty()) {
        go_on(stop)?;
        finish_dir(&one.entry, &mut target, recorder.as_mut())
            .map_err(|source| Error::io("merge", &one.entry.path, source))?;
    }
    Ok(without_sockets(combined.into_iter().map(|one| one.entry).collect()))
}

/// The topmost part's root is what a mount shows.
pub(super) fn copy_root(
    parts: &[PathBuf],
    into: BorrowedFd<'_>,
    format: OverlayFormat,
    path: &Path,
    recorder: Option<&mut Recorder>,
) -> Result<(), Error> {
    let mut recorder = recorder;
    let fail = |source| Error::host("set up", path, source);
    let mut is_opaque = false;
    for (position, part) in parts.iter().enumerate() {
        let dir = file::open_root(part).map_err(|source| Error::host("open", part, source))?;
        if position == 0 {
            let mut stat = file::stat_of_fd(dir.as_fd()).map_err(fail)?;
            if let Some(owners) = Owners::of_tree(part)? {
                owners.correct_root(dir.as_fd(), &mut stat).map_err(fail)?;
            }
            match &mut recorder {
                Some(recorder) if (stat.uid, stat.gid) != file::own_ids() => {
                    recorder.give_open(into, &Owner::new(stat.uid, stat.gid)).map_err(fail)?;
                }
                Some(_) => {}
                None => file::set_owner_of(into, stat.uid, stat.gid).map_err(fail)?,
            }
            file::set_mode_of(into, stat.mode & 0o7777).map_err(fail)?;
        }
        is_opaque |= format.is_opaque_of(dir.as_fd()).map_err(fail)?;
    }
    if is_opaque {
        format.set_opaque_of(into).map_err(fail)?;
    }
    Ok(())
}

pub(super) fn gone() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOENT)
}

fn place(
    one: &Combined,
    sources: &mut [Ladder<OwnedFd>],
    target: &mut Ladder<OwnedFd>,
    format: OverlayFormat,
    recorder: Option<&mut Recorder>,
) -> io::Result<()> {
    let (dir, name) = split_path(&one.entry.path);
    let name = Name::new(name)?;
    let into = target.go(dir)?.ok_or_else(gone)?;
    if one.entry.kind == Kind::Dir {
        file::make_dir(into.as_fd(), &name, 0o700)?;
        if one.entry.opaque {
            format.set_opaque(into.as_fd(), &name)?;
        }
        return Ok(());
    }
    if one.entry.kind == Kind::Whiteout {
        return format.hide(into.as_fd(), &name);
    }
    let from = sources.get_mut(one.part).ok_or_else(gone)?.go(dir)?.ok_or_else(gone)?;
    match file::make_link(from.as_fd(), &name, into.as_fd(), &name) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EMLINK | libc::EXDEV | libc::EPERM)) => {
            // Further names of it become files of their own too.
            copy_file(&one.entry, from.as_fd(), into.as_fd(), &name, recorder)
        }
        answer => {
            answer?;
            // The same inode: its attributes came with it, a line elsewhere did not.
            match recorder {
                Some(recorder) if may_have_line(&one.entry, format) => {
                    recorder.give(into.as_fd(), &name, &Owner::of(&one.entry))
                }
                Some(recorder) => recorder.begin(),
                None => Ok(()),
            }
        }
    }
}

/// Whether the owner of such an entry cannot be an attribute, or not everywhere. Further names have the first one's.
fn may_have_line(entry: &Entry, format: OverlayFormat) -> bool {
    let cannot = matches!(entry.kind, Kind::Symlink | Kind::Fifo | Kind::Socket);
    let is_further = entry.kind == Kind::Hardlink;
    (cannot || format == OverlayFormat::Plain && !is_further) && !Owner::of(entry).is_plain()
}

pub(super) fn set_xattrs(entry: &Entry, dir: BorrowedFd<'_>, name: &Name) -> io::Result<()> {
    for (attribute, value) in &entry.xattrs {
        file::set_xattr(dir, name, &std::ffi::CString::new(attribute.as_slice())?, value)?;
    }
    Ok(())
}

pub(super) fn finish_dir(
    entry: &Entry,
    target: &mut Ladder<OwnedFd>,
    recorder: Option<&mut Recorder>,
) -> io::Result<()> {
    let (dir, name) = split_path(&entry.path);
    let name = Name::new(name)?;
    let dir = target.go(dir)?.ok_or_else(gone)?.as_fd();
    if (entry.uid, entry.gid) != file::own_ids() {
        owners::set_owner(dir, &name, (entry.uid, entry.gid), recorder)?;
    }
    set_xattrs(entry, dir, &name)?;
    file::set_mode(dir, &name, entry.mode)?;
    file::set_mtime(dir, &name, entry.mtime.secs, entry.mtime.nanos)
}

/// Takes away, on disk and in the answer, the marks in `upper` that hide nothing of `lowers`: whiteouts
/// of what is not there, and opaqueness of directories that have no content below. The entries that
/// remain, as [`scan`](super::scan()) gives them.
///
/// Which such marks there are depends on how the tree came about (overlayfs makes any new directory
/// opaque; a file that was made and frozen before it was deleted leaves a whiteout). Without them one
/// writable directory and several that were [merged](merge) give the same layer, and a layer hides
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
    let mut closed: std::collections::HashSet<Vec<u8>> = std::collections::HashSet::new();
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
    let name = Name::new(std::os::unix::ffi::OsStrExt::as_bytes(name)).map_err(fail)?;
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
