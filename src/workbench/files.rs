//! Files of images and containers: reading, and for containers writing.

use std::io::Read;
use std::path::Path;

use super::listed::file;
use super::{Container, Error, ErrorKind, File, Result, Subject, Workbench};
use crate::layer::{self, Stack};
use crate::snapshot;
use crate::store::ContainerLock;

impl Workbench {
    /// The text of a file; bytes that are not UTF-8 are an error that names `read_blob`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Invalid`] for a directory or what is no text.
    pub fn read(&self, subject: &Subject, path: &str) -> Result<String> {
        String::from_utf8(self.read_blob(subject, path)?).map_err(|_| {
            Error::invalid(format!("`{path}` is not UTF-8 text")).with_hint("`read_blob` gives its bytes")
        })
    }

    /// The bytes of a file, symbolic links followed within the subject.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Invalid`] for what is no regular file; [`ErrorKind::Denied`] for more
    /// than a gibibyte, which may be nothing but holes.
    pub fn read_blob(&self, subject: &Subject, path: &str) -> Result<Vec<u8>> {
        const MOST: u64 = 1 << 30;
        let said = |error: std::io::Error| Error::io(format!("reading `{path}`"), &error);
        let file = self.open(&self.view(subject)?, subject, path)?;
        let size = file.metadata().map_err(said)?.len();
        if size > MOST {
            return Err(Error::new(
                ErrorKind::Denied,
                format!("`{path}` has {size} bytes: more than a value of a script can hold"),
            )
            .with_hint("`copy_out` copies it to a file of this machine"));
        }
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes).map_err(said)?;
        Ok(bytes)
    }

    /// Whether the subject shows something at `path`, symbolic links followed.
    ///
    /// # Errors
    /// When the subject is gone or `path` is not spelled right.
    pub fn exists(&self, subject: &Subject, path: &str) -> Result<bool> {
        let view = self.view(subject)?;
        Ok(view.resolve(&inner(path)?, true)?.node.is_some())
    }

    /// All that the subject shows, sorted by the paths' bytes.
    ///
    /// # Errors
    /// When the subject is gone or cannot be read.
    pub fn files(&self, subject: &Subject) -> Result<Vec<File>> {
        if let Subject::Image(image) = subject
            && let Some(examined) = self.examined(image)?
        {
            return Ok(super::in_place::files(examined));
        }
        let entries = self.view(subject)?.entries()?;
        Ok(entries.iter().map(|entry| file(&entry.as_ref())).collect())
    }

    /// Writes a file in the container's writable layer, keeping mode and owner of one that is there.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] while it runs; [`ErrorKind::NotFound`] when the directory is missing.
    pub fn write(&self, container: &Container, path: &str, content: &[u8]) -> Result<()> {
        let writing = self.writing(container)?;
        snapshot::place_file(&writing.view, &writing.upper, &inner(path)?, &mut &content[..], None)?;
        Ok(())
    }

    /// Copies a file or directory of this machine into the container, as `docker cp` does: into
    /// `target` if that is a directory, else to that name. Owners become root's.
    ///
    /// # Errors
    /// As [`Self::write`]; and when the source cannot be read.
    pub fn copy_in(&self, container: &Container, source: &str, target: &str) -> Result<()> {
        let from = Path::new(source);
        let metadata = std::fs::metadata(from).map_err(|error| Error::io(format!("`{source}`"), &error))?;
        let writing = self.writing(container)?;
        let mut to = inner(target)?;
        let into = writing.view.resolve(&to, true)?.node.is_some_and(|node| node.is_dir());
        if into && !source.ends_with("/.") {
            let name =
                from.canonicalize().ok().and_then(|path| path.file_name().map(std::ffi::OsStr::to_owned));
            if let Some(name) = name {
                to.push(b'/');
                to.extend_from_slice(name.as_encoded_bytes());
            }
        } else if !into && target.ends_with('/') && !metadata.is_dir() {
            return Err(Error::not_found(format!("`{target}` is no directory in the container")));
        }
        copy_tree(&writing, from, &to, 0)
    }

    /// Copies a file or directory of the subject to this machine, as `docker cp` does: into
    /// `target` if that is a directory, else to that name. Nothing outside is written, whatever
    /// links the subject has.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; whatever the disk says.
    pub fn copy_out(&self, subject: &Subject, source: &str, target: &str) -> Result<()> {
        let view = self.view(subject)?;
        let resolved = view.resolve(&inner(source)?, true)?;
        if resolved.node.is_none() {
            return Err(missing(subject, source));
        }
        let path = resolved.path;
        let to = Path::new(target);
        let name = path.rsplit(|byte| *byte == b'/').next().filter(|name| !name.is_empty());
        let to = match name {
            Some(name) if to.is_dir() && !source.ends_with("/.") => {
                to.join(std::os::unix::ffi::OsStrExt::from_bytes(name) as &std::ffi::OsStr)
            }
            _ => to.to_owned(),
        };
        Ok(view.copy_out(&path, &to)?)
    }

    fn open(&self, view: &Stack, subject: &Subject, path: &str) -> Result<std::fs::File> {
        let resolved = view.resolve(&inner(path)?, true)?;
        match resolved.node {
            None => Err(missing(subject, path)),
            Some(node) if node.is_dir() => Err(Error::invalid(format!("`{path}` is a directory"))
                .with_hint("`files` lists what is in it, `copy_out` copies it")),
            Some(node) if !node.stat.is_file() => Err(Error::invalid(format!("`{path}` is no regular file"))),
            Some(_) => Ok(view.open_file(&resolved.path)?),
        }
    }

    /// The container's writable part, locked, with what it shows now.
    fn writing(&self, container: &Container) -> Result<Writing> {
        let record = self.container_record(container)?;
        let lock = self.store()?.lock_container(record.row, false)?;
        let mut record = self.container_record(container)?;
        self.note_change(&mut record, &lock)?;
        let top = self.writable_part(&mut record, &lock)?;
        let prepared = self.prepare_container(&record)?;
        let view = prepared.chain.view_under(self.part_trees(&record)?)?;
        Ok(Writing { view, upper: self.tree(&top)?, _lock: lock })
    }
}

