//! Images that are only looked at, in an archive, a layout, a daemon or a registry.
//!
//! Such an image has its documents, and of files also the lists of what is in its layers. It is taken into the
//! store, and thereby verified, when something needs its files' content: a run, a read, a tag, most saves.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use serde_json::{Value, json};

use super::inspect::to_json;
use super::listed::file;
use super::{Error, File, Image, Layer, Result, Subject, Workbench};
use crate::image::Config;
use crate::inspect::Waste;
use crate::layer::{Entry, Index, Kind};
use crate::oci::{DiffId, Digest, Reference};
use crate::store::ImageRecord;
use crate::transfer::registry::{self, Remote};
use crate::transfer::{self, Examined, ExaminedLayer, Source};

/// Where an image is that is not in the store.
#[derive(Debug)]
pub struct Origin {
    source: Source,
    seen: Seen,
    // A daemon's image, written out: it goes with the last value that has it.
    _archive: Option<tempfile::NamedTempFile>,
}

/// A layer that was looked into, and where that was.
#[derive(Debug, Clone)]
pub(super) struct SeenLayer {
    pub layer: ExaminedLayer,
    pub source: Source,
}

/// What is known of it.
#[derive(Debug)]
enum Seen {
    /// Its documents, and what is in its layers.
    Files(Examined),
    /// Its documents.
    Documents(Remote),
}

impl Origin {
    /// Its configuration.
    pub(super) fn config(&self) -> Result<Config> {
        let raw = match &self.seen {
            Seen::Files(examined) => &examined.config,
            Seen::Documents(remote) => &remote.config,
        };
        Ok(Config::parse(raw.clone())?)
    }

    /// What a registry says of it, if it lies in one.
    pub(super) const fn remote(&self) -> Option<&Remote> {
        match &self.seen {
            Seen::Files(_) => None,
            Seen::Documents(remote) => Some(remote),
        }
    }

    /// Bytes of its layers, lowest first: unpacked where they were looked into, else as they would come.
    pub(super) fn sizes(&self) -> Vec<u64> {
        match &self.seen {
            Seen::Files(examined) => examined.layers.iter().map(|layer| layer.index.file_bytes()).collect(),
            Seen::Documents(remote) => remote.layers.iter().map(|layer| layer.size).collect(),
        }
    }
}

impl Workbench {
    /// The one image of a source, as it lies there.
    pub(super) fn look_at(&self, text: &str) -> Result<Image> {
        let source: Source = text.parse()?;
        let store = self.store()?;
        if let Source::Registry(reference) = &source {
            let remote = registry::look(reference, &self.registry_options()?)?;
            let seen = Seen::Documents(remote.clone());
            let origin = Origin { source: source.clone(), seen, _archive: None };
            let references = [reference.clone()].into_iter().filter(|it| it.digest().is_none()).collect();
            return self.value(remote.id, Some(remote.manifest_digest), references, origin);
        }
        let archive = match &source {
            Source::Daemon(name) => Some(self.export(name)?),
            _ => None,
        };
        let source = archive.as_ref().map_or(source, super::transfer_verbs::archive_of);
        let scratch = store.temporary_dir()?;
        let found = transfer::examine(&source, &scratch, &self.settings.limits, self.settings.interrupt);
        store.remove_temporary(scratch)?;
        let mut found = found?;
        let (Some(examined), true) = (found.pop(), found.is_empty()) else {
            return Err(Error::invalid(format!("`{text}` holds several images")).with_hint(
                "name one, as in `oci-archive:FILE:TAG` or `docker-archive:FILE:@0`, or take all with `load`",
            ));
        };
        let mut known = self.examined.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(examined.layers.iter().map(|layer| {
            let seen = SeenLayer { layer: layer.clone(), source: source.clone() };
            (layer.diff_id, seen)
        }));
        drop(known);
        let (id, references) = (examined.id, examined.references.clone());
        let digest = examined.manifest.as_deref().map(Digest::of);
        self.value(id, digest, references, Origin { source, seen: Seen::Files(examined), _archive: archive })
    }

    fn value(
        &self,
        id: Digest,
        digest: Option<Digest>,
        references: Vec<Reference>,
        origin: Origin,
    ) -> Result<Image> {
        let config = origin.config()?;
        Ok(Image {
            id: id.to_string(),
            digest: digest.map(|digest| digest.to_string()),
            references: references.iter().map(ToString::to_string).collect(),
            size: origin.sizes().iter().fold(0, |sum, size| sum.saturating_add(*size)),
            created: config.created().unwrap_or_default().to_owned(),
            config: config.runtime_value(),
            diff_ids: config.diff_ids().iter().map(ToString::to_string).collect(),
            architecture: config.architecture(),
            os: config.os(),
            verified: false,
            saving: None,
            origin: Some(Arc::new(origin)),
        })
    }

