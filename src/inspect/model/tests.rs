//! The model against its definition: put the layers on each other one by one, and look.
#![allow(clippy::unwrap_used, clippy::type_complexity)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::{Aspect, Came, Entries, How, Model, NodeId};
use crate::inspect::Cause;
use crate::layer::{ChangeKind, Entry, Index, Kind, Limits, Mtime, index_tar};

const NAMES: [&str; 3] = ["a", "b", "a-b"];

/// Paths of up to three names: few enough that layers meet each other all the time.
fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&NAMES[..]), 1..4).prop_map(|names| names.join("/"))
}

fn entry() -> impl Strategy<Value = Entry> {
    let kind = prop_oneof![
        6 => Just(Kind::File),
        4 => Just(Kind::Dir),
        3 => Just(Kind::Whiteout),
        3 => Just(Kind::Hardlink),
        2 => Just(Kind::Symlink),
    ];
    (path(), kind, (0_u64..3, 0_u8..2, 0_u32..2, 0_i64..2), 0..4, path()).prop_map(
        |(path, kind, (size, content, mode, time), opaque, link)| {
            let mut entry = Entry::new(path.into_bytes(), kind);
            if kind == Kind::Whiteout {
                return entry;
            }
            entry.mode = 0o644 + mode;
            entry.mtime = Mtime { secs: time, nanos: 0 };
            entry.opaque = opaque == 0 && kind == Kind::Dir;
            match kind {
                Kind::File => {
                    entry.size = size;
                    entry.digest = Some([if size == 0 { 0 } else { content }; 32]);
                }
                Kind::Hardlink | Kind::Symlink => entry.link = link.into_bytes(),
                _ => {}
            }
            entry
        },
    )
}

/// A layer as an index has it: sorted, each path once, nothing below what is no directory, and sometimes a root.
fn layer(most: usize) -> impl Strategy<Value = Vec<Entry>> {
    (prop::collection::vec(entry(), 0..most), 0..12).prop_map(|(entries, root)| {
        let mut by_path: BTreeMap<Vec<u8>, Entry> = BTreeMap::new();
        for entry in entries {
            by_path.insert(entry.path.clone(), entry);
        }
        let paths: Vec<Vec<u8>> = by_path.keys().cloned().collect();
        for path in paths {
            for (end, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
                let above = by_path.entry(path[..end].to_vec());
                let above = above.or_insert_with(|| Entry::new(path[..end].to_vec(), Kind::Dir));
                if above.kind != Kind::Dir {
                    *above = Entry::new(path[..end].to_vec(), Kind::Dir);
                }
            }
        }
        let files: BTreeSet<Vec<u8>> = by_path
            .values()
            .filter(|entry| entry.kind == Kind::File)
            .map(|entry| entry.path.clone())
            .collect();
        by_path.retain(|_, entry| entry.kind != Kind::Hardlink || files.contains(&entry.link));
        if root < 3 {
            let opaque = root == 0;
            by_path.insert(Vec::new(), Entry { opaque, ..Entry::new(Vec::new(), Kind::Dir) });
        }
        by_path.into_values().collect()
    })
}

/// What is to be seen at a path: the layer, the name that has the bytes there, and what it is.
#[derive(Clone)]
struct Seen {
    layer: usize,
    first: Vec<u8>,
    /// A hard link as the file that it is.
    file: Entry,
}

type State = BTreeMap<Vec<u8>, Seen>;

fn is_below(path: &[u8], dir: &[u8]) -> bool {
    dir.is_empty() && !path.is_empty()
        || path.len() > dir.len() && path.starts_with(dir) && path[dir.len()] == b'/'
}

/// What is to be seen after each layer.
fn states(layers: &[Vec<Entry>]) -> Vec<State> {
    let mut tree = State::new();
    let mut states = Vec::new();
    for (layer, entries) in layers.iter().enumerate() {
        for entry in entries {
            let whiteout = entry.kind == Kind::Whiteout;
            if whiteout || entry.opaque {
                tree.retain(|path, _| !(is_below(path, &entry.path) || whiteout && *path == entry.path));
            }
        }
        for entry in entries.iter().filter(|entry| entry.kind != Kind::Whiteout && !entry.path.is_empty()) {
            if entry.kind != Kind::Dir {
                tree.retain(|path, _| !is_below(path, &entry.path));
            }
            let first = if entry.kind == Kind::Hardlink { &entry.link } else { &entry.path };
            let file = entries.iter().find(|file| file.path == *first).unwrap();
            let file = Entry { path: entry.path.clone(), ..file.clone() };
            tree.insert(entry.path.clone(), Seen { layer, first: first.clone(), file });
        }
        states.push(tree.clone());
    }
    states
}

