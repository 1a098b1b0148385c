//! Blobs: bytes named by their digest, complete or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::session::Session;
use super::store::Inner;
use super::{Error, Noun, Store};
use crate::oci::Digest;

/// Large enough that system calls do not show beside hashing.
const BUFFER: usize = 256 * 1024;

/// A blob being written; hashed on the way. Dropped without [`finish`](Self::finish) it was never there.
pub struct BlobWriter {
    inner: Arc<Inner>,
    session: Arc<Session>,
    path: PathBuf,
    file: File,
    hasher: Sha256,
    size: u64,
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
        Ok(BlobWriter { inner, session, path, file, hasher: Sha256::new(), size: 0 })
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

impl BlobWriter {
    /// Puts the blob in its place; its digest and size in bytes. It survives a power cut from here on.
    ///
    /// # Errors
    /// As [`Store::write_blob`].
    pub fn finish(mut self, expected: Option<&Digest>) -> Result<(Digest, u64), Error> {
        let hasher = std::mem::take(&mut self.hasher);
        let actual = Digest::from_bytes(hasher.finalize().into());
        if let Some(&expected) = expected.filter(|&expected| *expected != actual) {
            return Err(Error::WrongDigest { expected, actual });
        }
        let target = self.inner.blob_path(&actual);
        if !target.exists() {
            self.file.sync_all().map_err(|source| Error::io("write", &self.path, source))?;
        }
        // In one transaction, so that `prune` sees either no blob or its pin.
        self.inner.write(|database| {
            super::records::pins::add(database, &self.session, &actual)?;
            if target.exists() {
                return Ok(());
            }
            fs::rename(&self.path, &target).map_err(|source| Error::io("create", &target, source))?;
            Ok(())
        })?;
        let folder = self.inner.blobs();
        let synced = File::open(&folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| Error::io("write", &folder, source))?;
        Ok((actual, self.size))
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
        // After a rename it is gone already.
        let _ = fs::remove_file(&self.path);
    }
}
