//! Images from the store into archives and layouts.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::compression::Compression;
use super::layer_tar;
use super::layout_writer::LayoutWriter;
use super::load::processors;
use super::output::Output;
use super::progress::{Item, Report};
use super::source::Place;
use super::staging::Staging;
use super::tar_writer::TarWriter;
use super::watch::Watch;
use super::{Error, Limits, Target};
use crate::oci::{Digest, Reference, media_type};
use crate::store::{BlobDescriptor, ImageRecord, LayerRecord, Store, TarSource};
use crate::sys::Interrupt;

/// How images are written.
#[derive(Debug, Clone, Default)]
pub struct SaveOptions {
    /// Of OCI layers; `None` keeps what a layer came as, else gzip. A docker-archive has plain ones.
    pub compression: Option<Compression>,
    /// The compressor's level: gzip 0 to 9 (3), zstd 1 to 19 (3).
    pub level: Option<i64>,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// How many threads compress; `None` for as many as there are processors.
    pub threads: Option<usize>,
    /// Who hears how far it is.
    pub report: Report,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The manifest's digest, where the target has a manifest.
    pub manifest_digest: Option<Digest>,
    /// The name under which the target lists the image.
    pub name: Option<String>,
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
    check_level(options)?;
    let saver = Saver::new(store, image, options, Watch::new(options.interrupt));
    match target {
        Target::DockerArchive(place) => saver.docker(place, references),
        Target::OciArchive(place) => {
            let (path, name) = place.split_first();
            saver.oci(LayoutWriter::archive(&path, saver.staging())?, name, references)
        }
        Target::Oci(place) => {
            let (path, name) = place.split_first();
            saver.oci(LayoutWriter::directory(&path, &Limits::default(), saver.staging())?, name, references)
        }
        Target::Dir(path) => saver.image(LayoutWriter::flat(path, saver.staging())?, None, references, true),
        Target::Registry(_) | Target::Daemon(_) => Err(Error::Name {
            text: format!("{target:?}"),
            reason: "is no file: `registry::push` and `daemon::import` take it there".to_owned(),
        }),
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

/// One image on its way out.
pub(super) struct Saver<'a> {
    store: &'a Store,
    image: &'a ImageRecord,
    options: &'a SaveOptions,
    watch: Watch,
}

impl<'a> Saver<'a> {
    pub fn new(store: &'a Store, image: &'a ImageRecord, options: &'a SaveOptions, watch: Watch) -> Self {
        Self { store, image, options, watch }
    }
}

impl Saver<'_> {
    const fn staging(&self) -> Staging<'_> {
        Staging::new(self.store)
    }

    /// Source: moby `image/tarexport/save.go`.
    fn docker(&self, place: &Place, references: &[Reference]) -> Result<Saved, Error> {
        if !matches!(self.options.compression, None | Some(Compression::None)) {
            return Err(Error::Name {
                text: "compression".to_owned(),
                reason: "does not apply to a docker-archive, whose layers are plain; `oci-archive:` has it"
                    .to_owned(),
            });
        }
        let (path, name) = place.split_first();
        let references = match &name {
            Some(name) => vec![parse(name)?],
            None => references.to_vec(),
        };
        let output = Output::create(&path, self.staging())?;
        let failed = Error::io("write", &path);
        let mut writer = TarWriter::new(output.file()?);
        let layers = self.layers()?;
        let members: Vec<String> =
            layers.iter().map(|layer| format!("{}/layer.tar", layer.diff_id.0.hex())).collect();
        let config = format!("{}.json", self.image.id.hex());
        let tags: Vec<String> =
            references.iter().filter(|name| name.tag().is_some()).map(Reference::to_string).collect();
        // The documents first: a reader of a stream then knows what comes.
        let manifest = json!([{ "Config": config, "RepoTags": tags, "Layers": members }]);
        writer.add("manifest.json", manifest.to_string().as_bytes()).map_err(&failed)?;
        let repositories = repositories(&references, layers.last());
        writer.add("repositories", repositories.to_string().as_bytes()).map_err(&failed)?;
        writer.add(&config, &self.image.config).map_err(&failed)?;
        for (position, (layer, member)) in layers.iter().zip(&members).enumerate() {
            // An image may have one layer twice; its archive need not.
            if members[..position].contains(member) {
                continue;
            }
            let open = writer.begin().map_err(&failed)?;
            let item = self.options.report.begin(layer.diff_id.0.short(), "save", Some(layer.tar_size));
            layer_tar::write(self.store, layer, &mut item.writer(self.watch.writer(&mut writer)))?;
            writer.end(open, member).map_err(&failed)?;
            item.end("saved");
        }
        writer.finish().map_err(&failed)?;
        output.finish()?;
        Ok(Saved { manifest_digest: None, name: tags.into_iter().next() })
    }

    fn oci(
        &self,
        writer: LayoutWriter<'_>,
        name: Option<String>,
        references: &[Reference],
    ) -> Result<Saved, Error> {
        self.image(writer, name, references, false)
    }

    fn image(
        &self,
        mut writer: LayoutWriter<'_>,
        name: Option<String>,
        references: &[Reference],
        docker_too: bool,
    ) -> Result<Saved, Error> {
        let mut descriptors: Vec<BlobDescriptor> = Vec::new();
        let mut known: HashMap<Digest, BlobDescriptor> = HashMap::new();
        for (position, layer) in self.layers()?.iter().enumerate() {
            let descriptor = match known.get(&layer.diff_id.0) {
                Some(known) => known.clone(),
                None => self.write_layer(&mut writer, layer, position)?,
            };
            known.insert(layer.diff_id.0, descriptor.clone());
            descriptors.push(descriptor);
        }
        let config = self.write_bytes(&mut writer, &self.image.config)?;
        let raw = self.manifest(&config, &descriptors, docker_too);
        let manifest = self.write_bytes(&mut writer, &raw)?;
        let first = references.iter().find(|reference| reference.tag().is_some());
        let name = name.or_else(|| first.and_then(|first| first.tag().map(str::to_owned)));
        let mut entry = json!({
            "mediaType": media_type::OCI_MANIFEST, "digest": manifest.0.to_string(), "size": manifest.1,
        });
        // With it `docker load` and we find the repository again, which a bare tag does not tell.
        if let Some(whole) = whole_name(name.as_deref(), first) {
            entry["annotations"] = json!({ "io.containerd.image.name": whole.canonical() });
        }
        writer.finish(entry, name.as_deref())?;
        Ok(Saved { manifest_digest: Some(manifest.0), name })
    }

    /// The image's layers, lowest first.
    pub fn layers(&self) -> Result<Vec<LayerRecord>, Error> {
        let find = |diff_id| {
            let missing = crate::store::Error::MissingLayer { diff_id };
            self.store.layer(&diff_id)?.ok_or(missing).map_err(Error::from)
        };
        self.image.diff_ids.iter().map(|diff_id| find(*diff_id)).collect()
    }

    /// The blob that this layer came as, if it still is what was asked for.
    pub fn kept_blob(&self, layer: &LayerRecord, position: usize) -> Result<Option<BlobDescriptor>, Error> {
        let mut kept = self.image.compressed.get(position).cloned().flatten();
        if let (None, TarSource::Blob(digest, media_type)) = (&kept, &layer.tar) {
            let size = std::fs::metadata(self.store.blob_path(digest)).map_or(0, |found| found.len());
            kept = Some(BlobDescriptor { digest: *digest, size, media_type: media_type.clone() });
        }
        let Some(blob) = kept else { return Ok(None) };
        let wanted = self.options.compression.map(Compression::layer_media_type);
        let fits = self.options.level.is_none() && wanted.is_none_or(|wanted| wanted == blob.media_type);
        Ok((fits && self.store.pin_blob(&blob.digest)?).then_some(blob))
    }

    fn write_layer(
        &self,
        writer: &mut LayoutWriter<'_>,
        layer: &LayerRecord,
        position: usize,
    ) -> Result<BlobDescriptor, Error> {
        self.watch.check()?;
        if let Some(blob) = self.kept_blob(layer, position)? {
            let item = self.options.report.begin(blob.digest.short(), "save", Some(blob.size));
            if writer.has(&blob.digest, blob.size) {
                item.end("exists");
            } else {
                let path = self.store.blob_path(&blob.digest);
                let mut file = self.store.open_blob(&blob.digest)?;
                let (found, _) = writer.blob(|out| {
                    let mut out = item.writer(self.watch.writer(out));
                    io::copy(&mut file, &mut out).map(drop).map_err(Error::io("copy", &path))
                })?;
                if found != blob.digest {
                    return Err(Error::Digest {
                        name: path.display().to_string(),
                        expected: blob.digest,
                        found,
                    });
                }
                item.end("saved");
            }
            return Ok(blob);
        }
        let compression = self.compression(layer, position);
        let item = self.options.report.begin(layer.diff_id.0.short(), "save", Some(layer.tar_size));
        let (digest, size) = writer.blob(|out| self.write_compressed(layer, compression, &item, out))?;
        item.end("saved");
        Ok(BlobDescriptor { digest, size, media_type: compression.layer_media_type().to_owned() })
    }

    /// Writes a layer that has no fitting blob into `file`.
    pub fn compress(
        &self,
        layer: &LayerRecord,
        position: usize,
        file: &std::fs::File,
    ) -> Result<BlobDescriptor, Error> {
        let compression = self.compression(layer, position);
        let mut out = layer_tar::Hashing::new(io::BufWriter::with_capacity(1 << 18, file));
        let item = self.options.report.begin(layer.diff_id.0.short(), "compress", Some(layer.tar_size));
        self.write_compressed(layer, compression, &item, &mut out)?;
        io::Write::flush(&mut out).map_err(Error::io("write", Path::new("a layer")))?;
        item.end("compressed");
        let (digest, size) = out.finish();
        Ok(BlobDescriptor { digest, size, media_type: compression.layer_media_type().to_owned() })
    }

    /// What a layer is to be compressed with: as asked; else plain if the manifest with which it came has it so.
    fn compression(&self, layer: &LayerRecord, position: usize) -> Compression {
        let came_plain = || {
            let manifest = serde_json::from_slice::<Value>(self.image.manifest.as_deref()?).ok()?;
            let listed = manifest.get("layers")?.get(position)?.get("digest")?.as_str()?;
            (listed == layer.diff_id.to_string()).then_some(Compression::None)
        };
        self.options.compression.or_else(came_plain).unwrap_or(Compression::Gzip)
    }

    fn write_compressed(
        &self,
        layer: &LayerRecord,
        compression: Compression,
        item: &Item,
        out: &mut dyn io::Write,
    ) -> Result<(), Error> {
        let threads = self.options.threads.unwrap_or_else(processors);
        let produce = |sink: &mut dyn io::Write| {
            layer_tar::write(self.store, layer, &mut item.writer(self.watch.writer(sink)))
        };
        let failed = |error| Error::io("write", Path::new("a layer"))(error);
        compression.write(out, self.options.level, threads, failed, produce)
    }

    fn write_bytes(&self, writer: &mut LayoutWriter<'_>, bytes: &[u8]) -> Result<(Digest, u64), Error> {
        let digest = Digest::of(bytes);
        if writer.has(&digest, bytes.len() as u64) {
            return Ok((digest, bytes.len() as u64));
        }
        writer
            .blob(|out| out.write_all(bytes).map_err(Error::io("write", Path::new("the image's documents"))))
    }

    /// The manifest that the image came with, if its layers go out as they came; else a new one. Docker's kind has no
    /// place in an OCI layout, but registries take both.
    pub fn manifest(&self, config: &(Digest, u64), layers: &[BlobDescriptor], docker_too: bool) -> Vec<u8> {
        if let Some(raw) = &self.image.manifest
            && is_about(raw, config.0, layers, docker_too)
        {
            return raw.clone();
        }
        let layers: Vec<Value> = layers
            .iter()
            .map(|layer| {
                json!({ "mediaType": layer.media_type, "digest": layer.digest.to_string(), "size": layer.size })
            })
            .collect();
        json!({
            "schemaVersion": 2,
            "mediaType": media_type::OCI_MANIFEST,
            "config": { "mediaType": media_type::OCI_CONFIG, "digest": config.0.to_string(), "size": config.1 },
            "layers": layers,
        })
        .to_string()
        .into_bytes()
    }
}

