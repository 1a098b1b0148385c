//! One verb, what it needs, and how its outcome is looked at.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use plywood::oci::Digest;
use serde_json::{Value, json};

use super::origin::{Origin, Tree, trees};
use crate::branches::assert_nothing_unreachable;
use crate::support::registry::{find, noise, output};
use crate::support::{Plywood, is_root};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Pull,
    Load,
    Commit,
    Save,
    Push,
    Prune,
}

pub const VERBS: [Verb; 6] = [Verb::Pull, Verb::Load, Verb::Commit, Verb::Save, Verb::Push, Verb::Prune];

/// What an [act](Scene::act) reported.
#[derive(Debug, Default)]
pub struct Reported {
    /// The numbers of the images that it was done with, with the digests that a push gave.
    pub done: Vec<(usize, String)>,
    /// The failure that ended it, kind first.
    pub failed: Option<String>,
}

impl Reported {
    pub fn of(lines: &[String]) -> Self {
        let mut reported = Self::default();
        for line in lines {
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["done", number, digest] => {
                    reported.done.push((number.parse().unwrap(), (*digest).to_owned()));
                }
                _ => reported.failed = Some(line.clone()),
            }
        }
        reported
    }

    fn has(&self, number: usize) -> bool {
        self.done.iter().any(|(done, _)| *done == number)
    }
}

/// A store in which a verb is done again and again.
pub struct Scene<'a> {
    pub verb: Verb,
    pub plywood: Plywood,
    origin: &'a Origin,
    /// Where `save` writes.
    place: PathBuf,
    /// What the containers show that are to be committed.
    containers: Vec<Tree>,
    round: usize,
}

impl<'a> Scene<'a> {
    /// In `folder`, which has nothing in it.
    pub fn new(origin: &'a Origin, verb: Verb, folder: &Path) -> Self {
        let place = folder.join("out");
        fs::create_dir(&place).unwrap();
        let plywood = Plywood::on(&folder.join("store"));
        let scene = Self { verb, plywood, origin, place, containers: Vec::new(), round: 0 };
        if !matches!(verb, Verb::Pull | Verb::Load) {
            for number in 0..origin.images.len() {
                let code = format!("tag(load(\"{}\"), \"site/{number}:v1\");", origin.source(number));
                scene.plywood.eval(&code).assert_ok();
            }
        }
        scene
    }

    /// Brings about a state in which there is something to do.
    pub fn prepare(&mut self) {
        self.round += 1;
        match self.verb {
            Verb::Pull | Verb::Load => {
                self.plywood.eval("rm(images()); prune();").assert_ok();
            }
            Verb::Commit => self.make_containers(),
            Verb::Save if self.round.is_multiple_of(3) => {
                fs::remove_dir_all(&self.place).unwrap();
                fs::create_dir(&self.place).unwrap();
            }
            Verb::Save | Verb::Push => {}
            Verb::Prune => self.make_garbage(),
        }
    }

