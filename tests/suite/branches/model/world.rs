//! Everything that a store should have, and the scripts that made it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::tree::{Tree, path};
use crate::support::{Plywood, SMALL};

/// A container, snapshot or image: what it shows, and the image that it was made of.
#[derive(Debug, Clone)]
struct Thing {
    tree: Tree,
    image: String,
}

type Things = BTreeMap<String, Thing>;

/// What a script looks at, and what it must see.
enum Look {
    /// Through our own view: path, mode and content; then the paths that a container has and its image has not.
    Told { tree: Tree, added: Option<BTreeSet<String>> },
    /// From within, through the kernel's mount.
    Seen(Tree),
    /// One word, such as the kind of an error.
    Word(&'static str),
}

/// One process's script.
#[derive(Default)]
struct Part {
    script: String,
    looks: Vec<(String, Look)>,
}

const SAY: &str = r#"
let told = [];
fn say(x) {
    let told = [];
    for f in x.files.filter(|f| f.path.starts_with("/t/")) {
        told.push([f.path, f.mode, if f.type == "dir" { "dir" } else { x.read(f.path) }]);
    }
    told
}
fn added(c) { diff(c).filter(|l| l.kind == "A" && l.path.starts_with("/t/")).map(|l| l.path) }
fn see(x, options) {
    options.network = "none";
    // Level by level, as deep as there is something: moved directories lie deeper than any path that is written to.
    run(x, `
        cd /t; all=''; at='*'
        while set -- $at; [ -e "$1" ] || [ -L "$1" ]; do all="$all $at"; at="$at/*"; done
        [ -z "$all" ] || { stat -c '%n|%a|%F|%i' $all; sha256sum $all 2>/dev/null; true; }`, options).stdout
}
"#;

/// The store's state and the way to it, as far as the model knows.
pub struct World {
    containers: Things,
    snapshots: Things,
    images: Things,
    /// The last one is being written.
    parts: Vec<Part>,
    next: usize,
}

impl World {
    pub fn new() -> Self {
        let small = Thing { tree: Tree::default(), image: String::new() };
        Self {
            containers: Things::new(),
            snapshots: Things::new(),
            images: Things::from([(SMALL.to_owned(), small)]),
            parts: vec![Part::default()],
            next: 0,
        }
    }

    fn fresh(&mut self, letter: char) -> String {
        self.next += 1;
        format!("{letter}{}", self.next)
    }

    fn part(&mut self) -> &mut Part {
        self.parts.last_mut().unwrap()
    }

    fn say(&mut self, line: &str) {
        let _ = writeln!(self.part().script, "{line}");
    }

    fn look(&mut self, name: &str, code: &str, look: Look) {
        let _ = writeln!(self.part().script, "told.push({code});");
        self.part().looks.push((name.to_owned(), look));
    }

    fn pick(map: &Things, choice: u8) -> Option<(String, Thing)> {
        let at = usize::from(choice) % map.len().max(1);
        map.iter().nth(at).map(|(name, thing)| (name.clone(), thing.clone()))
    }

    /// An image must stay while there is something made of it.
    fn is_in_use(&self, image: &str) -> bool {
        self.containers.values().chain(self.snapshots.values()).any(|thing| thing.image == image)
    }

    /// Does one thing, or nothing where it would be none.
    pub fn step(&mut self, step: [u8; 4]) {
        let [what, one, two, three] = step;
        let Some((name, mut thing)) = Self::pick(&self.containers, one) else { return self.start(two) };
        match what % 24 {
            0..=6 => {
                let mut commands = Vec::new();
                for round in 0..=(what / 24) % 4 {
                    self.next += 1;
                    let (two, three) = (two.wrapping_add(round * 31), three.wrapping_add(round * 17));
                    let what = what % 24 + round * 2 + three % 3;
                    commands.extend(thing.tree.change(what, two, three, self.next));
                }
                if !commands.is_empty() {
                    self.say(&format!("container(\"{name}\").run(\"{}\");", commands.join(" && ")));
                    self.containers.insert(name, thing);
                }
            }
            7 | 8 => {
                self.next += 1;
                let (path, text) = (path(two), format!("w{}", self.next));
                if thing.tree.write(&path, &text) {
                    self.say(&format!("container(\"{name}\").write(\"{path}\", \"{text}\");"));
                    self.containers.insert(name, thing);
                }
            }
            9 | 10 => {
                let snapshot = self.fresh('s');
                self.say(&format!("snapshot(container(\"{name}\"), #{{ name: \"{snapshot}\" }});"));
                self.snapshots.insert(snapshot, thing);
            }
            11 => {
                let branch = self.fresh('c');
                self.say(&format!("branch(container(\"{name}\"), #{{ name: \"{branch}\" }});"));
                self.containers.insert(branch, thing);
            }
            12 => {
                let Some((snapshot, thing)) = Self::pick(&self.snapshots, two) else { return };
                let branch = self.fresh('c');
                self.say(&format!("branch(\"{snapshot}\", #{{ name: \"{branch}\" }});"));
                self.containers.insert(branch, thing);
            }
            13 | 14 => self.rollback(name, &thing, two),
            15 | 16 => {
                let image = self.fresh('i');
                self.say(&format!("commit(container(\"{name}\"), \"{image}\");"));
                self.images.insert(image, Thing { tree: thing.tree, image: String::new() });
            }
            17 => self.start(two),
            18 | 19 => self.remove(two, three),
            20 => self.say("prune();"),
            21 => self.tell(&name, &thing),
            22 => self.see(two, three),
            // What follows is done by another process.
            _ => self.parts.push(Part::default()),
        }
    }

