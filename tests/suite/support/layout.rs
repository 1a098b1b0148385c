//! A look into a layout, an archive of one, or a `dir:`, by other means than the program's own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::Path;

use plywood::oci::Digest;
use serde_json::Value;

use super::schema::{Documents, Schema};

/// Every file of it by name.
pub struct Layout {
    place: String,
    files: BTreeMap<String, Vec<u8>>,
    used: BTreeSet<String>,
}

impl Layout {
    /// Reads the directory or the tar at `place`.
    pub fn read(place: &Path) -> Self {
        let mut files = BTreeMap::new();
        if place.is_dir() {
            walk(place, "", &mut files);
        } else {
            for entry in tar::Archive::new(fs::File::open(place).unwrap()).entries().unwrap() {
                let mut entry = entry.unwrap();
                if entry.header().entry_type().is_dir() {
                    let name = entry.path().unwrap().display().to_string();
                    assert!(["blobs/", "blobs/sha256/"].contains(&&*name), "{}: {name}", place.display());
                    continue;
                }
                assert!(entry.header().entry_type().is_file(), "{}: more than files", place.display());
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).unwrap();
                let name = entry.path().unwrap().display().to_string();
                assert!(files.insert(name.clone(), bytes).is_none(), "`{name}` comes twice");
            }
        }
        Self { place: place.display().to_string(), files, used: BTreeSet::new() }
    }

    /// Checks that every descriptor tells the truth, that every configuration fits its layers and that nothing lies
    /// there in vain; what the schemas are to look at goes into `documents`. Returns the index's entries.
    pub fn check(mut self, documents: &mut Documents) -> Vec<Value> {
        if self.files.contains_key("version") {
            let raw = self.take("manifest.json");
            self.take("version");
            self.manifest(&raw, documents);
            self.assert_all_used();
            return Vec::new();
        }
        let marker = self.take("oci-layout");
        documents.add(Schema::Layout, &self.place, &marker);
        let index = self.take("index.json");
        documents.add(Schema::Index, &self.place, &index);
        let index: Value = serde_json::from_slice(&index).unwrap();
        let entries = index["manifests"].as_array().unwrap().clone();
        for entry in &entries {
            let raw = self.blob(entry, documents);
            let manifest: Value = serde_json::from_slice(&raw).unwrap();
            if let Some(kind) = manifest.get("mediaType") {
                assert_eq!(kind, &entry["mediaType"], "{}", self.place);
            }
            self.manifest(&raw, documents);
        }
        self.assert_all_used();
        entries
    }

    fn take(&mut self, name: &str) -> Vec<u8> {
        self.used.insert(name.to_owned());
        let found = self.files.get(name).unwrap_or_else(|| panic!("{} has no `{name}`", self.place));
        found.clone()
    }

    /// The bytes that a descriptor is about.
    fn blob(&mut self, descriptor: &Value, documents: &mut Documents) -> Vec<u8> {
        documents.add(Schema::Descriptor, &self.place, descriptor.to_string().as_bytes());
        let digest = descriptor["digest"].as_str().unwrap();
        let hex = digest.strip_prefix("sha256:").unwrap();
        let flat = self.files.contains_key("version");
        let bytes = self.take(&if flat { hex.to_owned() } else { format!("blobs/sha256/{hex}") });
        assert_eq!(Digest::of(&bytes).to_string(), digest, "{}", self.place);
        assert_eq!(descriptor["size"], bytes.len(), "{}: {digest}", self.place);
        bytes
    }

    fn manifest(&mut self, raw: &[u8], documents: &mut Documents) {
        documents.add(Schema::Manifest, &self.place, raw);
        let manifest: Value = serde_json::from_slice(raw).unwrap();
        let config = self.blob(&manifest["config"], documents);
        documents.add(Schema::Config, &self.place, &config);
        let config: Value = serde_json::from_slice(&config).unwrap();
        let diff_ids = config["rootfs"]["diff_ids"].as_array().unwrap().clone();
        let layers = manifest["layers"].as_array().unwrap().clone();
        assert_eq!(layers.len(), diff_ids.len(), "{}", self.place);
        for (layer, diff_id) in layers.iter().zip(&diff_ids) {
            let bytes = self.blob(layer, documents);
            let kind = layer["mediaType"].as_str().unwrap();
            let plain = match kind.rsplit(['+', '.']).next().unwrap() {
                "gzip" => {
                    let mut plain = Vec::new();
                    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
                    plain
                }
                "zstd" => zstd::decode_all(bytes.as_slice()).unwrap(),
                "tar" => bytes,
                other => panic!("{}: a layer of {other}", self.place),
            };
            assert_eq!(&Digest::of(&plain).to_string(), diff_id, "{}: {kind}", self.place);
        }
        let steps = config["history"].as_array().map_or(&[][..], Vec::as_slice);
        let filled = steps.iter().filter(|step| step["empty_layer"] != true).count();
        assert!(steps.is_empty() || filled == layers.len(), "{}: history of other layers", self.place);
    }

    fn assert_all_used(&self) {
        let idle: Vec<&String> = self.files.keys().filter(|name| !self.used.contains(*name)).collect();
        assert!(idle.is_empty(), "{} has files that nothing names: {idle:?}", self.place);
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}
