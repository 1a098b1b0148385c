//! The files of an image source by name, whether it is a directory or an archive.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::archive::{Archive, Section, is_no_tar};
use super::compression::Compression;
use super::expansion::Expansion;
use super::watch::Watch;
use super::{Error, Limits};
use crate::oci::Digest;

/// Where documents and layers are read from.
#[derive(Debug)]
pub(super) enum Bundle {
    /// An OCI layout.
    Directory(PathBuf),
    /// A tar file.
    Archive(Archive),
}

impl Bundle {
    /// Opens the directory or archive at `path`. An archive that is compressed as a whole, or that
    /// cannot be read in any order, is first copied to a nameless file in `scratch`.
    pub fn open(path: &Path, scratch: &Path, limits: &Limits, watch: &Watch) -> Result<Self, Error> {
        let found = fs::metadata(path).map_err(Error::io("open", path))?;
        if found.is_dir() {
            return Ok(Self::Directory(path.to_owned()));
        }
        let mut file = regular(path, scratch, limits, watch)?;
        let mut start = [0; 6];
        let length = read_start(&file, &mut start).map_err(Error::io("read", path))?;
        if !matches!(Compression::recognise(&start[..length]), Ok(Compression::None)) {
            let expansion = Expansion::of(limits, path.display().to_string());
            let (_, content) =
                Compression::open(watch.reader(file), expansion).map_err(Error::io("read", path))?;
            file = copy(content, path, scratch, limits)?;
        }
        match Archive::open(file, path, limits) {
            Ok(archive) => Ok(Self::Archive(archive)),
            Err(Error::Archive { offset, reason, .. }) if is_no_tar(offset, reason) => Err(Error::NoImages {
                path: path.to_owned(),
                reason: "it is neither a tar archive nor a directory".to_owned(),
            }),
            Err(error) => Err(error),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Directory(path) => path,
            Self::Archive(archive) => archive.path(),
        }
    }

    /// Is there a file of that name?
    pub fn has(&self, name: &str) -> bool {
        matches!(self.find(name), Ok(Some(_)))
    }

    /// The file `name`, if there is one.
    pub fn find(&self, name: &str) -> Result<Option<Section>, Error> {
        let directory = match self {
            Self::Archive(archive) => return Ok(archive.section(name)),
            Self::Directory(directory) => directory,
        };
        if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Ok(None);
        }
        let path = directory.join(name);
        // Not blocking: a pipe with nobody at the other end must not stop us.
        let file =
            match OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(&path) {
                Ok(file) => file,
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(Error::io("open", &path)(error)),
            };
        let found = file.metadata().map_err(Error::io("read", &path))?;
        Ok(found.is_file().then(|| Section::whole(file, found.len())))
    }

    /// The name under which the file `name` really is, if there is one.
    pub fn own_name(&self, name: &str) -> Option<String> {
        match self {
            Self::Archive(archive) => archive.own_name(name),
            Self::Directory(_) => None,
        }
    }

    /// The file `name`; an error if there is none.
    pub fn section(&self, name: &str) -> Result<Section, Error> {
        self.find(name)?
            .ok_or_else(|| Error::Missing { path: self.path().to_owned(), member: name.to_owned() })
    }

    /// The bytes of the document `name`.
    pub fn document(&self, name: &str, limits: &Limits) -> Result<Vec<u8>, Error> {
        let mut section = self.section(name)?;
        if section.size() > limits.document_bytes {
            return Err(Error::Limit {
                name: name.to_owned(),
                limit: "document_bytes",
                allowed: limits.document_bytes,
            });
        }
        let mut bytes = Vec::new();
        section.read_to_end(&mut bytes).map_err(Error::io("read", self.path()))?;
        Ok(bytes)
    }
}

/// Where an OCI layout has a blob.
pub(super) fn blob_name(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// Are `bytes` what `digest` and `size` promise?
pub(super) fn check(name: &str, bytes: &[u8], digest: &Digest, size: Option<u64>) -> Result<(), Error> {
    if let Some(expected) = size
        && expected != bytes.len() as u64
    {
        return Err(Error::Size { name: name.to_owned(), expected, found: bytes.len() as u64 });
    }
    let found = Digest::of(bytes);
    if found != *digest {
        return Err(Error::Digest { name: name.to_owned(), expected: *digest, found });
    }
    Ok(())
}

fn read_start(file: &File, start: &mut [u8]) -> io::Result<usize> {
    use std::os::unix::fs::FileExt as _;
    let mut length = 0;
    while length < start.len() {
        match file.read_at(&mut start[length..], length as u64)? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}

/// The file at `path`; if that is a pipe, its content as a nameless file in `scratch`.
pub(super) fn regular(path: &Path, scratch: &Path, limits: &Limits, watch: &Watch) -> Result<File, Error> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let kind = file.metadata().map_err(Error::io("read", path))?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    if kind.is_block_device() || kind.is_socket() || kind.is_dir() {
        let reason = "it is neither a file nor a directory".to_owned();
        return Err(Error::NoImages { path: path.to_owned(), reason });
    }
    copy(watch.reader(file), path, scratch, limits)
}

/// What `stream` gives as a nameless file in `scratch`; `path` is for messages.
fn copy(stream: impl Read, path: &Path, scratch: &Path, limits: &Limits) -> Result<File, Error> {
    let mut target = tempfile::tempfile_in(scratch).map_err(Error::io("create a file in", scratch))?;
    let mut stream = stream.take(limits.archive_bytes.saturating_add(1));
    let mut buffer = vec![0; 1 << 18];
    let mut total = 0;
    loop {
        let count = match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        total += count as u64;
        if total > limits.archive_bytes {
            let name = path.display().to_string();
            return Err(Error::Limit { name, limit: "archive_bytes", allowed: limits.archive_bytes });
        }
        target.write_all(&buffer[..count]).map_err(Error::io("write a file in", scratch))?;
    }
    target.rewind().map_err(Error::io("read a file in", scratch))?;
    Ok(target)
}
