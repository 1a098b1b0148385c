//! What must hold for any tree.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use proptest::prelude::*;

use super::support::{Part, index_tar, options, skip, tar_of, unpack};
use super::view::{letters, naive, stack, view};
use crate::layer::{
    Entry, Fate, Index, Kind, Limits, Mtime, OverlayFormat, TarOptions, changes, changes_of, digest_tar,
    hidden, is_inside, merge, merge_some, never, rebuild_tar, scan, settle,
};
use crate::sys::file::{self, Name};

/// What a generated directory holds.
#[derive(Debug, Clone)]
enum Thing {
    File {
        content: Vec<u8>,
        mode: u32,
        mtime: u8,
    },
    Symlink(String),
    Fifo,
    /// One name more of the first file of its directory, if there is one.
    Twin,
    Gone,
    Dir {
        opaque: bool,
        mode: u32,
        mtime: u8,
        things: Things,
    },
}

type Things = BTreeMap<&'static str, Thing>;

/// Few names and few values, so that trees meet.
const NAMES: [&str; 5] = ["a", "a-b", "b", "ü", "c"];

fn thing(deletions: bool) -> impl Strategy<Value = Thing> {
    let mode = prop_oneof![Just(0o644_u32), Just(0o600), Just(0o4755)];
    let leaf = prop_oneof![
        4 => (proptest::collection::vec(any::<u8>(), 0..3), mode, 0..3_u8)
            .prop_map(|(content, mode, mtime)| Thing::File { content, mode, mtime }),
        1 => prop_oneof![Just("a"), Just("../b"), Just("/c"), Just("x")].prop_map(|it| Thing::Symlink(it.into())),
        1 => Just(Thing::Fifo),
        1 => Just(Thing::Twin),
        2 => Just(if deletions { Thing::Gone } else { Thing::Fifo }),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let mode = prop_oneof![Just(0o755_u32), Just(0o700), Just(0o1777)];
        (any::<bool>(), mode, 0..3_u8, things(inner)).prop_map(move |(opaque, mode, mtime, things)| {
            Thing::Dir { opaque: opaque && deletions, mode, mtime, things }
        })
    })
}

fn things(inner: impl Strategy<Value = Thing> + 'static) -> impl Strategy<Value = Things> {
    proptest::collection::btree_map(proptest::sample::select(&NAMES[..]), inner, 0..4)
}

fn tree(deletions: bool) -> impl Strategy<Value = Things> {
    things(thing(deletions))
}

fn make(dir: &OwnedFd, things: &Things, backwards: bool) {
    let mut list: Vec<_> = things.iter().collect();
    if backwards {
        list.reverse();
    }
    let dir = dir.as_fd();
    for (name, thing) in list {
        let name = Name::new(name.as_bytes()).unwrap();
        match thing {
            Thing::File { content, mode, mtime } => {
                let mut file = file::create_file(dir, &name).unwrap();
                std::io::Write::write_all(&mut file, content).unwrap();
                file::set_mode(dir, &name, *mode).unwrap();
                file::set_mtime(dir, &name, i64::from(*mtime) - 1, 0).unwrap();
            }
            Thing::Symlink(target) => {
                file::make_symlink(target.as_bytes(), dir, &name).unwrap();
                file::set_mtime(dir, &name, 1, 0).unwrap();
            }
            Thing::Fifo => {
                file::make_node(dir, &name, libc::S_IFIFO | 0o600, (0, 0)).unwrap();
                file::set_mtime(dir, &name, 1, 0).unwrap();
            }
            Thing::Twin => {}
            Thing::Gone => OverlayFormat::User.hide(dir, &name).unwrap(),
            Thing::Dir { opaque, mode, mtime, things } => {
                file::make_dir(dir, &name, 0o700).unwrap();
                make(&file::open_dir(dir, &name).unwrap(), things, backwards);
                if *opaque {
                    OverlayFormat::User.set_opaque(dir, &name).unwrap();
                }
                file::set_mode(dir, &name, *mode).unwrap();
                file::set_mtime(dir, &name, i64::from(*mtime), 0).unwrap();
            }
        }
    }
    let first = things.iter().find(|(_, thing)| matches!(thing, Thing::File { .. }));
    let twins = things.iter().filter(|(_, thing)| matches!(thing, Thing::Twin));
    for ((first, _), (twin, _)) in
        first.iter().copied().flat_map(|first| twins.clone().map(move |twin| (first, twin)))
    {
        let (first, twin) = (Name::new(first.as_bytes()).unwrap(), Name::new(twin.as_bytes()).unwrap());
        file::make_link(dir, &first, dir, &twin).unwrap();
    }
}

