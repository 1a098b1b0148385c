//! Several frozen parts as one, made of hard links.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::combine::{Combined, Fate, combine, combine_some};
use super::entry::{Entry, Kind, split_path};
use super::error::Error;
use super::ladder::{Ladder, gone};
use super::make::{copy_file, copy_root, finish_dir};
use super::overlay::OverlayFormat;
use super::owners::{self, Owner, Recorder};
use super::scan::{scan_until, without_sockets};
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
