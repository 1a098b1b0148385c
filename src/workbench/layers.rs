//! `layers`, `waste` and `history`: what an image is made of.

use super::listed::{absolute, file};
use super::look::{Content, Look};
use super::{
    Error, File, HistoryEntry, Image, Layer, Result, Subject, Waste, WasteItem, Workbench, index_of,
};
use crate::image::Config;
use crate::inspect;
use crate::layer::{Index, Kind};
use crate::oci::{DiffId, media_type};
use crate::store::{BlobDescriptor, LayerRecord, TarSource};

impl Workbench {
    /// The subject's layers, lowest first; a container's writable layer is the last.
    ///
    /// # Errors
    /// When the subject is gone or one of its layers is missing.
    pub fn layers(&self, subject: &Subject) -> Result<Vec<Layer>> {
        let look = self.look(subject, Content::IfThere)?;
        let waste = look.model.waste();
        self.layers_of(subject, &look, &waste)
    }

    /// The same of what is looked into already.
    pub(super) fn layers_of(
        &self,
        subject: &Subject,
        look: &Look,
        waste: &inspect::Waste,
    ) -> Result<Vec<Layer>> {
        let (diff_ids, compressed) = match subject {
            Subject::Image(image) => {
                if let Some(examined) = self.examined(image)? {
                    return self.examined_layers(examined, waste);
                }
                let record = self.image_record(image)?;
                (record.diff_ids, record.compressed)
            }
            Subject::Container(container) => {
                let record = self.container_record(container)?;
                (self.prepare_container(&record)?.config.diff_ids().to_vec(), Vec::new())
            }
        };
        let mut layers = Vec::with_capacity(diff_ids.len() + 1);
        for (index, (diff_id, step)) in diff_ids.iter().zip(look.steps.iter()).enumerate() {
            let stored = self.stored_layer(diff_id)?;
            let blob = compressed.get(index).cloned().flatten().or_else(|| self.came_as(&stored));
            layers.push(Layer {
                index,
                digest: blob.as_ref().map(|blob| blob.digest.to_string()),
                diff_id: diff_id.to_string(),
                media_type: blob.as_ref().map_or(media_type::OCI_LAYER, |blob| &blob.media_type).to_owned(),
                size: stored.size,
                compressed_size: blob.map(|blob| blob.size),
                file_count: stored.file_count,
                created: step.created.clone(),
                created_by: step.created_by.clone(),
                waste: waste.by_layer.get(index).copied().unwrap_or(0),
                container: None,
            });
        }
        if let (Subject::Container(container), Some(step)) = (subject, look.steps.last()) {
            let index = diff_ids.len();
            let entries = look.model.entries(index);
            let count = entries.map_or(0, |own| own.iter().filter(|it| it.kind != Kind::Whiteout).count());
            layers.push(Layer {
                index,
                digest: None,
                // Nobody has written it as a tar.
                diff_id: String::new(),
                media_type: media_type::OCI_LAYER.to_owned(),
                size: look.model.layer_size(index),
                compressed_size: None,
                file_count: count as u64,
                created: step.created.clone(),
                created_by: step.created_by.clone(),
                waste: 0,
                container: Some(container.id.clone()),
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
        if let Some(id) = &layer.container {
            let look = self.look(&Subject::Container(self.container(id)?), Content::IfThere)?;
            let own = look.model.entries(layer.index);
            return Ok(own
                .into_iter()
                .flat_map(|own| own.iter().map(|it| file(&it)).collect::<Vec<_>>())
                .collect());
        }
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
        Ok(waste_value(&self.look(subject, Content::IfThere)?.model.waste()))
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
