//! Finding images and containers by what people call them.

use crate::image::Config;
use crate::oci::{Digest, Reference};
use crate::store::{ContainerRecord, ImageRecord, Status};

use super::time::rfc3339;
use super::{Container, Error, ErrorKind, Image, Result, Workbench};

impl Workbench {
    /// The image that `text` names: a reference, or a digest or the beginning of one.
    pub(super) fn find_image(&self, text: &str) -> Result<Option<ImageRecord>> {
        let store = self.store()?;
        if let Ok(reference) = text.parse::<Reference>()
            && let Some(record) = store.image_by_ref(&reference)?
        {
            return Ok(Some(record));
        }
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        let is_short_id = (4..=64).contains(&hex.len())
            && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_short_id { Ok(store.image_by_id_prefix(hex)?) } else { Ok(None) }
    }

    /// The record behind an image value.
    pub(super) fn image_record(&self, image: &Image) -> Result<ImageRecord> {
        let id: Digest =
            image.id.parse().map_err(|error: crate::oci::Error| Error::invalid(error.to_string()))?;
        if let (None, Some(origin)) = (self.store()?.image(&id)?, &image.origin) {
            return self.take_in(&id, origin);
        }
        self.store()?.image(&id)?.ok_or_else(|| {
            Error::not_found(format!("image `{}` is no longer in the store", image.label()))
                .with_hint("it was removed meanwhile: `images()` lists what is there")
        })
    }

    /// An image value from its record.
    pub(super) fn image_value(&self, record: &ImageRecord) -> Result<Image> {
        let store = self.store()?;
        let config = Config::parse(record.config.clone())?;
        let mut size = 0_u64;
        for diff_id in &record.diff_ids {
            size = size.saturating_add(store.layer(diff_id)?.map_or(0, |layer| layer.size));
        }
        let references = store.refs_of(&record.id)?.iter().map(ToString::to_string).collect();
        Ok(Image {
            id: record.id.to_string(),
            digest: record.manifest_digest.map(|digest| digest.to_string()),
            references,
            size,
            created: config.created().unwrap_or_default().to_owned(),
            config: config.runtime_value(),
            diff_ids: record.diff_ids.iter().map(ToString::to_string).collect(),
            architecture: config.architecture(),
            os: config.os(),
            verified: true,
            saving: None,
            origin: None,
        })
    }

    /// The record of the container that `text` names: a name, an id or the beginning of one.
    pub(super) fn find_container(&self, text: &str) -> Result<Option<ContainerRecord>> {
        match self.store()?.container(text) {
            Ok(record) => Ok(Some(record)),
            Err(crate::store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The record behind a container value.
    pub(super) fn container_record(&self, container: &Container) -> Result<ContainerRecord> {
        self.find_container(&container.id)?.ok_or_else(|| {
            let gone = Error::not_found(format!("container `{}` is no longer in the store", container.name));
            if container.removed {
                gone.with_hint("it ran with `rm: true`, so nothing of it was kept; run it without")
            } else {
                gone.with_hint("it was removed meanwhile: `containers()` lists what is there")
            }
        })
    }

    /// A container value from its record, without the output of any run.
    pub(super) fn container_value(&self, record: &ContainerRecord) -> Container {
        let duration = match (record.started, record.finished) {
            #[allow(clippy::cast_precision_loss)]
            (Some(started), Some(finished)) => (finished - started).max(0) as f64 / 1e9,
            _ => 0.0,
        };
        Container {
            id: record.id.clone(),
            name: record.name.clone(),
            image: record.image_reference.clone(),
            command: super::run::RunConfig::of(record).argv,
            status: status_word(record.status).to_owned(),
            exit_code: record.exit_code,
            created: rfc3339(record.created),
            stdout: String::new(),
            stderr: String::new(),
            duration,
            stdout_blob: Vec::new(),
            stderr_blob: Vec::new(),
            removed: false,
        }
    }

    /// An error for a name that fits no image, with the nearest that there is.
    pub(super) fn no_such_image(&self, text: &str) -> Error {
        let error = Error::new(ErrorKind::NotFound, format!("no image `{text}` in the store"));
        let known: Vec<String> = self
            .store()
            .and_then(|store| Ok(store.images()?))
            .map(|images| {
                images.iter().flat_map(|image| image.references.iter().map(ToString::to_string)).collect()
            })
            .unwrap_or_default();
        // Who left out the tag is not to be measured by it.
        let bare = |name: &String| name.strip_suffix(":latest").unwrap_or(name).to_owned();
        let known: Vec<String> = if text.contains(':') { known } else { known.iter().map(bare).collect() };
        match nearest(text, &known) {
            Some(near) => error.with_hint(format!("did you mean `{near}`? `images()` lists what is there")),
            None if known.is_empty() => error.with_hint(
                "the store is empty: `base()` makes an image from this machine's programs, `load(file)` reads an archive",
            ),
            None => error.with_hint("`images()` lists what is there; `load(file)` reads an archive"),
        }
    }
}

const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Created => "created",
        Status::Running => "running",
        Status::Exited => "exited",
    }
}

/// The known name that differs least from `text`, if it is near at all.
pub(super) fn nearest<'a>(text: &str, known: &'a [String]) -> Option<&'a str> {
    let limit = text.chars().count().div_ceil(3).max(1);
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(text, name), name.as_str()))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}
