//! Images from the store into archives and layouts.

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::compression::Compression;
use super::layer_tar;
use super::layout_writer::LayoutWriter;
use super::output::Output;
use super::saver::{Documents, Made, Saver};
use super::staging::Staging;
use super::tar_writer::TarWriter;
use super::watch::Watch;
use super::{Error, Limits, SaveOptions, Target};
use crate::oci::{Digest, Reference, media_type};
use crate::store::{ImageRecord, LayerRecord, Store};

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// The manifest's digest, where the target has a manifest.
    pub manifest_digest: Option<Digest>,
    /// The name under which the target lists the image.
    pub name: Option<String>,
}

/// An image that is to be written, and its names.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The image.
    pub image: &'a ImageRecord,
    /// What it is called, unless the target says.
    pub references: &'a [Reference],
}

/// Writes `image` to `target`, named by what the target says or else by `references`.
///
/// The same image gives the same bytes. A layer that came compressed goes out as the same blob
/// unless another compression is asked for; each layer that is written anew is checked against its
/// DiffID. The target appears complete or not at all, and on the disk; an OCI layout that is there
/// keeps its other images.
///
/// # Errors
/// [`Error::Name`] for options that do not fit the target; [`Error::Rebuilt`] or [`Error::Digest`] if
/// the store is damaged; [`Error::Io`].
pub fn save(
    store: &Store,
    image: &ImageRecord,
    references: &[Reference],
    target: &Target,
    options: &SaveOptions,
) -> Result<Saved, Error> {
    let saved = save_all(store, &[Outgoing { image, references }], target, options)?;
    Ok(saved.into_iter().next().unwrap_or_default())
}

/// The same with several images in one archive or layout; what they share is written once.
///
/// # Errors
/// As [`save`]; [`Error::Name`] if the target holds one image only, or names it.
pub fn save_all(
    store: &Store,
    images: &[Outgoing<'_>],
    target: &Target,
    options: &SaveOptions,
) -> Result<Vec<Saved>, Error> {
    check_level(options)?;
    let job = Job { store, images, options, watch: Watch::new(options.interrupt) };
    match target {
        Target::DockerArchive(place) => {
            let (path, name) = place.split_first();
            job.check_name(name.as_deref())?;
            job.docker(&path, name.as_deref())
        }
        Target::OciArchive(place) | Target::Oci(place) => {
            job.check_name(place.split_first().1.as_deref())?;
            job.layout(layout_of(store, target)?)
        }
        Target::Dir(path) => {
            if images.len() > 1 {
                let reason = "holds one image: `oci:`, `oci-archive:` and `docker-archive:` hold several";
                return Err(Error::Name {
                    text: format!("dir:{}", path.display()),
                    reason: reason.to_owned(),
                });
            }
            job.layout(layout_of(store, target)?)
        }
        Target::Registry(_) | Target::Daemon(_) => Err(no_file(target)),
    }
}

fn no_file(target: &Target) -> Error {
    Error::Name {
        text: format!("{target:?}"),
        reason: "is no file: `registry::push` and `daemon::import` take it there".to_owned(),
    }
}

/// A target that is begun, of those that have an image's documents and blobs as they are.
pub(super) struct Begun<'a> {
    pub writer: LayoutWriter<'a>,
    /// The name that the target itself says.
    pub name: Option<String>,
    /// Whether Docker's kind of documents has a place there.
    pub docker_too: bool,
}

/// Begins a layout, an archive of one, or a `dir:`.
pub(super) fn layout_of<'a>(store: &'a Store, target: &Target) -> Result<Begun<'a>, Error> {
    let staging = Staging::new(store);
    let named = |place: &super::Place| {
        let (path, name) = place.split_first();
        name.as_deref().map_or(Ok(()), check_layout_name).map(|()| (path, name))
    };
    match target {
        Target::OciArchive(place) => {
            let (path, name) = named(place)?;
            Ok(Begun { writer: LayoutWriter::archive(&path, staging)?, name, docker_too: false })
        }
        Target::Oci(place) => {
            let (path, name) = named(place)?;
            let writer = LayoutWriter::directory(&path, &Limits::default(), staging)?;
            Ok(Begun { writer, name, docker_too: false })
        }
        Target::Dir(path) => {
            Ok(Begun { writer: LayoutWriter::flat(path, staging)?, name: None, docker_too: true })
        }
        Target::DockerArchive(_) | Target::Registry(_) | Target::Daemon(_) => Err(no_file(target)),
    }
}

