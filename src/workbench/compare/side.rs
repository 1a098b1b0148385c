//! One of the two that are compared.

use std::fs::File;

use serde_json::Value;

use super::super::look::{Content, Look};
use super::super::{Container, Image, Layer, Result, Subject, Workbench};
use super::came_as::{Blob, Tar};
use crate::image::Config;
use crate::layer::EntryRef;
use crate::oci::DiffId;

/// What can be compared.
#[derive(Debug, Clone)]
pub enum Operand {
    /// All that an image shows.
    Image(Image),
    /// All that a container shows.
    Container(Container),
    /// What a layer carries, whiteouts too.
    Layer(Layer),
}

/// One of the two, looked into.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) look: Look,
    /// Of an image or a container.
    pub(super) config: Option<Config>,
    /// By layer; none of a container's own.
    pub(super) diff_ids: Vec<DiffId>,
    /// Equal ids are the same thing, bit for bit.
    pub(super) id: Option<String>,
    /// The manifest, where there is one.
    pub(super) manifest: Option<Value>,
    /// How to have the layers' exact tars, by layer.
    pub(super) tars: Vec<Tar>,
    /// How the layers came, by layer; none where nobody kept that.
    pub(super) blobs: Vec<Option<Blob>>,
    /// A layer that stands for itself.
    own: Option<usize>,
}

/// One path of a side: what is there, hard links as the files that they are, and the layer that has it.
pub(super) type Item<'a> = (EntryRef<'a>, usize);

impl Workbench {
    pub(super) fn side(&self, operand: &Operand) -> Result<Side> {
        let subject = match operand {
            Operand::Image(image) => Subject::Image(image.clone()),
            Operand::Container(container) => Subject::Container(container.clone()),
            Operand::Layer(layer) => return self.layer_side(layer),
        };
        let look = self.look(&subject, Content::Needed)?;
        self.side_with(&subject, look)
    }

    /// What is looked into already as a side.
    pub(super) fn side_with(&self, subject: &Subject, look: Look) -> Result<Side> {
        let mut manifest = None;
        let (config, id, blobs) = match subject {
            Subject::Image(image) => {
                let record = self.image_record(image)?;
                let blobs = self.image_blobs(image, &record)?;
                // One image can lie in two places with two manifests; the store keeps one.
                let seen = self.examined(image)?.map(|examined| examined.manifest.clone());
                let raw = seen.unwrap_or_else(|| record.manifest.clone());
                manifest = raw.and_then(|raw| serde_json::from_slice(&raw).ok());
                (Config::parse(record.config)?, Some(image.id.clone()), blobs)
            }
            Subject::Container(container) => {
                let record = self.container_record(container)?;
                (self.prepare_container(&record)?.config.clone(), None, Vec::new())
            }
        };
        let diff_ids = config.diff_ids().to_vec();
        let tars = diff_ids.iter().map(|diff_id| self.tar_of(diff_id)).collect::<Result<_>>()?;
        Ok(Side { look, diff_ids, config: Some(config), id, manifest, tars, blobs, own: None })
    }

    fn layer_side(&self, layer: &Layer) -> Result<Side> {
        if let Some(id) = &layer.container {
            let look = self.look(&Subject::Container(self.container(id)?), Content::Needed)?;
            let (diff_ids, tars, blobs) = (Vec::new(), Vec::new(), Vec::new());
            return Ok(Side {
                look,
                config: None,
                diff_ids,
                id: None,
                manifest: None,
                tars,
                blobs,
                own: Some(layer.index),
            });
        }
        let diff_id: DiffId = layer.diff_id.parse()?;
        let look = self.look_at_layer(&diff_id)?;
        Ok(Side {
            look,
            config: None,
            diff_ids: vec![diff_id],
            id: Some(layer.diff_id.clone()),
            manifest: None,
            tars: vec![self.tar_of(&diff_id)?],
            blobs: vec![self.layer_blob(layer, &diff_id)?],
            own: Some(0),
        })
    }
}

impl Side {
    pub(super) fn label(&self) -> &str {
        &self.look.label
    }

    /// Everything there is, sorted by path, without the root.
    pub(super) fn items(&self) -> Box<dyn Iterator<Item = Item<'_>> + '_> {
        match (self.own, self.look.top()) {
            (Some(layer), _) => Box::new(self.items_of(layer)),
            (None, Some(top)) => {
                let shown = self.look.model.shown_after(top);
                Box::new(shown.map(|version| (self.look.model.file(&version), version.layer)))
            }
            (None, None) => Box::new(std::iter::empty()),
        }
    }

    /// What one layer carries.
    pub(super) fn items_of(&self, layer: usize) -> impl Iterator<Item = Item<'_>> + '_ {
        let model = &self.look.model;
        let own = model.nodes().skip(1).filter_map(move |node| model.version_in(node, layer));
        own.map(move |version| (model.file(&version), layer))
    }

    /// What is at a path, symbolic links followed.
    pub(super) fn open(&self, path: &[u8]) -> Result<Option<(File, u64)>> {
        let Some(after) = self.own.or_else(|| self.look.top()) else { return Ok(None) };
        let model = &self.look.model;
        let node = model.resolve(path, after, self.own.is_none());
        let version = node.and_then(|node| match self.own {
            Some(layer) => model.version_in(node, layer),
            None => model.shown(node, after),
        });
        let Some(version) = version else { return Ok(None) };
        let entry = model.file(&version);
        if entry.kind != crate::layer::Kind::File {
            return Ok(None);
        }
        Ok(Some((self.look.open(&version)?, entry.size)))
    }

    pub(super) fn diff_id(&self, layer: usize) -> Option<&DiffId> {
        self.diff_ids.get(layer)
    }
}
