//! Random histories against a model in memory: paths and what is at them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::assert_nothing_unreachable;
use crate::support::{Plywood, count};

/// What a container shows below `/t`: directories with their mode, names of files with the file behind each, and the
/// files with mode and content.
#[derive(Debug, Clone, Default)]
struct Tree {
    dirs: BTreeMap<String, u32>,
    names: BTreeMap<String, usize>,
    files: BTreeMap<usize, (u32, String)>,
    next: usize,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

/// One of a few paths, one to three names deep.
fn path(choice: u8) -> String {
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
        self.names.insert(path.to_owned(), self.next);
        self.files.insert(self.next, (0o644, text.to_owned()));
        self.next += 1;
    }

    /// A change that is possible here, as a shell command; `None` where it would be none.
    fn change(&mut self, what: u8, one: u8, other: u8, stamp: usize) -> Option<String> {
        let (from, to) = (path(one), path(other));
        let text = format!("v{stamp}");
        match what % 9 {
            0 | 1 if self.has_parent(&from) && !self.dirs.contains_key(&from) => {
                match self.names.get(&from) {
                    Some(file) => self.files.get_mut(file).unwrap().1 = format!("{text}\n"),
                    None => self.create(&from, &format!("{text}\n")),
                }
                Some(format!("echo {text} > {from}"))
            }
            2 if self.names.contains_key(&from) => {
                let file = self.names[&from];
                self.files.get_mut(&file).unwrap().1.push_str(&format!("{text}\n"));
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
                self.names.insert(to.clone(), self.names[&from]);
                Some(format!("ln {from} {to}"))
            }
            6 if self.names.contains_key(&from)
                && self.has_parent(&to)
                && !self.dirs.contains_key(&to)
                && self.names.get(&from) != self.names.get(&to) =>
            {
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
                match self.names.get(&from) {
                    Some(file) => self.files.get_mut(file).unwrap().0 = mode,
                    None => *self.dirs.get_mut(&from).unwrap() = mode,
                }
                Some(format!("chmod {mode:o} {from}"))
            }
            _ => None,
        }
    }

    /// As the script at the end tells it.
    fn told(&self) -> Value {
        let mut all: BTreeMap<&str, Value> = BTreeMap::new();
        for (dir, mode) in &self.dirs {
            all.insert(dir, json!([dir, mode, "dir"]));
        }
        for (name, file) in &self.names {
            let (mode, text) = &self.files[file];
            all.insert(name, json!([name, mode, text]));
        }
        all.into_values().collect()
    }
}

/// Everything that the store should have, and the script that made it.
#[derive(Default)]
struct World {
    containers: BTreeMap<String, Tree>,
    snapshots: BTreeMap<String, Tree>,
    images: BTreeMap<String, Tree>,
    script: String,
    next: usize,
}

const SAY: &str = r#"
fn say(x) {
    let told = [];
    for f in x.files.filter(|f| f.path.starts_with("/t/")) {
        told.push([f.path, f.mode, if f.type == "dir" { "dir" } else { x.read(f.path) }]);
    }
    told
}
"#;

impl World {
    fn fresh(&mut self, letter: char) -> String {
        self.next += 1;
        format!("{letter}{}", self.next)
    }

    fn pick(map: &BTreeMap<String, Tree>, choice: u8) -> Option<(String, Tree)> {
        let at = usize::from(choice) % map.len().max(1);
        map.iter().nth(at).map(|(name, tree)| (name.clone(), tree.clone()))
    }

