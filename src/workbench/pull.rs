//! `pull`, and images that a verb needs and the store has not.

use super::{Error, ErrorKind, Image, PullOptions, Result, Workbench};
use crate::oci::Reference;
use crate::store::ImageRecord;
use crate::transfer::registry::{self, RegistryOptions};

use super::commit::parse_reference;

impl Workbench {
    /// Brings an image from its registry, whether one of that name is in the store or not.
    ///
    /// # Errors
    /// [`ErrorKind::Network`], [`ErrorKind::NotFound`], [`ErrorKind::Denied`] as the registry has it;
    /// [`ErrorKind::Corrupt`] when anything is not what its digest says: then nothing is kept.
    pub fn pull(&self, reference: &str, options: PullOptions) -> Result<Image> {
        let reference = reference.strip_prefix("docker://").unwrap_or(reference);
        let record = self.pull_record(&parse_pullable(reference)?, options.platform)?;
        self.image_value(&record)
    }

    pub(super) fn pull_record(&self, reference: &Reference, platform: Option<String>) -> Result<ImageRecord> {
        let options = RegistryOptions { platform, ..self.registry_options()? };
        let pulled = registry::pull(self.store()?, reference, &options, &self.load_options()?)?;
        self.tell(&pulled.notices);
        Ok(pulled.record)
    }

    /// What verbs about registries are told. The store comes first: with it the process is in its user namespace,
    /// where it may have threads.
    pub(super) fn registry_options(&self) -> Result<RegistryOptions> {
        self.store()?;
        let host = &self.settings.host;
        Ok(RegistryOptions {
            network: host.network.clone(),
            interrupt: self.settings.interrupt,
            limits: self.settings.limits.clone(),
            report: host.report.clone(),
            ..RegistryOptions::default()
        })
    }

    /// An image that is not in the store: from its registry, if that has it and can be reached.
    pub(super) fn pull_missing(&self, text: &str) -> Result<Image> {
        let Ok(reference) = parse_pullable(text) else { return Err(self.no_such_image(text)) };
        // Who writes an id means one that is here.
        if text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.no_such_image(text));
        }
        let options = RegistryOptions { hasty: true, ..self.registry_options()? };
        let error = match registry::pull(self.store()?, &reference, &options, &self.load_options()?) {
            Ok(pulled) => {
                self.tell(&pulled.notices);
                return self.image_value(&pulled.record);
            }
            Err(error) => Error::from(error),
        };
        let vague = reference.registry() == "docker.io" && error.kind == ErrorKind::Denied;
        if !vague && !matches!(error.kind, ErrorKind::Network | ErrorKind::NotFound) {
            return Err(error);
        }
        // Most likely a slip: what is near in the store is the better answer.
        let missing = self.no_such_image(text);
        Err(Error {
            message: format!("{}, and its registry does not give it: {}", missing.message, error.message),
            ..missing
        })
    }
}

/// A reference with a tag or a digest.
fn parse_pullable(text: &str) -> Result<Reference> {
    match text.parse::<Reference>() {
        Ok(reference) => Ok(reference),
        Err(_) => parse_reference(text),
    }
}
