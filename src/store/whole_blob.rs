//! A blob that came whole and is meant for a place outside the store.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::Error;
use super::blobs::BlobWriter;
use crate::oci::Digest;

/// Bytes that are what their digest says. Dropped, they stay to be [resumed](super::Store::resume_blob), if they could
/// be, until they are taken away.
pub struct WholeBlob {
    writer: BlobWriter,
    size: u64,
}

impl WholeBlob {
    pub(super) const fn new(writer: BlobWriter, size: u64) -> Self {
        Self { writer, size }
    }

    /// How many bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Its bytes.
    ///
    /// # Errors
    /// Those of opening a file.
    pub fn reader(&self) -> Result<File, Error> {
        self.writer.reader()
    }

    /// Moves it to `target`, synced and with `mode`; or gives it back where that is another file system.
    ///
    /// # Errors
    /// Those of writing and renaming.
    pub fn move_to(self, target: &Path, mode: fs::Permissions) -> Result<Option<Self>, Error> {
        let fail = |source| Error::io("create", target, source);
        let file = self.writer.file();
        file.set_permissions(mode).and_then(|()| file.sync_all()).map_err(fail)?;
        match fs::rename(self.writer.path(), target) {
            Ok(()) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => Ok(Some(self)),
            Err(error) => Err(fail(error)),
        }
    }

    /// Removes it: its bytes are where they were meant for.
    pub fn discard(self) {
        self.writer.discard();
    }
}

impl BlobWriter {
    /// The whole blob, which is not put in the store.
    ///
    /// # Errors
    /// [`Error::WrongDigest`]; then nothing is kept.
    pub fn whole(self, expected: &Digest) -> Result<WholeBlob, Error> {
        let size = self.size();
        let (writer, actual) = self.hashed();
        if actual != *expected {
            writer.discard();
            return Err(Error::WrongDigest { expected: *expected, actual });
        }
        Ok(WholeBlob::new(writer, size))
    }
}
