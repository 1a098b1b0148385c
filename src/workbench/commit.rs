//! `commit`: what a container changed becomes a layer, and the container an image.

use super::run::RunConfig;
use super::state::Copied;
use super::time::{image_time, now_nanos};
use super::{CommitOptions, Container, Error, Image, Result, Workbench, index_of, tree_of};
use crate::image::{Change, Config, Next};
use crate::layer::{self, Entry, Index, Mtime, Stack, TarOptions};
use crate::oci::{DiffId, Reference};
use crate::store::{
    AddedLayer, BlobDescriptor, ContainerLock, ContainerRecord, ImageRecord, LayerRecord, PartId, TarSource,
};

impl Workbench {
    /// Makes an image of `container` and names it `reference`; an empty one names nothing.
    ///
    /// At most one layer is added, holding all that changed since the container's image. The
    /// container goes on in a fresh directory on top; nothing is copied or compressed. Of a container that
    /// runs, what it has written is copied first, while it is paused unless `pause` is false.
    ///
    /// # Errors
    /// [`super::ErrorKind::Busy`] while another process does something else with it than run it; an
    /// instruction that is none.
    pub fn commit(&self, container: &Container, reference: &str, options: CommitOptions) -> Result<Image> {
        let reference = parse_optional(reference)?;
        let changes = parse_changes(&options.change)?;
        let store = self.store()?;
        let (record, diff_id) = self.layer_of(container, options.pause)?;
        let prepared = self.prepare_container(&record)?;
        let run = RunConfig::of(&record);
        let next = Next {
            created: image_time(self.settings.source_date_epoch),
            created_by: run.created_by(),
            author: options.author,
            comment: options.message,
            diff_id,
            runtime: run.committed(&prepared.config),
            changes,
        };
        let config = next.on(&prepared.config)?;
        let image = self.put_config(&config, reference.as_ref())?;
        if options.sync {
            store.sync()?;
        }
        self.note_image(&image);
        Ok(image)
    }

    /// Stores an image that has no manifest of its own, and names it.
    pub(super) fn put_config(&self, config: &Config, reference: Option<&Reference>) -> Result<Image> {
        self.put_derived(config, vec![None; config.diff_ids().len()], reference)
    }

    /// The same for an image some of whose layers came as blobs: a push gives those again.
    pub(super) fn put_derived(
        &self,
        config: &Config,
        compressed: Vec<Option<BlobDescriptor>>,
        reference: Option<&Reference>,
    ) -> Result<Image> {
        let record = ImageRecord {
            id: config.id(),
            config: config.raw().to_vec(),
            manifest: None,
            manifest_digest: None,
            diff_ids: config.diff_ids().to_vec(),
            compressed,
            created: now_nanos(),
        };
        self.store()?.put_image(&record, reference.map(std::slice::from_ref).unwrap_or_default())?;
        self.image_value(&record)
    }

    /// Turns what the container wrote since its image into one layer; `None` for nothing.
    fn layer_of(&self, container: &Container, pause: bool) -> Result<(ContainerRecord, Option<DiffId>)> {
        loop {
            if let Some((record, lock)) = self.hold(container)? {
                let layer = self.freeze(&record, &lock)?;
                return Ok((record, layer));
            }
            if let Some(copied) = self.copy_running(container, pause)? {
                let layer = self.layer_of_copy(&copied)?;
                return Ok((copied.record, layer));
            }
        }
    }

    fn freeze(&self, record: &ContainerRecord, lock: &ContainerLock) -> Result<Option<DiffId>> {
        let store = self.store()?;
        if let Some(diff_id) = record.committed
            // It may have gone with the last image that had it.
            && store.pin_layer(&diff_id)?.is_some()
        {
            return Ok(Some(diff_id));
        }
        let full = self.frozen_parts(record, lock)?;
        let lowers = self.prepare_container(record)?.chain.view()?;
        let layer = match full.as_slice() {
            [] => None,
            [only] => self.layer_from_part(only, &lowers)?.map(|layer| layer.record),
            _ => self.layer_from_merged(&full, &lowers)?,
        };
        let diff_id = layer.map(|layer| layer.diff_id);
        store.set_committed(lock, diff_id.as_ref())?;
        Ok(diff_id)
    }

