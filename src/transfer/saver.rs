//! One image on its way out: the files of its layers, and its documents.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::compression::Compression;
use super::layer_tar;
use super::layout_writer::LayoutWriter;
use super::parallel::processors;
use super::progress::Item;
use super::watch::Watch;
use super::{Error, SaveOptions};
use crate::image::conform;
use crate::oci::{Digest, media_type};
use crate::store::{BlobDescriptor, ImageRecord, LayerRecord, Store, TarSource};

/// One image on its way out.
pub(super) struct Saver<'a> {
    store: &'a Store,
    image: &'a ImageRecord,
    options: &'a SaveOptions,
    watch: Watch,
}

impl<'a> Saver<'a> {
    pub fn new(store: &'a Store, image: &'a ImageRecord, options: &'a SaveOptions, watch: Watch) -> Self {
        Self { store, image, options, watch }
    }

    /// The configuration and the manifest to go with these layers.
    pub fn documents(&self, layers: &[BlobDescriptor], docker_too: bool) -> Documents<'a> {
        documents(self.image.id, &self.image.config, self.image.manifest.as_deref(), layers, docker_too)
    }
}

/// The configuration and the manifest to go with these layers, of the image `id` that came with `config` and, where it
/// had one, with `manifest`.
///
/// Both are what the image came with, if its layers go out as they came: then nothing gets another digest.
/// Docker's kind of manifest has no place in an OCI layout, but registries take both (`docker_too`).
/// Otherwise they are OCI's, and so the configuration keeps nothing that OCI's schema refuses.
pub(super) fn documents<'a>(
    id: Digest,
    config: &'a [u8],
    manifest: Option<&'a [u8]>,
    layers: &[BlobDescriptor],
    docker_too: bool,
) -> Documents<'a> {
    if let Some(raw) = manifest
        && is_about(raw, id, layers, docker_too)
    {
        return Documents { config: Cow::Borrowed(config), manifest: Cow::Borrowed(raw) };
    }
    let config = conform(config);
    let layers: Vec<Value> = layers
        .iter()
        .map(|layer| {
            json!({ "mediaType": layer.media_type, "digest": layer.digest.to_string(), "size": layer.size })
        })
        .collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": {
            "mediaType": media_type::OCI_CONFIG,
            "digest": Digest::of(&config).to_string(),
            "size": config.len(),
        },
        "layers": layers,
    });
    Documents { config, manifest: Cow::Owned(manifest.to_string().into_bytes()) }
}

/// An image's configuration and manifest as they go out.
pub(super) struct Documents<'a> {
    pub config: Cow<'a, [u8]>,
    pub manifest: Cow<'a, [u8]>,
}

/// The blobs that were made for this target so far, by what is in them and how it is compressed.
pub(super) type Made = HashMap<(Digest, Compression), BlobDescriptor>;

