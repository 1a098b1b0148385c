//! The store as a whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod beginnings;
mod blobs;
mod containers;
mod cost;
mod images;
mod kill;
mod many;
mod opening;
mod repair;
mod snapshots;

use std::fs;
use std::path::Path;

use super::*;
use crate::oci::{ChainId, DiffId, Digest, Reference};

/// A store in a directory that goes with it.
pub(super) struct Fixture {
    pub(super) store: Store,
    pub(super) folder: tempfile::TempDir,
}

impl std::ops::Deref for Fixture {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

pub(super) fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    Fixture { store, folder }
}

pub(super) fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

/// A complete layer whose tree is one file with `text`; its digest is the text's.
pub(super) fn layer(store: &Store, text: &str) -> Result<AddedLayer, Error> {
    let record = unrecorded_layer(store, text)?;
    let added = store.add_layer(&record)?;
    if !added.added {
        store.remove_part(&record.part)?;
    }
    Ok(added)
}

pub(super) fn unrecorded_layer(store: &Store, text: &str) -> Result<LayerRecord, Error> {
    let part = store.new_part()?;
    let write = |path: &Path| fs::write(path, text).map_err(|source| Error::io("write", path, source));
    write(&store.part_fs(&part).join("file"))?;
    write(&store.part_index(&part))?;
    let size = text.len() as u64;
    let diff_id = DiffId(Digest::of(text.as_bytes()));
    Ok(LayerRecord { diff_id, part, size, tar_size: 2048, file_count: 1, tar: TarSource::Canonical })
}

pub(super) fn image_of(layers: &[DiffId], config: &str) -> ImageRecord {
    ImageRecord {
        id: Digest::of(config.as_bytes()),
        config: config.as_bytes().to_vec(),
        manifest: None,
        manifest_digest: None,
        diff_ids: layers.to_vec(),
        compressed: vec![None; layers.len()],
        created: 1,
    }
}

/// An image of one layer.
pub(super) fn image(store: &Store, text: &str, name: &str) -> ImageRecord {
    let layer = layer(store, text).unwrap().record;
    let image = image_of(&[layer.diff_id], &format!("{{\"of\":\"{text}\"}}"));
    store.put_image(&image, &[reference(name)]).unwrap();
    image
}

/// Checks everything; a layer's file must be what its digest says.
pub(super) fn check(store: &Store, repair: bool) -> FsckReport {
    let verify = |layer: &LayerRecord| {
        let bytes = fs::read(store.part_fs(&layer.part).join("file")).map_err(|error| error.to_string())?;
        if Digest::of(&bytes) == layer.diff_id.0 { Ok(()) } else { Err("its file has changed".to_owned()) }
    };
    store.fsck(&FsckOptions { verify_layers: &verify, verify_blobs: true, repair }).unwrap()
}

pub(super) fn count(path: &Path) -> usize {
    fs::read_dir(path).unwrap().count()
}

pub(super) fn skipped(why: &str) {
    assert!(std::env::var_os("PLYWOOD_REQUIRE_PEERS").is_none(), "skipped: {why}");
    eprintln!("skipped: {why}");
}
