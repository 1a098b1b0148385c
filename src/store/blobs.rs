//! Blobs: bytes named by their digest, complete or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::session::Session;
use super::store::Inner;
use super::{Error, Noun, Store};
use crate::oci::Digest;
use crate::sys::lock;

/// Large enough that system calls do not show beside hashing.
const BUFFER: usize = 256 * 1024;

/// What is in `tmp` under such a name is the beginning of a blob, of which the rest may still come.
pub(super) const RESUME: &str = "resume-";

/// A beginning that nobody has come back to for so long goes.
const RESUME_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A blob being written; hashed on the way. Dropped without [`finish`](Self::finish) it was never there, unless it is
/// one that can be [resumed](Store::resume_blob).
pub struct BlobWriter {
    inner: Arc<Inner>,
    session: Arc<Session>,
    path: PathBuf,
    file: File,
    hasher: Sha256,
    size: u64,
    /// Dropped unfinished, it stays for the next [`Store::resume_blob`].
    stays: bool,
}

impl Store {
    /// Where the blobs are: `blobs/sha256`.
    #[must_use]
    pub fn blobs(&self) -> PathBuf {
        self.inner().blobs()
    }

    /// Where a blob is, or would be.
    #[must_use]
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.inner().blob_path(digest)
    }

    /// Whether the blob is here. Unless it is pinned ([`Self::pin_blob`]) or named by a record, it may go at any time.
    #[must_use]
    pub fn has_blob(&self, digest: &Digest) -> bool {
        self.blob_path(digest).exists()
    }

    /// Whether the blob is here; if so it stays until this store is closed or an image names it.
    ///
    /// # Errors
    /// The records' own.
    pub fn pin_blob(&self, digest: &Digest) -> Result<bool, Error> {
        let session = self.inner().session()?;
        self.inner().write(|database| {
            if !self.has_blob(digest) {
                return Ok(false);
            }
            super::records::pins::add(database, &session, digest)?;
            Ok(true)
        })
    }

    /// A blob's bytes.
    ///
    /// # Errors
    /// [`Error::NotFound`], and those of opening a file.
    pub fn open_blob(&self, digest: &Digest) -> Result<File, Error> {
        let path = self.blob_path(digest);
        File::open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::NotFound { noun: Noun::Blob, name: digest.to_string() },
            _ => Error::io("open", path, source),
        })
    }

    /// Begins a blob.
    ///
    /// # Errors
    /// Those of creating a file.
    pub fn blob_writer(&self) -> Result<BlobWriter, Error> {
        let inner = Arc::clone(self.inner());
        let session = inner.session()?;
        let path = inner.temporary().join(session.fresh_name());
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|source| Error::io("create", &path, source))?;
        Ok(BlobWriter { inner, session, path, file, hasher: Sha256::new(), size: 0, stays: false })
    }

    /// Goes on with the blob `digest` where an earlier attempt ended, in this process or in a dead one. The first
    /// part of the answer is a reader of what is there; all of it must be given to [`BlobWriter::take_in`]
    /// before more is written.
    ///
    /// What is unfinished stays when the writer is dropped, until it is finished, [discarded](BlobWriter::discard),
    /// pruned, or seven days old. While one process has it, another one begins anew, on its own.
    ///
    /// # Errors
    /// Those of creating a file.
    pub fn resume_blob(&self, digest: &Digest) -> Result<(File, BlobWriter), Error> {
        let inner = Arc::clone(self.inner());
        sweep_resumable(&inner);
        let session = inner.session()?;
        let path = inner.temporary().join(format!("{RESUME}{}", digest.hex()));
        let fail = |source| Error::io("create", &path, source);
        let open =
            |path: &Path| OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
        let file = open(&path).map_err(fail)?;
        // Locked, and still the one of that name: its last owner may have just finished it.
        let owned = lock::try_whole(&file).map_err(fail)? && same_file(&file, &path);
        if owned {
            let reader = File::open(&path).map_err(fail)?;
            let writer =
                BlobWriter { inner, session, path, file, hasher: Sha256::new(), size: 0, stays: true };
            return Ok((reader, writer));
        }
        let writer = self.blob_writer()?;
        let reader = File::open(&writer.path).map_err(fail)?;
        Ok((reader, writer))
    }

    /// Writes all that `reader` gives; its digest and size in bytes. It stays pinned as after [`Self::pin_blob`].
    ///
    /// # Errors
    /// [`Error::WrongDigest`] if it is not `expected` (nothing is kept then), [`Error::NoSpace`], [`Error::Io`].
    pub fn write_blob(
        &self,
        mut reader: impl Read,
        expected: Option<&Digest>,
    ) -> Result<(Digest, u64), Error> {
        let mut writer = self.blob_writer()?;
        let mut buffer = vec![0; BUFFER];
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => return writer.finish(expected),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(Error::io("read what goes into", &writer.path, source)),
            };
            let written = writer.write_all(&buffer[..count]);
            written.map_err(|source| Error::io("write", &writer.path, source))?;
        }
    }
}