impl Saver<'_> {
    /// The image's layers, lowest first.
    pub fn layers(&self) -> Result<Vec<LayerRecord>, Error> {
        let find = |diff_id| {
            let missing = crate::store::Error::MissingLayer { diff_id };
            self.store.layer(&diff_id)?.ok_or(missing).map_err(Error::from)
        };
        self.image.diff_ids.iter().map(|diff_id| find(*diff_id)).collect()
    }

    /// The blob that this layer came as, if it still is what was asked for.
    pub fn kept_blob(&self, layer: &LayerRecord, position: usize) -> Result<Option<BlobDescriptor>, Error> {
        let mut kept = self.image.compressed.get(position).cloned().flatten();
        if let (None, TarSource::Blob(digest, media_type)) = (&kept, &layer.tar) {
            let size = std::fs::metadata(self.store.blob_path(digest)).map_or(0, |found| found.len());
            kept = Some(BlobDescriptor { digest: *digest, size, media_type: media_type.clone() });
        }
        let Some(blob) = kept else { return Ok(None) };
        let wanted = self.options.compression.map(Compression::layer_media_type);
        let fits = self.options.level.is_none() && wanted.is_none_or(|wanted| wanted == blob.media_type);
        Ok((fits && self.store.pin_blob(&blob.digest)?).then_some(blob))
    }

    /// Writes the layer into a layout, unless it is there.
    pub fn write_layer(
        &self,
        writer: &mut LayoutWriter<'_>,
        layer: &LayerRecord,
        position: usize,
        made: &mut Made,
    ) -> Result<BlobDescriptor, Error> {
        self.watch.check()?;
        if let Some(blob) = self.kept_blob(layer, position)? {
            let item = self.options.report.begin(blob.digest.short(), "save", Some(blob.size));
            if writer.has(&blob.digest, blob.size) {
                item.end("exists");
            } else {
                let path = self.store.blob_path(&blob.digest);
                let mut file = self.store.open_blob(&blob.digest)?;
                let (found, _) = writer.blob(|out| {
                    let mut out = item.writer(self.watch.writer(out));
                    io::copy(&mut file, &mut out).map(drop).map_err(Error::io("copy", &path))
                })?;
                if found != blob.digest {
                    return Err(Error::Digest {
                        name: path.display().to_string(),
                        expected: blob.digest,
                        found,
                    });
                }
                item.end("saved");
            }
            return Ok(blob);
        }
        let compression = self.compression(layer, position);
        let key = (layer.diff_id.0, compression);
        if let Some(known) = made.get(&key) {
            return Ok(known.clone());
        }
        let item = self.options.report.begin(layer.diff_id.0.short(), "save", Some(layer.tar_size));
        let (digest, size) = writer.blob(|out| self.write_compressed(layer, compression, &item, out))?;
        item.end("saved");
        let blob = BlobDescriptor { digest, size, media_type: compression.layer_media_type().to_owned() };
        made.insert(key, blob.clone());
        Ok(blob)
    }

    /// Writes a layer that has no fitting blob into `file`.
    pub fn compress(
        &self,
        layer: &LayerRecord,
        position: usize,
        file: &std::fs::File,
    ) -> Result<BlobDescriptor, Error> {
        let compression = self.compression(layer, position);
        let mut out = layer_tar::Hashing::new(io::BufWriter::with_capacity(1 << 18, file));
        let item = self.options.report.begin(layer.diff_id.0.short(), "compress", Some(layer.tar_size));
        self.write_compressed(layer, compression, &item, &mut out)?;
        io::Write::flush(&mut out).map_err(Error::io("write", Path::new("a layer")))?;
        item.end("compressed");
        let (digest, size) = out.finish();
        Ok(BlobDescriptor { digest, size, media_type: compression.layer_media_type().to_owned() })
    }

    /// What a layer is to be compressed with: as asked; else plain if the manifest with which it came has it so.
    fn compression(&self, layer: &LayerRecord, position: usize) -> Compression {
        let came_plain = || {
            let manifest = serde_json::from_slice::<Value>(self.image.manifest.as_deref()?).ok()?;
            let listed = manifest.get("layers")?.get(position)?.get("digest")?.as_str()?;
            (listed == layer.diff_id.to_string()).then_some(Compression::None)
        };
        self.options.compression.or_else(came_plain).unwrap_or(Compression::Gzip)
    }

    fn write_compressed(
        &self,
        layer: &LayerRecord,
        compression: Compression,
        item: &Item,
        out: &mut dyn io::Write,
    ) -> Result<(), Error> {
        let threads = self.options.threads.unwrap_or_else(processors);
        let produce = |sink: &mut dyn io::Write| {
            layer_tar::write(self.store, layer, &mut item.writer(self.watch.writer(sink)))
        };
        let failed = |error| Error::io("write", Path::new("a layer"))(error);
        compression.write(out, self.options.level, threads, failed, produce)
    }
}

/// Is `raw` an OCI manifest (or one of Docker's) of just this configuration and these layers?
fn is_about(raw: &[u8], config: Digest, layers: &[BlobDescriptor], docker_too: bool) -> bool {
    let Ok(manifest) = serde_json::from_slice::<Value>(raw) else { return false };
    let digest =
        |value: &Value| value.get("digest").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let is_oci = |value: &Value, default: bool| {
        value
            .get("mediaType")
            .and_then(Value::as_str)
            .map_or(default, |text| docker_too || text.starts_with("application/vnd.oci."))
    };
    let Some(listed) = manifest.get("layers").and_then(Value::as_array) else { return false };
    let Some(own_config) = manifest.get("config") else { return false };
    is_oci(&manifest, true)
        && is_oci(own_config, false)
        && digest(own_config) == Some(config)
        && listed.len() == layers.len()
        && listed
            .iter()
            .zip(layers)
            .all(|(listed, layer)| is_oci(listed, false) && digest(listed) == Some(layer.digest))
}
