//! Two images beside each other.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyModifiers};

use super::super::material::Material;
use super::super::pair::{Other, Pair, PairFact};
use super::person::{Person, SIZES, entry, layer, material, sample};
use crate::inspect::Model;
use crate::layer::{Entry, Kind};

/// The sample, and an image without its big library, with another shell and a new file.
fn pair() -> Arc<Material> {
    let one = sample();
    let other = material(vec![layer(vec![
        entry("etc", Kind::Dir, 0),
        entry("etc/passwd", Kind::File, 18),
        entry("etc/a\x1b[31mb", Kind::File, 1),
        entry("srv/deep", Kind::Dir, 0),
        entry("srv/deep/one", Kind::File, 7),
        entry("srv/deep/two", Kind::File, 8),
        entry("usr", Kind::Dir, 0),
        entry("usr/bin", Kind::Dir, 0),
        Entry { mode: 0o755, ..entry("usr/bin/tool", Kind::File, 5_000_000) },
        Entry { link: b"tool".to_vec(), ..entry("usr/bin/alias", Kind::Symlink, 0) },
    ])]);
    pair_of([one, other])
}

/// Two images as one of two layers.
pub fn pair_of([one, other]: [Arc<Material>; 2]) -> Arc<Material> {
    let layers = vec![one.model.flattened(false), other.model.flattened(true)];
    let pair = Pair {
        names: ["demo:1".to_owned(), "demo:2".to_owned()],
        facts: vec![
            PairFact { word: "Layers", values: ["3".to_owned(), "1".to_owned()] },
            PairFact { word: "Platform", values: ["linux/amd64".to_owned(), "linux/amd64".to_owned()] },
        ],
        others: vec![Other {
            what: "config".to_owned(),
            name: "Cmd".to_owned(),
            values: [Some("sh".to_owned()), Some("\x1b[2Jtool".to_owned())],
        }],
        late: Some(Arc::new(|| {
            let values = [Some("2.36".to_owned()), None];
            vec![Other { what: "dpkg".to_owned(), name: "libc6".to_owned(), values }]
        })),
        origin: Arc::new(|side, path| format!("layer {side}: RUN {}", String::from_utf8_lossy(path))),
    };
    let load = Arc::new(|side: usize, path: &[u8], _: u64| match (side, path) {
        (0, b"etc/passwd") => Ok(b"root:x:0\nwget:x:9\nmail:x:8\n".to_vec()),
        (1, b"etc/passwd") => Ok(b"root:x:1\nmail:x:8\n".to_vec()),
        (side, path) => Ok(format!("{side} {}\n", String::from_utf8_lossy(path)).into_bytes()),
    });
    let again = layers.clone();
    let refine: super::super::material::Refine =
        Arc::new(move || Model::new(again.clone(), |_, _, _| Some(true)));
    Arc::new(Material {
        name: "demo:1 and demo:2".to_owned(),
        facts: Vec::new(),
        layers: Vec::new(),
        model: Arc::new(Model::new(layers, |_, _, _| None)),
        waste: Arc::default(),
        load,
        refine: Some(refine),
        pair: Some(Arc::new(pair)),
    })
}

fn everywhere(story: impl Fn(&mut Person)) {
    for size in SIZES {
        story(&mut Person::at(size, pair()));
    }
}

/// The sign at the beginning of the line of `name`.
fn signs(person: &Person, name: &str) -> Vec<char> {
    let line = person.lines().into_iter().find(|line| line.contains(name)).unwrap();
    line.split('│').filter_map(|part| part.chars().next()).filter(|sign| "+~-*".contains(*sign)).collect()
}

#[test]
fn both_are_on_the_screen_in_step() {
    everywhere(|person| {
        person.sees("▸B demo:2").sees("A demo:1").sees("+2 added  ~2 modified  -2 removed  2 the same");
        person
            .sees("6.2 MB in 6 files")
            .sees("5.0 MB in 6 files")
            .sees("/etc: differs inside")
            .misses("Layer Details");
    });
}

#[test]
fn what_differs_has_its_sign_and_its_reason() {
    everywhere(|person| {
        assert!(signs(person, "─passwd").contains(&'~'));
        assert!(signs(person, "─new.txt").contains(&'-'));
        assert!(signs(person, "─two").contains(&'+'));
        assert!(signs(person, "─alias").is_empty());
        person.types("/passwd").press(KeyCode::Enter).sees("/etc/passwd: other mode, size, content");
        person.types("/wget").press(KeyCode::Enter).sees("/usr/bin/wget: only in A");
        person.types("/alias").press(KeyCode::Enter).sees("/usr/bin/alias: the same");
    });
    // With room for both, what only one has leaves the other's half empty.
    let person = Person::at(SIZES[1], pair());
    let line = person.lines().into_iter().find(|line| line.contains("─wget")).unwrap();
    assert_eq!(line.matches("wget").count(), 1);
    let line = person.lines().into_iter().find(|line| line.contains("─tool")).unwrap();
    assert_eq!((line.matches("tool").count(), line.matches("5.0 MB").count()), (2, 2));
    assert!(line.contains("-rw-r--r--") && line.contains("-rwxr-xr-x"), "{line}");
    // Without, it has both sizes.
    let mut person = Person::at(SIZES[0], pair());
    let line = person.lines().into_iter().find(|line| line.contains("─passwd")).unwrap();
    assert!(line.contains("27 B     18 B"), "{line}");
    person.control('b').sees("-rw-------").sees("-rw-r--r--");
}