    fn step(&mut self, step: [u8; 4]) {
        let [what, one, two, three] = step;
        let Some((name, mut tree)) = Self::pick(&self.containers, one) else {
            let name = self.fresh('c');
            let _ = writeln!(
                self.script,
                "run(base(), \"mkdir /t\", #{{ name: \"{name}\", network: \"none\" }});"
            );
            self.containers.insert(name, Tree::default());
            return;
        };
        match what % 16 {
            0..=6 => {
                let mut commands = Vec::new();
                for round in 0..=(what / 16) % 4 {
                    self.next += 1;
                    let (two, three) = (two.wrapping_add(round * 31), three.wrapping_add(round * 17));
                    commands.extend(tree.change(what % 16 + round * 2 + three % 3, two, three, self.next));
                }
                if !commands.is_empty() {
                    let line = commands.join(" && ");
                    let _ = writeln!(self.script, "container(\"{name}\").run(\"{line}\");");
                    self.containers.insert(name, tree);
                }
            }
            // By the engine, without a process; it gives a file of several names a new one of its own.
            7 => {
                let path = path(two);
                self.next += 1;
                if tree.has_parent(&path) && tree.is_free(&path) {
                    let text = format!("w{}", self.next);
                    let _ = writeln!(self.script, "container(\"{name}\").write(\"{path}\", \"{text}\");");
                    tree.create(&path, &text);
                    self.containers.insert(name, tree);
                }
            }
            8 | 9 => {
                let snapshot = self.fresh('s');
                let _ =
                    writeln!(self.script, "snapshot(container(\"{name}\"), #{{ name: \"{snapshot}\" }});");
                self.snapshots.insert(snapshot, tree);
            }
            10 => {
                let branch = self.fresh('c');
                let _ = writeln!(self.script, "branch(container(\"{name}\"), #{{ name: \"{branch}\" }});");
                self.containers.insert(branch, tree);
            }
            11 => {
                let Some((snapshot, tree)) = Self::pick(&self.snapshots, two) else { return };
                let branch = self.fresh('c');
                let _ = writeln!(self.script, "branch(\"{snapshot}\", #{{ name: \"{branch}\" }});");
                self.containers.insert(branch, tree);
            }
            12 => {
                let Some((snapshot, tree)) = Self::pick(&self.snapshots, two) else { return };
                let _ = writeln!(self.script, "rollback(container(\"{name}\"), \"{snapshot}\");");
                self.containers.insert(name, tree);
            }
            13 => {
                let image = self.fresh('i');
                let _ = writeln!(self.script, "commit(container(\"{name}\"), \"{image}\");");
                self.images.insert(image, tree);
            }
            14 => {
                let (map, of): (&mut BTreeMap<String, Tree>, _) = match two % 3 {
                    0 => (&mut self.snapshots, "snapshot"),
                    1 => (&mut self.images, "image"),
                    _ => (&mut self.containers, "container"),
                };
                let Some((name, _)) = Self::pick(map, three) else { return };
                map.remove(&name);
                let _ = match of {
                    "container" => writeln!(self.script, "rm(container(\"{name}\"));"),
                    _ => writeln!(self.script, "rm(\"{name}\");"),
                };
            }
            _ => self.script.push_str("prune();\n"),
        }
    }

    fn check(&self, plywood: &Plywood) {
        let list =
            |map: &BTreeMap<String, Tree>| serde_json::to_string(&map.keys().collect::<Vec<_>>()).unwrap();
        let script = format!(
            "{SAY}\nlet told = [];
             for c in {} {{ told.push(say(container(c))); }}
             for s in {} {{ let b = branch(s); told.push(say(b)); rm(b); }}
             for i in {} {{ told.push(say(image(i))); }}
             [told, snapshots().len()]",
            list(&self.containers),
            list(&self.snapshots),
            list(&self.images)
        );
        let made = plywood.eval(&self.script);
        assert_eq!(made.code, 0, "{}\n{}", made.stderr, self.script);
        let seen = plywood.json(&script);
        let all = self.containers.iter().chain(&self.snapshots).chain(&self.images);
        for ((name, tree), told) in all.zip(seen[0].as_array().unwrap()) {
            assert_eq!(*told, tree.told(), "{name} after\n{}", self.script);
        }
        assert_eq!(seen[1], self.snapshots.len());
        plywood.eval("prune();").assert_ok();
        assert_nothing_unreachable(plywood);
    }
}

#[test]
fn any_history_is_what_the_model_says() {
    let cases = u32::try_from(count(5, 50)).unwrap();
    let length = count(40, 80);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    let steps = proptest::collection::vec(any::<[u8; 4]>(), length / 2..length * 2);
    let result = TestRunner::new(config).run(&steps, |steps| {
        let plywood = Plywood::new();
        let mut world = World::default();
        world.script.push_str("base();\n");
        for step in steps {
            world.step(step);
        }
        world.check(&plywood);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
