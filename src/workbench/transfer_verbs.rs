//! `load`, `save` and `rootfs`: images in and out.

use super::commit::{parse_changes, parse_reference};
use super::time::image_time;
use super::{Error, Image, Result, RootfsOptions, SaveOptions, Workbench};
use crate::image::{Next, from_scratch};
use crate::store::ImageRecord;
use crate::sys::userns::Identity;
use crate::transfer::{self, Outgoing, Source, Target};

impl Workbench {
    /// Reads the images of an archive or directory into the store; what they name is moved to them.
    ///
    /// # Errors
    /// [`super::ErrorKind::Corrupt`] when anything is not what its digest says: then nothing is kept.
    pub fn load(&self, source: &str) -> Result<Vec<Image>> {
        self.load_records(&source.parse()?)?.iter().map(|record| self.image_value(record)).collect()
    }

    /// The same as records.
    pub(super) fn load_records(&self, source: &Source) -> Result<Vec<ImageRecord>> {
        let archive = match source {
            Source::Registry(reference) => return Ok(vec![self.pull_record(reference, None)?]),
            Source::Daemon(name) => Some(self.export(name)?),
            _ => None,
        };
        let source = archive.as_ref().map_or_else(|| source.clone(), archive_of);
        let loaded = transfer::load(self.store()?, &source, &self.load_options()?)?;
        self.tell(loaded.iter().flat_map(|image| &image.notices));
        Ok(loaded.into_iter().map(|image| image.record).collect())
    }

    /// Says what is worth knowing of what came in, each thing once.
    pub(super) fn tell<'a>(&self, notices: impl IntoIterator<Item = &'a String>) {
        const MOST: usize = 30;
        let mut seen = std::collections::HashSet::new();
        let notices: Vec<&String> = notices.into_iter().filter(|notice| seen.insert(*notice)).collect();
        let report = &self.settings.host.report;
        notices.iter().take(MOST).for_each(|notice| report.notice(*notice));
        if let Some(more) = notices.len().checked_sub(MOST).filter(|more| *more > 0) {
            report.notice(format!("and {more} more like these"));
        }
    }

    /// A daemon's image as an archive, which goes when the value goes.
    pub(super) fn export(&self, name: &str) -> Result<tempfile::NamedTempFile> {
        let host = &self.settings.host;
        let place = self.store()?.temporary_file()?;
        let (limits, interrupt) = (&self.settings.limits, self.settings.interrupt);
        Ok(transfer::daemon::export(name, &host.network, place, limits, interrupt, &host.report)?)
    }

    pub(super) fn load_options(&self) -> Result<transfer::LoadOptions> {
        Ok(transfer::LoadOptions {
            format: self.format()?,
            interrupt: self.settings.interrupt,
            limits: self.settings.limits.clone(),
            owners: self.opened()?.identity != Identity::Single,
            report: self.settings.host.report.clone(),
            ..transfer::LoadOptions::default()
        })
    }

    pub(super) fn save_options(&self, options: &SaveOptions) -> Result<transfer::SaveOptions> {
        Ok(transfer::SaveOptions {
            compression: options.compression.as_deref().map(str::parse).transpose()?,
            level: options.level,
            interrupt: self.settings.interrupt,
            threads: None,
            report: self.settings.host.report.clone(),
        })
    }

    /// Writes images to `target`, as `docker-archive:FILE`, `oci:DIR[:tag]` or `oci-archive:FILE`; a single one also to
    /// `dir:PATH`, `docker-daemon:REFERENCE` or `docker://REFERENCE`.
    ///
    /// # Errors
    /// When the target is none, holds one image and there are several, or cannot be written; then nothing is left there.
    pub fn save(&self, images: &[Image], target: &str, options: SaveOptions) -> Result<()> {
        let parsed: transfer::Target = target.parse()?;
        if let [image] = images
            && self.copies(image, &parsed, &options)?
        {
            return Ok(());
        }
        let options = self.save_options(&options)?;
        let store = self.store()?;
        let records = images.iter().map(|image| self.image_record(image)).collect::<Result<Vec<_>>>()?;
        let one = match records.as_slice() {
            [] => return Err(Error::invalid("there is no image to save")),
            [one] => Some(one),
            _ => None,
        };
        match (&parsed, one) {
            (Target::Registry(_) | Target::Daemon(_), None) => {
                let message = format!("`{target}` takes one image at a time, and these are {}", images.len());
                return Err(Error::invalid(message));
            }
            (Target::Registry(reference), Some(record)) => {
                self.push_record(record, reference, &options)?;
            }
            (Target::Daemon(reference), Some(record)) => {
                let host = &self.settings.host;
                let place = store.temporary_file()?;
                let names = [reference.clone()];
                transfer::save(store, record, &names, &Target::archive(place.path()), &options)?;
                let (name, interrupt) = (reference.to_string(), self.settings.interrupt);
                transfer::daemon::import(place.path(), &name, &host.network, interrupt, &host.report)?;
            }
            _ => {
                let names = records
                    .iter()
                    .map(|record| Ok(store.refs_of(&record.id)?))
                    .collect::<Result<Vec<_>>>()?;
                let outgoing: Vec<Outgoing<'_>> = records
                    .iter()
                    .zip(&names)
                    .map(|(image, references)| Outgoing { image, references })
                    .collect();
                transfer::save_all(store, &outgoing, &parsed, &options)?;
            }
        }
        Ok(())
    }

    /// Copies an image that lies in a registry to where it can go as it is; whether that was so.
    fn copies(&self, image: &Image, target: &Target, options: &SaveOptions) -> Result<bool> {
        let as_it_is = matches!(target, Target::Oci(_) | Target::OciArchive(_) | Target::Dir(_))
            && options.compression.is_none()
            && options.level.is_none();
        let Some(remote) = image.origin.as_ref().and_then(|origin| origin.remote()).filter(|_| as_it_is)
        else {
            return Ok(false);
        };
        transfer::copy(self.store()?, remote, target, &self.registry_options()?)?;
        Ok(true)
    }

    /// Makes an image of one layer from a tar or a directory, as `docker import` does.
    ///
    /// # Errors
    /// When the source is neither, or cannot be read.
    pub fn rootfs(&self, source: &str, reference: &str, options: RootfsOptions) -> Result<Image> {
        let reference = parse_reference(reference)?;
        let changes = parse_changes(&options.change)?;
        let path = std::path::Path::new(source);
        let transfer::Imported { layer, notices } =
            transfer::import(self.store()?, path, &self.load_options()?)?;
        self.tell(&notices);
        let next = Next {
            created: image_time(self.settings.source_date_epoch),
            created_by: "rootfs".to_owned(),
            comment: Some(options.message.unwrap_or_else(|| format!("imported from {}", name_of(path)))),
            diff_id: Some(layer.diff_id),
            changes,
            ..Next::default()
        };
        self.put_config(&from_scratch(&next)?, Some(&reference))
    }
}

/// What [`Workbench::export`] wrote, as a source.
pub(super) fn archive_of(file: &tempfile::NamedTempFile) -> Source {
    Source::Path(file.path().to_owned())
}

/// The last part of a path: the rest is the importer's own business, not the image's.
fn name_of(path: &std::path::Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
