//! A tree of its own with what another one holds: data shared where the file system can, else copied.

use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use super::entry::{Entry, Kind, split_path};
use super::error::Error;
use super::ladder::{Ladder, gone};
use super::make::{copy_file, copy_root, finish_dir};
use super::overlay::OverlayFormat;
use super::owners::{self, Recorder};
use super::scan::scan_all_kinds;
use crate::sys::file::{self, Name};

/// Fills the empty directory `into` (a part's `fs/`) with what `from` (another's) holds: whiteouts, opaque marks,
/// hard links, devices, sockets, owners (also recorded ones), times and attributes included. Nothing that is written to one of them later
/// shows in the other.
///
/// Nobody should write to `from` meanwhile. If somebody does, what has vanished is left out.
///
/// # Errors
/// [`Error::Io`].
pub fn copy_tree(from: &Path, into: &Path, format: OverlayFormat) -> Result<(), Error> {
    let entries = scan_all_kinds(from, format)?;
    copy_entries(&entries, from, into, format)
}

/// Copies from the frozen part `from` into the empty part `into`, which will be mounted upon it, every file that has
/// several names, with the directories around it. How many names those were.
///
/// An overlay that writes to one name of a lower file leaves the other names behind. With the files copied up
/// together before, a container goes on as if it had never been frozen. `entries` are those of `from` where they are
/// known. The root's mode and owner are carried on too.
///
/// # Errors
/// [`Error::Io`].
pub fn carry_links(
    from: &Path,
    entries: Option<Vec<Entry>>,
    into: &Path,
    format: OverlayFormat,
) -> Result<usize, Error> {
    let mut entries = match entries {
        Some(entries) => entries,
        None => scan_all_kinds(from, format)?,
    };
    let mut wanted: HashSet<Vec<u8>> = HashSet::new();
    for entry in entries.iter().filter(|entry| entry.kind == Kind::Hardlink) {
        wanted.insert(entry.link.clone());
        wanted.insert(entry.path.clone());
    }
    let count = wanted.len();
    for mut path in wanted.iter().cloned().collect::<Vec<_>>() {
        while !path.is_empty() {
            path = split_path(&path).0.to_vec();
            if !wanted.insert(path.clone()) {
                break;
            }
        }
    }
    entries.retain(|entry| wanted.contains(&entry.path));
    for entry in &mut entries {
        // What lies in the directory below is to show through.
        entry.opaque = false;
    }
    copy_entries(&entries, from, into, format)?;
    Ok(count)
}

fn copy_entries(entries: &[Entry], from: &Path, into: &Path, format: OverlayFormat) -> Result<(), Error> {
    let open = |path: &Path| file::open_root(path).map_err(|source| Error::host("open", path, source));
    let root = open(into)?;
    let parts = [from.to_owned()];
    let mut recorder = owners::recorder_like(&parts, into)?;
    copy_root(&parts, root.as_fd(), format, into, recorder.as_mut())?;
    let mut copying = Copying {
        format,
        source: Ladder::new(open(from)?),
        target: Ladder::new(root),
        firsts: Ladder::new(open(into)?),
        recorder,
    };
    for entry in entries.iter().filter(|entry| !entry.path.is_empty()) {
        match copying.place(entry) {
            // It has vanished meanwhile, or the directory around it has.
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
            placed => placed.map_err(|source| Error::io("copy", &entry.path, source))?,
        }
    }
    // Last, from the inside out, since every file put in changes its directory's time.
    for entry in entries.iter().rev().filter(|entry| entry.kind == Kind::Dir && !entry.path.is_empty()) {
        match finish_dir(entry, &mut copying.target, copying.recorder.as_mut()) {
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
            finished => finished.map_err(|source| Error::io("copy", &entry.path, source))?,
        }
    }
    Ok(())
}

struct Copying {
    format: OverlayFormat,
    source: Ladder<OwnedFd>,
    target: Ladder<OwnedFd>,
    /// On the same tree as `target`: where the first names of hard links are.
    firsts: Ladder<OwnedFd>,
    /// Owners are recorded here instead of given.
    recorder: Option<Recorder>,
}

impl Copying {
    fn place(&mut self, entry: &Entry) -> io::Result<()> {
        let (dir, name) = split_path(&entry.path);
        let name = Name::new(name)?;
        let into = self.target.go(dir)?.ok_or_else(gone)?.as_fd();
        match entry.kind {
            Kind::Dir => {
                file::make_dir(into, &name, 0o700)?;
                if entry.opaque {
                    self.format.set_opaque(into, &name)?;
                }
                return Ok(());
            }
            Kind::Whiteout => return self.format.hide(into, &name),
            Kind::Hardlink => {
                let (first_dir, first) = split_path(&entry.link);
                let first = Name::new(first)?;
                if let Some(from) = self.firsts.go(first_dir)? {
                    match file::make_link(from.as_fd(), &first, into, &name) {
                        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
                        linked => return linked,
                    }
                }
                // The first name has vanished before it was copied: this one is copied in its place.
            }
            _ => {}
        }
        let from = self.source.go(dir)?.ok_or_else(gone)?;
        copy_file(entry, from.as_fd(), into, &name, self.recorder.as_mut())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    const FORMAT: OverlayFormat = OverlayFormat::User;

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/one"), "x").unwrap();
        fs::hard_link(folder.path().join("a/one"), folder.path().join("a/b/two")).unwrap();
        fs::write(folder.path().join("alone"), "y").unwrap();
        symlink("alone", folder.path().join("link")).unwrap();
        let sparse = fs::File::create(folder.path().join("sparse")).unwrap();
        sparse.set_len(32 << 20).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&sparse, b"middle", 16 << 20).unwrap();
        std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        fs::set_permissions(folder.path().join("a/b"), fs::Permissions::from_mode(0o2750)).unwrap();
        let old = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
        fs::File::open(folder.path().join("a")).unwrap().set_times(old).unwrap();
        folder
    }

    #[test]
    fn a_copy_is_equal_and_its_own() {
        let (from, into) = (tree(), tempfile::tempdir().unwrap());
        copy_tree(from.path(), into.path(), FORMAT).unwrap();
        assert_eq!(
            scan_all_kinds(from.path(), FORMAT).unwrap(),
            scan_all_kinds(into.path(), FORMAT).unwrap()
        );
        let read = |folder: &tempfile::TempDir| fs::read(folder.path().join("sparse")).unwrap();
        assert_eq!(read(&from), read(&into));
        assert!(fs::metadata(into.path().join("sparse")).unwrap().blocks() < 1000, "the holes were filled");
        fs::write(into.path().join("a/one"), "changed").unwrap();
        assert_eq!(fs::read_to_string(into.path().join("a/b/two")).unwrap(), "changed");
        assert_eq!(fs::read_to_string(from.path().join("a/one")).unwrap(), "x");
    }

    #[test]
    fn only_files_of_several_names_are_carried_on() {
        let (from, into) = (tree(), tempfile::tempdir().unwrap());
        assert_eq!(carry_links(from.path(), None, into.path(), FORMAT).unwrap(), 2);
        let carried = scan_all_kinds(into.path(), FORMAT).unwrap();
        let all = scan_all_kinds(from.path(), FORMAT).unwrap();
        let paths: Vec<&[u8]> = carried.iter().map(|entry| entry.path.as_slice()).collect();
        assert_eq!(paths, [b"a".as_slice(), b"a/b", b"a/b/two", b"a/one"]);
        assert!(carried.iter().all(|entry| all.contains(entry)), "{carried:?}");
    }
}
