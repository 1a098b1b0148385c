//! Image documents and layouts made by hand, so that they can be made wrong.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use plywood::oci::{DiffId, Digest};
use serde_json::{Value, json};

pub fn config(layers: &[DiffId]) -> Vec<u8> {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    json!({
        "created": "2020-01-02T03:04:05Z",
        "architecture": architecture,
        "os": "linux",
        "config": { "Env": ["PATH=/bin"], "Cmd": ["/bin/sh"] },
        "rootfs": { "type": "layers", "diff_ids": layers },
        "history": layers.iter().map(|_| json!({ "created": "2020-01-02T03:04:05Z", "created_by": "test" })).collect::<Vec<_>>(),
    })
    .to_string()
    .into_bytes()
}

/// A tar of these members.
pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

/// An OCI layout being made by hand, so that it can be made wrong.
#[derive(Default, Clone)]
pub struct Layout {
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Layout {
    pub fn new() -> Self {
        let mut layout = Self::default();
        layout.files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        layout
    }

    pub fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes);
        self.files.insert(format!("blobs/sha256/{}", digest.hex()), bytes.to_vec());
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }

    /// An image of these layers, each given as media type, blob, and its plain tar.
    pub fn image(&mut self, layers: &[(&str, &[u8], &[u8])]) -> Value {
        let diff_ids: Vec<DiffId> = layers.iter().map(|(_, _, plain)| DiffId(Digest::of(plain))).collect();
        let config = self.blob("application/vnd.oci.image.config.v1+json", &config(&diff_ids));
        let layers: Vec<Value> =
            layers.iter().map(|(media_type, blob, _)| self.blob(media_type, blob)).collect();
        self.manifest(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config,
            "layers": layers,
        }))
    }

    pub fn manifest(&mut self, manifest: &Value) -> Value {
        self.blob("application/vnd.oci.image.manifest.v1+json", manifest.to_string().as_bytes())
    }

    pub fn index(&mut self, entries: &[Value]) {
        let index = json!({ "schemaVersion": 2, "manifests": entries });
        self.files.insert("index.json".to_owned(), index.to_string().into_bytes());
    }

    pub fn archive(&self, path: &Path) -> String {
        let members: Vec<(&str, &[u8])> =
            self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        fs::write(path, tar(&members)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn directory(&self, path: &Path) -> String {
        for (name, bytes) in &self.files {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
        path.to_str().unwrap().to_owned()
    }
}
