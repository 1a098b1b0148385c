//! Which images a bundle holds, and where the parts of each are. Nothing is unpacked here.
//!
//! Sources: OCI image-spec `image-layout.md`; the `manifest.json` of `docker save`.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::bundle::{self, Bundle};
use super::document::{self, Descriptor, Document, Manifest, Platform};
use super::{Error, Limits};
use crate::image::Config;
use crate::oci::{DiffId, Digest, Reference};

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// What the file `version` of a `dir:` begins with.
pub(super) const FLAT_VERSION: &str = "Directory Transport Version: ";

/// How deep indexes may lie in indexes.
const MAX_DEPTH: u32 = 4;

/// Which documents say what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `oci-layout` and `index.json`.
    Oci,
    /// `manifest.json`.
    Docker,
    /// `manifest.json` of one image, and blobs beside it, named by the digits of their digests.
    Flat,
    /// Whichever is there.
    Either,
}

/// An image in a bundle: its documents are read and checked, its layers only named.
#[derive(Debug)]
pub(super) struct Found {
    pub id: Digest,
    pub config: Vec<u8>,
    pub diff_ids: Vec<DiffId>,
    pub manifest: Option<Vec<u8>>,
    /// As long as `diff_ids`.
    pub layers: Vec<LayerFile>,
    pub references: Vec<Reference>,
    /// For which machine it is, if for another one.
    pub foreign_platform: Option<String>,
}

/// A layer's file in the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct LayerFile {
    pub member: String,
    pub diff_id: DiffId,
    /// What the file's own digest must be, where something says so.
    pub digest: Option<Digest>,
}

/// All images of `bundle`, or the one called `wanted`: by its name, by its place in the list (`@0`), or in a layout by
/// its manifest's digest (`@sha256:…`).
///
/// Source: containers/image `containers-transports(5)`.
pub(super) fn find(
    bundle: &Bundle,
    layout: Layout,
    wanted: Option<&str>,
    limits: &Limits,
) -> Result<Vec<Found>, Error> {
    let flat = layout == Layout::Flat || layout == Layout::Either && is_flat(bundle, limits);
    let finder = Finder { bundle, limits, flat, spent: Cell::new(0) };
    if flat {
        return finder.single(wanted).map(|image| vec![image]);
    }
    let (oci, docker) = (bundle.has("index.json"), bundle.has("manifest.json"));
    let mut found = match layout {
        Layout::Docker if docker => finder.docker(wanted)?,
        Layout::Oci if oci => finder.oci(wanted)?,
        Layout::Either if docker => finder.docker(wanted)?,
        Layout::Either if oci => finder.oci(wanted)?,
        _ => {
            let looked_for = match layout {
                Layout::Docker => "`manifest.json` (archives of Docker before 1.10 are not read)",
                Layout::Oci | Layout::Flat => "`index.json`",
                Layout::Either => "`manifest.json` or `index.json`",
            };
            let reason = format!("there is no {looked_for} in it");
            return Err(Error::NoImages { path: bundle.path().to_owned(), reason });
        }
    };
    // Docker 25 and later write both. The manifests are only in the one, all names in the other.
    if layout != Layout::Oci && docker && oci {
        let twins = finder.oci(None).unwrap_or_default();
        let twins: HashMap<Digest, &Found> = twins.iter().rev().map(|twin| (twin.id, twin)).collect();
        for image in found.iter_mut().filter(|image| image.manifest.is_none()) {
            if let Some(twin) = twins.get(&image.id) {
                image.manifest.clone_from(&twin.manifest);
                image.layers.clone_from(&twin.layers);
            }
        }
    }
    Ok(merge(found))
}

/// One image under several names is one image.
fn merge(found: Vec<Found>) -> Vec<Found> {
    let mut images: Vec<Found> = Vec::new();
    let mut places: HashMap<(Digest, Option<Digest>), usize> = HashMap::new();
    for image in found {
        let key = (image.id, image.manifest.as_deref().map(Digest::of));
        match places.get(&key).and_then(|at| images.get_mut(*at)) {
            Some(known) => known.references.extend(image.references),
            None => {
                places.insert(key, images.len());
                images.push(image);
            }
        }
    }
    for image in &mut images {
        let mut seen = HashSet::new();
        image.references.retain(|reference| seen.insert(reference.clone()));
    }
    images
}

/// An entry of `manifest.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

struct Finder<'a> {
    bundle: &'a Bundle,
    limits: &'a Limits,
    flat: bool,
    /// Bytes of the documents read so far.
    spent: Cell<u64>,
}

