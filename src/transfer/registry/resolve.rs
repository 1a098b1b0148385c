//! From a reference to the documents of one image.

use ureq::http::Method;

use super::session::{Ask, Session};
use super::trouble::{Again, Trouble};
use super::{Client, RegistryOptions};
use crate::oci::{DiffId, Digest, Reference, media_type};
use crate::transfer::document::{self, Descriptor, Document, Manifest, Platform};
use crate::transfer::images::{self, Found};
use crate::transfer::{Error, RegistryFault, bundle};

/// What we understand, the richer first.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// How deep indexes may lie in indexes.
const MAX_DEPTH: u32 = 4;

/// An image as its documents in a registry say it is. No layer was read.
#[derive(Debug, Clone)]
pub struct Remote {
    /// The name that was asked for.
    pub reference: Reference,
    /// The digest of `config`.
    pub id: Digest,
    /// The configuration's JSON.
    pub config: Vec<u8>,
    /// The manifest's JSON.
    pub manifest: Vec<u8>,
    /// Its digest.
    pub manifest_digest: Digest,
    /// The layers, lowest first.
    pub layers: Vec<RemoteLayer>,
}

/// What a manifest says of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RemoteLayer {
    /// Of the file.
    pub digest: Digest,
    /// Bytes of the file.
    pub size: u64,
    /// Its media type.
    pub media_type: String,
    /// What the configuration says it is.
    pub diff_id: DiffId,
}

/// One image of a registry: what `load` would find in an archive, and how large each layer's file is.
pub(super) struct Resolved {
    pub found: Found,
    pub manifest_digest: Digest,
    pub layers: Vec<Descriptor>,
}

/// Reads the documents of the image that `reference` names, for the platform that is wanted.
///
/// # Errors
/// [`Error::Registry`], [`Error::NoPlatform`], [`Error::Document`], [`Error::Digest`].
pub fn look(reference: &Reference, options: &RegistryOptions) -> Result<Remote, Error> {
    let client = Client::new(options)?;
    first(&client, reference, |session| {
        let resolved = resolve(session, reference, options.platform.as_deref())?;
        let layers = resolved
            .layers
            .iter()
            .zip(&resolved.found.diff_ids)
            .map(|(layer, diff_id)| RemoteLayer {
                digest: layer.digest,
                size: layer.size,
                media_type: layer.media_type.clone().unwrap_or_else(|| media_type::OCI_LAYER.to_owned()),
                diff_id: *diff_id,
            })
            .collect();
        Ok(Remote {
            reference: reference.clone(),
            id: resolved.found.id,
            config: resolved.found.config,
            manifest: resolved.found.manifest.unwrap_or_default(),
            manifest_digest: resolved.manifest_digest,
            layers,
        })
    })
}

/// Does `work` with the first of the reference's places with which it succeeds: mirrors, then its own.
pub(super) fn first<T>(
    client: &Client,
    reference: &Reference,
    mut work: impl FnMut(&Session<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut endpoints = client.settings.endpoints(reference, true)?.into_iter().peekable();
    loop {
        let Some(endpoint) = endpoints.next() else {
            return Err(Error::Name {
                text: reference.to_string(),
                reason: "is nowhere to be had".to_owned(),
            });
        };
        match Session::new(client, endpoint).and_then(|session| work(&session)) {
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            // A mirror that fails, whatever the reason, is as if it were not there.
            Err(_) if endpoints.peek().is_some() => {}
            outcome => return outcome,
        }
    }
}

pub(super) fn resolve(
    session: &Session<'_>,
    reference: &Reference,
    platform: Option<&str>,
) -> Result<Resolved, Error> {
    let wanted = platform.map(Platform::parse).transpose()?;
    let name = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => digest.to_string(),
        (None, tag) => tag.unwrap_or("latest").to_owned(),
    };
    let mut step = document_of(session, &name, reference.digest(), None)?;
    for _ in 0..MAX_DEPTH {
        let entries = match step.document {
            Document::Index(entries) => entries,
            Document::Manifest(manifest) => {
                let read = (step.name, step.raw, step.digest);
                return image(session, reference, read, &manifest, wanted.as_ref());
            }
        };
        let entry = choose(entries, wanted.as_ref(), &step.name)?;
        if entry.size > session.client.limits.document_bytes {
            let allowed = session.client.limits.document_bytes;
            return Err(Error::Limit { name: entry.digest.to_string(), limit: "document_bytes", allowed });
        }
        step = document_of(session, &entry.digest.to_string(), Some(&entry.digest), Some(&entry))?;
    }
    Err(Error::document(step.name, "indexes lie too deep in one another"))
}

