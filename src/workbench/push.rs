//! `push`: images to a registry.

use super::{Image, Result, SaveOptions, Workbench};
use crate::oci::Reference;
use crate::store::ImageRecord;
use crate::transfer::{self, registry};

impl Workbench {
    /// Writes an image to a registry under `reference`; the manifest's digest.
    ///
    /// # Errors
    /// [`super::ErrorKind::Network`] and [`super::ErrorKind::Denied`] as the registry has it.
    pub fn push(&self, image: &Image, reference: &str, options: SaveOptions) -> Result<String> {
        let reference = reference.strip_prefix("docker://").unwrap_or(reference).parse::<Reference>()?;
        let record = self.image_record(image)?;
        self.push_record(&record, &reference, &self.save_options(&options)?)
    }

    pub(super) fn push_record(
        &self,
        record: &ImageRecord,
        reference: &Reference,
        options: &transfer::SaveOptions,
    ) -> Result<String> {
        let pushed = registry::push(self.store()?, record, reference, options, &self.registry_options()?)?;
        Ok(pushed.manifest_digest.to_string())
    }
}