    /// A new container of some image.
    fn start(&mut self, choice: u8) {
        let Some((image, thing)) = Self::pick(&self.images, choice) else { return };
        let name = self.fresh('c');
        self.say(&format!("run(\"{image}\", \"true\", #{{ name: \"{name}\", network: \"none\" }});"));
        self.containers.insert(name, Thing { tree: thing.tree.below(), image });
    }

    fn rollback(&mut self, name: String, thing: &Thing, choice: u8) {
        let Some((snapshot, to)) = Self::pick(&self.snapshots, choice) else { return };
        let code = format!("rollback(container(\"{name}\"), \"{snapshot}\")");
        if to.image == thing.image {
            self.say(&format!("{code};"));
            self.containers.insert(name, to);
        } else {
            self.look(&name, &format!("attempt(|| {code}).error.kind"), Look::Word("invalid"));
        }
    }

    fn remove(&mut self, kind: u8, choice: u8) {
        let map = match kind % 3 {
            0 => &mut self.snapshots,
            1 => &mut self.images,
            _ => &mut self.containers,
        };
        let Some((name, _)) = Self::pick(map, choice) else { return };
        if name == SMALL {
            return;
        }
        match kind % 3 {
            1 if self.is_in_use(&name) => {
                self.look(&name, &format!("attempt(|| rm(\"{name}\")).error.kind"), Look::Word("in_use"));
            }
            1 => {
                self.images.remove(&name);
                self.say(&format!("rm(\"{name}\");"));
            }
            0 => {
                self.snapshots.remove(&name);
                self.say(&format!("rm(\"{name}\");"));
            }
            _ => {
                self.containers.remove(&name);
                self.say(&format!("rm(container(\"{name}\"));"));
            }
        }
    }

    /// What a container shows by our own view, and its additions.
    fn tell(&mut self, name: &str, thing: &Thing) {
        let image = &self.images[&thing.image].tree;
        let added = thing.tree.paths().difference(&image.paths()).cloned().collect();
        let code = format!("[say(container(\"{name}\")), added(container(\"{name}\"))]");
        self.look(name, &code, Look::Told { tree: thing.tree.clone(), added: Some(added) });
    }

    /// What something shows from within.
    fn see(&mut self, kind: u8, choice: u8) {
        let (map, code) = match kind % 3 {
            0 => (&self.containers, "see(container(\"NAME\"), #{})"),
            1 => (&self.images, "see(image(\"NAME\"), #{ rm: true })"),
            _ => (&self.snapshots, "{ let b = branch(\"NAME\"); let seen = see(b, #{}); rm(b); seen }"),
        };
        let Some((name, thing)) = Self::pick(map, choice) else { return };
        self.look(&name, &code.replace("NAME", &name), Look::Seen(thing.tree));
    }

    /// Does it all, looks at everything that is left, and takes it away. Asserts at each.
    pub fn perform(mut self, plywood: &Plywood, prepare: &str, is_whole: impl Fn(&Plywood)) {
        self.look_at_all();
        let mut history = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            let prepare = if index == 0 { prepare } else { "" };
            history += &format!("// process {index}\n{}", part.script);
            let done = plywood.args(["--json", "-e", &format!("{prepare}{SAY}{} told", part.script)]);
            assert_eq!(done.code, 0, "{}\n{history}", done.stderr);
            let told: Value = serde_json::from_str(&done.stdout).unwrap();
            let told = told.as_array().unwrap();
            assert_eq!(told.len(), part.looks.len());
            for ((name, look), told) in part.looks.iter().zip(told) {
                look.assert(told, &format!("{name} after\n{history}"));
            }
        }
        plywood.eval("prune();").assert_ok();
        is_whole(plywood);
        let all =
            "rm(containers()); rm(snapshots()); rm(images()); prune(); [containers(), snapshots(), images()]";
        assert_eq!(plywood.json(all), json!([[], [], []]), "{history}");
        is_whole(plywood);
        for folder in ["parts", "blobs/sha256", "tmp", "sessions"] {
            let left = std::fs::read_dir(plywood.store().join(folder)).unwrap().count();
            assert_eq!(left, 0, "{folder} after\n{history}");
        }
    }

    /// A last process looks at everything that there should be.
    fn look_at_all(&mut self) {
        self.parts.push(Part::default());
        let told = |thing: &Thing| Look::Told { tree: thing.tree.clone(), added: None };
        for (name, thing) in self.containers.clone() {
            self.tell(&name, &thing);
        }
        for (name, thing) in self.snapshots.clone() {
            let code = format!("{{ let b = branch(\"{name}\"); let t = say(b); rm(b); [t] }}");
            self.look(&name, &code, told(&thing));
        }
        for (name, thing) in self.images.clone() {
            self.look(&name, &format!("[say(image(\"{name}\"))]"), told(&thing));
        }
        // The sums are right only if nothing else is there.
        let counts = [self.containers.len(), self.snapshots.len(), self.images.len()];
        let counts = serde_json::to_string(&counts).unwrap();
        let code = format!(
            "if [containers().len(), snapshots().len(), images().len()] == {counts} {{ \"all\" }} else {{ \"more\" }}"
        );
        self.look("the store", &code, Look::Word("all"));
    }
}

impl Look {
    #[track_caller]
    fn assert(&self, told: &Value, place: &str) {
        match self {
            Self::Told { tree, added } => {
                assert_eq!(told[0], tree.told(), "{place}");
                if let Some(added) = added {
                    assert_eq!(told[1], json!(added), "added by {place}");
                }
            }
            Self::Seen(tree) => tree.assert_seen(told.as_str().unwrap(), place),
            Self::Word(kind) => assert_eq!(told, kind, "{place}"),
        }
    }
}
