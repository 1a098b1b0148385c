//! `image`, `images`, `tag` and `rm` of an image.

use super::commit::parse_reference;
use super::{Error, ErrorKind, Image, ImageTarget, Result, Workbench};
use crate::store::ImageRecord;
use crate::transfer::Source;

impl Workbench {
    /// The image that `text` names: a reference, a digest, or the beginning of one. What is not in the store is
    /// pulled. A source, as [`Self::load`] takes it, and `docker://REFERENCE` are only looked at.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] with the nearest name, where no registry has it or can be reached;
    /// [`ErrorKind::Ambiguous`] for a beginning that fits several; those of [`Self::pull`].
    pub fn image(&self, text: &str) -> Result<Image> {
        if Source::is_spelled(text) {
            return self.look_at(text);
        }
        if let Some(record) = self.find_image(text)? {
            return self.image_value(&record);
        }
        if Source::looks_like_path(text) && std::path::Path::new(text).exists() {
            return self.look_at(text);
        }
        self.pull_missing(text)
    }

    /// All images, newest first.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn images(&self) -> Result<Vec<Image>> {
        self.store()?.images()?.iter().map(|image| self.image_value(&image.record)).collect()
    }

    /// Names `image` by `reference` too; a name that pointed elsewhere moves.
    ///
    /// # Errors
    /// When `reference` is none or the image is gone.
    pub fn tag(&self, image: &Image, reference: &str) -> Result<Image> {
        let record = self.image_record(image)?;
        self.store()?.tag(&record.id, &parse_reference(reference)?)?;
        self.image_value(&record)
    }

    /// Removes an image, or one name of an image that has others.
    ///
    /// # Errors
    /// [`ErrorKind::InUse`] naming the container or snapshot that needs it, unless `force`, which
    /// removes stopped containers and snapshots of it too.
    pub fn rm_image(&self, target: &ImageTarget, force: bool) -> Result<()> {
        let store = self.store()?;
        let (record, named) = match target {
            ImageTarget::Image(image) => (self.image_record(image)?, None),
            ImageTarget::Reference(text) => {
                let record = self.find_image(text)?.ok_or_else(|| self.no_such_image(text))?;
                let named = text
                    .parse()
                    .ok()
                    .filter(|name| store.refs_of(&record.id).is_ok_and(|refs| refs.contains(name)));
                (record, named)
            }
        };
        let names = store.refs_of(&record.id)?;
        if let Some(name) = named.filter(|_| names.len() > 1) {
            store.untag(&name)?;
            return Ok(());
        }
        self.remove_image(&record, force)
    }

    fn remove_image(&self, record: &ImageRecord, force: bool) -> Result<()> {
        let store = self.store()?;
        if force {
            for snapshot in store.snapshots()? {
                if snapshot.image == Some(record.id) {
                    store.remove_snapshot(snapshot.row)?;
                }
            }
            for container in store.containers()? {
                if container.image == Some(record.id) {
                    store.remove_container(&store.lock_container(container.row, false)?)?;
                }
            }
        }
        self.forget(&record.id);
        let removed = store.remove_image(&record.id).map(|_| ()).map_err(Error::from);
        removed.map_err(|error| match error.kind {
            ErrorKind::InUse => {
                error.with_hint("remove that first, or both with `rm(image, #{ force: true })`")
            }
            _ => error,
        })
    }
}
