//! dive itself, beside: every layer's list of files is the same, except for its known faults, each by its name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::archive::{docker_archive, plain};
use crate::support::{Chance, Plywood, count, skip};

/// dive, or `None` after saying that it is not there. `PLYWOOD_TEST_DIVE` names it.
fn dive() -> Option<PathBuf> {
    let named = std::env::var_os("PLYWOOD_TEST_DIVE").map(PathBuf::from);
    let usual = ["/usr/local/bin/dive", "/usr/bin/dive"].map(PathBuf::from);
    let found = named.into_iter().chain(usual).find(|path| path.exists());
    if found.is_none() {
        skip("`dive` is not installed; `PLYWOOD_TEST_DIVE` may name it");
    }
    found
}

/// One member of a layer's tar.
#[derive(Clone)]
struct Member {
    path: String,
    kind: tar::EntryType,
    link: String,
    content: Vec<u8>,
    mode: u32,
    uid: u64,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:?} {} {} {:o}", self.kind, self.path, self.link, self.mode)
    }
}

fn member(path: &str, kind: tar::EntryType) -> Member {
    let mode = if kind == tar::EntryType::Directory { 0o755 } else { 0o644 };
    Member { path: path.to_owned(), kind, link: String::new(), content: Vec::new(), mode, uid: 0 }
}

fn file(path: &str, content: &str) -> Member {
    Member { content: content.as_bytes().to_vec(), ..member(path, tar::EntryType::Regular) }
}

fn dir(path: &str) -> Member {
    member(path, tar::EntryType::Directory)
}

fn layer(members: &[Member]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for member in members {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(member.kind);
        header.set_mode(member.mode);
        header.set_uid(member.uid);
        header.set_gid(0);
        header.set_mtime(1_600_000_000);
        header.set_size(member.content.len() as u64);
        if member.link.is_empty() {
            tar.append_data(&mut header, &member.path, member.content.as_slice()).unwrap();
        } else {
            tar.append_link(&mut header, &member.path, &member.link).unwrap();
        }
    }
    tar.into_inner().unwrap()
}

/// A docker-archive of these layers.
fn archive(path: &Path, layers: &[Vec<u8>]) {
    docker_archive(path, "made:1", plain(layers));
}

/// A layer's files by path, without what dive says of whiteouts' modes.
type Listing = BTreeMap<String, Value>;

fn listings(document: &Value) -> Vec<Listing> {
    let layers = document["layer"].as_array().cloned().unwrap_or_default();
    let files = |layer: &Value| {
        let files = layer["fileList"].as_array().cloned().unwrap_or_default().into_iter();
        files
            .map(|mut file| {
                let path = file["path"].as_str().unwrap().to_owned();
                if path.rsplit('/').next().unwrap().starts_with(".wh.") {
                    file["fileMode"] = Value::Null;
                }
                (path, file)
            })
            .collect()
    };
    layers.iter().map(files).collect()
}

/// What dive says of an archive; `None` where it fails.
fn theirs(dive: &Path, archive: &Path) -> Option<Value> {
    let out = archive.with_extension("dive.json");
    let status = Command::new(dive)
        .args(["--source", "docker-archive"])
        .arg(archive)
        .arg("--json")
        .arg(&out)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    if !status.success() {
        return None;
    }
    serde_json::from_slice(&fs::read(out).ok()?).ok()
}

/// What we say of it, looked at in place.
fn ours(plywood: &Plywood, archive: &Path) -> Value {
    let out = archive.with_extension("ours.json");
    let script = format!(
        "report(image(`docker-archive:{}`), `{}`, #{{ format: \"dive\" }})",
        archive.display(),
        out.display()
    );
    plywood.eval(&script).assert_ok();
    serde_json::from_slice(&fs::read(out).unwrap()).unwrap()
}

/// Layers upon one another as builders make them: directories named before what is in them, whiteouts of what is
/// there. That is what dive is right about.
fn stack(chance: &mut Chance) -> Vec<Vec<Member>> {
    let folders = ["a", "b", "a/c", "b/d"];
    let mut shown: Vec<String> = Vec::new();
    let mut number = 0;
    (0..2 + chance.below(3))
        .map(|_| {
            let mut members: BTreeMap<String, Member> = BTreeMap::new();
            let mut linkable: Option<String> = None;
            for _ in 0..1 + chance.below(6) {
                let folder = folders[usize::try_from(chance.below(4)).unwrap()];
                number += 1;
                let again = shown.iter().rfind(|path| path.starts_with(&format!("{folder}/"))).cloned();
                let path = match again {
                    Some(path) if chance.below(2) == 0 => path,
                    _ => format!("{folder}/f{number}"),
                };
                for (end, _) in path.match_indices('/') {
                    members.entry(path[..end].to_owned()).or_insert_with(|| dir(&path[..end]));
                }
                // A file that something leads to stays one.
                if linkable.as_ref() == Some(&path) {
                    continue;
                }
                let mut made = match chance.below(5) {
                    0 => Member { link: "target".to_owned(), ..member(&path, tar::EntryType::Symlink) },
                    1 => member(&path, tar::EntryType::Fifo),
                    // Of several names the first has the bytes, whichever came first in the tar.
                    2 if linkable.as_ref().is_some_and(|file| *file < path) => {
                        Member { link: linkable.clone().unwrap(), ..member(&path, tar::EntryType::Link) }
                    }
                    _ => file(&path, &"x".repeat(usize::try_from(chance.below(3000)).unwrap())),
                };
                made.mode = [0o644, 0o600, 0o4755, 0o1777][usize::try_from(chance.below(4)).unwrap()];
                made.uid = chance.below(3);
                match made.kind {
                    // A symbolic link has no mode, and a further name has the attributes of its file.
                    tar::EntryType::Symlink => made.mode = 0o777,
                    tar::EntryType::Link => {
                        let file = &members[&made.link];
                        (made.mode, made.uid) = (file.mode, file.uid);
                    }
                    _ => {}
                }
                if made.kind == tar::EntryType::Regular {
                    linkable = linkable.or_else(|| Some(path.clone()));
                }
                members.insert(path, made);
            }
            // A whiteout of what a lower layer has.
            let mut below = shown.iter().filter(|path| !members.contains_key(*path));
            if let Some(path) = below.next_back().cloned().filter(|_| chance.below(2) == 0) {
                let (folder, name) = path.rsplit_once('/').unwrap();
                for (end, _) in folder.match_indices('/').chain([(folder.len(), "")]) {
                    members.entry(folder[..end].to_owned()).or_insert_with(|| dir(&folder[..end]));
                }
                let whiteout = format!("{folder}/.wh.{name}");
                members.insert(whiteout.clone(), file(&whiteout, ""));
                shown.retain(|it| *it != path);
            }
            // Links come after what they lead to.
            let mut ordered: Vec<Member> = members.into_values().collect();
            ordered.sort_by_key(|member| member.kind == tar::EntryType::Link);
            shown.extend(
                ordered
                    .iter()
                    .filter(|it| !it.path.contains(".wh.") && it.kind != tar::EntryType::Directory)
                    .map(|it| it.path.clone()),
            );
            shown.sort();
            shown.dedup();
            ordered
        })
        .collect()
}