/// Is `raw` an OCI manifest (or one of Docker's) of just this configuration and these layers?
fn is_about(raw: &[u8], config: Digest, layers: &[BlobDescriptor], docker_too: bool) -> bool {
    let Ok(manifest) = serde_json::from_slice::<Value>(raw) else { return false };
    let digest =
        |value: &Value| value.get("digest").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let is_oci = |value: &Value, default: bool| {
        value
            .get("mediaType")
            .and_then(Value::as_str)
            .map_or(default, |text| docker_too || text.starts_with("application/vnd.oci."))
    };
    let Some(listed) = manifest.get("layers").and_then(Value::as_array) else { return false };
    let Some(own_config) = manifest.get("config") else { return false };
    is_oci(&manifest, true)
        && is_oci(own_config, false)
        && digest(own_config) == Some(config)
        && listed.len() == layers.len()
        && listed
            .iter()
            .zip(layers)
            .all(|(listed, layer)| is_oci(listed, false) && digest(listed) == Some(layer.digest))
}

/// Docker's oldest table of names; readers of our day look at `manifest.json`.
fn repositories(references: &[Reference], top: Option<&LayerRecord>) -> Value {
    let mut table = Map::new();
    let top = top.map(|layer| layer.diff_id.0.hex()).unwrap_or_default();
    for reference in references {
        if let Some(tag) = reference.tag() {
            let tags = table.entry(reference.familiar_name()).or_insert_with(|| json!({}));
            tags[tag] = json!(top);
        }
    }
    Value::Object(table)
}

fn parse(name: &str) -> Result<Reference, Error> {
    let refuse = |reason: String| Error::Name { text: name.to_owned(), reason };
    let reference: Reference = name.parse().map_err(|error: crate::oci::Error| refuse(error.to_string()))?;
    if reference.tag().is_none() {
        return Err(refuse("names a digest, which cannot be chosen".to_owned()));
    }
    Ok(reference)
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