    fn make_containers(&mut self) {
        let script = format!(
            r#"
            rm(containers());
            for i in images() {{ if i.references.is_empty() || i.references[0].starts_with("made") {{ rm(i); }} }}
            for i in 0..{images} {{
                run(`site/${{i}}:v1`, `echo ${{i}}-{round} > /who; cp /data/noise /data/again; rm -r /data/3; mkdir /w; for n in 1 2 3 4 5 6 7 8 9; do echo $n > /w/$n; done`,
                    #{{ network: "none", name: `c${{i}}` }});
            }}
            "#,
            images = self.images(),
            round = self.round
        );
        self.plywood.eval(&script).assert_ok();
        let things: Vec<String> =
            (0..self.images()).map(|number| format!("container(\"c{number}\")")).collect();
        self.containers = trees(&self.plywood, &things);
    }

    /// As processes leave it that died long ago.
    fn make_garbage(&self) {
        let store = self.plywood.store();
        let dead = format!("{:016x}", 0xdead_0000 + self.round);
        for number in 0..10 {
            let part = store.join("parts").join(format!("{dead}-{number:x}"));
            let tree = part.join("fs/a/b");
            fs::create_dir_all(&tree).unwrap();
            fs::create_dir_all(part.join("work")).unwrap();
            (0..30).for_each(|file| fs::write(tree.join(file.to_string()), "x").unwrap());
            let bytes = noise((self.round * 100 + number) as u64, 30_000);
            fs::write(store.join("blobs/sha256").join(Digest::of(&bytes).hex()), &bytes).unwrap();
            let temporary = store.join("tmp").join(format!("{dead}-{:x}", 100 + number));
            fs::create_dir_all(temporary.join("deep/er")).unwrap();
            fs::write(store.join("tmp").join(format!("resume-{}", Digest::of(&[7; 3]).hex())), &bytes)
                .unwrap();
        }
    }

    /// The script that does the verb with one image after another, and says so of each.
    pub fn act(&self) -> String {
        const SAY: &str = "fn say(i, r) { if r.ok { print(`done ${i} ${r.value}`); } else { print(`${r.error.kind}: ${r.error.message}`); exit(0); } }\n";
        let mut script = SAY.to_owned();
        let numbers = if self.verb == Verb::Prune { 1 } else { self.images() };
        for number in 0..numbers {
            let code = match self.verb {
                Verb::Pull => format!("{{ pull(\"{}\"); 0 }}", self.origin.pushed(number)),
                Verb::Load => format!("{{ load(\"{}\"); 0 }}", self.origin.source(number)),
                Verb::Commit => format!("{{ commit(container(\"c{number}\"), \"made:{number}\"); 0 }}"),
                Verb::Save => {
                    let image = self.saved_as(number);
                    format!(
                        "{{ save(\"site/{image}:v1\", \"{}\"); 0 }}",
                        self.origin.target(&self.place, number)
                    )
                }
                Verb::Push => format!("push(\"site/{number}:v1\", \"{}\")", self.pushed_as(number)),
                Verb::Prune => "{ prune(); 0 }".to_owned(),
            };
            script.push_str(&format!("say({number}, attempt(|| {code}));\n"));
        }
        script
    }

    fn images(&self) -> usize {
        self.origin.images.len()
    }

    /// Which image goes into a target this time: another one than the last time.
    fn saved_as(&self, number: usize) -> usize {
        (number + self.round) % self.images()
    }

    fn pushed_as(&self, number: usize) -> String {
        self.origin.name(&format!("round{}/site{number}:v1", self.round))
    }

    /// Does it to the end, and looks at all of it; how long the act took.
    #[track_caller]
    pub fn again(&self) -> Duration {
        let begun = Instant::now();
        let outcome = self.plywood.eval(&self.act());
        let took = begun.elapsed();
        outcome.assert_ok();
        let reported = Reported::of(&outcome.stdout.lines().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(reported.failed, None, "{:?}", self.verb);
        self.verify(&reported);
        took
    }

    /// That the store says nothing that is not true; its garbage goes.
    #[track_caller]
    pub fn assert_store_is_whole(&self) {
        let repaired = self.plywood.args(["--json", "fsck", "--repair"]);
        repaired.assert_ok();
        let report: Value = serde_json::from_str(&repaired.stdout).unwrap();
        assert_eq!(report["problems"], json!([]), "{:?}: {report}", self.verb);
        self.assert_no_litter();
    }

    /// That nothing is left over, in the store and beside what was saved.
    #[track_caller]
    pub fn assert_tidy(&self) {
        self.plywood.eval("prune();").assert_ok();
        assert_nothing_unreachable(&self.plywood);
        for folder in ["tmp", "sessions"] {
            let left: Vec<_> = fs::read_dir(self.plywood.store().join(folder)).unwrap().flatten().collect();
            assert!(left.is_empty(), "{:?}: {left:?}", self.verb);
        }
        self.assert_no_litter();
    }

    #[track_caller]
    fn assert_no_litter(&self) {
        for folder in [self.place.clone(), self.place.join("c"), self.place.join("c/blobs/sha256")] {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                assert!(!name.starts_with('.'), "{:?} left `{name}`", self.verb);
            }
        }
    }

    /// That what was reported is there, and all that is there is whole.
    #[track_caller]
    pub fn verify(&self, reported: &Reported) {
        match self.verb {
            Verb::Pull | Verb::Load => {
                let there = self.verify_images();
                for (number, _) in &reported.done {
                    assert!(there.contains(number), "{:?} of {number} was reported: {there:?}", self.verb);
                }
            }
            Verb::Commit => self.verify_commits(reported),
            Verb::Save => (0..self.images()).for_each(|number| self.verify_saved(number, reported)),
            Verb::Push => (0..self.images()).for_each(|number| self.verify_pushed(number, reported)),
            Verb::Prune => assert_eq!(self.verify_images().len(), self.images()),
        }
    }

    /// Each image of the store against what it must be; which they are.
    #[track_caller]
    fn verify_images(&self) -> BTreeSet<usize> {
        let there = self.plywood.json("images().map(|i| [i.id, i.diff_ids])");
        let there = there.as_array().unwrap();
        let things: Vec<String> = there.iter().map(|image| format!("image({})", image[0])).collect();
        let trees = trees(&self.plywood, &things);
        let known = there.iter().zip(trees).map(|(image, tree)| {
            let number = self.origin.known(&image[1]);
            assert!(
                tree == self.origin.images[number].tree,
                "{:?}: image {number} is another one",
                self.verb
            );
            number
        });
        known.collect()
    }

    #[track_caller]
    fn verify_commits(&self, reported: &Reported) {
        let made = self.plywood.json(
            "images().filter(|i| i.references.len() > 0).map(|i| [i.references[0], i.diff_ids.len()]).filter(|i| i[0].starts_with(\"made\"))",
        );
        let made: Vec<usize> = made
            .as_array()
            .unwrap()
            .iter()
            .map(|image| {
                assert_eq!(image[1], 4, "one layer more");
                image[0].as_str().unwrap().trim_start_matches("made:").parse().unwrap()
            })
            .collect();
        for (number, _) in &reported.done {
            assert!(made.contains(number), "commit of {number} was reported: {made:?}");
        }
        let things = made.iter().map(|number| format!("image(\"made:{number}\")"));
        let things: Vec<String> =
            things.chain((0..self.images()).map(|number| format!("container(\"c{number}\")"))).collect();
        let mut trees = trees(&self.plywood, &things);
        for (number, tree) in trees.split_off(made.len()).into_iter().enumerate() {
            assert!(tree == self.containers[number], "container c{number} has changed");
        }
        for (number, tree) in made.into_iter().zip(trees) {
            let mut container = self.containers[number].clone();
            container.retain(|path, _| !is_engines(path, &tree));
            assert_eq!(tree, container, "made:{number} is not what its container was");
        }
    }

    #[track_caller]
    fn verify_saved(&self, number: usize, reported: &Reported) {
        let (path, spelled) =
            (self.origin.target_path(&self.place, number), self.origin.target(&self.place, number));
        if !path.exists() {
            assert!(!reported.has(number), "`{spelled}` was reported");
            return;
        }
        let told = self
            .origin
            .checker
            .json(&format!("let i = load(\"{spelled}\"); let d = i.diff_ids; rm(i, #{{ force: true }}); d"));
        let found = self.origin.known(&told);
        if !reported.has(number) {
            let before = (self.saved_as(number) + self.images() - 1) % self.images();
            assert!([before, self.saved_as(number)].contains(&found), "`{spelled}` is image {found}");
            return;
        }
        assert_eq!(found, self.saved_as(number), "`{spelled}`");
        // Without root skopeo cannot unpack an archive whose members are root's; our own program has read it above.
        if !is_root() && spelled.starts_with("oci-archive:") {
            return;
        }
        let Some(skopeo) = find("skopeo") else { return };
        let config = output(Command::new(skopeo).args(["inspect", "--config", &spelled]));
        let config: Value = serde_json::from_str(&config).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], told, "`{spelled}`");
    }

    #[track_caller]
    fn verify_pushed(&self, number: usize, reported: &Reported) {
        let name = self.pushed_as(number);
        let told = self.origin.checker.json(&format!(
            "let r = attempt(|| pull(\"{name}\")); let told = if r.ok {{ r.value.diff_ids }} else {{ r.error.kind }}; rm(images()); told"
        ));
        if let Some((_, digest)) = reported.done.iter().find(|(done, _)| *done == number) {
            assert_eq!(told, self.origin.images[number].diff_ids, "`{name}`");
            let Some(skopeo) = find("skopeo") else { return };
            let raw = output(Command::new(skopeo).args([
                "inspect",
                "--raw",
                "--tls-verify=false",
                &format!("docker://{name}"),
            ]));
            assert_eq!(Digest::of(raw.as_bytes()).to_string(), *digest, "`{name}`");
        } else if told != "not_found" {
            assert_eq!(told, self.origin.images[number].diff_ids, "`{name}`");
        }
    }
}

/// Whether only the engine's mount points are why a container shows a path that its image has not.
fn is_engines(path: &str, image: &Tree) -> bool {
    let points = ["/dev", "/proc", "/sys", "/etc", "/.dockerenv"];
    !image.contains_key(path) && points.iter().any(|point| path.starts_with(point))
}
