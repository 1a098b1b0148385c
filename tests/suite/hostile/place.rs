//! A user's store with a good image in it, and around it what must not change.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plywood::layer::OverlayFormat;
use plywood::oci::Digest;

use super::case::Scene;
use super::form::Packing;
use super::layout::{Layout, tar};
use super::service;
use crate::support::http::Server;
use crate::support::{Somebody, Watched, Who, is_root, watch};

/// Longer than any case needs, on a machine that has other things to do too.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Bytes of memory that the program may have resident.
pub const MEMORY: u64 = 150 << 20;

/// Bytes of memory of its own that the kernel gives it at all, the stacks of all threads included.
const DATA: u64 = 224 << 20;

/// See the module.
pub struct Place {
    pub somebody: Somebody,
    /// Files and directories that must stay as they are: the store's surroundings and the good image.
    snapshot: BTreeMap<PathBuf, String>,
    /// Names in the store that are there before and after each case.
    names: Vec<String>,
    good: String,
    server: Server,
    served: Arc<Mutex<Option<Layout>>>,
}

impl Place {
    /// A place for that user, or `None` after saying why not.
    pub fn new(who: Who) -> Option<Self> {
        let somebody = Somebody::new(who)?;
        let folder = somebody.folder();
        for name in ["outside/canary/below", "outside/home", "outside/tmp", "outside/cwd", "in"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        for name in ["canary/victim", "canary/below/victim", "cwd/victim", "home/.profile"] {
            fs::write(folder.join("outside").join(name), "untouched").unwrap();
        }
        open_to_all(&folder.join("outside"));
        fs::write(folder.join("patient.toml"), "timeout = 20\nattempts = 2\n").unwrap();
        fs::write(folder.join("hasty.toml"), "timeout = 0.5\nattempts = 2\n").unwrap();
        fs::write(folder.join("in/good.tar"), tar(&[("etc/good", b"good")])).unwrap();
        let served: Arc<Mutex<Option<Layout>>> = Arc::default();
        let server = service::serve(Arc::clone(&served));
        let mut place = Self {
            somebody,
            snapshot: BTreeMap::new(),
            names: Vec::new(),
            good: String::new(),
            server,
            served,
        };
        let made =
            place.run("", &format!("rootfs(`{}`, \"good:1\").id", place.inbox().join("good.tar").display()));
        made.outcome.assert_ok();
        // What a first run makes is made now.
        place
            .run("", "attempt(|| run(\"good:1\", [\"/none\"], #{ network: \"none\", rm: true })).ok")
            .outcome
            .assert_ok();
        place.good = made.outcome.stdout.trim().trim_matches('"').to_owned();
        for folder in [place.store(), place.store().join("parts"), place.store().join("blobs")] {
            let mode = fs::metadata(&folder).unwrap().mode();
            assert_eq!(mode & 0o777, 0o700, "others can enter `{}`", folder.display());
        }
        place.names = place.residue();
        place.snapshot = place.surroundings();
        Some(place)
    }

    /// Where cases are put.
    pub fn inbox(&self) -> PathBuf {
        self.somebody.folder().join("in")
    }

    pub fn store(&self) -> PathBuf {
        self.somebody.folder().join("store")
    }

    pub fn good(&self) -> &str {
        &self.good
    }

    /// What cases aim at. From `store/parts/NAME/fs` four steps up lead to the folder that the store is in.
    pub fn scene(&self, packing: Packing) -> Scene {
        let canary = self.somebody.folder().join("outside/canary");
        Scene { canary, up: "../../../../outside/canary".to_owned(), packing }
    }

    /// How whiteouts are written in this user's store.
    pub fn format(&self) -> OverlayFormat {
        match self.somebody.who() {
            Who::Root => OverlayFormat::Trusted,
            Who::Myself if is_root() => OverlayFormat::Trusted,
            _ => OverlayFormat::User,
        }
    }

    /// The port of a registry that serves `layout` from now on.
    pub fn offer(&self, layout: Layout) -> u16 {
        *self.served.lock().unwrap() = Some(layout);
        self.server.port
    }

    /// Runs a script, its result as JSON.
    pub fn run(&self, limits: &str, script: &str) -> Watched {
        self.arguments(limits, &["--json", "-e", script])
    }

    /// The same for a registry that lets us wait.
    pub fn run_hastily(&self, limits: &str, script: &str) -> Watched {
        self.launch(limits, &["--json", "-e", script], "hasty.toml")
    }

    pub fn arguments(&self, limits: &str, arguments: &[&str]) -> Watched {
        self.launch(limits, arguments, "patient.toml")
    }

    fn launch(&self, limits: &str, arguments: &[&str], registries: &str) -> Watched {
        let outside = self.somebody.folder().join("outside");
        let mut command: Command = self.somebody.command();
        command
            .args(arguments)
            .current_dir(outside.join("cwd"))
            .env("HOME", outside.join("home"))
            .env("TMPDIR", outside.join("tmp"))
            .env("XDG_CONFIG_HOME", outside.join("home/config"))
            .env("XDG_RUNTIME_DIR", outside.join("home/run"))
            .env("DOCKER_CONFIG", outside.join("home/docker"))
            .env("PLYWOOD_REGISTRIES", self.somebody.folder().join(registries))
            .env("PLYWOOD_LIMITS", limits);
        watch(&command, DEADLINE, DATA)
    }

    /// Removes all but the good image, and what nothing needs.
    pub fn tidy(&self) -> Watched {
        let others = "for it in images() { if !it.references.contains(\"good:1\") { rm(it) } }";
        self.run("", &format!("{others} prune(); fsck().problems"))
    }

    /// The trees of parts that the good image does not have.
    pub fn new_trees(&self) -> Vec<PathBuf> {
        let parts = self.store().join("parts");
        let known = |name: &String| self.names.contains(&format!("parts/{name}"));
        let mut names = listed(&parts);
        names.retain(|name| !known(name));
        names.iter().map(|name| parts.join(name).join("fs")).collect()
    }

    /// What is in the store now and was not before, or the other way round.
    pub fn leftovers(&self) -> Vec<String> {
        let now = self.residue();
        let new = now.iter().filter(|name| !self.names.contains(name)).cloned();
        let gone = self.names.iter().filter(|name| !now.contains(name)).map(|name| format!("-{name}"));
        new.chain(gone).collect()
    }

    fn residue(&self) -> Vec<String> {
        let mut found = Vec::new();
        for folder in ["parts", "blobs/sha256", "tmp"] {
            found.extend(listed(&self.store().join(folder)).iter().map(|name| format!("{folder}/{name}")));
        }
        found
    }

    /// What has changed that must not.
    pub fn damage(&self) -> Vec<String> {
        let now = self.surroundings();
        let mut wrong: Vec<String> = Vec::new();
        for (path, was) in &self.snapshot {
            match now.get(path) {
                Some(is) if is == was => {}
                Some(is) => wrong.push(format!("`{}` was `{was}` and is `{is}`", path.display())),
                None => wrong.push(format!("`{}` is gone", path.display())),
            }
        }
        for path in now.keys().filter(|path| !self.snapshot.contains_key(*path)) {
            wrong.push(format!("`{}` has appeared", path.display()));
        }
        wrong
    }

    fn surroundings(&self) -> BTreeMap<PathBuf, String> {
        let folder = self.somebody.folder();
        let mut found = BTreeMap::new();
        record(&folder.join("outside"), &mut found);
        for name in self.names.iter().filter(|name| !name.starts_with("tmp/")) {
            record(&self.store().join(name), &mut found);
        }
        // Of these only who may enter, and that nothing stands beside them.
        for (path, inside) in
            [(folder.to_owned(), true), (self.store(), true), (self.store().join("parts"), false)]
        {
            let mode = fs::metadata(&path).unwrap().mode();
            let names = if inside { listed(&path).join(" ") } else { String::new() };
            found.insert(path, format!("{mode:o} {}", without_journals(&names)));
        }
        found
    }
}

/// The database's side files come and go.
fn without_journals(names: &str) -> String {
    names
        .split(' ')
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn listed(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Everything below `path` with what it is; what cannot be read is named only.
fn record(path: &Path, found: &mut BTreeMap<PathBuf, String>) {
    let Ok(metadata) = fs::symlink_metadata(path) else { return };
    let content = if metadata.is_file() {
        fs::read(path).map(|bytes| Digest::of(&bytes).short()).unwrap_or_default()
    } else if metadata.is_symlink() {
        fs::read_link(path).map(|target| target.display().to_string()).unwrap_or_default()
    } else {
        String::new()
    };
    let (mode, owner, links) = (metadata.mode(), metadata.uid(), metadata.nlink());
    let time = (metadata.mtime(), metadata.mtime_nsec());
    found.insert(path.to_owned(), format!("{mode:o} {owner} {links} {time:?} {content}"));
    if metadata.is_dir() {
        for name in listed(path) {
            record(&path.join(name), found);
        }
    }
}

/// Whoever is led here could do harm.
fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    if path.is_dir() {
        for name in listed(path) {
            open_to_all(&path.join(name));
        }
    }
}