/// Is it what skopeo writes as `dir:`?
fn is_flat(bundle: &Bundle, limits: &Limits) -> bool {
    let says = |version: Vec<u8>| version.starts_with(FLAT_VERSION.as_bytes());
    matches!(bundle, Bundle::Directory(_)) && bundle.document("version", limits).is_ok_and(says)
}

impl Finder<'_> {
    /// Source: containers/image `directory/`.
    fn single(&self, wanted: Option<&str>) -> Result<Found, Error> {
        const NAME: &str = "manifest.json";
        if let Some(name) = wanted {
            let path = self.bundle.path().to_owned();
            return Err(Error::NoSuchImage { path, name: name.to_owned(), present: Vec::new() });
        }
        let raw = self.document(NAME)?;
        match Document::parse(&raw, NAME, None)? {
            Document::Manifest(manifest) => self.image_of(&manifest, raw, NAME),
            Document::Index(_) => Err(Error::document(NAME, "it is an index and no image's manifest")),
        }
    }

    fn blob_name(&self, digest: &Digest) -> String {
        if self.flat { digest.hex() } else { bundle::blob_name(digest) }
    }

    /// The bytes of the document `name`. Several names may lead to one and the same: it counts each time.
    fn document(&self, name: &str) -> Result<Vec<u8>, Error> {
        let bytes = self.bundle.document(name, self.limits)?;
        self.spent.set(self.spent.get().saturating_add(bytes.len() as u64));
        let allowed = self.limits.all_document_bytes;
        if self.spent.get() > allowed {
            let name = self.bundle.path().display().to_string();
            return Err(Error::Limit { name, limit: "all_document_bytes", allowed });
        }
        document::check_values(&bytes, name, self.limits)?;
        Ok(bytes)
    }

    fn blob(&self, digest: &Digest, size: u64) -> Result<Vec<u8>, Error> {
        let name = self.blob_name(digest);
        let bytes = self.document(&name)?;
        bundle::check(&name, &bytes, digest, Some(size))?;
        Ok(bytes)
    }

    fn docker(&self, wanted: Option<&str>) -> Result<Vec<Found>, Error> {
        const NAME: &str = "manifest.json";
        let raw = self.document(NAME)?;
        let entries: Vec<Saved> =
            serde_json::from_slice(&raw).map_err(|error| Error::document(NAME, error.to_string()))?;
        self.check_count(entries.len())?;
        let mut names = Vec::new();
        let mut images = Vec::new();
        let place = wanted.and_then(place);
        for (position, entry) in entries.into_iter().enumerate() {
            let tags = entry.repo_tags.unwrap_or_default();
            let references = tags
                .iter()
                .map(|tag| parse_name(tag).map_err(|reason| Error::document(NAME, reason)))
                .collect::<Result<Vec<_>, _>>()?;
            let only = wanted
                .filter(|_| place.is_none())
                .and_then(|wanted| {
                    references.iter().find(|one| wanted.parse::<Reference>().as_ref() == Ok(*one))
                })
                .cloned();
            if tags.is_empty() {
                names.push(format!("@{position}"));
            }
            names.extend(tags);
            if wanted.is_some() && place != Some(position) && only.is_none() {
                continue;
            }
            let config = self.document(&entry.config)?;
            if let Some(expected) = digest_in_name(&entry.config) {
                bundle::check(&entry.config, &config, &expected, None)?;
            }
            let layers = entry.layers.unwrap_or_default();
            let files = layers.into_iter().map(|member| {
                let digest = member.strip_prefix("blobs/sha256/").and_then(digest_in_name);
                // One file may have several names; it is one layer all the same.
                (self.bundle.own_name(&member).unwrap_or(member), digest)
            });
            let mut image = assemble(config, &entry.config, &entry.config, files.collect(), self.limits)?;
            image.references = only.map_or(references, |only| vec![only]);
            images.push(image);
        }
        self.require(images, wanted, names)
    }

    fn oci(&self, wanted: Option<&str>) -> Result<Vec<Found>, Error> {
        const NAME: &str = "index.json";
        self.check_layout()?;
        let raw = self.document(NAME)?;
        let Document::Index(entries) = Document::parse(&raw, NAME, None)? else {
            return Err(Error::document(NAME, "it is a manifest and not an index"));
        };
        self.check_count(entries.len())?;
        let place = wanted.and_then(place);
        let mut present: Vec<String> = Vec::new();
        let mut chosen: Vec<Descriptor> = Vec::new();
        for (position, entry) in entries.into_iter().enumerate() {
            if entry.is_attestation() {
                continue;
            }
            let name = shown_name(&entry).unwrap_or_else(|| format!("@{position}"));
            if !present.contains(&name) {
                present.push(name);
            }
            if wanted.is_none_or(|wanted| place == Some(position) || is_called(&entry, wanted)) {
                chosen.push(entry);
            }
        }
        let mut images = Vec::new();
        for entry in choose_platforms(chosen, NAME)? {
            let mut image = self.resolve(&entry, 0)?;
            image.references = references(&entry);
            images.push(image);
        }
        self.require(images, wanted, present)
    }

    fn require(
        &self,
        images: Vec<Found>,
        wanted: Option<&str>,
        present: Vec<String>,
    ) -> Result<Vec<Found>, Error> {
        let path = self.bundle.path().to_owned();
        match wanted {
            _ if !images.is_empty() => Ok(images),
            Some(name) => Err(Error::NoSuchImage { path, name: name.to_owned(), present }),
            None => Err(Error::NoImages { path, reason: "its list of images is empty".to_owned() }),
        }
    }

    fn check_count(&self, count: usize) -> Result<(), Error> {
        if count as u64 > self.limits.members {
            let name = self.bundle.path().display().to_string();
            return Err(Error::Limit { name, limit: "members", allowed: self.limits.members });
        }
        Ok(())
    }

    fn check_layout(&self) -> Result<(), Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Marker {
            image_layout_version: String,
        }
        const NAME: &str = "oci-layout";
        let raw = self.document(NAME)?;
        let marker: Marker =
            serde_json::from_slice(&raw).map_err(|error| Error::document(NAME, error.to_string()))?;
        if marker.image_layout_version.starts_with("1.") {
            return Ok(());
        }
        Err(Error::document(NAME, format!("version `{}` is not known", marker.image_layout_version)))
    }

    /// The image that a descriptor leads to, through indexes to the one for this machine.
    fn resolve(&self, descriptor: &Descriptor, depth: u32) -> Result<Found, Error> {
        let name = self.blob_name(&descriptor.digest);
        if depth > MAX_DEPTH {
            return Err(Error::document(name, "indexes lie too deep in one another"));
        }
        let raw = self.blob(&descriptor.digest, descriptor.size)?;
        match Document::parse(&raw, &name, descriptor.media_type.as_deref())? {
            Document::Manifest(manifest) => self.image_of(&manifest, raw, &name),
            Document::Index(entries) => {
                self.check_count(entries.len())?;
                let entries: Vec<Descriptor> =
                    entries.into_iter().filter(|entry| !entry.is_attestation()).collect();
                match choose_platforms(entries, &name)?.as_slice() {
                    [one] => self.resolve(one, depth + 1),
                    [] => Err(Error::document(name, "this index is empty")),
                    [..] => {
                        Err(Error::document(name, "this index does not say which image is for which machine"))
                    }
                }
            }
        }
    }

    fn image_of(&self, manifest: &Manifest, raw: Vec<u8>, name: &str) -> Result<Found, Error> {
        let config = self.blob(&manifest.config.digest, manifest.config.size)?;
        let mut files = Vec::new();
        for layer in &manifest.layers {
            let member = self.blob_name(&layer.digest);
            let media_type = layer.media_type.as_deref().unwrap_or_default();
            let Some(section) = self.bundle.find(&member)? else {
                if document::is_foreign(media_type) {
                    return Err(refuse_foreign(&layer.digest, name));
                }
                return Err(Error::Missing { path: self.bundle.path().to_owned(), member });
            };
            if section.size() != layer.size {
                return Err(Error::Size { name: member, expected: layer.size, found: section.size() });
            }
            files.push((member, Some(layer.digest)));
        }
        let config_name = self.blob_name(&manifest.config.digest);
        let mut image = assemble(config, &config_name, name, files, self.limits)?;
        image.manifest = Some(raw);
        Ok(image)
    }
}

