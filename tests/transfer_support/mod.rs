//! A store in a temporary directory, images to put into it, and archives made by hand.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use plywood::layer::{Index, OverlayFormat};
use plywood::oci::{DiffId, Digest, Reference};
use plywood::store::{ImageRecord, Store};
use plywood::transfer::{self, Error, LoadOptions, Loaded, SaveOptions, Saved};

pub mod layout;

use layout::config;

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