#[test]
fn every_layers_files_are_as_dive_lists_them() {
    let Some(dive) = dive() else { return };
    let (plywood, folder) = (Plywood::new(), tempfile::tempdir().unwrap());
    let mut chance = Chance::new();
    for round in 0..count(32, 300) {
        let stack = stack(&mut chance);
        let layers: Vec<Vec<u8>> = stack.iter().map(|members| layer(members)).collect();
        let path = folder.path().join(format!("{round}.tar"));
        archive(&path, &layers);
        let theirs = theirs(&dive, &path).unwrap_or_else(|| panic!("round {round}: dive fails"));
        let ours = ours(&plywood, &path);
        for (at, (ours, theirs)) in listings(&ours).iter().zip(listings(&theirs)).enumerate() {
            let paths = ours.keys().chain(theirs.keys());
            let other: Vec<_> = paths
                .filter(|path| ours.get(*path) != theirs.get(*path))
                .map(|path| (ours.get(path), theirs.get(path)))
                .collect();
            assert!(other.is_empty(), "round {round}, layer {at}: {other:#?}\n{:#?}", stack[at]);
        }
        let sizes = |document: &Value| -> Vec<Value> {
            let layers = document["layer"].as_array().unwrap();
            layers
                .iter()
                .map(|layer| json!([layer["index"], layer["digestId"], layer["sizeBytes"]]))
                .collect()
        };
        assert_eq!(ours["image"]["sizeBytes"], theirs["image"]["sizeBytes"], "round {round}");
        assert_eq!(sizes(&ours), sizes(&theirs), "round {round}");
    }
}

/// What dive 0.13.1 gets wrong, each by itself: what is so, and that dive says something else.
#[test]
fn where_we_disagree_dive_is_wrong() {
    let Some(dive) = dive() else { return };
    let (plywood, folder) = (Plywood::new(), tempfile::tempdir().unwrap());
    let big = file("d/big", &"x".repeat(5000));
    let base = vec![dir("d"), big.clone()];
    let cases: [(&str, Vec<Vec<Member>>, u64); 5] = [
        ("a folder that is removed is no waste", vec![base.clone(), vec![file(".wh.d", "")]], 5000),
        (
            "an opaque folder hides nothing",
            vec![base.clone(), vec![dir("d"), file("d/.wh..wh..opq", "")]],
            5000,
        ),
        (
            "the copy that is kept counts too",
            vec![base.clone(), vec![dir("d"), file("d/big", &"y".repeat(4000))]],
            5000,
        ),
        (
            "a whiteout of nothing ends the layer",
            vec![base.clone(), vec![dir("d"), file("d/.wh.absent", ""), file("d/big", "z")]],
            5000,
        ),
        ("one layer has no efficiency", vec![base.clone()], 0),
    ];
    for (fault, layers, waste) in cases {
        let layers: Vec<Vec<u8>> = layers.iter().map(|members| layer(members)).collect();
        let path = folder.path().join("case.tar");
        archive(&path, &layers);
        let ours = ours(&plywood, &path);
        assert_eq!(ours["image"]["inefficientBytes"], waste, "{fault}");
        let total = ours["image"]["sizeBytes"].as_f64().unwrap();
        #[allow(clippy::cast_precision_loss)]
        let efficiency = 1.0 - waste as f64 / total;
        assert!((ours["image"]["efficiencyScore"].as_f64().unwrap() - efficiency).abs() < 1e-9, "{fault}");
        let theirs = theirs(&dive, &path);
        let agrees = theirs.is_some_and(|theirs| {
            theirs["image"]["inefficientBytes"] == waste
                && listings(&theirs) == listings(&ours)
                && theirs["image"]["efficiencyScore"]
                    .as_f64()
                    .is_some_and(|it| (it - efficiency).abs() < 1e-9)
        });
        assert!(!agrees, "dive is no longer wrong, it belongs into the comparison: {fault}");
    }
}
