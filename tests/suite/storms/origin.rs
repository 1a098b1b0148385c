//! What the verbs of a storm bring in and take out, from where nobody is killed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use plywood::oci::Digest;
use serde_json::Value;

use crate::support::registry::{Access, Registry, noise};
use crate::support::{Chance, Plywood, SMALL, count, small_image};

/// Kinds of archives.
const KINDS: usize = 4;

/// Paths, and what is there.
pub type Tree = BTreeMap<String, String>;

/// An image as it must be wherever it turns up.
pub struct Known {
    pub diff_ids: Value,
    pub tree: Tree,
}

/// A store, archives and a registry with the images.
pub struct Origin {
    /// `site/0:v1` and so on, each of three layers, the lowest common to all.
    pub images: Vec<Known>,
    /// The kind of the first one's archive.
    first: usize,
    /// A store to look at what came out elsewhere.
    pub checker: Plywood,
    registry: Registry,
    folder: tempfile::TempDir,
}

impl Origin {
    /// `None` after saying which peer is missing.
    pub fn new(chance: &mut Chance) -> Option<Self> {
        let registry = Registry::start(&Access::Plain)?;
        let folder = tempfile::Builder::new().prefix("plywood-origin-").tempdir().unwrap();
        let plywood = Plywood::on(&folder.path().join("store"));
        let small = small_image(folder.path());
        plywood.eval(&format!("load(`{}`);", small.display())).assert_ok();
        let checker = Plywood::on(&folder.path().join("checker"));
        let first = usize::try_from(chance.below(KINDS as u64)).unwrap();
        let mut origin = Self { images: Vec::new(), first, checker, registry, folder };
        for number in 0..count(2, KINDS) {
            let data = origin.folder.path().join(format!("data-{number}"));
            write_data(&data, number as u64);
            let told = plywood.json(&format!(
                r#"
                let c = run("{SMALL}", "true", #{{ network: "none" }});
                copy_in(c, `{}`, "/data");
                let upon = run(commit(c, ""), "rm -rf /data/1; ln /data/2/3 /data/hard; chmod 700 /data/2; touch /top", #{{ network: "none" }});
                let i = commit(upon, "site/{number}:v1");
                save(i, "{}");
                push(i, "{}");
                i.diff_ids
                "#,
                data.display(),
                origin.source(number),
                origin.pushed(number)
            ));
            assert_eq!(told.as_array().unwrap().len(), 3);
            let tree = trees(&plywood, &[format!("image(\"site/{number}:v1\")")]).remove(0);
            assert!(tree.len() > 60, "{tree:?}");
            origin.images.push(Known { diff_ids: told, tree });
        }
        Some(origin)
    }

    /// Where an image can be loaded from: each lies in an archive of another kind.
    pub fn source(&self, number: usize) -> String {
        self.target(self.folder.path(), number)
    }

    /// An archive in `folder`, of another kind for each number.
    pub fn target(&self, folder: &Path, number: usize) -> String {
        let path = self.target_path(folder, number);
        match (self.first + number) % KINDS {
            0 => format!("docker-archive:{}", path.display()),
            1 => format!("oci-archive:{}:v1", path.display()),
            2 => format!("oci:{}:v1", path.display()),
            _ => format!("dir:{}", path.display()),
        }
    }

    /// Where that is.
    pub fn target_path(&self, folder: &Path, number: usize) -> PathBuf {
        folder.join(["a.tar", "b.tar", "c", "d"][(self.first + number) % KINDS])
    }

    /// Where an image can be pulled from.
    pub fn pushed(&self, number: usize) -> String {
        self.registry.name(&format!("site/{number}:v1"))
    }

    /// A name in the registry.
    pub fn name(&self, name: &str) -> String {
        self.registry.name(name)
    }

    /// The image with these DiffIDs.
    #[track_caller]
    pub fn known(&self, diff_ids: &Value) -> usize {
        let place = self.images.iter().position(|known| known.diff_ids == *diff_ids);
        place.unwrap_or_else(|| panic!("no image has the layers {diff_ids}"))
    }
}

fn write_data(place: &Path, seed: u64) {
    for directory in 0..4 {
        fs::create_dir_all(place.join(directory.to_string())).unwrap();
        for file in 0..16 {
            let path = place.join(format!("{directory}/{file}"));
            fs::write(path, format!("{seed} {directory} {file}\n").repeat(file * 20)).unwrap();
        }
    }
    fs::write(place.join("noise"), noise(seed + 7, 400_000)).unwrap();
    std::os::unix::fs::symlink("2/3", place.join("link")).unwrap();
}

/// What each of these things shows, as it is copied out.
#[track_caller]
pub fn trees(plywood: &Plywood, things: &[String]) -> Vec<Tree> {
    let folder = tempfile::tempdir().unwrap();
    let place = |number: usize| folder.path().join(number.to_string());
    let script: String = things
        .iter()
        .enumerate()
        .map(|(number, thing)| format!("copy_out({thing}, \"/\", `{}`);\n", place(number).display()))
        .collect();
    plywood.eval(&script).assert_ok();
    (0..things.len())
        .map(|number| {
            let mut tree = Tree::new();
            walk(&place(number), "", &mut tree);
            tree
        })
        .collect()
}

fn walk(folder: &Path, below: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{below}/{}", entry.file_name().into_string().unwrap());
        let status = fs::symlink_metadata(entry.path()).unwrap();
        let mode = status.permissions().mode();
        let content = if status.is_symlink() {
            fs::read_link(entry.path()).unwrap().display().to_string()
        } else if status.is_dir() {
            walk(&entry.path(), &path, tree);
            String::new()
        } else {
            Digest::of(&fs::read(entry.path()).unwrap()).to_string()
        };
        tree.insert(path, format!("{mode:o} {}:{} {content}", status.uid(), status.gid()));
    }
}