fn differs(old: &Entry, new: &Entry) -> bool {
    let is_dir = old.kind == Kind::Dir && new.kind == Kind::Dir;
    old.kind != new.kind
        || old.mode != new.mode
        || old.size != new.size
        || old.link != new.link
        || !is_dir && old.mtime.secs != new.mtime.secs
        || old.digest != new.digest
}

fn changes(old: &State, new: &State) -> Vec<(Vec<u8>, ChangeKind)> {
    let paths: BTreeSet<&Vec<u8>> = old.keys().chain(new.keys()).collect();
    let change = |path: &&Vec<u8>| match (old.get(*path), new.get(*path)) {
        (None, _) => Some(ChangeKind::Added),
        (_, None) => Some(ChangeKind::Deleted),
        (Some(old), Some(new)) => differs(&old.file, &new.file).then_some(ChangeKind::Modified),
    };
    paths.iter().filter_map(|path| Some((path.to_vec(), change(path)?))).collect()
}

/// The model; with or without digests in the entries, and then with a callback that knows.
fn model(layers: &[Vec<Entry>], digests: bool) -> Arc<Model> {
    let content = |layer: usize, path: &[u8]| {
        let entry = layers[layer].iter().find(|entry| entry.path == path).unwrap();
        let first = if entry.kind == Kind::Hardlink { &entry.link } else { &entry.path };
        layers[layer].iter().find(|entry| entry.path == *first).unwrap().digest.unwrap()
    };
    let lists = layers.iter().map(|layer| {
        let strip = |entry: &Entry| Entry { digest: entry.digest.filter(|_| digests), ..entry.clone() };
        Entries::List(layer.iter().map(strip).collect())
    });
    Arc::new(Model::new(lists.collect(), |lower, upper, path| {
        Some(content(lower, path) == content(upper, path))
    }))
}

fn bytes_of(state: &State, below: &[u8]) -> u64 {
    let files: BTreeSet<(usize, &[u8], u64)> = state
        .iter()
        .filter(|(path, seen)| (is_below(path, below) || *path == below) && seen.file.kind == Kind::File)
        .map(|(_, seen)| (seen.layer, seen.first.as_slice(), seen.file.size))
        .collect();
    files.iter().map(|file| file.2).sum()
}

fn check_waste(layers: &[Vec<Entry>], states: &[State], model: &Model) {
    let mut expected = Vec::new();
    let mut total = 0;
    for (index, layer) in layers.iter().enumerate() {
        for file in layer.iter().filter(|entry| entry.kind == Kind::File) {
            total += file.size;
            let shown =
                |state: &State| state.values().any(|seen| seen.layer == index && seen.first == file.path);
            let hidden_by = (index..layers.len()).find(|later| !shown(&states[*later]));
            if let Some(hidden_by) = hidden_by.filter(|_| file.size > 0) {
                expected.push((file.path.clone(), file.size, index, hidden_by));
            }
        }
    }
    expected.sort();
    let found = model.waste();
    let mut items: Vec<_> = found
        .items
        .iter()
        .map(|item| (item.path.clone(), item.bytes, item.added_by, item.hidden_by))
        .collect();
    items.sort();
    assert_eq!(items, expected);
    assert_eq!(found.total, total);
    assert_eq!(found.bytes, expected.iter().map(|item| item.1).sum::<u64>());
    assert_eq!(found.by_layer.iter().sum::<u64>(), found.bytes);
}

