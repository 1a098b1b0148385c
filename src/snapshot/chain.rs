//! The read-only directories below a container.

use std::collections::HashSet;
use std::path::PathBuf;

use super::{Error, init};
use crate::layer::{OverlayFormat, Stack};
use crate::oci::{ChainId, DiffId};
use crate::store::Store;

/// An image's layers as directories, with the init layer above them.
#[derive(Debug, Clone)]
pub struct Chain {
    init: PathBuf,
    layers: Vec<PathBuf>,
    format: OverlayFormat,
}

impl Chain {
    /// The chain of `diff_ids` (lowest first). Makes the init layer where it is not there yet.
    ///
    /// A layer that comes twice, as empty ones do in many images, is there once: overlayfs refuses the same directory
    /// twice, and everything that the lower one says the upper one says again.
    ///
    /// # Errors
    /// [`Error::LayerMissing`] when the store has not all of them; whatever the disk says.
    pub fn of(store: &Store, diff_ids: &[DiffId], format: OverlayFormat) -> Result<Self, Error> {
        let mut layers = Vec::with_capacity(diff_ids.len());
        let mut seen = HashSet::with_capacity(diff_ids.len());
        for diff_id in diff_ids.iter().rev().filter(|diff_id| seen.insert(**diff_id)) {
            let record = store.layer(diff_id)?.ok_or(Error::LayerMissing { diff_id: *diff_id })?;
            layers.push(store.part_dir(&record.part).join("fs"));
        }
        let init = init::layer(store, ChainId::of(diff_ids), &layers, format)?;
        Ok(Self { init, layers, format })
    }

    /// Whether it still is what it was: the init layer goes with the last image that has these layers.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.init.exists()
    }

    /// The image's layers alone, topmost first.
    #[must_use]
    pub fn layers(&self) -> &[PathBuf] {
        &self.layers
    }

    /// The lower directories of a container whose frozen parts are `frozen` (newest first);
    /// topmost first, as overlayfs wants them.
    #[must_use]
    pub fn lowers(&self, frozen: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
        let mut lowers: Vec<PathBuf> = frozen.into_iter().collect();
        lowers.push(self.init.clone());
        lowers.extend(self.layers.iter().cloned());
        lowers
    }

    /// What a fresh container of the image shows, without a mount.
    ///
    /// # Errors
    /// When a directory cannot be opened.
    pub fn view(&self) -> Result<Stack, Error> {
        self.view_under([])
    }

    /// What a container shows whose own parts are `parts`, newest first.
    ///
    /// # Errors
    /// When a directory cannot be opened.
    pub fn view_under(&self, parts: impl IntoIterator<Item = PathBuf>) -> Result<Stack, Error> {
        Ok(Stack::open(&self.lowers(parts), self.format)?)
    }

    /// What the image shows, without the engine's mount points.
    ///
    /// # Errors
    /// When a directory cannot be opened.
    pub fn image_view(&self) -> Result<Stack, Error> {
        Ok(Stack::open(&self.layers, self.format)?)
    }
}
