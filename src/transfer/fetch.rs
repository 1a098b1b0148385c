//! One layer's file becomes a layer of the store.
//!
//! The file is read once: its own digest, decompression, the DiffID, the tree, the index all come
//! from that one pass. What is in the store already is not unpacked again, but a compressed file is
//! believed to be that layer only after its content has been hashed.

use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::bundle::Bundle;
use super::compression::Compression;
use super::examine::start_of;
use super::expansion::Expansion;
use super::images::LayerFile;
use super::watch::Watch;
use super::{Error, LoadOptions};
use crate::layer::{self, UnpackOptions};
use crate::oci::{DiffId, Digest, media_type};
use crate::store::{BlobDescriptor, BlobWriter, LayerRecord, PartId, Store, TarSource};

const BUFFER: usize = 256 * 1024;

/// What became of one layer's file.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    /// The blob that was kept, if the file was compressed.
    pub blob: Option<BlobDescriptor>,
    pub notices: Vec<String>,
}

/// Brings one layer into the store; afterwards it is pinned there.
pub(super) fn fetch(
    store: &Store,
    bundle: &Bundle,
    file: &LayerFile,
    options: &LoadOptions,
    watch: &Watch,
) -> Result<Fetched, Error> {
    take_in(store, bundle, file, options, watch).map_err(|error| error.of_layer(&file.member))
}

fn take_in(
    store: &Store,
    bundle: &Bundle,
    file: &LayerFile,
    options: &LoadOptions,
    watch: &Watch,
) -> Result<Fetched, Error> {
    let section = bundle.section(&file.member)?;
    let compression = start_of(&section, &file.member)?;
    let present = store.pin_layer(&file.diff_id)?;
    let name = file.member.as_str();
    let item = options.report.begin(file.diff_id.0.short(), "load", Some(section.size()));
    if compression == Compression::None {
        // The digest of a plain tar and its DiffID are one thing.
        if let Some(expected) = file.digest.filter(|digest| *digest != file.diff_id.0) {
            return Err(Error::Digest { name: name.to_owned(), expected, found: file.diff_id.0 });
        }
        let notices = match present {
            Some(_) => {
                item.end("exists");
                Vec::new()
            }
            None => {
                let again = section.clone();
                let stream = item.reader(watch.reader(section));
                let part = unpack_part(store, stream, Some(file.diff_id), options, true)?;
                let notices = part.record_plain(store, || Ok(watch.reader(again)))?.1;
                item.end("loaded");
                notices
            }
        };
        return Ok(Fetched { blob: None, notices });
    }
    if let (Some(digest), Some(layer)) = (&file.digest, &present)
        && let TarSource::Blob(known, media_type) = &layer.tar
        && known == digest
        && store.pin_blob(digest)?
    {
        let size = section.size();
        item.end("exists");
        return Ok(Fetched {
            blob: Some(BlobDescriptor { digest: *digest, size, media_type: media_type.clone() }),
            notices: Vec::new(),
        });
    }
    let expansion = Expansion::of(&options.limits, name);
    let mut tee = Tee { stream: item.reader(watch.reader(section)), blob: store.blob_writer()? };
    let part = match present {
        Some(_) => {
            let content = compression
                .reader(&mut tee, expansion.clone())
                .map_err(Error::io("unpack", Path::new(name)))?;
            let found = hash(content).map_err(Error::io("unpack", Path::new(name)))?;
            if found != file.diff_id {
                let expected = file.diff_id;
                return Err(layer::Error::DiffId { expected, found }.into());
            }
            None
        }
        None => {
            let content = compression
                .reader(&mut tee, expansion.clone())
                .map_err(Error::io("unpack", Path::new(name)))?;
            Some(unpack_part(store, content, Some(file.diff_id), options, false)?)
        }
    };
    // The rest of the file, after the end of what was compressed, belongs to its digest too.
    let kept = io::copy(&mut tee, &mut io::sink())
        .map_err(Error::io("read", Path::new(name)))
        .and_then(|_| tee.blob.finish(file.digest.as_ref()).map_err(|error| wrong_digest(name, error)));
    let (digest, size) = match (kept, &part) {
        (Ok(kept), _) => kept,
        (Err(error), None) => return Err(error),
        (Err(error), Some(_)) => {
            part.map_or(Ok(()), |part| part.discard(store))?;
            return Err(error);
        }
    };
    let kind = compression.layer_media_type().to_owned();
    let mut notices = Vec::new();
    if let Some(part) = part {
        notices = part.record(store, TarSource::Blob(digest, kind.clone()))?.1;
    }
    item.end("loaded");
    Ok(Fetched { blob: Some(BlobDescriptor { digest, size, media_type: kind }), notices })
}

