//! The model: paths and what is at them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use plywood::oci::Digest;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
struct File {
    mode: u32,
    text: String,
    /// It is in the image below. As with Docker, a name that is changed has a file of its own from then on.
    lower: bool,
}

/// What a container shows below `/t`: directories with their mode, names of files with the file behind each, and the
/// files.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    dirs: BTreeMap<String, u32>,
    names: BTreeMap<String, usize>,
    files: BTreeMap<usize, File>,
    next: usize,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

/// One of a few paths, one to three names deep.
pub fn path(choice: u8) -> String {
    let choice = usize::from(choice);
    let mut path = format!("/t/{}", NAMES[choice % 3]);
    for level in 0..(choice / 3) % 3 {
        let _ = write!(path, "/{}", NAMES[(choice / [9, 27][level]) % 3]);
    }
    path
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').unwrap().0
}

fn is_in(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

impl Tree {
    fn has_parent(&self, path: &str) -> bool {
        parent(path) == "/t" || self.dirs.contains_key(parent(path))
    }

    fn is_free(&self, path: &str) -> bool {
        !self.dirs.contains_key(path) && !self.names.contains_key(path)
    }

    fn links(&self, path: &str) -> usize {
        let file = self.names.get(path);
        self.names.values().filter(|other| Some(*other) == file).count()
    }

    fn remove(&mut self, path: &str) {
        self.dirs.retain(|dir, _| dir != path && !is_in(dir, path));
        self.names.retain(|name, _| name != path && !is_in(name, path));
        let left: BTreeSet<usize> = self.names.values().copied().collect();
        self.files.retain(|file, _| left.contains(file));
    }

    fn create(&mut self, path: &str, text: &str) {
        self.put(path, File { mode: 0o644, text: text.to_owned(), lower: false });
    }

    fn put(&mut self, path: &str, file: File) {
        self.names.insert(path.to_owned(), self.next);
        self.files.insert(self.next, file);
        self.next += 1;
    }

    /// The file at a name that is about to be changed, in the writable layer.
    fn copied_up(&mut self, path: &str) -> &mut File {
        let file = File { lower: false, ..self.files[&self.names[path]].clone() };
        if self.files[&self.names[path]].lower {
            self.remove(path);
            self.put(path, file);
        }
        self.files.get_mut(&self.names[path]).unwrap()
    }

    /// As a fresh container of an image shows it that was this.
    pub fn below(mut self) -> Self {
        self.files.values_mut().for_each(|file| file.lower = true);
        self
    }

    /// A change that is possible here, as a shell command; `None` where it would be none.
    pub fn change(&mut self, what: u8, one: u8, other: u8, stamp: usize) -> Option<String> {
        let (from, to) = (path(one), path(other));
        let text = format!("v{stamp}");
        match what % 9 {
            0 | 1 if self.has_parent(&from) && !self.dirs.contains_key(&from) => {
                if self.names.contains_key(&from) {
                    self.copied_up(&from).text = format!("{text}\n");
                } else {
                    self.create(&from, &format!("{text}\n"));
                }
                Some(format!("echo {text} > {from}"))
            }
            2 if self.names.contains_key(&from) => {
                self.copied_up(&from).text.push_str(&format!("{text}\n"));
                Some(format!("echo {text} >> {from}"))
            }
            3 if self.has_parent(&from) && self.is_free(&from) => {
                self.dirs.insert(from.clone(), 0o755);
                Some(format!("mkdir {from}"))
            }
            4 if !self.is_free(&from) => {
                self.remove(&from);
                Some(format!("rm -rf {from}"))
            }
            5 if self.names.contains_key(&from) && self.has_parent(&to) && self.is_free(&to) => {
                self.copied_up(&from);
                self.names.insert(to.clone(), self.names[&from]);
                Some(format!("ln {from} {to}"))
            }
            6 if self.names.contains_key(&from)
                && self.has_parent(&to)
                && !self.dirs.contains_key(&to)
                && self.names.get(&from) != self.names.get(&to) =>
            {
                self.copied_up(&from);
                let file = self.names[&from];
                self.names.remove(&from);
                let replaced = self.names.insert(to.clone(), file);
                if let Some(replaced) = replaced
                    && !self.names.values().any(|left| *left == replaced)
                {
                    self.files.remove(&replaced);
                }
                Some(format!("mv -f {from} {to}"))
            }
            // A directory that a lower layer has is copied by `mv`, which takes links out of it apart: none there.
            7 if self.dirs.contains_key(&from)
                && self.has_parent(&to)
                && self.is_free(&to)
                && to != from
                && !is_in(&to, &from)
                && self.names.keys().filter(|name| is_in(name, &from)).all(|name| self.links(name) == 1) =>
            {
                let moved = |name: &str| match name.strip_prefix(from.as_str()) {
                    Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{to}{rest}"),
                    _ => name.to_owned(),
                };
                self.dirs = self.dirs.iter().map(|(dir, mode)| (moved(dir), *mode)).collect();
                self.names = self.names.iter().map(|(name, file)| (moved(name), *file)).collect();
                Some(format!("mv {from} {to}"))
            }
            8 if !self.is_free(&from) => {
                let mode = [0o700, 0o755, 0o711, 0o744][usize::from(other) % 4];
                match self.dirs.get_mut(&from) {
                    Some(dir) => *dir = mode,
                    None => self.copied_up(&from).mode = mode,
                }
                Some(format!("chmod {mode:o} {from}"))
            }
            _ => None,
        }
    }

    /// By the engine, without a process; false where nothing can be written.
    pub fn write(&mut self, path: &str, text: &str) -> bool {
        if !self.has_parent(path) || self.dirs.contains_key(path) {
            return false;
        }
        // A file of several names gets a new one of its own at this name.
        let mode = self.names.get(path).map_or(0o644, |file| self.files[file].mode);
        self.remove(path);
        self.put(path, File { mode, text: text.to_owned(), lower: false });
        true
    }

    pub fn paths(&self) -> BTreeSet<String> {
        self.dirs.keys().chain(self.names.keys()).cloned().collect()
    }

    /// As a script tells it by `files` and `read`.
    pub fn told(&self) -> Value {
        let mut all: BTreeMap<&str, Value> = BTreeMap::new();
        for (dir, mode) in &self.dirs {
            all.insert(dir, json!([dir, mode, "dir"]));
        }
        for (name, file) in &self.names {
            let File { mode, text, .. } = &self.files[file];
            all.insert(name, json!([name, mode, text]));
        }
        all.into_values().collect()
    }

    /// That `seen` is this, as `stat` (path below `/t`, mode, type, inode) and `sha256sum` print it.
    #[track_caller]
    pub fn assert_seen(&self, seen: &str, place: &str) {
        let mut inodes: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let (mut found, mut wanted) = (BTreeSet::new(), BTreeSet::new());
        for line in seen.lines() {
            match line.split('|').collect::<Vec<_>>().as_slice() {
                [path, mode, kind, inode] => {
                    found.insert(format!(
                        "{path} {mode} {}",
                        kind.replace("regular empty file", "regular file")
                    ));
                    if let Some(file) = self.names.get(&format!("/t/{path}")) {
                        inodes.entry(inode).or_default().insert(*file);
                    }
                }
                _ => drop(found.insert(line.to_owned())),
            }
        }
        for (dir, mode) in &self.dirs {
            wanted.insert(format!("{} {mode:o} directory", &dir[3..]));
        }
        for (name, file) in &self.names {
            let File { mode, text, .. } = &self.files[file];
            wanted.insert(format!("{} {mode:o} regular file", &name[3..]));
            wanted.insert(format!("{}  {}", Digest::of(text.as_bytes()).hex(), &name[3..]));
        }
        assert_eq!(found, wanted, "{place}");
        let files: Vec<&BTreeSet<usize>> = inodes.values().collect();
        assert!(files.iter().all(|file| file.len() == 1), "files that are one: {seen}\n{place}");
        assert_eq!(files.len(), self.files.len(), "names of one file that are several: {seen}\n{place}");
    }
}
