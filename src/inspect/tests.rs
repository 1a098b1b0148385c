//! Waste against its definition: put the layers on each other one by one, and see what is no longer there.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Cause, Waste, waste};
use crate::layer::{Entry, Kind};

const NAMES: [&str; 3] = ["a", "b", "a-b"];

/// Paths of up to three names: few enough that layers meet each other all the time.
fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&NAMES[..]), 1..4).prop_map(|names| names.join("/"))
}

fn entry() -> impl Strategy<Value = Entry> {
    let kind = prop_oneof![
        4 => Just(Kind::File),
        3 => Just(Kind::Dir),
        2 => Just(Kind::Whiteout),
        2 => Just(Kind::Hardlink),
        1 => Just(Kind::Symlink),
    ];
    (path(), kind, 0_u64..50, any::<bool>(), path()).prop_map(|(path, kind, size, opaque, link)| {
        let mut entry = Entry::new(path.into_bytes(), kind);
        entry.size = if kind == Kind::File { size } else { 0 };
        entry.opaque = opaque && kind == Kind::Dir;
        entry.link = if kind == Kind::Hardlink { link.into_bytes() } else { Vec::new() };
        entry
    })
}

/// A layer as an index has it: sorted, each path once, and nothing below what is no directory.
fn layer() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec(entry(), 0..8).prop_map(|entries| {
        let mut byte_path: BTreeMap<Vec<u8>, Entry> = BTreeMap::new();
        for entry in entries {
            byte_path.insert(entry.path.clone(), entry);
        }
        let paths: Vec<Vec<u8>> = byte_path.keys().cloned().collect();
        for path in paths {
            for (end, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
                let above = byte_path.entry(path[..end].to_vec());
                let above = above.or_insert_with(|| Entry::new(path[..end].to_vec(), Kind::Dir));
                if above.kind != Kind::Dir {
                    *above = Entry::new(path[..end].to_vec(), Kind::Dir);
                }
            }
        }
        // A hard link leads to an earlier file of its layer, else it is no hard link.
        let files: BTreeSet<Vec<u8>> = byte_path
            .values()
            .filter(|entry| entry.kind == Kind::File)
            .map(|entry| entry.path.clone())
            .collect();
        byte_path
            .into_values()
            .filter(|entry| {
                entry.kind != Kind::Hardlink || files.contains(&entry.link) && entry.link < entry.path
            })
            .collect()
    })
}

/// A file's bytes: the layer that has them, and their first name there.
type Version = (usize, Vec<u8>);

#[derive(Clone, PartialEq)]
enum Node {
    Dir,
    File(Version),
    Other,
}

/// What is to be seen after each layer.
fn states(layers: &[Vec<Entry>]) -> Vec<BTreeMap<Vec<u8>, Node>> {
    let mut tree: BTreeMap<Vec<u8>, Node> = BTreeMap::new();
    let mut states = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let below = |path: &[u8], dir: &[u8]| {
            path.len() > dir.len() && path.starts_with(dir) && path[dir.len()] == b'/'
        };
        for entry in layer {
            let hides_itself = entry.kind == Kind::Whiteout;
            if hides_itself || entry.opaque {
                tree.retain(|path, _| !(below(path, &entry.path) || hides_itself && *path == entry.path));
            }
        }
        for entry in layer.iter().filter(|entry| entry.kind != Kind::Whiteout) {
            let node = match entry.kind {
                Kind::Dir => Node::Dir,
                Kind::File => Node::File((index, entry.path.clone())),
                Kind::Hardlink => Node::File((index, entry.link.clone())),
                _ => Node::Other,
            };
            if node != Node::Dir {
                tree.retain(|path, _| !below(path, &entry.path));
            }
            tree.insert(entry.path.clone(), node);
        }
        states.push(tree.clone());
    }
    states
}

fn measured(layers: &[Vec<Entry>]) -> Waste {
    let views = layers.iter().map(|layer| layer.iter().map(Entry::as_ref).collect::<Vec<_>>());
    waste(views, |_, _, _| false)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn waste_is_what_the_end_does_not_show(layers in prop::collection::vec(layer(), 0..6)) {
        let states = states(&layers);
        let mut expected = Vec::new();
        let mut total = 0;
        for (index, layer) in layers.iter().enumerate() {
            for file in layer.iter().filter(|entry| entry.kind == Kind::File) {
                total += file.size;
                let version = (index, file.path.clone());
                let shown = |state: &BTreeMap<Vec<u8>, Node>| {
                    state.values().any(|node| *node == Node::File(version.clone()))
                };
                let hidden_by = (index..layers.len()).find(|later| !shown(&states[*later]));
                if let Some(hidden_by) = hidden_by.filter(|_| file.size > 0) {
                    expected.push((file.path.clone(), file.size, index, hidden_by));
                }
            }
        }
        let found = measured(&layers);
        let mut items: Vec<_> =
            found.items.iter().map(|item| (item.path.clone(), item.bytes, item.added_by, item.hidden_by)).collect();
        items.sort();
        expected.sort();
        prop_assert_eq!(&items, &expected);
        prop_assert_eq!(found.total, total);
        prop_assert_eq!(found.bytes, expected.iter().map(|item| item.1).sum::<u64>());
        prop_assert_eq!(found.by_layer.iter().sum::<u64>(), found.bytes);
    }
}

fn file(path: &str, size: u64) -> Entry {
    Entry { size, ..Entry::new(path.as_bytes().to_vec(), Kind::File) }
}

#[test]
fn causes_are_told_apart() {
    let layers = [
        vec![
            file("gone", 1),
            file("more", 2),
            file("same", 4),
            Entry::new(b"tree".to_vec(), Kind::Dir),
            file("tree/f", 8),
        ],
        vec![
            Entry::new(b"gone".to_vec(), Kind::Whiteout),
            file("more", 3),
            file("same", 4),
            Entry::new(b"tree".to_vec(), Kind::Whiteout),
        ],
    ];
    let views = layers.iter().map(|layer| layer.iter().map(Entry::as_ref).collect::<Vec<_>>());
    let found = waste(views, |lower, upper, path| (lower, upper, path) == (0, 1, b"same"));
    let causes: Vec<_> = found.items.iter().map(|item| (item.bytes, item.cause)).collect();
    assert_eq!(
        causes,
        [(8, Cause::Removed), (4, Cause::Metadata), (2, Cause::Overwritten), (1, Cause::Removed)]
    );
    assert_eq!((found.bytes, found.total), (15, 22));
    assert!((found.efficiency() - 7.0 / 22.0).abs() < 1e-9);
}

#[test]
fn an_image_without_files_wastes_nothing() {
    assert!((measured(&[]).efficiency() - 1.0).abs() < f64::EPSILON);
}
