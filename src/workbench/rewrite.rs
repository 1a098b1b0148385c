//! Layers made anew: what `squash`, `without` and `slim` have in common.
//!
//! A new layer is a new part of hard links to what the old one has, and its digest that of its canonical tar, as with
//! a commit. Layers of which nothing is taken stay the ones that they are, with the blobs that they came as.

use std::collections::HashSet;
use std::path::PathBuf;

use super::commit::parse_optional;
use super::time::image_time;
use super::{DeriveOptions, Error, Image, Result, Workbench, index_of};
use crate::image::{Config, Rewrite};
use crate::layer::{self, Entry, EntryRef, Fate, Glob, Index, Kind, Stack};
use crate::oci::{DiffId, Reference};
use crate::store::{BlobDescriptor, ImageRecord, LayerRecord};

/// An image of which another is made.
pub(super) struct Parent {
    pub record: ImageRecord,
    pub config: Config,
    /// Lowest first.
    pub layers: Vec<LayerRecord>,
    /// Bytes of all layers.
    pub size: u64,
    /// What people call it.
    pub label: String,
}

/// What is to go out of layers.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// These paths and all in them, from every layer.
    pub globs: Vec<Glob>,
    /// Symbolic links that fit stay: somebody set them up. Those in a directory that goes do not.
    pub keeps_links: bool,
    /// By layer: what later ones hide of it.
    pub hidden: Vec<HashSet<Vec<u8>>>,
}

impl Cut {
    fn fate(&self, layer: usize, kind: Kind, path: &[u8]) -> Fate {
        if path.is_empty() {
            return Fate::Stays;
        }
        let subject = match path.iter().rposition(|byte| *byte == b'/') {
            // Its own name does not count, only the directories around it.
            Some(slash) if self.keeps_links && kind == Kind::Symlink => &path[..slash],
            _ => path,
        };
        if Glob::any_covers(&self.globs, subject) {
            return Fate::Goes;
        }
        match self.hidden.get(layer) {
            Some(hidden) if hidden.contains(path) => Fate::Hides,
            Some(hidden) if layer::is_inside(path, hidden) => Fate::Goes,
            _ => Fate::Stays,
        }
    }
}

impl Workbench {
    /// Everything about `image` that is needed to make another of it; one that is only looked at is stored first.
    pub(super) fn parent(&self, image: &Image) -> Result<Parent> {
        let record = self.image_record(image)?;
        let config = Config::parse(record.config.clone())?;
        let layers =
            record.diff_ids.iter().map(|diff_id| self.stored_layer(diff_id)).collect::<Result<Vec<_>>>()?;
        let size = layers.iter().fold(0_u64, |sum, layer| sum.saturating_add(layer.size));
        Ok(Parent { record, config, layers, size, label: image.label().to_owned() })
    }

    /// The trees of `layers` (lowest first) as what lies below another layer.
    pub(super) fn lowers(&self, layers: &[LayerRecord]) -> Result<Stack> {
        let trees = layers.iter().rev().map(|layer| self.tree(&layer.part));
        Ok(Stack::open(&trees.collect::<Result<Vec<PathBuf>>>()?, self.format()?)?)
    }

    /// The layers of `parent` without what `cut` takes out of them; `None` for one that says nothing any more.
    pub(super) fn cut(&self, parent: &Parent, cut: &Cut) -> Result<Vec<Option<DiffId>>> {
        let mut left: Vec<LayerRecord> = Vec::with_capacity(parent.layers.len());
        let mut outcome = Vec::with_capacity(parent.layers.len());
        let mut changed = false;
        for (position, old) in parent.layers.iter().enumerate() {
            let index = Index::open(&index_of(&self.store()?.part_dir(&old.part)))?;
            let is_cut = index.iter().any(|entry| cut.fate(position, entry.kind, entry.path) != Fate::Stays);
            let is_idle =
                changed && !is_cut && self.has_idle_marks(&index, &parent.layers[..position], &left)?;
            let new = if is_cut || is_idle {
                changed = true;
                let lowers = self.lowers(&left)?;
                self.layer_without(old, &lowers, &|entry| cut.fate(position, entry.kind, &entry.path))?
            } else {
                Some(old.clone())
            };
            outcome.push(new.as_ref().map(|layer| layer.diff_id));
            left.extend(new);
        }
        Ok(outcome)
    }

