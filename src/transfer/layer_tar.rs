//! A stored layer's exact tar.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::Error;
use super::compression::Compression;
use super::expansion::Expansion;
use crate::layer::{self, DirContent, Index, TarOptions};
use crate::oci::{DiffId, Digest};
use crate::store::{LayerRecord, Store, TarSource};

/// Writes the uncompressed tar of `layer` to `out`, and checks its DiffID on the way.
///
/// # Errors
/// [`Error::Rebuilt`] if the store is damaged; whatever `out` says.
pub(super) fn write(store: &Store, layer: &LayerRecord, out: &mut dyn Write) -> Result<(), Error> {
    write_as(store, layer, Expansion::any(), out)
}

/// The same for one of two layers that are read side by side.
///
/// # Errors
/// [`Error::Rebuilt`] if the store is damaged; whatever `out` says.
pub fn write_side_by_side(store: &Store, layer: &LayerRecord, out: &mut dyn Write) -> Result<(), Error> {
    write_as(store, layer, Expansion::any().side_by_side(), out)
}

fn write_as(
    store: &Store,
    layer: &LayerRecord,
    expansion: Expansion,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut out = Hashing::new(out);
    match &layer.tar {
        TarSource::Canonical => {
            let index = Index::open(&store.part_index(&layer.part)).map_err(Error::layer)?;
            let content = DirContent::open(&store.part_fs(&layer.part)).map_err(Error::layer)?;
            // Times were clamped, if at all, before they went into the index.
            layer::write_tar(index.iter(), &content, &mut out, &TarOptions::default())
                .map_err(Error::layer)?;
        }
        TarSource::Split => {
            layer::rebuild_tar(&store.part_dir(&layer.part), &mut out).map_err(Error::layer)?;
        }
        TarSource::Blob(digest, _) => {
            let path = store.blob_path(digest);
            let (_, mut content) =
                Compression::open(store.open_blob(digest)?, expansion).map_err(Error::io("read", &path))?;
            io::copy(&mut content, &mut out).map_err(Error::io("copy", &path))?;
        }
    }
    let (found, _) = out.finish();
    if found == layer.diff_id.0 {
        return Ok(());
    }
    Err(Error::Rebuilt { expected: layer.diff_id, found: DiffId(found) })
}

/// Hashes and counts what it passes on.
pub(super) struct Hashing<W> {
    out: W,
    hasher: Sha256,
    size: u64,
}

impl<W: Write> Hashing<W> {
    pub fn new(out: W) -> Self {
        Self { out, hasher: Sha256::new(), size: 0 }
    }

    /// Digest and number of bytes.
    pub fn finish(self) -> (Digest, u64) {
        (Digest::from_bytes(self.hasher.finalize().into()), self.size)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