impl Begun<'_> {
    /// Writes the documents of an image whose layers are there, and puts it on the index as `name`.
    pub fn list(
        &mut self,
        documents: &Documents<'_>,
        name: Option<String>,
        references: &[Reference],
    ) -> Result<Saved, Error> {
        self.writer.document(&documents.config)?;
        let (digest, size) = self.writer.document(&documents.manifest)?;
        let mut entry = json!({
            "mediaType": media_type::OCI_MANIFEST, "digest": digest.to_string(), "size": size,
        });
        // With it `docker load` and we find the repository again, which a bare tag does not tell.
        if let Some(whole) = whole_name(name.as_deref(), tagged(references)) {
            entry["annotations"] = json!({ "io.containerd.image.name": whole.canonical() });
        }
        self.writer.add(entry, name.as_deref());
        Ok(Saved { manifest_digest: Some(digest), name })
    }
}

pub(super) fn check_level(options: &SaveOptions) -> Result<(), Error> {
    let Some(level) = options.level else { return Ok(()) };
    let (kind, allowed) = match options.compression.unwrap_or(Compression::Gzip) {
        Compression::None => ("no compression", 0..=0),
        Compression::Gzip => ("gzip", 0..=9),
        Compression::Zstd => ("zstd", 1..=19),
    };
    if allowed.contains(&level) {
        return Ok(());
    }
    let reason = match kind {
        "no compression" => "is a level, and there is nothing to compress".to_owned(),
        kind => format!("is no level of {kind}: {} to {}", allowed.start(), allowed.end()),
    };
    Err(Error::Name { text: level.to_string(), reason })
}

/// Images on their way into one target.
struct Job<'a> {
    store: &'a Store,
    images: &'a [Outgoing<'a>],
    options: &'a SaveOptions,
    watch: Watch,
}