    /// Takes an image into the store, which verifies it.
    pub(super) fn take_in(&self, id: &Digest, origin: &Origin) -> Result<ImageRecord> {
        let record = match &origin.seen {
            Seen::Documents(remote) => {
                // The tag may have moved since; what was looked at has not.
                let (name, digest) = (remote.reference.canonical(), remote.manifest_digest);
                let name = name.split('@').next().unwrap_or(&name);
                let exact: Reference = format!("{}@{digest}", untagged(name)).parse()?;
                let record = self.pull_record(&exact, None)?;
                if remote.reference.digest().is_none() {
                    self.store()?.tag(&record.id, &remote.reference)?;
                }
                Some(record)
            }
            Seen::Files(_) => self.load_records(&origin.source)?.into_iter().find(|record| record.id == *id),
        };
        record.ok_or_else(|| {
            Error::not_found(format!("image `{id}` is no longer where it was looked at"))
                .with_hint("its source has changed meanwhile: look at it anew")
        })
    }

    /// What was seen of the files of an image that is not in the store. One in a registry is taken in for that.
    pub(super) fn examined<'a>(&self, image: &'a Image) -> Result<Option<&'a Examined>> {
        let Some(origin) = &image.origin else { return Ok(None) };
        match &origin.seen {
            Seen::Files(examined) => Ok(Some(examined)),
            Seen::Documents(_) => Ok(None),
        }
    }

    /// What is in a layer that is not in the store, if it was looked into.
    pub(super) fn examined_index(&self, diff_id: &DiffId) -> Result<Option<Arc<Index>>> {
        if self.store()?.layer(diff_id)?.is_some() {
            return Ok(None);
        }
        Ok(self.seen_layer(diff_id).map(|seen| seen.layer.index))
    }

    /// A layer that was looked into where it lies.
    pub(super) fn seen_layer(&self, diff_id: &DiffId) -> Option<SeenLayer> {
        self.examined.lock().unwrap_or_else(PoisonError::into_inner).get(diff_id).cloned()
    }

    /// The layers as they were seen.
    pub(super) fn examined_layers(&self, examined: &Examined, waste: &Waste) -> Result<Vec<Layer>> {
        let config = Config::parse(examined.config.clone())?;
        let steps = super::step::steps(Some(&config), examined.layers.len());
        let layers = examined.layers.iter().zip(steps).enumerate().map(|(index, (layer, step))| {
            let compressed = layer.compression != transfer::Compression::None;
            Layer {
                index,
                digest: layer.digest.filter(|_| compressed).map(|digest| digest.to_string()),
                diff_id: layer.diff_id.to_string(),
                media_type: layer.compression.layer_media_type().to_owned(),
                size: layer.index.file_bytes(),
                compressed_size: compressed.then_some(layer.file_size),
                file_count: layer.index.file_count(),
                created: step.created,
                created_by: step.created_by,
                waste: waste.by_layer.get(index).copied().unwrap_or(0),
                container: None,
            }
        });
        Ok(layers.collect())
    }

    /// All that the source says of an image that is only looked at.
    pub(super) fn inspect_in_place(&self, image: &Image) -> Result<Option<Value>> {
        let Some(origin) = &image.origin else { return Ok(None) };
        let mut document = to_json(image)?;
        document["document"] = origin.config()?.value().clone();
        match &origin.seen {
            Seen::Files(_) => document["layers"] = to_json(&self.layers(&Subject::Image(image.clone()))?)?,
            Seen::Documents(remote) => {
                document["manifest"] = serde_json::from_slice(&remote.manifest).unwrap_or_default();
                let layers = remote.layers.iter().enumerate().map(|(index, layer)| {
                    json!({
                        "index": index, "digest": layer.digest, "diff_id": layer.diff_id,
                        "media_type": layer.media_type, "compressed_size": layer.size,
                    })
                });
                document["layers"] = layers.collect();
            }
        }
        Ok(Some(document))
    }
}

/// A whole name without its tag.
fn untagged(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((rest, tag)) if !tag.contains('/') => rest,
        _ => name,
    }
}

/// Every file as a container would see it, sorted by the paths' bytes.
pub(super) fn files(examined: &Examined) -> Vec<File> {
    let mut shown: BTreeMap<Vec<u8>, Entry> = BTreeMap::new();
    let below = |path: &[u8]| {
        let mut start = path.to_vec();
        start.push(b'/');
        let mut end = path.to_vec();
        end.push(b'/' + 1);
        start..end
    };
    for layer in &examined.layers {
        // What is hidden goes first: whiteouts and opaque directories speak of the layers below only.
        for entry in layer.index.iter() {
            let replaces = entry.kind != Kind::Dir || entry.opaque;
            if replaces && !entry.path.is_empty() {
                let hidden: Vec<Vec<u8>> =
                    shown.range(below(entry.path)).map(|(path, _)| path.clone()).collect();
                hidden.iter().for_each(|path| drop(shown.remove(path)));
            } else if replaces {
                shown.clear();
            }
            if entry.kind == Kind::Whiteout {
                shown.remove(entry.path);
            }
        }
        for entry in layer.index.iter().filter(|entry| entry.kind != Kind::Whiteout) {
            shown.insert(entry.path.to_vec(), entry.to_entry());
        }
    }
    shown.values().filter(|entry| !entry.path.is_empty()).map(|entry| file(&entry.as_ref())).collect()
}
