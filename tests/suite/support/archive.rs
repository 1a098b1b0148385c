//! A docker-archive made by hand, with layers that nobody else writes. The benchmarks use it too.

use std::fs::File;
use std::io::{BufWriter, Read, Write as _};
use std::path::Path;

use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A digest's digits.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A layer's file, the digits of its DiffID, and its size.
pub type LayerFile<R> = (R, String, u64);

/// Layers that are at hand as uncompressed tars.
pub fn plain(layers: &[Vec<u8>]) -> Vec<LayerFile<&[u8]>> {
    layers.iter().map(|layer| (layer.as_slice(), hex(layer), layer.len() as u64)).collect()
}

/// Writes the image `name` of these layers, lowest first, to a new archive at `path`.
pub fn docker_archive<R: Read>(path: &Path, name: &str, layers: Vec<LayerFile<R>>) {
    let diff_ids: Vec<String> = layers.iter().map(|(_, digits, _)| format!("sha256:{digits}")).collect();
    let history: Vec<_> = (0..layers.len()).map(|at| json!({ "created_by": format!("step {at}") })).collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {}, "created": "2024-01-01T00:00:00Z",
        "rootfs": { "type": "layers", "diff_ids": diff_ids }, "history": history,
    })
    .to_string();
    let config_name = format!("{}.json", hex(config.as_bytes()));
    let names: Vec<String> = layers.iter().map(|(_, digits, _)| format!("{digits}/layer.tar")).collect();
    let manifest = json!([{ "Config": config_name, "RepoTags": [name], "Layers": names }]).to_string();
    let mut tar = tar::Builder::new(BufWriter::new(File::create(path).unwrap()));
    let mut add = |name: &str, bytes: &mut dyn Read, size: u64| {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(size);
        tar.append_data(&mut header, name, bytes).unwrap();
    };
    let mut written = Vec::new();
    for (name, (mut content, _, size)) in names.iter().zip(layers) {
        // Equal layers are one file.
        if !written.contains(&name) {
            add(name, &mut content, size);
            written.push(name);
        }
    }
    add(&config_name, &mut config.as_bytes(), config.len() as u64);
    add("manifest.json", &mut manifest.as_bytes(), manifest.len() as u64);
    tar.into_inner().unwrap().flush().unwrap();
}
