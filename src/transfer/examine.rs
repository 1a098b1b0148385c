//! Images looked at where they lie: nothing is unpacked, stored or believed.

use std::collections::HashSet;
use std::io::{self, BufReader, Read as _, Write};
use std::path::Path;
use std::sync::Arc;

use super::archive::Section;
use super::bundle::Bundle;
use super::compression::Compression;
use super::expansion::Expansion;
use super::images::{self, LayerFile};
use super::opening::{check_kind, place_of};
use super::parallel::{in_parallel, processors};
use super::watch::Watch;
use super::{Error, Limits, Source, packed};
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
    /// Its first bytes.
    pub head: Vec<u8>,
    /// What is in it, as [`layer::unpack`] would have it; in a file without a name, because the lists
    /// of a large image would take several times the memory.
    pub index: Arc<Index>,
}

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
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for file in found.iter().flat_map(|image| &image.layers).filter(|file| seen.insert(*file)) {
        files.push((bundle.section(&file.member)?.size(), file));
    }
    let layers =
        in_parallel(files, processors(), &watch, |file| read(&bundle, file, scratch, limits, &watch))?;
    let examined = found.into_iter().map(|image| Examined {
        // Each was read, or there would have been an error.
        layers: image.layers.iter().filter_map(|file| layers.get(file).cloned()).collect(),
        id: image.id,
        config: image.config,
        manifest: image.manifest,
        references: image.references,
    });
    Ok(examined.collect())
}

fn read(
    bundle: &Bundle,
    file: &LayerFile,
    scratch: &Path,
    limits: &Limits,
    watch: &Watch,
) -> Result<ExaminedLayer, Error> {
    look_into(bundle, file, scratch, limits, watch).map_err(|error| error.of_layer(&file.member))
}

fn look_into(
    bundle: &Bundle,
    file: &LayerFile,
    scratch: &Path,
    limits: &Limits,
    watch: &Watch,
) -> Result<ExaminedLayer, Error> {
    let section = bundle.section(&file.member)?;
    let file_size = section.size();
    let compression = start_of(&section, &file.member)?;
    let mut head = Vec::new();
    let read = section.clone().take(packed::HEAD as u64).read_to_end(&mut head);
    read.map_err(Error::io("read", Path::new(&file.member)))?;
    let place = tempfile::Builder::new().prefix(".plywood-").tempfile_in(scratch);
    let place = place.map_err(Error::io("create a file in", scratch))?.into_temp_path();
    match compression {
        Compression::None => layer::index_tar(watch.source(section.range()), &limits.layer, &place),
        _ => {
            let content = compression
                .reader(watch.reader(section.clone()), Expansion::of(limits, &file.member))
                .map_err(Error::io("unpack", Path::new(&file.member)))?;
            layer::index_tar(BufReader::with_capacity(1 << 17, content), &limits.layer, &place)
        }
    }
    .map_err(Error::layer)?;
    let index = Arc::new(Index::open(&place).map_err(Error::layer)?);
    Ok(ExaminedLayer { diff_id: file.diff_id, digest: file.digest, file_size, compression, head, index })
}

/// Writes the tar of a layer that was seen in `source` to `out`, as it lies there; another one may be read beside.
///
/// # Errors
/// As [`examine`]; where the source has changed and has that layer no more; whatever `out` says.
pub fn write_examined_tar(
    source: &Source,
    diff_id: &DiffId,
    scratch: &Path,
    limits: &Limits,
    interrupt: Interrupt,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let (path, wanted, layout) = place_of(source)?;
    let watch = Watch::new(interrupt);
    let bundle = Bundle::open(&path, scratch, limits, &watch)?;
    let found = images::find(&bundle, layout, wanted.as_deref(), limits)?;
    let file = found.iter().flat_map(|image| &image.layers).find(|file| file.diff_id == *diff_id);
    let file = file.ok_or_else(|| Error::Missing { path, member: diff_id.to_string() })?;
    let section = bundle.section(&file.member)?;
    let compression = start_of(&section, &file.member)?;
    let failed = || Error::io("unpack", Path::new(&file.member));
    let expansion = Expansion::of(limits, &file.member).side_by_side();
    let mut content = compression.reader(watch.reader(section), expansion).map_err(failed())?;
    io::copy(&mut content, out).map_err(failed())?;
    Ok(())
}

/// How the layer file `member` is compressed.
pub(super) fn start_of(section: &Section, member: &str) -> Result<Compression, Error> {
    let mut start = Vec::with_capacity(6);
    let read = section.clone().take(6).read_to_end(&mut start);
    read.map_err(Error::io("read", Path::new(member)))?;
    Compression::recognise(&start).map_err(|kind| {
        Error::document(member, format!("it is compressed with {kind}, which no image specification knows"))
    })
}
