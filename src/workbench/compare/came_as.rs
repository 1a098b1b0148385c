//! Layers as they came: exact tars and compressed blobs, wherever those are.

use std::io::Read;

use super::super::in_place::SeenLayer;
use super::super::{Error, Image, Layer, Result, Workbench};
use crate::oci::{DiffId, Digest};
use crate::store::{ImageRecord, LayerRecord};
use crate::transfer::{self, Compression};

/// Where a layer's exact tar comes from.
#[derive(Debug, Clone)]
pub(super) enum Tar {
    /// The store has it, or what it is rebuilt from.
    Stored(LayerRecord),
    /// It lies where it was looked at.
    Seen(Box<SeenLayer>),
}

/// A layer as it came.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    pub(super) digest: Option<Digest>,
    pub(super) size: u64,
    pub(super) head: Vec<u8>,
}

impl Workbench {
    /// Where the exact tar of a layer comes from.
    pub(super) fn tar_of(&self, diff_id: &DiffId) -> Result<Tar> {
        match (self.store()?.layer(diff_id)?, self.seen_layer(diff_id)) {
            (None, Some(seen)) => Ok(Tar::Seen(Box::new(seen))),
            _ => Ok(Tar::Stored(self.stored_layer(diff_id)?)),
        }
    }

    /// How the layers of an image came, where it lies or into the store.
    pub(super) fn image_blobs(&self, image: &Image, record: &ImageRecord) -> Result<Vec<Option<Blob>>> {
        if let Some(examined) = self.examined(image)? {
            return Ok(examined.layers.iter().map(|layer| Some(Blob::seen(layer))).collect());
        }
        let blobs = record.compressed.iter().map(|blob| {
            blob.as_ref()
                .map(|blob| self.stored_blob(&blob.digest, blob.size))
                .transpose()
                .map(Option::flatten)
        });
        blobs.collect()
    }

    /// How one layer came.
    pub(super) fn layer_blob(&self, layer: &Layer, diff_id: &DiffId) -> Result<Option<Blob>> {
        if self.store()?.layer(diff_id)?.is_none()
            && let Some(seen) = self.seen_layer(diff_id)
        {
            return Ok(Some(Blob::seen(&seen.layer)));
        }
        let (Some(digest), Some(size)) = (&layer.digest, layer.compressed_size) else { return Ok(None) };
        self.stored_blob(&digest.parse()?, size)
    }

    fn stored_blob(&self, digest: &Digest, size: u64) -> Result<Option<Blob>> {
        let store = self.store()?;
        if !store.has_blob(digest) {
            return Ok(None);
        }
        let mut head = Vec::new();
        let read = store.open_blob(digest)?.take(transfer::PACKED_HEAD as u64).read_to_end(&mut head);
        read.map_err(|error| Error::io(format!("reading blob `{digest}`"), &error))?;
        Ok(Some(Blob { digest: Some(*digest), size, head }))
    }
}

impl Blob {
    fn seen(layer: &transfer::ExaminedLayer) -> Self {
        let plain = (layer.compression == Compression::None).then_some(layer.diff_id.0);
        Self { digest: plain.or(layer.digest), size: layer.file_size, head: layer.head.clone() }
    }
}
