//! Layers of real images, where they are at hand.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use super::support::{Part, index_tar, options, skip, unpack};
use crate::layer::{FileRange, Limits, rebuild_tar};
use crate::oci::{DiffId, Digest};

fn shared(name: &str) -> Option<File> {
    let home = std::env::var_os("PLYWOOD_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")), PathBuf::from);
    let path = home.join("data").join(name);
    let file = File::open(&path).ok();
    if file.is_none() {
        skip(&format!("`{}` is not there", path.display()));
    }
    file
}

#[test]
fn every_layer_of_a_docker_archive_is_rebuilt() {
    let Some(archive) = shared("test-docker-image.tar") else { return };
    let mut layers = BTreeMap::new();
    for entry in tar::Archive::new(&archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        if name.ends_with("layer.tar") || name.starts_with("blobs/") {
            let mut bytes = Vec::new();
            let at = entry.raw_file_position();
            entry.read_to_end(&mut bytes).unwrap();
            layers.insert(name, (at, bytes));
        }
    }
    let mut total = 0;
    let mut unpacked_layers = 0;
    for (name, (at, bytes)) in &layers {
        if bytes.starts_with(b"{") {
            continue;
        }
        let part = Part::new();
        let unpacked = unpack(&bytes[..], part.path(), &options()).unwrap();
        assert_eq!(unpacked.diff_id, DiffId(Digest::of(bytes)));
        assert!(unpacked.split, "{name}");
        let mut again = Vec::new();
        rebuild_tar(part.path(), &mut again).unwrap();
        assert_eq!(&again, bytes, "{name}");
        let range = FileRange::new(&archive, *at, bytes.len() as u64);
        assert_eq!(index_tar(range, &Limits::default()).unwrap(), unpacked.entries);
        total += unpacked.file_bytes;
        unpacked_layers += 1;
    }
    assert_eq!((unpacked_layers, total), (14, 1_220_598));
}
