//! What a merged view shows, as entries, and copied to the outside.

use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;

use super::entry::{Entry, Kind};
use super::error::Error;
use super::scan::{entry_of, read_xattrs};
use super::stack::{Cursor, Node, Stack};
use crate::sys::file;

impl Node {
    /// What it is; `None` for a socket.
    #[must_use]
    pub const fn kind(&self) -> Option<Kind> {
        Kind::of_mode(self.stat.mode)
    }

    /// Whether it is a directory.
    #[must_use]
    pub const fn is_dir(&self) -> bool {
        self.stat.is_dir()
    }
}

impl Stack {
    /// What is at exactly `path`, with its extended attributes; `None` where nothing is.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn entry(&self, path: &[u8]) -> Result<Option<Entry>, Error> {
        let mut cursor = self.cursor();
        match cursor.find(path)? {
            Some(node) => entry(&mut cursor, self, path, node),
            None => Ok(None),
        }
    }

    /// Everything below the root, sorted by path. Names of one inode are entries of their own.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn entries(&self) -> Result<Vec<Entry>, Error> {
        let mut cursor = self.cursor();
        let mut found = Vec::new();
        let mut pending = vec![Vec::new()];
        while let Some(dir) = pending.pop() {
            for (name, node) in cursor.list(&dir)?.unwrap_or_default() {
                let mut path = dir.clone();
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(&name);
                if node.is_dir() {
                    pending.push(path.clone());
                }
                found.extend(entry(&mut cursor, self, &path, node)?);
            }
        }
        found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// The content of the regular file at `path`, symbolic links followed; `None` where none is.
    /// Of a file longer than `most` bytes only the beginning is read.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn read(&self, path: &[u8], most: u64) -> Result<Option<Vec<u8>>, Error> {
        let is_file = match self.resolve(path, true) {
            Ok(resolved) => resolved.node.is_some_and(|node| node.stat.is_file()),
            // A way through what is no directory, or a loop of links: nothing is there.
            Err(Error::Path { .. }) => false,
            Err(error) => return Err(error),
        };
        if !is_file {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let file = self.open_file(path)?;
        file.take(most).read_to_end(&mut bytes).map_err(|source| Error::io("read", path, source))?;
        Ok(Some(bytes))
    }

    /// Copies what is at exactly `path` to `target`, which must not be there unless as a directory
    /// to be filled or a file to be replaced. Links are copied as links; what is neither file,
    /// directory nor link is left out. Owners become the caller's, as with `docker cp`.
    ///
    /// # Errors
    /// [`Error::Path`] where nothing is; [`Error::Io`].
    pub fn copy_out(&self, path: &[u8], target: &Path) -> Result<(), Error> {
        let mut cursor = self.cursor();
        let missing = || Error::Path { path: super::error::shown(path), reason: "does not exist" };
        let node = cursor.find(path)?.ok_or_else(missing)?;
        let mut pending = vec![(path.to_vec(), target.to_owned(), node)];
        // Modes last: a directory without `w` could not be filled.
        let mut directories = Vec::new();
        while let Some((path, target, node)) = pending.pop() {
            copy_one(&mut cursor, &path, &target, node)
                .map_err(|source| Error::host("write", &target, source))?;
            if !node.is_dir() {
                continue;
            }
            for (name, inner) in cursor.list(&path)?.unwrap_or_default() {
                let mut below = path.clone();
                if !below.is_empty() {
                    below.push(b'/');
                }
                below.extend_from_slice(&name);
                pending.push((below, target.join(std::ffi::OsStr::from_bytes(&name)), inner));
            }
            directories.push((target, node.stat.mode));
        }
        for (target, mode) in directories.iter().rev() {
            fs::set_permissions(target, fs::Permissions::from_mode(mode & 0o777))
                .map_err(|source| Error::host("set the mode of", target, source))?;
        }
        Ok(())
    }
}

fn copy_one(cursor: &mut Cursor, path: &[u8], target: &Path, node: Node) -> io::Result<()> {
    let inner = |error: Error| match error {
        Error::Io { source, .. } => source,
        other => io::Error::other(other.to_string()),
    };
    match node.kind() {
        Some(Kind::Dir) => match fs::create_dir(target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_real_dir(target) => Ok(()),
            outcome => outcome,
        },
        Some(Kind::Symlink) => {
            let link = cursor.read_link(path).map_err(inner)?;
            match fs::remove_file(target) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            symlink(std::ffi::OsStr::from_bytes(&link), target)
        }
        Some(Kind::File) => {
            let mut source = cursor.open(path, node.layer).map_err(inner)?;
            // A link that stands at the target, perhaps one just copied, must not be written through.
            if fs::symlink_metadata(target).is_ok_and(|metadata| metadata.is_symlink()) {
                fs::remove_file(target)?;
            }
            let mut out = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .custom_flags(libc::O_NOFOLLOW)
                .mode(0o600)
                .open(target)?;
            // What is no file of its own, such as `/dev/stdout`, takes bytes one after another only.
            if out.metadata()?.is_file() {
                file::copy_data(&source, &out, node.stat.size)?;
            } else {
                io::copy(&mut source, &mut out)?;
            }
            out.set_permissions(fs::Permissions::from_mode(node.stat.mode & 0o777))?;
            let time = std::time::UNIX_EPOCH.checked_add(std::time::Duration::new(
                u64::try_from(node.stat.mtime).unwrap_or(0),
                node.stat.mtime_nanos,
            ));
            time.map_or(Ok(()), |time| out.set_modified(time))
        }
        _ => Ok(()),
    }
}

fn is_real_dir(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn entry(cursor: &mut Cursor, stack: &Stack, path: &[u8], node: Node) -> Result<Option<Entry>, Error> {
    let Some(kind) = node.kind() else { return Ok(None) };
    let mut entry = entry_of(path.to_vec(), kind, &node.stat);
    if kind == Kind::Symlink {
        entry.link = cursor.read_link(path)?;
    } else if !path.is_empty() {
        let format = stack.format();
        cursor.at(path, node.layer, |dir, name| {
            read_xattrs(dir, name, format, &mut entry).map(|_| ()).map_err(|error| match error {
                Error::Io { source, .. } => source,
                other => io::Error::other(other.to_string()),
            })
        })?;
    }
    Ok(Some(entry))
}
