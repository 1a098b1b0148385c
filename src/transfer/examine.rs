//! Images looked at where they lie: nothing is unpacked, stored or believed.

use std::io::BufReader;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::archive::Section;
use super::bundle::Bundle;
use super::compression::Compression;
use super::images::{self, LayerFile};
use super::load::{check_kind, place_of, processors};
use super::watch::Watch;
use super::{Error, Limits, Source};
use crate::layer::{self, Index};
use crate::oci::{DiffId, Digest, Reference};
use crate::sys::Interrupt;

/// An image in a source. Its documents are as their digests say; its layers were not hashed.
#[derive(Debug, Clone)]
pub struct Examined {
    /// The digest of `config`.
    pub id: Digest,
    /// The configuration's JSON, as it came.
    pub config: Vec<u8>,
    /// The manifest's JSON, as it came; none in an archive of Docker's older form.
    pub manifest: Option<Vec<u8>>,
    /// The names that the source gives it.
    pub references: Vec<Reference>,
    /// The layers, lowest first.
    pub layers: Vec<ExaminedLayer>,
}

/// One layer of it.
#[derive(Debug, Clone)]
pub struct ExaminedLayer {
    /// What the configuration says it is.
    pub diff_id: DiffId,
    /// The digest of the file, where a document names one.
    pub digest: Option<Digest>,
    /// Bytes of the file, compressed or not.
    pub file_size: u64,
    /// How the file is compressed.
    pub compression: Compression,
    /// What is in it, as [`layer::unpack`] would have it; in a file without a name, because the lists
    /// of a large image would take several times the memory.
    pub index: Arc<Index>,
}

/// Which image, which of its layers, and what came of it.
type Outcome = (usize, usize, Result<ExaminedLayer, Error>);

/// Reads what the images of `source` are made of, in one pass over each layer.
///
/// The indexes, and an archive that came compressed as a whole, are nameless files in `scratch`.
///
/// # Errors
/// As [`load`](super::load()), but for digests of layers.
pub fn examine(
    source: &Source,
    scratch: &Path,
    limits: &Limits,
    interrupt: Interrupt,
) -> Result<Vec<Examined>, Error> {
    let (path, wanted, layout) = place_of(source)?;
    let watch = Watch::new(interrupt);
    let bundle = Bundle::open(&path, scratch, limits, &watch)?;
    check_kind(source, &bundle)?;
    let found = images::find(&bundle, layout, wanted.as_deref(), limits)?;
    let files: Vec<(usize, usize, &LayerFile)> = found
        .iter()
        .enumerate()
        .flat_map(|(image, found)| found.layers.iter().enumerate().map(move |(at, file)| (image, at, file)))
        .collect();
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Outcome>> = Mutex::default();
    let work = || {
        while let Some((image, at, file)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let layer = watch.check().and_then(|()| read(&bundle, file, scratch, limits, &watch));
            if layer.is_err() {
                watch.stop();
            }
            results.lock().unwrap_or_else(PoisonError::into_inner).push((*image, *at, layer));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..processors().min(files.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    // The failure that made the others stop, not one of theirs.
    if let Some(at) = results
        .iter()
        .position(|(_, _, layer)| matches!(layer, Err(error) if !matches!(error, Error::Interrupted)))
    {
        results.swap(0, at);
        results.truncate(1);
    }
    results.sort_by_key(|(image, at, _)| (*image, *at));
    let mut examined: Vec<Examined> = found
        .into_iter()
        .map(|image| Examined {
            id: image.id,
            config: image.config,
            manifest: image.manifest,
            references: image.references,
            layers: Vec::new(),
        })
        .collect();
    for (image, _, layer) in results {
        let layer = layer?;
        if let Some(image) = examined.get_mut(image) {
            image.layers.push(layer);
        }
    }
    Ok(examined)
}

fn read(
    bundle: &Bundle,
    file: &LayerFile,
    scratch: &Path,
    limits: &Limits,
    watch: &Watch,
) -> Result<ExaminedLayer, Error> {
    let section = bundle.section(&file.member)?;
    let file_size = section.size();
    let compression = start_of(&section, &file.member)?;
    let entries = match compression {
        Compression::None => layer::index_tar(section.range(), &limits.layer),
        _ => {
            let content = compression
                .reader(watch.reader(section.clone()))
                .map_err(Error::io("unpack", Path::new(&file.member)))?;
            layer::index_tar(BufReader::with_capacity(1 << 17, content), &limits.layer)
        }
    };
    let place = tempfile::Builder::new().prefix(".plywood-").tempfile_in(scratch);
    let place = place.map_err(Error::io("create a file in", scratch))?.into_temp_path();
    Index::write(&entries.map_err(Error::layer)?, &place).map_err(Error::layer)?;
    let index = Arc::new(Index::open(&place).map_err(Error::layer)?);
    Ok(ExaminedLayer { diff_id: file.diff_id, digest: file.digest, file_size, compression, index })
}

/// How the layer file `member` is compressed.
pub(super) fn start_of(section: &Section, member: &str) -> Result<Compression, Error> {
    use std::io::Read as _;
    let mut start = Vec::with_capacity(6);
    let read = section.clone().take(6).read_to_end(&mut start);
    read.map_err(Error::io("read", Path::new(member)))?;
    Compression::recognise(&start).map_err(|kind| {
        Error::document(member, format!("it is compressed with {kind}, which no image specification knows"))
    })
}