    /// Whether a deletion hid something of the old layers below and hides nothing of the new ones.
    fn has_idle_marks(&self, index: &Index, old: &[LayerRecord], new: &[LayerRecord]) -> Result<bool> {
        let mut marks = index.iter().filter(|entry| entry.kind == Kind::Whiteout).peekable();
        if marks.peek().is_none() {
            return Ok(false);
        }
        let (old, new) = (self.lowers(old)?, self.lowers(new)?);
        for mark in marks {
            if new.lookup(mark.path)?.is_none() && old.lookup(mark.path)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A layer of what the entries' fates leave of `old`. `None` if that changes nothing of what lies below.
    fn layer_without(
        &self,
        old: &LayerRecord,
        lowers: &Stack,
        fate: &dyn Fn(&Entry) -> Fate,
    ) -> Result<Option<LayerRecord>> {
        let part = self.new_part()?;
        let tree = self.tree(&part)?;
        let stop = self.stop();
        let merged = layer::merge_some(&[self.tree(&old.part)?], &tree, self.format()?, fate, &stop)
            .and_then(|_| layer::settle(&tree, lowers, &stop))
            .map_err(Error::from)
            .and_then(|entries| says_nothing(&entries, lowers));
        if self.or_remove(&part, merged)? {
            self.store()?.remove_part(&part)?;
            return Ok(None);
        }
        self.layer_from_new_part(&part, lowers)
    }

    /// The image after `rewrite`, which says what became of the layers of `parent`; it is not named yet.
    pub(super) fn put_rewritten(
        &self,
        parent: &Parent,
        done: &str,
        comment: Option<String>,
        rewrite: Rewrite,
    ) -> Result<Image> {
        let rewrite = Rewrite {
            created: image_time(self.settings.source_date_epoch),
            created_by: format!("plywood {done}"),
            comment,
            ..rewrite
        };
        let config = rewrite.on(&parent.config)?;
        let kept = config.diff_ids().iter().map(|diff_id| blob_of(parent, diff_id)).collect();
        let image = self.put_derived(&config, kept, None)?;
        Ok(compared(image, parent))
    }

    /// Names an image that was made of `parent` and tells the session of it.
    pub(super) fn deliver(&self, image: Image, reference: Option<&Reference>) -> Result<Image> {
        let image = match reference {
            Some(reference) => {
                let saving = image.saving;
                let record = self.image_record(&image)?;
                self.store()?.tag(&record.id, reference)?;
                Image { saving, ..self.image_value(&record)? }
            }
            None => image,
        };
        self.note_image(&image);
        Ok(image)
    }
}

/// The reference that the options give, if they do.
pub(super) fn reference_of(options: &DeriveOptions) -> Result<Option<Reference>> {
    parse_optional(options.tag.as_deref().unwrap_or_default())
}

/// How much smaller `image` is than `parent`.
pub(super) fn compared(image: Image, parent: &Parent) -> Image {
    let size = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let saving = size(parent.size).saturating_sub(size(image.size));
    Image { saving: Some(saving), ..image }
}

/// The blob that a layer came as with the image that others are made of.
fn blob_of(parent: &Parent, diff_id: &DiffId) -> Option<BlobDescriptor> {
    let position = parent.record.diff_ids.iter().position(|one| one == diff_id)?;
    parent.record.compressed.get(position).cloned().flatten()
}

/// Whether `entries` are directories alone that are there anyway. Their times do not count: they tell when something
/// was put in or taken out, and that is what was undone.
fn says_nothing(entries: &[Entry], lowers: &Stack) -> Result<bool> {
    for entry in entries {
        if entry.kind != Kind::Dir || entry.opaque {
            return Ok(false);
        }
        let Some(below) = lowers.entry(&entry.path)? else { return Ok(false) };
        let same = (below.kind, below.mode, below.uid, below.gid, &below.xattrs)
            == (entry.kind, entry.mode, entry.uid, entry.gid, &entry.xattrs);
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The entries of every layer, for what looks at all of them together.
pub(super) fn borrowed(indexes: &[Index]) -> Vec<Vec<EntryRef<'_>>> {
    indexes.iter().map(|index| index.iter().collect()).collect()
}
