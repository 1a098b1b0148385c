//! Putting files into a container's writable directory without a mount.
//!
//! What overlayfs would do on a write is done by hand: directories on the way are copied up with
//! their attributes, a whiteout that stood at a name gives way, and a new directory over one
//! hides what is below. Everything goes by descriptors, so no link of the container leads out.

use std::fs::Metadata;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::fcntl::{AT_FDCWD, renameat};

use super::Error;
use crate::layer::owners::{Owner, Owners, Recorder};
use crate::layer::{OverlayFormat, Stack, escape_path};
use crate::sys::file::{self, Name};

/// Mode, owner, time and kept xattrs of a file.
pub(super) struct Attributes {
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: Option<(i64, u32)>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Attributes {
    /// Those of what `view` shows at `path`; `None` when nothing is there.
    pub(super) fn of(view: &Stack, path: &[u8]) -> Result<Option<Self>, Error> {
        Ok(view.entry(path)?.map(|entry| Self {
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            mtime: Some((entry.mtime.secs, entry.mtime.nanos)),
            xattrs: entry.xattrs,
        }))
    }

    const fn plain(mode: u32) -> Self {
        Self { mode, uid: 0, gid: 0, mtime: None, xattrs: Vec::new() }
    }

    /// Gives them to `name` in `dir`.
    fn give(&self, dir: BorrowedFd<'_>, name: &Name, recorder: Option<&mut Recorder>) -> io::Result<()> {
        match recorder {
            Some(recorder) => recorder.give(dir, name, &Owner::new(self.uid, self.gid))?,
            None => match file::set_owner(dir, name, self.uid, self.gid) {
                // In a namespace without that id the file stays the caller's.
                Err(error) if error.raw_os_error() != Some(libc::EINVAL) => return Err(error),
                _ => {}
            },
        }
        for (attribute, value) in &self.xattrs {
            if let Ok(attribute) = std::ffi::CString::new(attribute.as_slice()) {
                file::set_xattr(dir, name, &attribute, value)?;
            }
        }
        file::set_mode(dir, name, self.mode)?;
        self.mtime.map_or(Ok(()), |(seconds, nanos)| file::set_mtime(dir, name, seconds, nanos))
    }
}

/// Gives `attributes` to the directory at `path`, which is ours.
pub(super) fn dress(
    path: &Path,
    attributes: &Attributes,
    recorder: Option<&mut Recorder>,
) -> Result<(), Error> {
    let said = |source| Error::Io { path: path.to_owned(), source };
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(said(io::ErrorKind::InvalidInput.into()));
    };
    let parent = file::open_root(parent).map_err(said)?;
    let name = Name::new(name.as_encoded_bytes()).map_err(said)?;
    attributes.give(parent.as_fd(), &name, recorder).map_err(said)
}

/// Writes owners down for the tree `upper` where its part has records of them.
fn recorder_for(upper: &Path) -> Result<Option<Recorder>, Error> {
    Ok(if Owners::of_tree(upper)?.is_some() { Some(Recorder::open(upper)?) } else { None })
}

/// Writes a regular file at `path` (no leading slash), following links within the container.
///
/// A file that is there keeps its mode and owner; a new one has those of `like`, owned by root, or
/// 0644. The content appears at once and whole.
///
/// # Errors
/// [`Error::IsADirectory`]; [`Error::NotADirectory`] or not found for the way to it.
pub fn place_file(
    view: &Stack,
    upper: &Path,
    path: &[u8],
    content: &mut dyn Read,
    like: Option<&Metadata>,
) -> Result<(), Error> {
    let resolved = view.resolve(path, true)?;
    if resolved.node.is_some_and(|node| node.is_dir()) {
        return Err(Error::IsADirectory { path: shown(path) });
    }
    let path = resolved.path;
    let attributes = Attributes::of(view, &path)?.map(|old| Attributes { mtime: None, ..old });
    let attributes = attributes
        .unwrap_or_else(|| Attributes::plain(like.map_or(0o644, |metadata| metadata.mode() & 0o7777)));
    let mut spot = Spot::reach(view, upper, &path)?;
    let staging = upper.parent().unwrap_or(upper);
    let mut file = tempfile::NamedTempFile::new_in(staging)
        .map_err(|source| Error::Io { path: staging.to_owned(), source })?;
    io::copy(content, &mut file).and_then(|_| file.flush()).map_err(|source| spot.said(source))?;
    let modified = like.map(|metadata| (metadata.mtime(), u32::try_from(metadata.mtime_nsec()).unwrap_or(0)));
    spot.clear_directory_mark()?;
    renameat(AT_FDCWD, file.path(), &spot.dir, as_os(&spot.name)).map_err(|errno| spot.said(errno.into()))?;
    // Its name is the container's now.
    let _ = file.into_temp_path().keep();
    Attributes { mtime: modified, ..attributes }
        .give(spot.dir.as_fd(), &spot.name, spot.recorder.as_mut())
        .map_err(|source| spot.said(source))
}