    fn layer_of_copy(&self, copied: &Copied) -> Result<Option<DiffId>> {
        let lowers = self.prepare_container(&copied.record)?.chain.view()?;
        let layer = match (copied.parts().as_slice(), &copied.top) {
            ([], _) => None,
            ([_], Some(copy)) => self.layer_from_new_part(copy, &lowers)?,
            ([only], None) => self.layer_from_part(only, &lowers)?.map(|layer| layer.record),
            (parts, copy) => {
                let layer = self.layer_from_merged(parts, &lowers)?;
                if let Some(copy) = copy {
                    self.store()?.remove_part(copy)?;
                }
                layer
            }
        };
        Ok(layer.map(|layer| layer.diff_id))
    }

    fn layer_from_merged(&self, parts: &[PartId], lowers: &Stack) -> Result<Option<LayerRecord>> {
        self.layer_from_new_part(&self.merge(parts, &self.stop())?, lowers)
    }

    /// Records a part that nobody else has as a layer; it goes if the layer is there already, or would be empty.
    pub(super) fn layer_from_new_part(&self, part: &PartId, lowers: &Stack) -> Result<Option<LayerRecord>> {
        let layer = self.or_remove(part, self.layer_from_part(part, lowers))?;
        if layer.as_ref().is_none_or(|layer| !layer.added) {
            self.store()?.remove_part(part)?;
        }
        Ok(layer.map(|layer| layer.record))
    }

    /// Whether Ctrl-C has come: for work that takes long.
    pub(super) fn stop(&self) -> impl Fn() -> bool + Sync + use<> {
        let interrupt = self.settings.interrupt;
        move || interrupt.raised()
    }

    /// Reads a frozen part, written upon `lowers`, once and records it as a layer. `None` if it changes nothing:
    /// all that was made may have been removed again.
    fn layer_from_part(&self, part: &PartId, lowers: &Stack) -> Result<Option<AddedLayer>> {
        let store = self.store()?;
        let directory = store.part_dir(part);
        let tree = tree_of(&directory);
        let mut entries = layer::settle(&tree, lowers, &self.stop())?;
        if entries.is_empty() {
            return Ok(None);
        }
        if let Some(epoch) = self.settings.source_date_epoch {
            // The index is what the tar is made from again: it must say what the digest was made of.
            for entry in entries.iter_mut().filter(|entry| entry.mtime.secs >= epoch) {
                entry.mtime = Mtime { secs: epoch, nanos: 0 };
            }
        }
        let content = entries.iter().map(Entry::as_ref);
        let (diff_id, tar_size) = layer::digest_tar(&tree, content, &TarOptions::default(), &self.stop())?;
        let index = index_of(&directory);
        Index::write(&entries, &index)?;
        let index = Index::open(&index)?;
        let record = LayerRecord {
            diff_id,
            part: part.clone(),
            size: index.file_bytes(),
            tar_size,
            file_count: index.file_count(),
            tar: TarSource::Canonical,
        };
        Ok(Some(store.add_layer(&record)?))
    }
}

/// A reference, or none for an empty text.
pub(super) fn parse_optional(text: &str) -> Result<Option<Reference>> {
    if text.is_empty() { Ok(None) } else { parse_reference(text).map(Some) }
}

/// A reference that an image may be given here: a tag, no digest.
pub(super) fn parse_reference(text: &str) -> Result<Reference> {
    let reference: Reference = text.parse()?;
    if reference.digest().is_some() {
        return Err(Error::invalid(format!("`{text}` names a digest, which cannot be chosen"))
            .with_hint("give a name and a tag, such as `training:v1`"));
    }
    Ok(reference)
}

/// Dockerfile instructions, each on a line of its own.
pub(super) fn parse_changes(lines: &[String]) -> Result<Vec<Change>> {
    lines.iter().map(|line| line.parse::<Change>().map_err(Error::from)).collect()
}
