//! The marks of `fuse-overlayfs` in a directory that it wrote, as the kernel's.
//!
//! Source: `main.c` of containers/fuse-overlayfs 1.10. A whiteout is a device 0:0, or an empty file `.wh.NAME`
//! where none can be made; a directory that hides its namesakes has the empty file `.wh..wh..opq`. No program in a
//! container can make files of such names. It notes where files came from in `user.fuseoverlayfs.*`.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use super::entry::{Entry, Kind, split_path};
use super::error::Error;
use super::ladder::{Ladder, gone};
use super::overlay::OverlayFormat;
use super::scan::scan_all_kinds;
use crate::sys::file::{self, Name};

const MARK: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..opq";
const NOTES: &[u8] = b"user.fuseoverlayfs.";

/// Makes the upper directory `tree`, which `fuse-overlayfs` wrote and nobody has mounted, what overlayfs would have
/// written: every mark in `format`, and nothing else besides what the container made.
///
/// # Errors
/// [`Error::Io`].
pub fn translate(tree: &Path, format: OverlayFormat) -> Result<(), Error> {
    let root = file::open_root(tree).map_err(|source| Error::host("open", tree, source))?;
    let of_root = file::stat_of_fd(root.as_fd()).map_err(|source| Error::host("read", tree, source))?;
    let again = root.try_clone().map_err(|source| Error::host("open", tree, source))?;
    let mut dirs = Ladder::new(again);
    let entries = scan_all_kinds(tree, format)?;
    let mut touched: BTreeSet<&[u8]> = BTreeSet::new();
    for entry in &entries {
        let (dir, _) = split_path(&entry.path);
        let changed = one(entry, &mut dirs, format)
            .map_err(|source| Error::io("take fuse-overlayfs's marks from", &entry.path, source))?;
        if changed {
            touched.insert(dir);
        }
    }
    for entry in entries.iter().filter(|entry| touched.contains(entry.path.as_slice())) {
        restore(entry, &mut dirs).map_err(|source| Error::io("set up", &entry.path, source))?;
    }
    file::set_mtime_of(root.as_fd(), of_root.mtime, of_root.mtime_nanos)
        .map_err(|source| Error::host("set up", tree, source))
}

/// Whether the directory around it changed.
fn one(entry: &Entry, dirs: &mut Ladder<OwnedFd>, format: OverlayFormat) -> io::Result<bool> {
    let (dir, name) = split_path(&entry.path);
    let notes = entry.xattrs.iter().filter(|(attribute, _)| attribute.starts_with(NOTES));
    for (attribute, _) in notes {
        let dir = dirs.go(dir)?.ok_or_else(gone)?;
        file::remove_xattr(dir.as_fd(), &Name::new(name)?, &CString::new(attribute.as_slice())?)?;
    }
    let Some(hidden) = name.strip_prefix(MARK).filter(|_| entry.kind != Kind::Dir) else { return Ok(false) };
    let around = dirs.go(dir)?.ok_or_else(gone)?;
    file::remove(around.as_fd(), &Name::new(name)?, false)?;
    if hidden == OPAQUE {
        let (above, own) = split_path(dir);
        if dir.is_empty() {
            format.set_opaque_of(around.as_fd())?;
        } else {
            let own = Name::new(own)?;
            format.set_opaque(dirs.go(above)?.ok_or_else(gone)?.as_fd(), &own)?;
        }
        return Ok(true);
    }
    let hidden = Name::new(hidden)?;
    if file::find_at(around.as_fd(), &hidden)?.is_none() {
        format.hide(around.as_fd(), &hidden)?;
    }
    Ok(true)
}

fn restore(entry: &Entry, dirs: &mut Ladder<OwnedFd>) -> io::Result<()> {
    let (dir, name) = split_path(&entry.path);
    let dir = dirs.go(dir)?.ok_or_else(gone)?;
    file::set_mtime(dir.as_fd(), &Name::new(name)?, entry.mtime.secs, entry.mtime.nanos)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::layer::scan;
    use std::fs;

    #[test]
    fn marks_are_translated_and_times_stay() {
        let place = tempfile::tempdir().unwrap();
        let tree = place.path().join("fs");
        fs::create_dir_all(tree.join("a/b")).unwrap();
        fs::create_dir_all(tree.join(".wh.dir")).unwrap();
        for mark in ["a/.wh..wh..opq", "a/b/.wh.gone", "a/b/.wh.there", "a/b/there", ".wh.top"] {
            fs::write(tree.join(mark), "").unwrap();
        }
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(77);
        for dir in ["a/b", "a", ""] {
            fs::File::open(tree.join(dir)).unwrap().set_modified(time).unwrap();
        }
        let dir = file::open_root(&tree).unwrap();
        let noted =
            file::set_xattr(dir.as_fd(), &Name::new(b"a").unwrap(), c"user.fuseoverlayfs.origin", b"x");
        // Marks that need neither privileges nor attributes.
        translate(&tree, OverlayFormat::Plain).unwrap();
        let found = scan(&tree, OverlayFormat::Plain).unwrap();
        let seen: Vec<_> = found
            .iter()
            .map(|entry| (String::from_utf8_lossy(&entry.path).into_owned(), entry.kind, entry.opaque))
            .collect();
        let is = |path: &str, kind, opaque| (path.to_owned(), kind, opaque);
        assert_eq!(
            seen,
            [
                is(".wh.dir", Kind::Dir, false),
                is("a", Kind::Dir, true),
                is("a/b", Kind::Dir, false),
                is("a/b/gone", Kind::Whiteout, false),
                is("a/b/there", Kind::File, false),
                is("top", Kind::Whiteout, false),
            ]
        );
        assert!(found[1..3].iter().all(|entry| entry.mtime.secs == 77 && entry.xattrs.is_empty()));
        assert_eq!(fs::metadata(&tree).unwrap().modified().unwrap(), time);
        drop(noted);
    }
}