/// Removes beginnings of blobs that nobody will come back to.
fn sweep_resumable(inner: &Inner) {
    for name in super::store::names(&inner.temporary()) {
        let path = inner.temporary().join(&name);
        let old = || {
            let age = fs::metadata(&path).and_then(|found| found.modified()).map(|time| time.elapsed());
            age.is_ok_and(|age| age.is_ok_and(|age| age > RESUME_LIFE))
        };
        if name.starts_with(RESUME) && old() && !is_resuming(&path) {
            // If it cannot go now, the next one tries again.
            let _ = fs::remove_file(&path);
        }
    }
}

/// Is somebody writing the beginning of a blob at `path`?
pub(super) fn is_resuming(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(lock::try_whole(&file), Ok(false)))
}

fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(one), Ok(other)) => one.dev() == other.dev() && one.ino() == other.ino(),
        _ => false,
    }
}

impl BlobWriter {
    /// Counts bytes that are in the file already, from an earlier attempt.
    pub fn take_in(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
    }

    /// Bytes so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// A second handle, for reading what was written so far.
    ///
    /// # Errors
    /// Those of opening a file.
    pub fn reader(&self) -> Result<File, Error> {
        File::open(&self.path).map_err(|source| Error::io("open", &self.path, source))
    }

    /// Begins anew: what was written so far is not the blob.
    ///
    /// # Errors
    /// Those of truncating a file.
    pub fn restart(&mut self) -> Result<(), Error> {
        let cut = self.file.set_len(0).and_then(|()| std::io::Seek::rewind(&mut self.file));
        cut.map_err(|source| Error::io("write", &self.path, source))?;
        self.hasher = Sha256::new();
        self.size = 0;
        Ok(())
    }

    /// The digest of all that was written, after which nothing more is.
    pub(super) fn hashed(mut self) -> (Self, Digest) {
        let hasher = std::mem::take(&mut self.hasher);
        (self, Digest::from_bytes(hasher.finalize().into()))
    }

    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it, even if it could be resumed.
    pub fn discard(mut self) {
        self.stays = false;
    }

    /// Puts the blob in its place; its digest and size in bytes. It survives a power cut from here on.
    ///
    /// # Errors
    /// As [`Store::write_blob`].
    pub fn finish(self, expected: Option<&Digest>) -> Result<(Digest, u64), Error> {
        let (mut writer, actual) = self.hashed();
        if let Some(&expected) = expected.filter(|&expected| *expected != actual) {
            writer.stays = false;
            return Err(Error::WrongDigest { expected, actual });
        }
        let target = writer.inner.blob_path(&actual);
        if !target.exists() {
            writer.file.sync_all().map_err(|source| Error::io("write", &writer.path, source))?;
        }
        // In one transaction, so that `prune` sees either no blob or its pin.
        writer.inner.write(|database| {
            super::records::pins::add(database, &writer.session, &actual)?;
            if target.exists() {
                return Ok(());
            }
            fs::rename(&writer.path, &target).map_err(|source| Error::io("create", &target, source))?;
            Ok(())
        })?;
        let folder = writer.inner.blobs();
        let synced = File::open(&folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| Error::io("write", &folder, source))?;
        Ok((actual, writer.size))
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        // After a rename it is gone already. A beginning of nothing is not worth keeping.
        let is_empty = || self.file.metadata().is_ok_and(|found| found.len() == 0);
        if !self.stays || is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }
}