#[test]
fn differences_are_gone_through() {
    everywhere(|person| {
        let mut found = Vec::new();
        for _ in 0..7 {
            person.types("]");
            found.push(person.at_cursor());
        }
        // What came or went with its directory is one difference.
        let once = ["etc/passwd", "opt", "srv", "usr/bin/tool", "usr/bin/wget"];
        assert_eq!(found[..5], once, "{found:?}");
        assert_eq!(found[5..], ["etc/passwd", "opt"]);
        person.types("[[");
        assert_eq!(person.at_cursor(), "usr/bin/wget");
        // In what is folded too.
        person.key(KeyCode::Char(' '), KeyModifiers::CONTROL).press(KeyCode::Home).misses("─tool").types("[");
        assert_eq!(person.at_cursor(), "usr/bin/wget", "{}", person.screen());
        person.press(KeyCode::Home).types("]");
        assert_eq!(person.at_cursor(), "etc/passwd");
        person
            .key(KeyCode::Char(' '), KeyModifiers::CONTROL)
            .types("=")
            .misses("─a\\x1b")
            .sees("no unmodified")
            .types("=")
            .sees("─a\\x1b");
    });
}

#[test]
fn contents_are_beside_each_other() {
    everywhere(|person| {
        person.types("/passwd").press(KeyCode::Enter).press(KeyCode::Enter);
        person.sees("difference from A").sees("wget:x:9").sees("root:x:1").types("s");
        let line = person.lines().into_iter().find(|line| line.contains("root:x:0")).unwrap();
        assert!(line.contains("-root:x:0") && line.contains("│+root:x:1"), "{line}");
        person.types("d").sees("+root:x:1").sees("-wget:x:9").types("n").sees("no more that differs");
        person.types("[").sees("A demo:1 · text").sees("wget:x:9").types("]").sees("B demo:2 · text");
        person.types("q").types("p").sees("Versions of /etc/passwd").sees("layer 0: RUN etc/passwd");
        person.sees("other mode, size, content").types("q");
        // What is the same is shown as it is.
        person.types("/one").press(KeyCode::Enter).press(KeyCode::Enter).sees("1 srv/deep/one").types("q");
    });
}

#[test]
fn keys_act_on_one_side() {
    everywhere(|person| {
        person.types("/passwd").press(KeyCode::Enter).types("m").press(KeyCode::Tab).sees("▸A demo:1");
        person.types("/passwd").press(KeyCode::Enter).types("m").sees("2 marked");
        person.types("/two").press(KeyCode::Enter).types("m").sees("3 marked");
        let picked: Vec<(usize, Vec<u8>, u64)> = person
            .state
            .selection()
            .files
            .into_iter()
            .map(|it| (it.layer, it.entry.path, it.entry.size))
            .collect();
        let passwd = b"etc/passwd".to_vec();
        assert_eq!(picked, [(0, passwd.clone(), 27), (1, passwd, 18), (1, b"srv/deep/two".to_vec(), 8)]);
        assert!(signs(person, "─passwd").contains(&'*'));
    });
}

#[test]
fn a_directory_is_extracted_as_its_side_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    let mut person = Person::at(SIZES[0], pair());
    person.press(KeyCode::Tab).types("/^usr$").press(KeyCode::Enter);
    person.control('e').control('u').types(target).press(KeyCode::Enter).sees("2 files written");
    assert_eq!(std::fs::read(folder.path().join("usr/bin/wget")).unwrap(), b"0 usr/bin/wget\n");
}

#[test]
fn what_else_differs_is_listed_and_completed() {
    everywhere(|person| {
        person.sees("1 config, packages …: c lists them").types("c").sees("sh → \\x1b[2Jtool");
        let refined = person.state.material.refined().unwrap();
        let jobs = person.state.refine(Arc::new(refined));
        jobs.into_iter().for_each(|job| person.work(vec![job]));
        person.sees("libc6").sees("1 config, 1 dpkg: c lists them").types("jllq").sees("─alias");
        person.types("w").sees("waste is an image's own");
    });
    Person::at(SIZES[0], sample()).types("c").sees("only two images");
}

#[test]
fn any_size_is_drawn() {
    let mut person = Person::at(SIZES[0], pair());
    for (width, height) in [(1, 1), (2, 50), (200, 2), (10, 5), (119, 10), (120, 10), (500, 200), (80, 24)] {
        person.state.resize(ratatui::layout::Rect::new(0, 0, width, height));
        for keys in ["", "c", "c", "/pass\n", "p", "q", "?", "x", "\n", "s", "q"] {
            keys.chars().for_each(|key| {
                person.press(if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) });
            });
            assert!(!person.screen().is_empty());
        }
    }
}