/// An image of a configuration and the files of its layers, lowest first, which must fit together. The names are
/// those of the configuration and of what lists the layers.
pub(super) fn assemble(
    config: Vec<u8>,
    config_name: &str,
    name: &str,
    files: Vec<(String, Option<Digest>)>,
    limits: &Limits,
) -> Result<Found, Error> {
    // What cannot be read later must not come in: one such image would stand in the way of every listing.
    let parsed = Config::parse(config.clone())
        .map_err(|error| Error::document(config_name, format!("it is no image configuration: {error}")))?;
    let diff_ids = parsed.diff_ids().to_vec();
    if files.len() as u64 > limits.layers {
        return Err(Error::Limit { name: name.to_owned(), limit: "layers", allowed: limits.layers });
    }
    if files.len() != diff_ids.len() {
        let reason = format!("it has {} layers, and its configuration names {}", files.len(), diff_ids.len());
        return Err(Error::document(name, reason));
    }
    let layers = files
        .into_iter()
        .zip(&diff_ids)
        .map(|((member, digest), diff_id)| LayerFile { member, diff_id: *diff_id, digest })
        .collect();
    // Old configurations lack these fields; such an image may run here.
    let foreign_platform =
        platform_of(&config).filter(|platform| !platform.is_own()).map(|platform| platform.to_string());
    Ok(Found {
        id: Digest::of(&config),
        config,
        diff_ids,
        manifest: None,
        layers,
        references: Vec::new(),
        foreign_platform,
    })
}

