//! A store in a temporary directory, images to put into it, and archives made by hand.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use plywood::layer::{Index, OverlayFormat};
use plywood::oci::{DiffId, Digest, Reference};
use plywood::store::{ImageRecord, Store};
use plywood::transfer::{self, Error, LoadOptions, Loaded, SaveOptions, Saved};
use serde_json::{Value, json};

pub struct Bench {
    pub directory: tempfile::TempDir,
    pub store: Store,
}

/// For tests that nobody can run here; CI makes a skip a failure.
pub fn skip(why: &str) {
    assert!(std::env::var_os("PLYWOOD_REQUIRE_PEERS").is_none(), "{why}");
    eprintln!("skipped: {why}");
}

/// A sample archive of other programs, if there are any.
pub fn sample(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("PLYWOOD_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    // Beside the project, or beside the directory of its work trees.
    let places = [shared.clone(), Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared")];
    let found = places.iter().map(|place| place.join("data").join(name)).find(|path| path.exists());
    if found.is_none() {
        skip(&format!("no sample `{name}` below `{}`", shared.display()));
    }
    found
}

pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

pub fn options() -> LoadOptions {
    let format = if is_root() { OverlayFormat::Trusted } else { OverlayFormat::User };
    LoadOptions { format, owners: is_root(), ..LoadOptions::default() }
}

impl Bench {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("store")).unwrap();
        Self { directory, store }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn load(&self, source: &str) -> Result<Vec<Loaded>, Error> {
        transfer::load(&self.store, &source.parse()?, &options())
    }

    pub fn load_one(&self, source: &str) -> Loaded {
        let mut loaded = self.load(source).unwrap();
        assert_eq!(loaded.len(), 1);
        loaded.remove(0)
    }

    pub fn save(&self, image: &ImageRecord, target: &str, options: &SaveOptions) -> Result<Saved, Error> {
        let references = self.store.refs_of(&image.id)?;
        transfer::save(&self.store, image, &references, &target.parse()?, options)
    }

    /// An image of these directory trees, one a layer.
    pub fn image(&self, reference: &str, trees: &[&Path]) -> ImageRecord {
        let layers: Vec<DiffId> = trees
            .iter()
            .map(|tree| transfer::import(&self.store, tree, &options()).unwrap().layer.diff_id)
            .collect();
        self.record(reference, layers)
    }

    pub fn record(&self, reference: &str, layers: Vec<DiffId>) -> ImageRecord {
        let config = config(&layers);
        let record = ImageRecord {
            id: Digest::of(&config),
            config,
            manifest: None,
            manifest_digest: None,
            compressed: vec![None; layers.len()],
            diff_ids: layers,
            created: 1,
        };
        let references: Vec<Reference> =
            reference.split_whitespace().map(|name| name.parse().unwrap()).collect();
        self.store.put_image(&record, &references).unwrap();
        record
    }

    /// Paths of a layer's index.
    pub fn paths(&self, layer: &DiffId) -> Vec<String> {
        let record = self.store.layer(layer).unwrap().unwrap();
        let index = Index::open(&self.store.part_index(&record.part)).unwrap();
        index.iter().map(|entry| String::from_utf8_lossy(entry.path).into_owned()).collect()
    }
}

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

/// Three trees: plain files; many kinds of files; large ones.
pub fn trees(below: &Path) -> Vec<PathBuf> {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let trees: Vec<PathBuf> = ["one", "two", "three"].iter().map(|name| below.join(name)).collect();
    fs::create_dir_all(trees[0].join("bin")).unwrap();
    fs::write(trees[0].join("bin/sh"), "#!/bin/false\n").unwrap();
    fs::set_permissions(trees[0].join("bin/sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let long = trees[1].join("d".repeat(90)).join("e".repeat(120));
    fs::create_dir_all(&long).unwrap();
    fs::write(long.join("f"), "deep").unwrap();
    fs::write(trees[1].join("größe"), "ü").unwrap();
    symlink("../bin/sh", trees[1].join("link")).unwrap();
    fs::hard_link(trees[1].join("größe"), trees[1].join("second")).unwrap();
    fs::create_dir_all(&trees[2]).unwrap();
    let mut state = 7_u32;
    let noise: Vec<u8> = (0..3_000_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u8::try_from(state >> 27).unwrap()
        })
        .collect();
    fs::write(trees[2].join("noise"), noise).unwrap();
    fs::write(trees[2].join("zeros"), vec![0; 2_000_000]).unwrap();
    trees
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