/// Makes a directory at `path`; one that is there stays as it is.
///
/// # Errors
/// [`Error::NotADirectory`] when something else stands there.
pub fn place_directory(view: &Stack, upper: &Path, path: &[u8], like: &Metadata) -> Result<(), Error> {
    match view.resolve(path, true)?.node {
        Some(node) if node.is_dir() => return Ok(()),
        Some(_) => return Err(Error::NotADirectory { path: shown(path) }),
        None => {}
    }
    let mut spot = Spot::reach(view, upper, path)?;
    let was_marked = file::find_at(spot.dir.as_fd(), &spot.name).map_err(|source| spot.said(source))?;
    if was_marked.is_some_and(|stat| stat.is_dir()) {
        // Made by an earlier file of the same copy.
        return Ok(());
    }
    if was_marked.is_some() {
        file::remove(spot.dir.as_fd(), &spot.name, false).map_err(|source| spot.said(source))?;
    }
    file::make_dir(spot.dir.as_fd(), &spot.name, 0o755).map_err(|source| spot.said(source))?;
    if was_marked.is_some() {
        // A whiteout stood here: what it hid must stay hidden.
        spot.format.set_opaque(spot.dir.as_fd(), &spot.name).map_err(|source| spot.said(source))?;
    }
    Attributes::plain(like.mode() & 0o7777)
        .give(spot.dir.as_fd(), &spot.name, spot.recorder.as_mut())
        .map_err(|source| spot.said(source))
}

/// Makes a symbolic link at `path` that says `target`; replaces what is there unless a directory.
///
/// # Errors
/// [`Error::IsADirectory`].
pub fn place_symlink(view: &Stack, upper: &Path, path: &[u8], target: &[u8]) -> Result<(), Error> {
    if view.lookup(path)?.is_some_and(|node| node.is_dir()) {
        return Err(Error::IsADirectory { path: shown(path) });
    }
    let spot = Spot::reach(view, upper, path)?;
    if file::find_at(spot.dir.as_fd(), &spot.name).map_err(|source| spot.said(source))?.is_some() {
        file::remove(spot.dir.as_fd(), &spot.name, false).map_err(|source| spot.said(source))?;
    }
    file::make_symlink(target, spot.dir.as_fd(), &spot.name).map_err(|source| spot.said(source))
}

/// A name in a directory of the upper tree that exists, with all directories above it.
struct Spot {
    dir: OwnedFd,
    name: Name,
    path: Vec<u8>,
    format: OverlayFormat,
    recorder: Option<Recorder>,
}

impl Spot {
    /// Makes the way to `path`, its parent's links followed within the container.
    fn reach(view: &Stack, upper: &Path, path: &[u8]) -> Result<Self, Error> {
        let split = path.iter().rposition(|byte| *byte == b'/');
        let (parent, last) = split.map_or((&b""[..], path), |at| (&path[..at], &path[at + 1..]));
        let resolved = view.resolve(parent, true)?;
        if resolved.node.is_some_and(|node| !node.is_dir()) {
            return Err(Error::NotADirectory { path: shown(parent) });
        }
        let parent = resolved.path;
        let said = |source| Error::Io { path: shown(path).into(), source };
        let mut recorder = recorder_for(upper)?;
        let mut dir =
            file::open_root(upper).map_err(|source| Error::Io { path: upper.to_owned(), source })?;
        let mut end = 0;
        for component in parent.split(|byte| *byte == b'/').filter(|component| !component.is_empty()) {
            end += component.len() + usize::from(end > 0);
            let name = Name::new(component).map_err(said)?;
            let here = file::find_at(dir.as_fd(), &name).map_err(said)?;
            if !here.is_some_and(|stat| stat.is_dir()) {
                let attributes = Attributes::of(view, &parent[..end])?
                    .ok_or_else(|| said(io::ErrorKind::NotFound.into()))?;
                file::make_dir(dir.as_fd(), &name, 0o755).map_err(said)?;
                attributes.give(dir.as_fd(), &name, recorder.as_mut()).map_err(said)?;
            }
            dir = file::open_dir(dir.as_fd(), &name).map_err(said)?;
        }
        let name = Name::new(last).map_err(said)?;
        Ok(Self { dir, name, path: path.to_vec(), format: view.format(), recorder })
    }

    /// A rename cannot replace a directory; the callers have made sure that none is shown there.
    fn clear_directory_mark(&self) -> Result<(), Error> {
        match file::find_at(self.dir.as_fd(), &self.name).map_err(|source| self.said(source))? {
            Some(stat) if stat.is_dir() => Err(Error::IsADirectory { path: shown(&self.path) }),
            _ => Ok(()),
        }
    }

    fn said(&self, source: io::Error) -> Error {
        Error::Io { path: shown(&self.path).into(), source }
    }
}

fn as_os(name: &Name) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(name.as_bytes())
}

fn shown(path: &[u8]) -> String {
    format!("/{}", escape_path(path))
}