/// For which machine a configuration says that it is.
pub(super) fn platform_of(config: &[u8]) -> Option<Platform> {
    serde_json::from_slice::<Platform>(config)
        .ok()
        .filter(|platform| !platform.architecture.is_empty() && !platform.os.is_empty())
}

/// A layer that only its maker's server may give out is not fetched from there.
pub(super) fn refuse_foreign(digest: &Digest, name: &str) -> Error {
    let reason = format!("its layer `{digest}` is to be had from its maker only; its URLs are never fetched");
    Error::document(name, reason)
}

/// Of several entries of the index `name` under one name, each for another machine, the one for this machine.
fn choose_platforms(entries: Vec<Descriptor>, name: &str) -> Result<Vec<Descriptor>, Error> {
    let mut groups: Vec<Vec<Descriptor>> = Vec::new();
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    for entry in entries {
        let at = *places.entry(shown_name(&entry)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    let mut chosen: Vec<Descriptor> = Vec::new();
    for group in groups {
        if group.len() == 1 || group.iter().any(|entry| entry.platform.is_none()) {
            chosen.extend(group);
            continue;
        }
        let platforms = || group.iter().filter_map(|entry| entry.platform.as_ref());
        let present: Vec<String> = platforms().map(Platform::to_string).collect();
        let own = group.iter().find(|entry| entry.platform.as_ref().is_some_and(Platform::is_own));
        let wanted = Platform::own().to_string();
        let name = format!("`{name}`");
        chosen.push(own.cloned().ok_or(Error::NoPlatform { name, wanted, present })?);
    }
    Ok(chosen)
}

/// A name that an image can be given.
fn parse_name(text: &str) -> Result<Reference, String> {
    let reference: Reference = text.parse().map_err(|error: crate::oci::Error| error.to_string())?;
    if reference.digest().is_some() {
        return Err(format!("`{text}` is no name that an image could be given: it has a digest"));
    }
    Ok(reference)
}

/// `HEX`, `HEX.json` and `…/HEX`: Docker names files by their digest.
fn digest_in_name(name: &str) -> Option<Digest> {
    let last = name.rsplit('/').next()?;
    format!("sha256:{}", last.strip_suffix(".json").unwrap_or(last)).parse().ok()
}

fn shown_name(entry: &Descriptor) -> Option<String> {
    entry.annotation(CONTAINERD_NAME).or_else(|| entry.annotation(REF_NAME)).map(str::to_owned)
}

/// The whole names that an entry of `index.json` gives. A bare tag names no repository, and the
/// directory's own name is no promise: such an image is loaded without a name.
fn references(entry: &Descriptor) -> Vec<Reference> {
    let mut found: Vec<Reference> = Vec::new();
    let whole = entry.annotation(REF_NAME).filter(|name| name.contains([':', '/']));
    for name in [entry.annotation(CONTAINERD_NAME), whole].into_iter().flatten() {
        if let Ok(reference) = name.parse::<Reference>()
            && reference.digest().is_none()
            && !found.contains(&reference)
        {
            found.push(reference);
        }
    }
    found
}

/// The place that `@N` means; names begin with another sign.
fn place(wanted: &str) -> Option<usize> {
    let digits = wanted.strip_prefix('@')?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn is_called(entry: &Descriptor, wanted: &str) -> bool {
    if entry.annotation(REF_NAME) == Some(wanted) || entry.annotation(CONTAINERD_NAME) == Some(wanted) {
        return true;
    }
    if wanted.strip_prefix('@').unwrap_or(wanted) == entry.digest.to_string() {
        return true;
    }
    wanted.parse::<Reference>().is_ok_and(|wanted| references(entry).contains(&wanted))
}
