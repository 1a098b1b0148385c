//! A view of an image's configuration.

use std::collections::BTreeMap;

use oci_spec::image::ImageConfiguration;
use serde_json::Value;

use super::Error;
use crate::oci::{DiffId, Digest};

/// An image's configuration: its bytes as they came, and what they say.
///
/// Source: OCI image-spec `config.md`; Docker's documents have the same shape.
#[derive(Debug, Clone)]
pub struct Config {
    raw: Vec<u8>,
    value: Value,
    parsed: ImageConfiguration,
    diff_ids: Vec<DiffId>,
}

impl Config {
    /// Reads `raw`.
    ///
    /// # Errors
    /// [`Error::Config`] when it is not JSON of the specified shape.
    pub fn parse(raw: Vec<u8>) -> Result<Self, Error> {
        let invalid = |reason: String| Error::Config { reason };
        let value: Value = serde_json::from_slice(&raw).map_err(|error| invalid(error.to_string()))?;
        // The bytes stay what they are; what they lack is only read as if it were there.
        let parsed: ImageConfiguration =
            serde_json::from_slice(&super::conform(&raw)).map_err(|error| invalid(error.to_string()))?;
        let diff_ids = parsed
            .rootfs()
            .diff_ids()
            .iter()
            .map(|text| text.parse::<DiffId>().map_err(|error| invalid(error.to_string())))
            .collect::<Result<_, _>>()?;
        Ok(Self { raw, value, parsed, diff_ids })
    }

    /// The digest of the bytes: the image's id.
    #[must_use]
    pub fn id(&self) -> Digest {
        Digest::of(&self.raw)
    }

    /// The bytes as they came.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The whole document.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The layers' DiffIDs, lowest first.
    #[must_use]
    pub fn diff_ids(&self) -> &[DiffId] {
        &self.diff_ids
    }

    /// The processor architecture, in Go's spelling (`amd64`).
    #[must_use]
    pub fn architecture(&self) -> String {
        self.parsed.architecture().to_string()
    }

    /// The operating system, in Go's spelling (`linux`).
    #[must_use]
    pub fn os(&self) -> String {
        self.parsed.os().to_string()
    }

    /// When it was made, RFC 3339, as written.
    #[must_use]
    pub fn created(&self) -> Option<&str> {
        self.parsed.created().as_deref()
    }

    /// The default command.
    #[must_use]
    pub fn cmd(&self) -> Vec<String> {
        self.runtime(|config| config.cmd().clone())
    }

    /// The entrypoint, to which a command is appended.
    #[must_use]
    pub fn entrypoint(&self) -> Vec<String> {
        self.runtime(|config| config.entrypoint().clone())
    }

    /// `NAME=value` lines.
    #[must_use]
    pub fn env(&self) -> Vec<String> {
        self.runtime(|config| config.env().clone())
    }

    /// `user`, `user:group`, or empty for root.
    #[must_use]
    pub fn user(&self) -> String {
        self.runtime(|config| config.user().clone())
    }

    /// The working directory, `/` where none is set.
    #[must_use]
    pub fn working_dir(&self) -> String {
        let set: String = self.runtime(|config| config.working_dir().clone());
        if set.is_empty() { "/".to_owned() } else { set }
    }

    /// Labels by name.
    #[must_use]
    pub fn labels(&self) -> BTreeMap<String, String> {
        self.runtime(|config| config.labels().clone()).into_iter().collect()
    }

    /// The part that says how to run it, as it stands in the document.
    #[must_use]
    pub fn runtime_value(&self) -> Value {
        self.value.get("config").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()))
    }

    /// The history entries as they stand in the document.
    #[must_use]
    pub fn history(&self) -> &[Value] {
        self.value.get("history").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn runtime<T: Default>(&self, read: impl Fn(&oci_spec::image::Config) -> Option<T>) -> T {
        self.parsed.config().as_ref().and_then(read).unwrap_or_default()
    }
}