struct Fetched {
    name: String,
    raw: Vec<u8>,
    digest: Digest,
    document: Document,
}

/// A manifest or index by tag or digest, checked against all that is known of it.
fn document_of(
    session: &Session<'_>,
    name: &str,
    expected: Option<&Digest>,
    entry: Option<&Descriptor>,
) -> Result<Fetched, Error> {
    let what = format!("manifest `{}:{name}`", session.endpoint.repository);
    let what = if expected.is_some() { what.replace(":sha256", "@sha256") } else { what };
    let limit = session.client.limits.document_bytes;
    let scope = session.scope("pull");
    let (raw, declared, promised) = session.retry(|| {
        let ask = Ask::new(Method::GET, session.path(&format!("manifests/{name}")), &scope, &what)
            .header("accept", ACCEPT);
        let answer = session.send(ask)?;
        let header = |name: &str| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
        let declared = header("content-type");
        let promised = header("docker-content-digest");
        Ok((session.body(&what, answer, limit, "document_bytes")?, declared, promised))
    })?;
    let size = entry.map(|entry| entry.size);
    let digest = Digest::of(&raw);
    // Of another algorithm we can say nothing; then the content alone counts.
    let promised = promised.and_then(|text| text.parse::<Digest>().ok());
    if let Some(expected) = expected.copied().or(promised) {
        bundle::check(&what, &raw, &expected, size)?;
    }
    let declared = declared.as_deref().and_then(specific);
    if let (Some(declared), Some(listed)) = (declared, entry.and_then(|entry| entry.media_type.as_deref()))
        && declared != listed
    {
        let reason = format!("it comes as `{declared}`, and is listed as `{listed}`");
        return Err(Error::document(what, reason));
    }
    let declared = declared.or_else(|| entry.and_then(|entry| entry.media_type.as_deref()));
    document::check_values(&raw, &what, &session.client.limits)?;
    let document = Document::parse(&raw, &what, declared)?;
    Ok(Fetched { name: what, raw, digest, document })
}

/// A media type that says something, without its parameters.
fn specific(content_type: &str) -> Option<&str> {
    const VAGUE: [&str; 4] = ["application/json", "application/octet-stream", "text/plain", "text/html"];
    let kind = content_type.split(';').next()?.trim();
    (!kind.is_empty() && !VAGUE.contains(&kind)).then_some(kind)
}

/// The entry for the platform that is wanted. One that stands alone is not asked for which machine it is, unless
/// somebody wants a certain one.
fn choose(entries: Vec<Descriptor>, wanted: Option<&Platform>, name: &str) -> Result<Descriptor, Error> {
    let entries: Vec<Descriptor> = entries.into_iter().filter(|entry| !entry.is_attestation()).collect();
    if let ([entry], None) = (entries.as_slice(), wanted) {
        return Ok(entry.clone());
    }
    if entries.is_empty() {
        return Err(Error::document(name, "this index is empty"));
    }
    let target = wanted.cloned().unwrap_or_else(Platform::own);
    let fits = |entry: &&Descriptor| entry.platform.as_ref().is_some_and(|platform| platform.fits(&target));
    // Where several fit, the one without a variant is the plain one.
    let plain = |entry: &&&Descriptor| entry.platform.as_ref().is_some_and(|it| it.variant.is_none());
    let fitting: Vec<&Descriptor> = entries.iter().filter(fits).collect();
    match fitting.iter().find(plain).or_else(|| fitting.first()) {
        Some(entry) => Ok((*entry).clone()),
        None => Err(no_platform(name, &target, entries.iter().filter_map(|entry| entry.platform.as_ref()))),
    }
}

