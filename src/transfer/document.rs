//! Manifests, indexes and configurations as they come, checked before anything believes them.
//!
//! Sources: OCI image-spec `manifest.md`, `image-index.md`; Docker manifest v2 schema 2; and
//! CVE-2021-41190: a document that can be read as a manifest and as an index is refused.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Error, Limits};
use crate::image::ARCHITECTURE;
use crate::oci::Digest;
use crate::oci::media_type as media;

/// What a document says about other bytes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub media_type: Option<String>,
    pub digest: Digest,
    pub size: u64,
    #[serde(default)]
    pub annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub platform: Option<Platform>,
}

impl Descriptor {
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(key).map(String::as_str)
    }

    /// BuildKit's provenance and signatures stand among the images of an index.
    pub fn is_attestation(&self) -> bool {
        self.annotation("vnd.docker.reference.type").is_some()
    }
}

/// For which machine an image is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Platform {
    #[serde(default)]
    pub architecture: String,
    #[serde(default)]
    pub os: String,
    #[serde(default)]
    pub variant: Option<String>,
}

impl Platform {
    /// This machine.
    pub fn own() -> Self {
        Self { architecture: ARCHITECTURE.to_owned(), os: "linux".to_owned(), variant: None }
    }

    /// `OS/ARCHITECTURE[/VARIANT]`, or an architecture alone.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let parts: Vec<&str> = text.split('/').collect();
        let new = |os: &str, architecture: &str, variant: Option<&str>| Self {
            architecture: match architecture {
                "x86_64" => "amd64",
                "aarch64" => "arm64",
                other => other,
            }
            .to_owned(),
            os: os.to_owned(),
            variant: variant.map(str::to_owned),
        };
        match parts.as_slice() {
            [os, architecture, variant] if !parts.contains(&"") => Ok(new(os, architecture, Some(variant))),
            [os, architecture] if !parts.contains(&"") => Ok(new(os, architecture, None)),
            [architecture] if !architecture.is_empty() => Ok(new("linux", architecture, None)),
            _ => Err(Error::Name {
                text: text.to_owned(),
                reason: "is no platform: write `linux/amd64` or `linux/arm64/v8`".to_owned(),
            }),
        }
    }

    /// Is an image for `self` what somebody wants who asks for `wanted`? A variant that is not asked for does not
    /// matter, and `v8` is what every arm64 is.
    pub fn fits(&self, wanted: &Self) -> bool {
        let variant = |platform: &Self| match (platform.architecture.as_str(), platform.variant.as_deref()) {
            ("arm64", None) => Some("v8".to_owned()),
            (_, variant) => variant.map(str::to_owned),
        };
        self.architecture == wanted.architecture
            && self.os == wanted.os
            && (wanted.variant.is_none() || variant(self) == variant(wanted))
    }

    /// Does an image for `self` run on this machine?
    pub fn is_own(&self) -> bool {
        let own = Self::own();
        self.architecture == own.architecture && self.os == own.os
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(out, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// A manifest or an index, told apart.
#[derive(Debug)]
pub(super) enum Document {
    Manifest(Manifest),
    Index(Vec<Descriptor>),
}

/// An image's manifest.
#[derive(Debug)]
pub(super) struct Manifest {
    pub config: Descriptor,
    pub layers: Vec<Descriptor>,
}

/// Every field of both kinds; a field that comes twice is an error of serde's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Either {
    #[serde(default)]
    schema_version: Option<u64>,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
    /// Of schema 1.
    #[serde(default)]
    fs_layers: Option<serde::de::IgnoredAny>,
}

const INDEXES: [&str; 2] = [media::OCI_INDEX, media::DOCKER_LIST];
const MANIFESTS: [&str; 2] = [media::OCI_MANIFEST, media::DOCKER_MANIFEST];
const CONFIGS: [&str; 2] = [media::OCI_CONFIG, media::DOCKER_CONFIG];

impl Document {
    /// Reads `raw`, called `name` in messages; `declared` is the media type by which it was found.
    pub fn parse(raw: &[u8], name: &str, declared: Option<&str>) -> Result<Self, Error> {
        let refuse = |reason: String| Error::document(name, reason);
        let either: Either = serde_json::from_slice(raw).map_err(|error| refuse(error.to_string()))?;
        if let (Some(own), Some(declared)) = (either.media_type.as_deref(), declared)
            && own != declared
        {
            return Err(refuse(format!("it calls itself `{own}`, but was found as `{declared}`")));
        }
        let manifest_like = either.config.is_some() || either.layers.is_some() || either.fs_layers.is_some();
        if manifest_like && either.manifests.is_some() {
            return Err(refuse("it is a manifest and an index at once".to_owned()));
        }
        if either.fs_layers.is_some() || either.schema_version == Some(1) {
            return Err(refuse("manifests of schema 1 are not supported; save the image anew".to_owned()));
        }
        if either.schema_version != Some(2) {
            return Err(refuse("its `schemaVersion` is not 2".to_owned()));
        }
        let kind = either.media_type.as_deref().or(declared);
        let known = |kinds: &[&str]| kind.is_none_or(|kind| kinds.contains(&kind));
        match (either.manifests, either.config, either.layers) {
            (Some(manifests), None, None) if known(&INDEXES) => Ok(Self::Index(manifests)),
            (None, Some(config), Some(layers)) if known(&MANIFESTS) => {
                if let Some(kind) = config.media_type.as_deref()
                    && !CONFIGS.contains(&kind)
                {
                    return Err(refuse(format!("it is no container image: its configuration is `{kind}`")));
                }
                Ok(Self::Manifest(Manifest { config, layers }))
            }
            (None, None, _) | (None, _, None) if known(&MANIFESTS) && !known(&INDEXES) => {
                Err(refuse("a manifest must have `config` and `layers`".to_owned()))
            }
            _ => Err(refuse(match kind {
                Some(kind) => format!("its content is not what `{kind}` means"),
                None => "it is neither a manifest nor an index".to_owned(),
            })),
        }
    }
}

/// Has the document at most as many values as are allowed? Parsed, each takes many times the bytes of its text.
pub(super) fn check_values(raw: &[u8], name: &str, limits: &Limits) -> Result<(), Error> {
    let (mut count, mut within, mut escaped) = (1_u64, false, false);
    for byte in raw {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if within => escaped = true,
            b'"' => within = !within,
            // One comes after each of these, be it a key.
            b'[' | b'{' | b',' | b':' if !within => count += 1,
            _ => {}
        }
    }
    if count > limits.document_values {
        let allowed = limits.document_values;
        return Err(Error::Limit { name: name.to_owned(), limit: "document_values", allowed });
    }
    Ok(())
}