fn check(layers: &[Vec<Entry>], digests: bool) {
    let states = states(layers);
    let model = model(layers, digests);
    check_waste(layers, &states, &model);
    let has_links = layers.iter().flatten().any(|entry| entry.kind == Kind::Hardlink);
    for (layer, state) in states.iter().enumerate() {
        // The tree after the layer.
        let seen: Vec<_> =
            model.shown_after(layer).map(|version| (version.entry.path.to_vec(), version.layer)).collect();
        let expected: Vec<_> = state.iter().map(|(path, seen)| (path.clone(), seen.layer)).collect();
        assert_eq!(seen, expected, "after layer {layer}");
        // What layers did.
        for before in [None, Some(0), layer.checked_sub(1)] {
            let nothing = State::new();
            let old = before.map_or(&nothing, |before| &states[before]);
            let expected = changes(old, state);
            let found: Vec<_> = model.between(before, layer);
            let paths: Vec<_> =
                found.iter().map(|change| (model.path(change.node).to_vec(), change.kind)).collect();
            // Where versions between changed the content, maybe back, nobody has compared the ends.
            if digests || before == layer.checked_sub(1) || before.is_none() {
                assert_eq!(paths, expected, "{before:?} to {layer}");
            }
            // The same as a tree, whose children are the rows.
            let tree = model.tree(before, layer);
            let marked: Vec<_> =
                tree.rows().filter_map(|row| Some((model.path(row.node).to_vec(), row.change?))).collect();
            assert_eq!(marked, paths);
            assert_eq!(tree.row(NodeId::ROOT).unwrap().bytes, bytes_of(state, b""));
            let mut reached = 1;
            let mut pending = vec![tree.root()];
            while let Some(node) = pending.pop() {
                for child in tree.children(node) {
                    let row = tree.row(child).unwrap();
                    let path = model.path(child);
                    assert_eq!(model.parent(child), Some(node));
                    assert_eq!(model.find(path), Some(child));
                    assert!(path.ends_with(row.name) && !row.name.contains(&b'/'));
                    assert_eq!(row.changed_below, marked.iter().any(|(other, _)| is_below(other, path)));
                    if !has_links && state.contains_key(path) {
                        assert_eq!(row.bytes, bytes_of(state, path));
                    }
                    pending.push(child);
                    reached += 1;
                }
            }
            assert_eq!(reached, tree.len());
        }
        let own: Vec<_> = layers[layer].iter().filter(|entry| !entry.path.is_empty()).cloned().collect();
        let rows = model.layer_tree(layer);
        let rows: Vec<_> = rows.rows().map(|row| (row.entry.path.to_vec(), row.entry.kind)).collect();
        assert_eq!(rows, own.iter().map(|entry| (entry.path.clone(), entry.kind)).collect::<Vec<_>>());
    }
    // What the versions say of themselves is what the states show.
    for node in model.nodes().skip(1) {
        let path = model.path(node);
        for version in model.versions(node) {
            let was = version.layer.checked_sub(1).and_then(|below| states[below].get(path));
            let expected = match (version.entry.kind, was.is_some()) {
                (Kind::Whiteout, true) => Came::Hides,
                (Kind::Whiteout, false) => Came::HidesNothing,
                (_, true) => Came::Replaced,
                (_, false) => Came::Added,
            };
            assert_eq!(version.came, expected);
            let Some(gone) = version.gone else { continue };
            let by = model.versions(gone.by).find(|by| by.layer == gone.layer).unwrap();
            match gone.how {
                How::Replaced => assert_eq!(states[gone.layer][path].layer, gone.layer),
                How::Whiteout => assert_eq!(by.entry.kind, Kind::Whiteout),
                How::Opaque => assert!(by.entry.opaque),
                How::NoDirectory => assert_ne!(by.entry.kind, Kind::Dir),
            }
            assert!(gone.by == node || is_below(path, model.path(gone.by)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn every_view_is_what_applying_the_layers_shows(
        layers in prop::collection::vec(layer(9), 0..6),
        digests: bool,
    ) {
        check(&layers, digests);
    }

    /// Layers that list no parents: what they imply is there all the same, and nothing is an orphan.
    #[test]
    fn whatever_the_entries_every_node_hangs_together(
        layers in prop::collection::vec(prop::collection::vec(entry(), 0..9), 0..5),
    ) {
        let lists = layers.iter().map(|entries| {
            let by_path: BTreeMap<_, _> =
                entries.iter().map(|entry| (entry.path.clone(), entry.clone())).collect();
            Entries::List(by_path.into_values().collect())
        });
        let model = Arc::new(Model::new(lists.collect(), |_, _, _| None));
        for node in model.nodes().skip(1) {
            let parent = model.parent(node).unwrap();
            prop_assert!(parent < node && is_below(model.path(node), model.path(parent)));
            prop_assert!(model.children(parent).any(|child| child == node));
            prop_assert!(model.versions(node).next().is_some());
        }
        for layer in 0..layers.len() {
            let _ = (model.changes(layer), model.layer_tree(layer).len(), model.tree(None, layer).len());
        }
        let waste = model.waste();
        prop_assert!(waste.bytes <= waste.total);
    }
}

fn file(path: &str, size: u64) -> Entry {
    Entry { size, ..Entry::new(path.as_bytes().to_vec(), Kind::File) }
}

fn dir(path: &str) -> Entry {
    Entry::new(path.as_bytes().to_vec(), Kind::Dir)
}

fn of(layers: &[&[Entry]]) -> Arc<Model> {
    let lists = layers.iter().map(|layer| Entries::List(layer.to_vec().into()));
    Arc::new(Model::new(lists.collect(), |_, _, _| None))
}

#[test]
fn who_brought_and_who_took_is_told() {
    let model = of(&[
        &[dir("etc"), file("etc/a", 3), file("etc/b", 5), dir("opt"), file("opt/x", 7)],
        &[
            dir("etc"),
            Entry::new(b"etc/a".to_vec(), Kind::Whiteout),
            Entry::new(b"opt".to_vec(), Kind::Whiteout),
        ],
        &[Entry { opaque: true, ..dir("etc") }, file("etc/a", 4)],
        &[file("etc", 1)],
    ]);
    let story = |path: &str| {
        let node = model.find(path.as_bytes()).unwrap();
        let told = model.versions(node).map(|version| {
            let gone = version.gone.map(|gone| {
                (gone.layer, gone.how, String::from_utf8_lossy(model.path(gone.by)).into_owned())
            });
            (version.layer, version.came, gone)
        });
        told.collect::<Vec<_>>()
    };
    let by = |layer, how, by: &str| Some((layer, how, by.to_owned()));
    assert_eq!(
        story("etc/a"),
        [
            (0, Came::Added, by(1, How::Whiteout, "etc/a")),
            (1, Came::Hides, None),
            (2, Came::Added, by(3, How::NoDirectory, "etc")),
        ]
    );
    assert_eq!(story("etc/b"), [(0, Came::Added, by(2, How::Opaque, "etc"))]);
    assert_eq!(story("opt/x"), [(0, Came::Added, by(1, How::Whiteout, "opt"))]);
    assert_eq!(model.shown_at_the_end().count(), 1);
    assert!(model.find(b"etc/c").is_none());
}

#[test]
fn why_is_told() {
    let old = file("f", 3);
    let link = Entry { link: b"x".to_vec(), ..Entry::new(b"l".to_vec(), Kind::Symlink) };
    let changed = Entry {
        mode: 0o755,
        uid: 7,
        mtime: Mtime { secs: 9, nanos: 0 },
        xattrs: vec![(b"user.a".to_vec(), b"1".to_vec())],
        ..old.clone()
    };
    let model = of(&[&[old, link.clone()], &[changed, Entry { link: b"y".to_vec(), ..link }], &[dir("f")]]);
    let aspects = |path: &[u8], before, after| {
        let node = model.find(path).unwrap();
        let (before, after) = (model.shown(node, before).unwrap(), model.shown(node, after).unwrap());
        model.aspects(&before, &after).iter().map(Aspect::as_str).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(aspects(b"f", 0, 1), "mode owner mtime xattrs content?");
    assert_eq!(aspects(b"l", 0, 1), "link");
    assert_eq!(aspects(b"f", 1, 2), "type mode owner mtime xattrs");
    assert_eq!(aspects(b"f", 0, 0), "");
}

#[test]
fn causes_are_told_apart() {
    let layers = [
        vec![file("gone", 1), file("more", 2), file("same", 4), dir("tree"), file("tree/f", 8)],
        vec![
            Entry::new(b"gone".to_vec(), Kind::Whiteout),
            file("more", 3),
            file("same", 4),
            Entry::new(b"tree".to_vec(), Kind::Whiteout),
        ],
    ];
    let lists = layers.iter().map(|layer| Entries::List(layer.clone().into()));
    let model =
        Model::new(lists.collect(), |lower, upper, path| Some((lower, upper, path) == (0, 1, b"same")));
    let found = model.waste();
    let causes: Vec<_> = found.items.iter().map(|item| (item.bytes, item.cause)).collect();
    assert_eq!(
        causes,
        [(8, Cause::Removed), (4, Cause::Metadata), (2, Cause::Overwritten), (1, Cause::Removed)]
    );
    assert_eq!((found.bytes, found.total), (15, 22));
    assert!((found.efficiency() - 7.0 / 22.0).abs() < 1e-9);
}

#[test]
fn nothing_is_a_model_too() {
    let model = of(&[]);
    assert!(model.is_empty());
    assert!((model.waste().efficiency() - 1.0).abs() < f64::EPSILON);
    let model = of(&[&[]]);
    assert_eq!(model.tree(None, 0).len(), 1);
    assert!(model.changes(0).is_empty());
}

/// Five layers of many files, each of which has half of the one below again.
#[test]
fn many_files_are_merged() {
    let count: u32 = if std::env::var_os("PLYWOOD_FULL").is_some() { 330_000 } else { 2_000 };
    let lists = (0..5).map(|layer| {
        let numbers = (0..count).map(|number| number + layer * count / 2);
        let mut list: Vec<Entry> = numbers
            .flat_map(|number| {
                let parent = format!("usr/lib/dir{:05}", number / 100);
                [file(&format!("{parent}/file{number:08}"), 10), dir(&parent)]
            })
            .chain([dir("usr"), dir("usr/lib")])
            .collect();
        list.sort_by(|one, other| one.path.cmp(&other.path));
        list.dedup_by(|one, other| one.path == other.path);
        Entries::List(list.into())
    });
    let model = Arc::new(Model::new(lists.collect(), |_, _, _| None));
    let tree = model.tree(Some(3), 4);
    assert_eq!(tree.row(NodeId::ROOT).unwrap().files, u64::from(count) * 3);
    assert_eq!(tree.len(), model.len());
    assert_eq!(model.waste().bytes, u64::from(count) * 20);
    assert_eq!(model.waste().by_layer[4], 0);
    let added = model.changes(4).iter().filter(|change| change.kind == ChangeKind::Added).count();
    assert!(added >= count as usize / 2);
}

#[test]
fn symbolic_links_lead_where_they_lead() {
    let link = |path: &str, target: &str| Entry {
        link: target.as_bytes().to_vec(),
        ..Entry::new(path.as_bytes().to_vec(), Kind::Symlink)
    };
    let usr = [link("bin", "usr/bin"), link("loop", "loop"), dir("usr"), dir("usr/bin")];
    let more =
        [file("usr/bin/busy", 3), link("usr/bin/sh", "../../bin/busy"), link("usr/bin/up", "/../bin/sh")];
    let model = of(&[&[usr.as_slice(), &more].concat()]);
    let lead = |path: &str, follow| {
        let node = model.resolve(path.as_bytes(), 0, follow);
        node.map(|node| String::from_utf8_lossy(model.path(node)).into_owned())
    };
    assert_eq!(lead("/bin/sh", false).as_deref(), Some("usr/bin/sh"));
    assert_eq!(lead("/bin/sh", true).as_deref(), Some("usr/bin/busy"));
    assert_eq!(lead("bin/up", true).as_deref(), Some("usr/bin/busy"));
    assert_eq!(lead("bin", false).as_deref(), Some("bin"));
    assert_eq!(lead("bin", true).as_deref(), Some("usr/bin"));
    assert_eq!(lead("loop/x", true), None);
    assert_eq!(lead("usr/none", true), None);
    assert_eq!(lead("/", true).as_deref(), Some(""));
}

/// The entries as a tar has them: in any order, some paths twice, whiteouts as files of special names.
fn tar_of(entries: &[Entry]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut files: BTreeSet<&[u8]> = BTreeSet::new();
    for entry in entries {
        let path = String::from_utf8(entry.path.clone()).unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_mode(entry.mode);
        header.set_mtime(entry.mtime.secs.unsigned_abs());
        header.set_size(0);
        let is_link =
            entry.kind == Kind::Hardlink && entry.link != entry.path && files.contains(&*entry.link);
        let kind = if entry.kind == Kind::Hardlink && !is_link { Kind::File } else { entry.kind };
        files.retain(|file| *file != entry.path && !is_below(file, &entry.path));
        match kind {
            Kind::Whiteout => {
                let (dir, name) = path.rsplit_once('/').unwrap_or(("", &path));
                header.set_entry_type(tar::EntryType::Regular);
                builder
                    .append_data(&mut header, format!("{dir}/.wh.{name}").trim_start_matches('/'), &[][..])
                    .unwrap();
            }
            Kind::Dir => {
                header.set_entry_type(tar::EntryType::Directory);
                builder.append_data(&mut header, &path, &[][..]).unwrap();
                if entry.opaque {
                    header.set_entry_type(tar::EntryType::Regular);
                    builder.append_data(&mut header, format!("{path}/.wh..wh..opq"), &[][..]).unwrap();
                }
            }
            Kind::Symlink | Kind::Hardlink => {
                let symlink = kind == Kind::Symlink;
                header.set_entry_type(if symlink { tar::EntryType::Symlink } else { tar::EntryType::Link });
                builder
                    .append_link(&mut header, &path, String::from_utf8(entry.link.clone()).unwrap())
                    .unwrap();
                if !symlink {
                    files.insert(&entry.path);
                }
            }
            _ => {
                header.set_entry_type(tar::EntryType::Regular);
                header.set_size(entry.size);
                let content = vec![b'x'; usize::try_from(entry.size).unwrap()];
                builder.append_data(&mut header, &path, &content[..]).unwrap();
                files.insert(&entry.path);
            }
        }
    }
    builder.into_inner().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    /// What is read from any tar is what the model takes for granted of entries.
    #[test]
    fn layers_read_from_tars_are_understood(
        layers in prop::collection::vec(prop::collection::vec(entry(), 0..9), 0..5),
    ) {
        let read = |entries: &Vec<Entry>| {
            // A way through a file or a link is an error there, and no layer.
            let place = tempfile::NamedTempFile::new().unwrap();
            let listed = index_tar(&tar_of(entries)[..], &Limits::default(), place.path());
            let index = listed.map(|()| Index::open(place.path()).unwrap());
            let mut found: Vec<Entry> =
                index.map_or_else(|_| Vec::new(), |index| index.iter().map(|it| it.to_entry()).collect());
            for entry in found.iter_mut().filter(|entry| entry.kind == Kind::File) {
                entry.digest = Some([u8::try_from(entry.size).unwrap(); 32]);
            }
            found
        };
        let layers: Vec<Vec<Entry>> = layers.iter().map(read).collect();
        check(&layers, true);
        check(&layers, false);
    }
}

proptest! {
    /// Two stacks upon each other say what their ends say path by path.
    #[test]
    fn flat_images_upon_each_other_differ_as_their_ends_do(
        below in prop::collection::vec(layer(8), 1..4),
        above in prop::collection::vec(layer(8), 1..4),
    ) {
        let model = |layers: &[Vec<Entry>]| {
            let lists: Vec<&[Entry]> = layers.iter().map(Vec::as_slice).collect();
            of(&lists)
        };
        let (one, other) = (model(&below), model(&above));
        let both = Model::new(vec![one.flattened(false), other.flattened(true)], |_, _, _| None);
        let ends = [(&one, below.len()), (&other, above.len())].map(|(model, count)| {
            let shown = model.shown_after(count - 1);
            let known = shown.filter(|version| !model.is_implied(version));
            known.map(|version| (version.entry.path.to_vec(), model.file(&version).to_entry())).collect::<BTreeMap<_, _>>()
        });
        for (side, end) in ends.iter().enumerate() {
            let shown = both.shown_after(side).filter(|version| !both.is_implied(version));
            let found: BTreeMap<Vec<u8>, Entry> = shown
                .map(|version| (version.entry.path.to_vec(), Entry { opaque: false, ..both.file(&version).to_entry() }))
                .collect();
            let wanted: BTreeMap<Vec<u8>, Entry> = end
                .iter()
                .map(|(path, entry)| (path.clone(), Entry { opaque: false, ..entry.clone() }))
                .collect();
            prop_assert_eq!(found, wanted, "side {}", side);
        }
    }
}
