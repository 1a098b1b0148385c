//! `layers`, `waste` and `history`: what an image is made of.

use super::time::rfc3339;
use super::{
    Error, File, HistoryEntry, Image, Layer, Result, Subject, Waste, WasteItem, Workbench, index_of,
};
use crate::image::Config;
use crate::inspect;
use crate::layer::{self, Entry, EntryRef, Index, Kind};
use crate::oci::{DiffId, media_type};
use crate::store::{BlobDescriptor, ImageRecord, LayerRecord, TarSource};

impl Workbench {
    /// The image's layers, lowest first.
    ///
    /// # Errors
    /// When the image is gone or one of its layers is missing.
    pub fn layers(&self, image: &Image) -> Result<Vec<Layer>> {
        if let Some(examined) = self.examined(image)? {
            return self.examined_layers(examined);
        }
        let record = self.image_record(image)?;
        let config = Config::parse(record.config.clone())?;
        let waste = self.image_waste(&record)?;
        // Histories may be shorter than the layers, or absent: then what is missing stays unknown.
        let mut history = config.history().iter().filter(|entry| entry["empty_layer"] != true);
        let mut layers = Vec::with_capacity(record.diff_ids.len());
        for (index, diff_id) in record.diff_ids.iter().enumerate() {
            let stored = self.stored_layer(diff_id)?;
            let compressed =
                record.compressed.get(index).cloned().flatten().or_else(|| self.came_as(&stored));
            let entry = history.next();
            let text = |key: &str| entry.and_then(|entry| entry[key].as_str()).map(str::to_owned);
            layers.push(Layer {
                index,
                digest: compressed.as_ref().map(|blob| blob.digest.to_string()),
                diff_id: diff_id.to_string(),
                media_type: compressed
                    .as_ref()
                    .map_or(media_type::OCI_LAYER, |blob| &blob.media_type)
                    .to_owned(),
                size: stored.size,
                compressed_size: compressed.map(|blob| blob.size),
                file_count: stored.file_count,
                created: text("created"),
                created_by: text("created_by"),
                waste: waste.by_layer.get(index).copied().unwrap_or(0),
            });
        }
        Ok(layers)
    }

    /// The blob that a layer came as, with another image.
    pub(super) fn came_as(&self, layer: &LayerRecord) -> Option<BlobDescriptor> {
        let TarSource::Blob(digest, media_type) = &layer.tar else { return None };
        let path = self.store().ok()?.blob_path(digest);
        let size = std::fs::metadata(path).ok()?.len();
        // A plain tar that is kept because it cannot be rebuilt is not compressed.
        (*digest != layer.diff_id.0).then(|| BlobDescriptor {
            digest: *digest,
            size,
            media_type: media_type.clone(),
        })
    }

    /// What a layer carries, whiteouts included, sorted by the paths' bytes.
    ///
    /// # Errors
    /// When the layer is gone.
    pub fn layer_files(&self, layer: &Layer) -> Result<Vec<File>> {
        let diff_id: DiffId = layer.diff_id.parse()?;
        if let Some(index) = self.examined_index(&diff_id)? {
            return Ok(index.iter().map(|entry| file(&entry)).collect());
        }
        let index = self.layer_index(&diff_id)?;
        Ok(index.iter().map(|entry| file(&entry)).collect())
    }

    /// What the final root filesystem of the subject does not show of what its layers carry.
    /// A container's writable layer is one more layer.
    ///
    /// # Errors
    /// When the subject or one of its layers is gone.
    pub fn waste(&self, subject: &Subject) -> Result<Waste> {
        let found = match subject {
            Subject::Image(image) => match self.examined(image)? {
                Some(examined) => super::in_place::waste(examined),
                None => self.image_waste(&self.image_record(image)?)?,
            },
            Subject::Container(container) => {
                let record = self.container_record(container)?;
                let prepared = self.prepare_container(&record)?;
                let own = layer::scan_all(&self.part_trees(&record)?, self.format()?)?;
                self.stack_waste(prepared.config.diff_ids(), &own)?
            }
        };
        Ok(waste_value(&found))
    }

