//! Images from a source into the store.

use std::collections::HashSet;

use super::bundle::Bundle;
use super::fetch::{Fetched, fetch};
use super::images::{self, Found, LayerFile};
use super::opening::{check_kind, place_of};
use super::parallel::{Results, in_parallel, processors};
use super::watch::Watch;
use super::{Error, LoadOptions, Source};
use crate::oci::{Digest, Reference};
use crate::store::{ImageRecord, MovedReference, Store};

/// An image that came in.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// As it is in the store.
    pub record: ImageRecord,
    /// The names that the source gave it.
    pub references: Vec<Reference>,
    /// Those of them that named another image before.
    pub moved: Vec<MovedReference>,
    /// What is worth saying, a sentence each.
    pub notices: Vec<String>,
}

/// Reads all images of `source` (or the one that it names) into `store`.
///
/// Every manifest, configuration and layer is checked against the digest and size by which it was
/// found, every layer's content against its DiffID. Layers are unpacked in parallel, each once.
/// Returns at least one image, in the order of the source.
///
/// # Errors
/// What is wrong with the source; then no image of it is recorded, and what was unpacked of it is
/// garbage that [`Store::prune`] takes once this process has ended.
pub fn load(store: &Store, source: &Source, options: &LoadOptions) -> Result<Vec<Loaded>, Error> {
    let (path, wanted, layout) = place_of(source)?;
    let watch = Watch::new(options.interrupt);
    let scratch = store.root().join("tmp");
    let bundle = Bundle::open(&path, &scratch, &options.limits, &watch)?;
    check_kind(source, &bundle)?;
    let found = images::find(&bundle, layout, wanted.as_deref(), &options.limits)?;
    let fetched = fetch_all(store, &bundle, &found, options, &watch)?;
    found.into_iter().map(|image| put(store, image, &fetched)).collect()
}

/// Fetches each distinct layer once, several at a time.
fn fetch_all(
    store: &Store,
    bundle: &Bundle,
    found: &[Found],
    options: &LoadOptions,
    watch: &Watch,
) -> Result<Results<Fetched, LayerFile>, Error> {
    let mut seen = HashSet::new();
    let mut files: Vec<(u64, &LayerFile)> = Vec::new();
    for file in found.iter().flat_map(|image| &image.layers).filter(|file| seen.insert(*file)) {
        files.push((bundle.section(&file.member)?.size(), file));
    }
    let threads = options.threads.unwrap_or_else(processors);
    in_parallel(files, threads, watch, |file| fetch(store, bundle, file, options, watch))
}

/// Records an image whose layers are in the store.
pub(super) fn put(
    store: &Store,
    image: Found,
    fetched: &Results<Fetched, LayerFile>,
) -> Result<Loaded, Error> {
    let mut notices: Vec<String> = Vec::new();
    let mut compressed = Vec::with_capacity(image.layers.len());
    for file in &image.layers {
        let layer = fetched.get(file);
        compressed.push(layer.and_then(|layer| layer.blob.clone()));
        notices.extend(layer.iter().flat_map(|layer| layer.notices.iter().cloned()));
    }
    if let Some(platform) = image.foreign_platform {
        notices.push(format!("the image is for {platform}, not for this machine"));
    }
    let record = ImageRecord {
        id: image.id,
        config: image.config,
        manifest_digest: image.manifest.as_deref().map(Digest::of),
        manifest: image.manifest,
        diff_ids: image.diff_ids,
        compressed,
        created: now(),
    };
    let moved = store.put_image(&record, &image.references)?;
    Ok(Loaded { record, references: image.references, moved, notices })
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
