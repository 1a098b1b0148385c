//! Images from a source into the store.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::bundle::Bundle;
use super::fetch::{Fetched, fetch};
use super::images::{self, Found, LayerFile, Layout};
use super::progress::Report;
use super::watch::Watch;
use super::{Error, Limits, Source};
use crate::layer::OverlayFormat;
use crate::oci::{Digest, Reference};
use crate::store::{ImageRecord, MovedReference, Store};
use crate::sys::Interrupt;

/// How images are taken in.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// How deletions are written into parts.
    pub format: OverlayFormat,
    /// Bounds on what is believed of the source.
    pub limits: Limits,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// Give files the owners that the layers name; impossible where only one id is mapped.
    pub owners: bool,
    /// How many layers are unpacked at a time; `None` for as many as there are processors.
    pub threads: Option<usize>,
    /// Who hears how far it is.
    pub report: Report,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            format: OverlayFormat::Trusted,
            limits: Limits::default(),
            interrupt: Interrupt,
            owners: true,
            threads: None,
            report: Report::default(),
        }
    }
}

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

pub(super) fn place_of(source: &Source) -> Result<(PathBuf, Option<String>, Layout), Error> {
    let (place, layout) = match source {
        Source::Oci(place) | Source::OciArchive(place) => (place, Layout::Oci),
        Source::DockerArchive(place) => (place, Layout::Docker),
        Source::Path(path) => return Ok((path.clone(), None, Layout::Either)),
        Source::Dir(path) => return Ok((path.clone(), None, Layout::Flat)),
        Source::Registry(_) | Source::Daemon(_) => {
            return Err(Error::Name {
                text: format!("{source:?}"),
                reason: "is no file: `registry::pull` and `daemon::export` bring it".to_owned(),
            });
        }
    };
    let (path, wanted) = place.find();
    Ok((path, wanted, layout))
}

pub(super) fn check_kind(source: &Source, bundle: &Bundle) -> Result<(), Error> {
    let reason = match (source, bundle) {
        (Source::Oci(_), Bundle::Archive(_)) => "it is a file: `oci-archive:` reads those",
        (Source::OciArchive(_), Bundle::Directory(_)) => "it is a directory: `oci:` reads those",
        (Source::Dir(_), Bundle::Archive(_)) => "it is a file and no directory",
        (Source::DockerArchive(_), Bundle::Directory(_)) => "it is a directory and no archive",
        _ => return Ok(()),
    };
    Err(Error::NoImages { path: bundle.path().to_owned(), reason: reason.to_owned() })
}

/// What became of each layer's file.
pub(super) type Results<T = Fetched, K = LayerFile> = HashMap<K, T>;

/// Fetches each distinct layer once, several at a time.
fn fetch_all(
    store: &Store,
    bundle: &Bundle,
    found: &[Found],
    options: &LoadOptions,
    watch: &Watch,
) -> Result<Results, Error> {
    let mut seen = HashSet::new();
    let mut files: Vec<(u64, &LayerFile)> = Vec::new();
    for file in found.iter().flat_map(|image| &image.layers).filter(|file| seen.insert(*file)) {
        files.push((bundle.section(&file.member)?.size(), file));
    }
    let threads = options.threads.unwrap_or_else(processors);
    in_parallel(files, threads, watch, |file| fetch(store, bundle, file, options, watch))
}

/// Does `work` for each file, with its size in bytes, in so many threads. The first failure ends it.
pub(super) fn in_parallel<T: Send, K: Clone + Eq + Hash + Send + Sync>(
    mut files: Vec<(u64, &K)>,
    threads: usize,
    watch: &Watch,
    work: impl Fn(&K) -> Result<T, Error> + Sync,
) -> Result<Results<T, K>, Error> {
    // The largest first: one that begins last would be waited for alone.
    files.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let threads = threads.clamp(1, files.len().max(1));
    let next = AtomicUsize::new(0);
    let results: Mutex<(Results<T, K>, Option<Error>)> = Mutex::new((Results::new(), None));
    let work = || {
        while let Some((_, file)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = watch.check().and_then(|()| work(file));
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                Ok(fetched) => drop(results.0.insert((*file).clone(), fetched)),
                Err(error) => {
                    // The first failure counts: the others were told to stop because of it.
                    results.1.get_or_insert(error);
                    watch.stop();
                    return;
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    match results.into_inner().unwrap_or_else(PoisonError::into_inner) {
        (_, Some(error)) => Err(error),
        (results, None) => Ok(results),
    }
}

/// Records an image whose layers are in the store.
pub(super) fn put(store: &Store, image: Found, fetched: &Results) -> Result<Loaded, Error> {
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

pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