/// Brings a tar that no image names into the store; `open` gives its plain bytes, more than once.
pub(super) fn unpack_tree<R: Read + Send>(
    store: &Store,
    open: impl Fn() -> Result<R, Error>,
    options: &LoadOptions,
) -> Result<(LayerRecord, Vec<String>), Error> {
    unpack_part(store, open()?, None, options, true)?.record_plain(store, open)
}

/// The same for a canonical tar whose writer has yet to say that it is whole.
pub(super) fn unpack_unrecorded(
    store: &Store,
    tar: impl Read + Send,
    options: &LoadOptions,
) -> Result<Part, Error> {
    unpack_part(store, tar, None, options, false)
}

pub(super) fn unpack_part(
    store: &Store,
    tar: impl Read + Send,
    expected: Option<DiffId>,
    options: &LoadOptions,
    keep_split: bool,
) -> Result<Part, Error> {
    let id = store.new_part()?;
    let how = UnpackOptions {
        format: options.format,
        limits: options.limits.layer,
        expected,
        owners: options.owners,
        keep_split,
    };
    match layer::unpack(tar, &store.part_dir(&id), &how) {
        Ok(unpacked) => Ok(Part { id, unpacked }),
        Err(error) => {
            store.remove_part(&id)?;
            Err(Error::layer(error))
        }
    }
}

/// An unpacked layer that no record names yet.
pub(super) struct Part {
    id: PartId,
    unpacked: layer::Unpacked,
}

impl Part {
    /// Removes it.
    pub fn discard(self, store: &Store) -> Result<(), Error> {
        Ok(store.remove_part(&self.id)?)
    }

    /// Records it; its tar is the canonical one of its tree.
    pub fn record_canonical(self, store: &Store) -> Result<(LayerRecord, Vec<String>), Error> {
        self.record(store, TarSource::Canonical)
    }

    /// Records it. Few tars cannot be rebuilt from their tree; of those the bytes are kept, which
    /// `again` gives once more.
    pub fn record_plain<R: Read>(
        self,
        store: &Store,
        again: impl FnOnce() -> Result<R, Error>,
    ) -> Result<(LayerRecord, Vec<String>), Error> {
        if self.unpacked.split {
            return self.record(store, TarSource::Split);
        }
        let digest = self.unpacked.diff_id.0;
        let kept = again().and_then(|tar| Ok(store.write_blob(tar, Some(&digest))?));
        match kept {
            Ok((digest, _)) => self.record(store, TarSource::Blob(digest, media_type::OCI_LAYER.to_owned())),
            Err(error) => {
                self.discard(store)?;
                Err(error)
            }
        }
    }

    /// Records it with where its tar comes from.
    pub fn record(self, store: &Store, tar: TarSource) -> Result<(LayerRecord, Vec<String>), Error> {
        let Self { id, unpacked } = self;
        let added = store.add_layer(&LayerRecord {
            diff_id: unpacked.diff_id,
            part: id.clone(),
            size: unpacked.file_bytes,
            tar_size: unpacked.tar_size,
            file_count: unpacked.file_count,
            tar,
        })?;
        if !added.added {
            // Another process, or another thread here, was first.
            store.remove_part(&id)?;
        }
        Ok((added.record, unpacked.notices))
    }
}

pub(super) fn wrong_digest(name: &str, error: crate::store::Error) -> Error {
    match error {
        crate::store::Error::WrongDigest { expected, actual } => {
            Error::Digest { name: name.to_owned(), expected, found: actual }
        }
        other => other.into(),
    }
}

pub(super) fn hash(mut content: impl Read) -> io::Result<DiffId> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(DiffId(Digest::from_bytes(hasher.finalize().into()))),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What is read from `stream` goes into the blob too.
struct Tee<R> {
    stream: R,
    blob: BlobWriter,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.blob.write_all(&buffer[..count])?;
        Ok(count)
    }
}
