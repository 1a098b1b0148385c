//! Turning a layer's tar into a directory in overlayfs's form, in one pass over hostile bytes.
//!
//! The tree is kept in memory as it grows. Symbolic links in paths are resolved there, inside the
//! layer, so the disk only ever sees paths without any, through directories that were opened one
//! name at a time.

mod apply;
mod disk;
mod stream;
mod target;
mod tree;

use std::io::Read;
use std::path::Path;

use self::apply::Applier;
use self::disk::Disk;
use self::stream::with_stream;
use self::target::Nowhere;
use super::error::Error;
use super::index::Index;
use super::limits::Limits;
use super::overlay::OverlayFormat;
use super::split;
use super::tar::{Reader, Recorder, Source};
use crate::oci::DiffId;

/// How a layer is unpacked.
#[derive(Debug, Clone, Copy)]
pub struct UnpackOptions {
    /// How deletions are marked on disk.
    pub format: OverlayFormat,
    /// What is refused as too much.
    pub limits: Limits,
    /// The digest that the uncompressed bytes must have.
    pub expected: Option<DiffId>,
    /// Whether files get the owners that the tar names; an id that this user namespace does not map is
    /// a notice. Without the right to change owners at all, leave this off: then the owners, and devices,
    /// are recorded ([`super::owners`]).
    pub owners: bool,
    /// Whether to write `split`, from which [`rebuild_tar`](super::rebuild_tar) makes the exact tar again.
    pub keep_split: bool,
}

/// What came of it; the entries are in the part's index. Owners there are those of the tar, even where the disk
/// could not have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// The digest of the uncompressed bytes, trailing ones included.
    pub diff_id: DiffId,
    /// How many they are.
    pub tar_size: u64,
    /// Bytes of all regular files, hard links once.
    pub file_bytes: u64,
    /// Entries that are not whiteouts.
    pub file_count: u64,
    /// Whether the part's `split` was written. Not for a tar with sparse or repeated entries: keep its
    /// blob instead.
    pub split: bool,
    /// What could not be had here, and other things worth knowing.
    pub notices: Vec<String>,
}

/// Unpacks `tar` (uncompressed) into the part at `part`: the tree below its existing, empty `fs`, the
/// file index at `index`, the split file at `split`.
///
/// Later entries replace earlier ones of the same name; parents that are missing are made, mode 0755,
/// owner 0:0, time 0; a hard link must point into the same layer. A whiteout beside a file of the same
/// layer hides only what is below it (OCI image-spec `layer.md`, "Whiteouts"). After an error
/// the part is unfinished and the caller removes it; nothing outside `part` was touched.
///
/// # Errors
/// [`Error::Tar`], [`Error::Refused`], [`Error::Limit`] for what the tar holds, [`Error::DiffId`],
/// [`Error::Io`].
pub fn unpack(tar: impl Read + Send, part: &Path, options: &UnpackOptions) -> Result<Unpacked, Error> {
    let split_path = part.join("split");
    let mut disk = Disk::open(&part.join("fs"), options.format, options.owners)?;
    let mut split = if options.keep_split { Some(split::Writer::create(&split_path)?) } else { None };
    let (applied, diff_id, tar_size) = with_stream(tar, |stream| {
        let recorder = split.as_mut().map(|split| split as &mut dyn Recorder);
        let reader = Reader::new(stream, &options.limits, recorder);
        Applier::new(reader, &mut disk, &options.limits).run()
    })?;
    if let Some(expected) = options.expected.filter(|&expected| expected != diff_id) {
        return Err(Error::DiffId { expected, found: diff_id });
    }
    let split = match split {
        Some(writer) if applied.is_rebuildable => {
            writer.finish(tar_size)?;
            true
        }
        Some(writer) => {
            drop(writer);
            std::fs::remove_file(&split_path).map_err(|source| Error::host("remove", &split_path, source))?;
            false
        }
        None => false,
    };
    let counted = Index::write_each(applied.tree.entries(), &part.join("index"))?;
    Ok(Unpacked {
        diff_id,
        tar_size,
        file_bytes: counted.file_bytes,
        file_count: counted.file_count,
        split,
        notices: applied.notices,
    })
}

/// Writes the index of an uncompressed layer, as [`unpack`] would have it, to a new file at `path`, without making
/// any other file or computing a digest. A [`Source`] that can seek passes over the files' contents.
///
/// # Errors
/// As [`unpack`].
pub fn index_tar(tar: impl Source, limits: &Limits, path: &Path) -> Result<(), Error> {
    let mut nowhere = Nowhere;
    let applied = Applier::new(Reader::new(tar, limits, None), &mut nowhere, limits).run()?;
    Index::write_each(applied.tree.entries(), path).map(drop)
}