/// Is a layer of this kind one that only its maker's server may give out?
pub(super) fn is_foreign(media_type: &str) -> bool {
    media_type.contains(".nondistributable.") || media_type.contains(".foreign.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ZERO: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    fn parse(text: &str, declared: Option<&str>) -> Result<Document, String> {
        let text = text.replace("DESC", &format!(r#"{{"digest":"{ZERO}","size":1}}"#));
        Document::parse(text.as_bytes(), "x", declared).map_err(|error| error.to_string())
    }

    #[test]
    fn the_two_kinds() {
        let manifest = r#"{"schemaVersion":2,"config":DESC,"layers":[DESC]}"#;
        assert!(matches!(parse(manifest, None), Ok(Document::Manifest(_))));
        assert!(matches!(parse(manifest, Some(media::OCI_MANIFEST)), Ok(Document::Manifest(_))));
        let index = r#"{"schemaVersion":2,"manifests":[DESC]}"#;
        assert!(matches!(parse(index, Some(media::DOCKER_LIST)), Ok(Document::Index(_))));
    }

    #[test]
    fn values_are_counted() {
        let count = |text: &str, allowed| {
            let limits = Limits { document_values: allowed, ..Limits::default() };
            check_values(text.as_bytes(), "x", &limits).is_ok()
        };
        for (text, values) in [("7", 1), ("[1,2]", 3), (r#"{"a":[],"b":"[,,{\"\\,"}"#, 6), ("", 1)] {
            assert!(count(text, values) && !count(text, values - 1), "{text}");
        }
    }

    #[test]
    fn ambiguity_is_refused() {
        for (text, declared, part) in [
            (r#"{"schemaVersion":2,"config":DESC,"layers":[],"manifests":[]}"#, None, "at once"),
            (r#"{"schemaVersion":2,"layers":[],"manifests":[]}"#, None, "at once"),
            (r#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#, None, "duplicate field"),
            (r#"{"schemaVersion":2,"manifests":[]}"#, Some(media::OCI_MANIFEST), "not what"),
            (r#"{"schemaVersion":2,"config":DESC,"layers":[]}"#, Some(media::OCI_INDEX), "not what"),
            (
                r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#,
                Some(media::OCI_MANIFEST),
                "was found as",
            ),
            (r#"{"schemaVersion":1,"fsLayers":[]}"#, None, "schema 1"),
            (r#"{"config":DESC,"layers":[]}"#, None, "schemaVersion"),
            (r#"{"schemaVersion":2}"#, None, "neither"),
            (r#"{"schemaVersion":2,"config":DESC}"#, Some(media::OCI_MANIFEST), "must have"),
            ("[]", None, "refused"),
            (
                r#"{"schemaVersion":2,"layers":[],"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","size":2}}"#,
                None,
                "no container image",
            ),
            (
                r#"{"schemaVersion":2,"layers":[],"config":{"digest":"sha256:00","size":2}}"#,
                None,
                "not a digest",
            ),
            (
                r#"{"schemaVersion":2,"layers":[],"config":{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","size":-2}}"#,
                None,
                "invalid value",
            ),
        ] {
            let message = parse(text, declared).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
