//! An image from a registry into a layout or an archive, as it is: no layer is unpacked, none gets another digest.
//!
//! What `skopeo copy` does; the store only lends a place for what has not come whole.

use std::collections::HashSet;
use std::io;

use super::layout_writer::LayoutWriter;
use super::progress::Report;
use super::registry::{self, RegistryOptions, Remote, RemoteLayer};
use super::{Error, Saved, Target, save, saver};
use crate::oci::{Reference, media_type};
use crate::store::{BlobDescriptor, Store};

/// Copies `remote` to `target`: `oci:`, `oci-archive:` or `dir:`.
///
/// Every document and every layer's file is what its digest says. What the layers contain is not looked at.
///
/// # Errors
/// As [`registry::pull`](super::registry::pull()) and [`save`](super::save()); [`Error::Name`] for other targets.
pub fn copy(
    store: &Store,
    remote: &Remote,
    target: &Target,
    options: &RegistryOptions,
) -> Result<Saved, Error> {
    let mut begun = save::layout_of(store, target)?;
    let mut seen = HashSet::new();
    let mut missing = Vec::new();
    for layer in remote.layers.iter().filter(|layer| seen.insert(layer.digest)) {
        if begun.writer.has(&layer.digest, layer.size) {
            options.report.begin(layer.digest.short(), "copy", Some(layer.size)).end("exists");
        } else if store.pin_blob(&layer.digest)? {
            from_store(store, layer, &mut begun.writer, &options.report)?;
        } else {
            missing.push(layer);
        }
    }
    let mut brought = registry::bring(store, remote, &missing, options)?;
    for layer in missing {
        if let Some(blob) = brought.remove(layer) {
            begun.writer.adopt(&layer.digest, blob)?;
        }
    }
    let layers: Vec<BlobDescriptor> = remote.layers.iter().map(described).collect();
    let (config, manifest) = (remote.config.as_slice(), Some(remote.manifest.as_slice()));
    let documents = saver::documents(remote.id, config, manifest, &layers, begun.docker_too);
    let references = [remote.reference.clone()];
    let own = save::tagged(&references).and_then(Reference::tag).map(str::to_owned);
    let saved = begun.list(&documents, begun.name.clone().or(own), &references)?;
    begun.writer.finish()?;
    Ok(saved)
}

/// The layer as OCI's manifest lists it; Docker's media types have twins there.
fn described(layer: &RemoteLayer) -> BlobDescriptor {
    let media_type = match layer.media_type.as_str() {
        media_type::DOCKER_LAYER => media_type::OCI_LAYER,
        media_type::DOCKER_LAYER_GZIP => media_type::OCI_LAYER_GZIP,
        other => other,
    };
    BlobDescriptor { digest: layer.digest, size: layer.size, media_type: media_type.to_owned() }
}

fn from_store(
    store: &Store,
    layer: &RemoteLayer,
    writer: &mut LayoutWriter<'_>,
    report: &Report,
) -> Result<(), Error> {
    let item = report.begin(layer.digest.short(), "copy", Some(layer.size));
    let path = store.blob_path(&layer.digest);
    let mut file = store.open_blob(&layer.digest)?;
    let (found, _) = writer
        .blob(|out| io::copy(&mut file, &mut item.writer(out)).map(drop).map_err(Error::io("copy", &path)))?;
    if found != layer.digest {
        return Err(Error::Digest { name: path.display().to_string(), expected: layer.digest, found });
    }
    item.end("copied");
    Ok(())
}