impl<'a> Job<'a> {
    const fn staging(&self) -> Staging<'a> {
        Staging::new(self.store)
    }

    fn saver(&self, image: &'a ImageRecord) -> Saver<'a> {
        Saver::new(self.store, image, self.options, self.watch.clone())
    }

    /// One name is for one image.
    fn check_name(&self, name: Option<&str>) -> Result<(), Error> {
        match name {
            Some(name) if self.images.len() != 1 => Err(Error::Name {
                text: name.to_owned(),
                reason: format!(
                    "is one name for {} images: they keep their own without it",
                    self.images.len()
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Source: moby `image/tarexport/save.go`.
    fn docker(&self, path: &Path, name: Option<&str>) -> Result<Vec<Saved>, Error> {
        if !matches!(self.options.compression, None | Some(Compression::None)) {
            return Err(Error::Name {
                text: "compression".to_owned(),
                reason: "does not apply to a docker-archive, whose layers are plain; `oci-archive:` has it"
                    .to_owned(),
            });
        }
        let name = name.map(parse).transpose()?;
        let mut contents = Vec::new();
        for outgoing in self.images {
            let references = name.as_ref().map_or(outgoing.references, std::slice::from_ref);
            contents.push((outgoing.image, references, self.saver(outgoing.image).layers()?));
        }
        let output = Output::create(path, self.staging())?;
        let failed = Error::io("write", path);
        let mut writer = TarWriter::new(output.file()?);
        let (mut manifest, mut repositories, mut saved) = (Vec::new(), Map::new(), Vec::new());
        for (image, references, layers) in &contents {
            let tags: Vec<String> =
                references.iter().filter(|name| name.tag().is_some()).map(Reference::to_string).collect();
            let members: Vec<String> = layers.iter().map(member).collect();
            manifest.push(json!({ "Config": config_member(image), "RepoTags": tags, "Layers": members }));
            add_repositories(&mut repositories, references, layers.last());
            saved.push(Saved { manifest_digest: None, name: tags.into_iter().next() });
        }
        // The documents first: a reader of a stream then knows what comes.
        writer.add("manifest.json", Value::Array(manifest).to_string().as_bytes()).map_err(&failed)?;
        writer.add("repositories", Value::Object(repositories).to_string().as_bytes()).map_err(&failed)?;
        // One image may have a layer twice, and several the same; an archive need not.
        let mut written = HashSet::new();
        for (image, _, _) in &contents {
            if written.insert(config_member(image)) {
                writer.add(&config_member(image), &image.config).map_err(&failed)?;
            }
        }
        for layer in contents.iter().flat_map(|(_, _, layers)| layers) {
            if !written.insert(member(layer)) {
                continue;
            }
            let open = writer.begin().map_err(&failed)?;
            let item = self.options.report.begin(layer.diff_id.0.short(), "save", Some(layer.tar_size));
            layer_tar::write(self.store, layer, &mut item.writer(self.watch.writer(&mut writer)))?;
            writer.end(open, &member(layer)).map_err(&failed)?;
            item.end("saved");
        }
        writer.finish().map_err(&failed)?;
        output.finish()?;
        Ok(saved)
    }

    fn layout(&self, mut begun: Begun<'_>) -> Result<Vec<Saved>, Error> {
        let names: Vec<Option<String>> = match &begun.name {
            Some(name) => vec![Some(name.clone())],
            None => own_names(self.images),
        };
        let (mut made, mut saved) = (Made::new(), Vec::new());
        for (outgoing, name) in self.images.iter().zip(names) {
            let saver = self.saver(outgoing.image);
            let mut layers = Vec::new();
            for (position, layer) in saver.layers()?.iter().enumerate() {
                layers.push(saver.write_layer(&mut begun.writer, layer, position, &mut made)?);
            }
            let documents = saver.documents(&layers, begun.docker_too);
            saved.push(begun.list(&documents, name, outgoing.references)?);
        }
        begun.writer.finish()?;
        Ok(saved)
    }
}

/// Where a docker-archive has a layer.
fn member(layer: &LayerRecord) -> String {
    format!("{}/layer.tar", layer.diff_id.0.hex())
}

/// Where it has a configuration.
fn config_member(image: &ImageRecord) -> String {
    format!("{}.json", image.id.hex())
}

pub(super) fn tagged(references: &[Reference]) -> Option<&Reference> {
    references.iter().find(|reference| reference.tag().is_some())
}

/// Under which name a layout lists each image: its tag; where several have the same tag, their whole names.
fn own_names(images: &[Outgoing<'_>]) -> Vec<Option<String>> {
    let firsts: Vec<Option<&Reference>> = images.iter().map(|image| tagged(image.references)).collect();
    let tag = |reference: &Reference| reference.tag().unwrap_or_default().to_owned();
    let shared = |tag: &str| firsts.iter().flatten().filter(|other| other.tag() == Some(tag)).count() > 1;
    firsts
        .iter()
        .map(|first| {
            let first = (*first)?;
            Some(Some(tag(first)).filter(|tag| !shared(tag)).unwrap_or_else(|| first.canonical()))
        })
        .collect()
}

/// Docker's oldest table of names; readers of our day look at `manifest.json`.
fn add_repositories(table: &mut Map<String, Value>, references: &[Reference], top: Option<&LayerRecord>) {
    let top = top.map(|layer| layer.diff_id.0.hex()).unwrap_or_default();
    for reference in references {
        if let Some(tag) = reference.tag() {
            let tags = table.entry(reference.familiar_name()).or_insert_with(|| json!({}));
            tags[tag] = json!(top);
        }
    }
}

fn parse(name: &str) -> Result<Reference, Error> {
    let refuse = |reason: String| Error::Name { text: name.to_owned(), reason };
    let reference: Reference = name.parse().map_err(|error: crate::oci::Error| refuse(error.to_string()))?;
    if reference.tag().is_none() {
        return Err(refuse("names a digest, which cannot be chosen".to_owned()));
    }
    Ok(reference)
}

/// A name that other programs can ask for, and that is no position (`@0`) and no digest.
///
/// Source: image-spec `annotations.md`, and a little more: tags of Docker may have any number of these signs in a row.
fn check_layout_name(name: &str) -> Result<(), Error> {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    if name.starts_with(is_word) && name.chars().all(|c| is_word(c) || "-._:@+/".contains(c)) {
        return Ok(());
    }
    let reason = "is no name for an image in a layout: it begins with a letter or digit, and has besides those only `-._:@+/`";
    Err(Error::Name { text: name.to_owned(), reason: reason.to_owned() })
}

/// The whole name to go with the tag `name`: what `name` itself says, or the image's own if that
/// has this tag.
fn whole_name(name: Option<&str>, first: Option<&Reference>) -> Option<Reference> {
    let name = name?;
    if name.contains([':', '/']) {
        return name.parse().ok();
    }
    let first = first?;
    let whole = format!("{}/{}:{name}", first.registry(), first.repository());
    whole.parse().ok()
}