fn part_of(things: &Things, backwards: bool) -> Part {
    let part = Part::new();
    make(&file::open_root(&part.fs()).unwrap(), things, backwards);
    part
}

fn have_xattrs() -> bool {
    let part = Part::new();
    let dir = file::open_root(&part.fs()).unwrap();
    let works = OverlayFormat::User.set_opaque_of(dir.as_fd()).is_ok();
    if !works {
        skip("the temporary directory has no extended attributes");
    }
    works
}

fn digest(part: &Part) -> String {
    let entries = part.scan();
    let (diff_id, _) =
        digest_tar(&part.fs(), entries.iter().map(Entry::as_ref), &TarOptions::default(), &never).unwrap();
    diff_id.to_string()
}

fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_same_tree_has_the_same_digest(things in tree(true)) {
        if !have_xattrs() {
            return Ok(());
        }
        let (one, other) = (part_of(&things, false), part_of(&things, true));
        prop_assert_eq!(one.scan(), other.scan());
        prop_assert_eq!(digest(&one), digest(&other));
    }

    #[test]
    fn a_layer_round_trips(things in tree(true)) {
        if !have_xattrs() {
            return Ok(());
        }
        let part = part_of(&things, false);
        let entries = part.scan();
        let tar = tar_of(&entries, &part.fs());
        let copy = Part::new();
        let unpacked = unpack(&tar[..], copy.path(), &options()).unwrap();
        prop_assert_eq!(&unpacked.entries, &entries);
        prop_assert_eq!(&copy.scan(), &entries);
        prop_assert!(unpacked.split);
        let mut again = Vec::new();
        rebuild_tar(copy.path(), &mut again).unwrap();
        prop_assert_eq!(&again, &tar);
        prop_assert_eq!(&index_tar(&tar[..], &Limits::default()).unwrap(), &entries);
        let index = Index::open(&copy.path().join("index")).unwrap();
        prop_assert_eq!(index.iter().map(|it| it.to_entry()).collect::<Vec<_>>(), entries.clone());
        for entry in &entries {
            prop_assert_eq!(index.get(&entry.path).unwrap().to_entry(), entry.clone());
            let prefix = [&entry.path[..], b"/"].concat();
            let direct = entries.iter().filter(|it| {
                it.path.strip_prefix(&prefix[..]).is_some_and(|rest| !rest.contains(&b'/'))
            });
            prop_assert!(index.children(&entry.path).map(|it| it.path).eq(direct.map(|it| &it.path[..])));
        }
    }

    #[test]
    fn changes_are_what_the_views_say(base in tree(false), middle in tree(true), upper in tree(true)) {
        if !have_xattrs() {
            return Ok(());
        }
        let (base, middle, upper) = (part_of(&base, false), part_of(&middle, false), part_of(&upper, true));
        let image = stack(&[middle.fs(), base.fs()], OverlayFormat::User);
        let before = view(&image);
        let after = view(&stack(&[upper.fs(), middle.fs(), base.fs()], OverlayFormat::User));
        prop_assert_eq!(letters(&changes(&upper.fs(), &image).unwrap()), naive(&before, &after));
        // The layer, applied somewhere else, does the same.
        let copy = Part::new();
        unpack(&tar_of(&upper.scan(), &upper.fs())[..], copy.path(), &options()).unwrap();
        prop_assert_eq!(view(&stack(&[copy.fs(), middle.fs(), base.fs()], OverlayFormat::User)), after);
    }

    #[test]
    fn the_first_names_are_those_of_the_listing(base in tree(false), lists in proptest::collection::vec(tree(true), 0..3)) {
        if !have_xattrs() {
            return Ok(());
        }
        let parts: Vec<Part> = lists.iter().chain([&base]).map(|things| part_of(things, false)).collect();
        let dirs: Vec<PathBuf> = parts.iter().map(Part::fs).collect();
        let indexes = |from: usize| -> Vec<Option<Index>> {
            parts.iter().enumerate().map(|(layer, part)| (layer >= from).then(|| {
                let path = part.path().join("index");
                Index::write(&part.scan(), &path).unwrap();
                Index::open(&path).unwrap()
            })).collect()
        };
        let stack = stack(&dirs, OverlayFormat::User);
        let folders = view(&stack).into_iter().filter(|(_, seen)| seen.mode & libc::S_IFMT == libc::S_IFDIR);
        for dir in folders.map(|(path, _)| path).chain([Vec::new()]) {
            let listing = stack.read_dir(&dir).unwrap();
            for begin in ["", "a", "a-", "b", "x"] {
                let fitting = listing.iter().filter(|(name, _)| name.starts_with(begin.as_bytes()));
                for most in [2, 99] {
                    let wanted: Vec<&[u8]> = fitting.clone().map(|(name, _)| &name[..]).take(most).collect();
                    // All layers with an index, none, and those below the uppermost.
                    for from in [0, 1, 9] {
                        let found = stack.names_beginning(&dir, begin.as_bytes(), most, &indexes(from)).unwrap();
                        let names: Vec<&[u8]> = found.iter().map(|(name, _)| &name[..]).collect();
                        prop_assert_eq!(&names, &wanted, "{:?} {} {}", dir, begin, from);
                        for (name, glance) in found {
                            let node = listing.iter().find(|(other, _)| *other == name).unwrap().1;
                            prop_assert!(glance.is_dir || !node.is_dir());
                            prop_assert_eq!(glance.is_program && node.stat.is_file(), node.stat.is_file() && node.stat.mode & 0o111 != 0);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn several_uppers_are_as_one(base in tree(false), lists in proptest::collection::vec(tree(true), 1..4)) {
        if !have_xattrs() {
            return Ok(());
        }
        let base = part_of(&base, false);
        let uppers: Vec<Part> = lists.iter().map(|things| part_of(things, false)).collect();
        let dirs: Vec<PathBuf> = uppers.iter().map(Part::fs).collect();
        let image = stack(&[base.fs()], OverlayFormat::User);
        let all: Vec<PathBuf> = dirs.iter().cloned().chain([base.fs()]).collect();
        let after = view(&stack(&all, OverlayFormat::User));
        let expected = naive(&view(&image), &after);
        prop_assert_eq!(letters(&changes_of(&dirs, &image).unwrap()), expected.clone());
        let merged = Part::new();
        let entries = merge(&dirs, &merged.fs(), OverlayFormat::User, &never).unwrap();
        prop_assert_eq!(&entries, &scan(&merged.fs(), OverlayFormat::User).unwrap());
        prop_assert_eq!(view(&stack(&[merged.fs(), base.fs()], OverlayFormat::User)), after.clone());
        // Taking away the marks that hide nothing changes nothing that can be seen.
        let settled = settle(&merged.fs(), &image, &never).unwrap();
        prop_assert_eq!(&settled, &scan(&merged.fs(), OverlayFormat::User).unwrap());
        prop_assert_eq!(view(&stack(&[merged.fs(), base.fs()], OverlayFormat::User)), after);
        prop_assert_eq!(letters(&changes(&merged.fs(), &image).unwrap()), expected);
        let alone = settle(&merged.fs(), &stack(&[], OverlayFormat::User), &never).unwrap();
        prop_assert!(alone.iter().all(|entry| entry.kind != Kind::Whiteout && !entry.opaque));
    }

    #[test]
    fn what_is_hidden_can_go(lists in proptest::collection::vec(tree(true), 1..5)) {
        if !have_xattrs() {
            return Ok(());
        }
        let layers: Vec<Part> = lists.iter().map(|things| part_of(things, false)).collect();
        let before = view(&stack(&top_first(&layers), OverlayFormat::User));
        let entries: Vec<Vec<Entry>> = layers.iter().map(Part::scan).collect();
        let borrowed: Vec<Vec<_>> = entries.iter().map(|list| list.iter().map(Entry::as_ref).collect()).collect();
        let mut rewritten: Vec<Part> = Vec::new();
        for (layer, paths) in layers.iter().zip(hidden(&borrowed)) {
            let fate = |entry: &Entry| match () {
                () if paths.contains(&entry.path) => Fate::Hides,
                () if is_inside(&entry.path, &paths) => Fate::Goes,
                () => Fate::Stays,
            };
            let part = Part::new();
            merge_some(&[layer.fs()], &part.fs(), OverlayFormat::User, &fate, &never).unwrap();
            settle(&part.fs(), &stack(&top_first(&rewritten), OverlayFormat::User), &never).unwrap();
            rewritten.push(part);
        }
        prop_assert_eq!(view(&stack(&top_first(&rewritten), OverlayFormat::User)), before);
        // Nothing is hidden any more, so no layer needs a deletion either.
        let left: Vec<Vec<Entry>> = rewritten.iter().map(Part::scan).collect();
        let borrowed: Vec<Vec<_>> = left.iter().map(|list| list.iter().map(Entry::as_ref).collect()).collect();
        prop_assert!(hidden(&borrowed).iter().all(|paths| paths.is_empty()), "{:?}", left);
        prop_assert!(left.iter().flatten().all(|entry| entry.kind != Kind::Whiteout), "{:?}", left);
    }
}

fn top_first(parts: &[Part]) -> Vec<PathBuf> {
    parts.iter().rev().map(Part::fs).collect()
}

#[test]
fn sub_second_times_compare_as_docker_does() {
    let (lower, upper) = (Part::new(), Part::new());
    for (name, before, after) in [
        ("same", (5, 7), (5, 7)),
        ("cut", (5, 0), (5, 7)),
        ("other", (5, 1), (5, 7)),
        ("later", (5, 0), (6, 0)),
    ] {
        for (part, (secs, nanos)) in [(&lower, before), (&upper, after)] {
            let dir = file::open_root(&part.fs()).unwrap();
            let name = Name::new(name.as_bytes()).unwrap();
            file::create_file(dir.as_fd(), &name).unwrap();
            file::set_mtime(dir.as_fd(), &name, secs, nanos).unwrap();
        }
    }
    let found = changes(&upper.fs(), &stack(&[lower.fs()], OverlayFormat::User)).unwrap();
    let expected = [('C', "/later".to_owned()), ('C', "/other".to_owned())];
    assert_eq!(letters(&found), expected);
    assert!(Mtime { secs: 1, nanos: 5 }.is_same(Mtime { secs: 1, nanos: 0 }));
}

#[test]
fn links_are_resolved_inside_a_stack() {
    let (top, bottom) = (Part::new(), Part::new());
    std::fs::create_dir_all(bottom.fs().join("usr/lib")).unwrap();
    std::fs::write(bottom.fs().join("usr/lib/f"), "deep").unwrap();
    std::fs::create_dir(top.fs().join("etc")).unwrap();
    std::fs::write(top.fs().join("etc/hosts"), "inside").unwrap();
    for (link, target) in [
        ("lib", "usr/lib"),
        ("abs", "/etc/hosts"),
        ("up", "../../../etc/hosts"),
        ("one", "two"),
        ("two", "one"),
        ("dangling", "etc/new"),
        ("chain", "lib/f"),
    ] {
        std::os::unix::fs::symlink(target, top.fs().join(link)).unwrap();
    }
    let stack = stack(&[top.fs(), bottom.fs()], OverlayFormat::User);
    let read = |path: &str| {
        stack.open_file(path.as_bytes()).map(|mut file| {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut file, &mut text).unwrap();
            text
        })
    };
    for (path, text) in [
        ("/lib/f", "deep"),
        ("lib/../lib/./f", "deep"),
        ("chain", "deep"),
        ("abs", "inside"),
        ("up", "inside"),
        ("../../etc/hosts", "inside"),
    ] {
        assert_eq!(read(path).unwrap(), text, "{path}");
    }
    for path in ["one", "dangling", "etc", "etc/hosts/x", "missing", "", "lib/f/.."] {
        assert!(read(path).is_err(), "{path}");
    }
    let resolved = stack.resolve(b"/dangling", true).unwrap();
    assert_eq!((resolved.path, resolved.node), (b"etc/new".to_vec(), None));
    assert_eq!(stack.resolve(b"lib/new/deeper", true).unwrap().path, b"usr/lib/new/deeper");
    assert!(stack.resolve(b"chain", false).unwrap().node.unwrap().stat.is_symlink());
    assert!(stack.lookup(b"lib/f").unwrap().is_none());
    assert_eq!(stack.lookup(b"usr/lib/f").unwrap().unwrap().layer, 1);
}