fn no_platform<'a>(name: &str, wanted: &Platform, present: impl Iterator<Item = &'a Platform>) -> Error {
    Error::NoPlatform {
        name: name.to_owned(),
        wanted: wanted.to_string(),
        present: present.map(ToString::to_string).filter(|text| text != "unknown/unknown").collect(),
    }
}

fn image(
    session: &Session<'_>,
    reference: &Reference,
    (name, raw, digest): (String, Vec<u8>, Digest),
    manifest: &Manifest,
    wanted: Option<&Platform>,
) -> Result<Resolved, Error> {
    let limits = &session.client.limits;
    if manifest.layers.len() as u64 > limits.layers {
        return Err(Error::Limit { name, limit: "layers", allowed: limits.layers });
    }
    for layer in &manifest.layers {
        if document::is_foreign(layer.media_type.as_deref().unwrap_or_default()) {
            return Err(images::refuse_foreign(&layer.digest, &name));
        }
        if layer.size > limits.blob_bytes {
            let name = layer.digest.to_string();
            return Err(Error::Limit { name, limit: "blob_bytes", allowed: limits.blob_bytes });
        }
    }
    let config = small_blob(session, &manifest.config, "configuration")?;
    if let (Some(wanted), Some(found)) = (wanted, images::platform_of(&config))
        && !found.fits(wanted)
    {
        return Err(no_platform(&name, wanted, std::iter::once(&found)));
    }
    let files = manifest.layers.iter().map(|layer| (bundle::blob_name(&layer.digest), Some(layer.digest)));
    let config_name = format!("configuration `{}`", manifest.config.digest);
    let mut found = images::assemble(config, &config_name, &name, files.collect(), limits)?;
    found.manifest = Some(raw);
    // A digest alone is no name that a store could keep.
    if reference.tag().is_some() && reference.digest().is_none() {
        found.references.push(reference.clone());
    }
    Ok(Resolved { found, manifest_digest: digest, layers: manifest.layers.clone() })
}

/// A blob that is read as a whole, because it is a document.
fn small_blob(session: &Session<'_>, blob: &Descriptor, noun: &str) -> Result<Vec<u8>, Error> {
    let what = format!("{noun} `{}@{}`", session.endpoint.repository, blob.digest);
    let limit = session.client.limits.document_bytes;
    if blob.size > limit {
        return Err(Error::Limit { name: what, limit: "document_bytes", allowed: limit });
    }
    let scope = session.scope("pull");
    let bytes = session.retry(|| {
        let path = session.path(&format!("blobs/{}", blob.digest));
        let answer = session.send(Ask::new(Method::GET, path, &scope, &what))?;
        if let Some(length) = answer.body().content_length()
            && length != blob.size
        {
            return Err(Error::Size { name: what.clone(), expected: blob.size, found: length }.into());
        }
        let bytes = match session.body(&what, answer, blob.size, "size") {
            // One byte more than is promised shows that it does not end there.
            Err(Trouble { error: Error::Limit { .. }, .. }) => {
                let found = blob.size.saturating_add(1);
                return Err(Error::Size { name: what.clone(), expected: blob.size, found }.into());
            }
            bytes => bytes?,
        };
        if (bytes.len() as u64) < blob.size {
            let fault = RegistryFault::Broken("it ended early".to_owned());
            return Err(Trouble::new(session.name(), &what, fault, Again::Soon));
        }
        Ok(bytes)
    })?;
    bundle::check(&what, &bytes, &blob.digest, Some(blob.size))?;
    document::check_values(&bytes, &what, &session.client.limits)?;
    Ok(bytes)
}