struct Writing {
    view: Stack,
    upper: std::path::PathBuf,
    _lock: ContainerLock,
}

/// A path of the subject without its leading slash, from the reversible spelling.
fn inner(path: &str) -> Result<Vec<u8>> {
    let bytes = layer::unescape_path(path)?;
    let start = bytes.iter().position(|byte| *byte != b'/').unwrap_or(bytes.len());
    Ok(bytes[start..].to_vec())
}

fn missing(subject: &Subject, path: &str) -> Error {
    let name = match subject {
        Subject::Image(image) => format!("image `{}`", image.label()),
        Subject::Container(container) => format!("container `{}`", container.name),
    };
    Error::new(ErrorKind::NotFound, format!("no `{path}` in {name}"))
}

/// Directories deeper than this are a loop of bind mounts rather than somebody's files.
const DEPTH_LIMIT: usize = 1000;

fn copy_tree(writing: &Writing, from: &Path, to: &[u8], depth: usize) -> Result<()> {
    let said = |error: std::io::Error| Error::io(format!("`{}`", from.display()), &error);
    if depth > DEPTH_LIMIT {
        return Err(Error::invalid(format!(
            "`{}` is more than {DEPTH_LIMIT} directories deep",
            from.display()
        )));
    }
    let metadata =
        if depth == 0 { std::fs::metadata(from) } else { std::fs::symlink_metadata(from) }.map_err(said)?;
    if metadata.is_symlink() {
        let target = std::fs::read_link(from).map_err(said)?;
        return Ok(snapshot::place_symlink(
            &writing.view,
            &writing.upper,
            to,
            target.as_os_str().as_encoded_bytes(),
        )?);
    }
    if metadata.is_file() {
        let mut file = std::fs::File::open(from).map_err(said)?;
        return Ok(snapshot::place_file(&writing.view, &writing.upper, to, &mut file, Some(&metadata))?);
    }
    if !metadata.is_dir() {
        return Err(Error::invalid(format!("`{}` is neither file, directory nor link", from.display())));
    }
    snapshot::place_directory(&writing.view, &writing.upper, to, &metadata)?;
    let mut names: Vec<_> =
        std::fs::read_dir(from).map_err(said)?.collect::<std::io::Result<_>>().map_err(said)?;
    names.sort_by_key(std::fs::DirEntry::file_name);
    for entry in names {
        let mut below = to.to_vec();
        below.push(b'/');
        below.extend_from_slice(entry.file_name().as_encoded_bytes());
        copy_tree(writing, &entry.path(), &below, depth + 1)?;
    }
    Ok(())
}
