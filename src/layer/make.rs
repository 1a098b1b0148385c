//! Files and directories of a part, made like those of another one.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use super::entry::{Entry, Kind, split_path};
use super::error::Error;
use super::ladder::{Ladder, gone};
use super::overlay::OverlayFormat;
use super::owners::{self, ATTRIBUTE, Owner, Owners, Recorder};
use crate::sys::file::{self, Name};

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

/// The same file with an inode of its own; with a `recorder` the owner that it should have is recorded.
pub(super) fn copy_file(
    entry: &Entry,
    from: BorrowedFd<'_>,
    into: BorrowedFd<'_>,
    name: &Name,
    recorder: Option<&mut Recorder>,
) -> io::Result<()> {
    let stat = file::stat_at(from, name)?;
    match Kind::of_mode(stat.mode) {
        Some(Kind::File) => {
            let out = file::create_file(into, name)?;
            file::copy_data(&file::open_file(from, name)?, &out, stat.size)?;
        }
        Some(Kind::Symlink) => file::make_symlink(&file::read_link(from, name)?, into, name)?,
        Some(Kind::Dir) => return Err(io::Error::from_raw_os_error(libc::EISDIR)),
        _ => file::make_node(into, name, stat.mode, stat.device)?,
    }
    match recorder {
        Some(recorder) => {
            let owner = intended(entry, from, name)?;
            if !owner.is_plain() {
                recorder.give(into, name, &owner)?;
            }
        }
        None => file::set_owner(into, name, stat.uid, stat.gid)?,
    }
    set_xattrs(entry, into, name)?;
    if !stat.is_symlink() {
        file::set_mode(into, name, stat.mode & 0o7777)?;
    }
    file::set_mtime(into, name, stat.mtime, stat.mtime_nanos)
}

/// Whom the file that `entry` tells of should belong to, and what it should be: a further name does not say that.
fn intended(entry: &Entry, from: BorrowedFd<'_>, name: &Name) -> io::Result<Owner> {
    let mut owner = Owner::of(entry);
    if entry.kind == Kind::Hardlink
        && let Some(record) = file::get_xattr(from, name, ATTRIBUTE)?.as_deref().and_then(Owner::parse)
    {
        owner.device = record.device;
    }
    Ok(owner)
}

fn set_xattrs(entry: &Entry, dir: BorrowedFd<'_>, name: &Name) -> io::Result<()> {
    for (attribute, value) in &entry.xattrs {
        file::set_xattr(dir, name, &std::ffi::CString::new(attribute.as_slice())?, value)?;
    }
    Ok(())
}

/// What a directory is given once everything is in it.
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