    /// How the image came to be, oldest step first.
    ///
    /// # Errors
    /// When the image is gone.
    pub fn history(&self, image: &Image) -> Result<Vec<HistoryEntry>> {
        let (config, sizes) = match &image.origin {
            Some(origin) => (origin.config()?, origin.sizes()),
            None => {
                let record = self.image_record(image)?;
                let sizes = record.diff_ids.iter().map(|diff_id| Ok(self.stored_layer(diff_id)?.size));
                (Config::parse(record.config.clone())?, sizes.collect::<Result<Vec<u64>>>()?)
            }
        };
        let mut layers = sizes.into_iter();
        config
            .history()
            .iter()
            .map(|entry| {
                let text = |key: &str| entry[key].as_str().map(str::to_owned);
                let empty_layer = entry["empty_layer"] == true;
                let size = if empty_layer { 0 } else { layers.next().unwrap_or(0) };
                Ok(HistoryEntry {
                    created: text("created"),
                    created_by: text("created_by"),
                    author: text("author"),
                    comment: text("comment"),
                    empty_layer,
                    size,
                })
            })
            .collect()
    }

    pub(super) fn image_waste(&self, record: &ImageRecord) -> Result<inspect::Waste> {
        self.stack_waste(&record.diff_ids, &[])
    }

    fn stack_waste(&self, diff_ids: &[DiffId], own: &[Entry]) -> Result<inspect::Waste> {
        let indexes =
            diff_ids.iter().map(|diff_id| self.layer_index(diff_id)).collect::<Result<Vec<Index>>>()?;
        let stored = indexes.iter().map(|index| index.iter().collect::<Vec<EntryRef<'_>>>());
        let written = (!own.is_empty()).then(|| own.iter().map(Entry::as_ref).collect::<Vec<EntryRef<'_>>>());
        let trees = self.trees(diff_ids)?;
        Ok(inspect::waste(stored.chain(written), |lower, upper, path| {
            match (trees.get(lower), trees.get(upper)) {
                (Some(lower), Some(upper)) => layer::same_content(lower, upper, path).unwrap_or(false),
                // A container's own part is not among the trees: its files were just written.
                _ => false,
            }
        }))
    }

    fn trees(&self, diff_ids: &[DiffId]) -> Result<Vec<std::path::PathBuf>> {
        diff_ids.iter().map(|diff_id| self.tree(&self.stored_layer(diff_id)?.part)).collect()
    }

    pub(super) fn stored_layer(&self, diff_id: &DiffId) -> Result<LayerRecord> {
        self.store()?.layer(diff_id)?.ok_or_else(|| {
            Error::new(super::ErrorKind::Corrupt, format!("layer `{diff_id}` is not in the store"))
                .with_hint("`plywood fsck` tells which images are damaged")
        })
    }

    fn layer_index(&self, diff_id: &DiffId) -> Result<Index> {
        let record = self.stored_layer(diff_id)?;
        Ok(Index::open(&index_of(&self.store()?.part_dir(&record.part)))?)
    }
}

fn waste_value(found: &inspect::Waste) -> Waste {
    Waste {
        total: found.total,
        waste: found.bytes,
        efficiency: found.efficiency(),
        items: found
            .items
            .iter()
            .map(|item| WasteItem {
                path: absolute(&item.path),
                bytes: item.bytes,
                added_by: item.added_by,
                hidden_by: item.hidden_by,
                cause: item.cause.as_str().to_owned(),
            })
            .collect(),
    }
}

/// A layer's entry as a value.
pub(super) fn file(entry: &EntryRef<'_>) -> File {
    let link = match entry.kind {
        Kind::Symlink => Some(layer::escape_path(entry.link)),
        Kind::Hardlink => Some(absolute(entry.link)),
        _ => None,
    };
    File {
        path: absolute(entry.path),
        file_type: entry.kind.as_str().to_owned(),
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        size: entry.size,
        mtime: rfc3339(
            entry.mtime.secs.saturating_mul(1_000_000_000).saturating_add(entry.mtime.nanos.into()),
        ),
        link,
    }
}

/// A layer's path as people write it.
fn absolute(path: &[u8]) -> String {
    format!("/{}", layer::escape_path(path))
}
