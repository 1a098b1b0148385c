//! What is made of images whose layers say odd things of each other shows what they show.

use serde_json::json;

use super::form::docker;
use super::tars::Tar;
use crate::support::everybody;

/// Layers that no builder writes: directories that nobody mentions, a link in one where another has a directory,
/// deletions of nothing, an opaque root, and one name as everything after another.
fn layers() -> Vec<Vec<u8>> {
    let layers = [
        Tar::new()
            .dir("a")
            .file("a/x", b"one")
            .file("b", b"two")
            .hard_link("c", "b")
            .symlink("l", "a")
            .symlink("out", "../../../../etc")
            .file("deep/in/f", b"f")
            .dir("swap")
            .file("swap/below", b"hidden"),
        Tar::new()
            .file("a/new/deep/f", b"n")
            .file("l/y", b"y")
            .file(".wh.nothing", b"")
            .file("none/.wh.there", b"")
            .file("swap", b"a file"),
        Tar::new()
            .dir("swap")
            .file("swap/again", b"3")
            .file("out/passwd", b"mine")
            .file(".wh.b", b"")
            .file("deep/.wh.in", b""),
        Tar::new()
            .file("b/f", b"now a directory")
            .file("deep/in/g", b"g")
            .file("c", b"c")
            .hard_link("d", "c"),
        Tar::new().file(".wh..wh..opq", b"").file("a/last", b"1").file("z", b"zz"),
        Tar::new().file("a/.wh.last", b"").file("a/other", b"22").symlink("z", "a"),
    ];
    layers.into_iter().map(Tar::end).collect()
}

/// What `docker save` would write of `layers`.
fn archive(layers: &[Vec<u8>], tag: &str) -> Vec<u8> {
    let pairs: Vec<(&[u8], &[u8])> = layers.iter().map(|tar| (&tar[..], &tar[..])).collect();
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in docker(&pairs, &[tag]) {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    archive.into_inner().unwrap()
}

#[test]
fn odd_layers_are_made_one_and_slim() {
    let layers = layers();
    let whole = archive(&layers, "odd:1");
    // The same without the opaque root, which hides all that is interesting.
    let open = archive(&[&layers[..4], &layers[5..]].concat(), "odd:2");
    let made = everybody(|one| {
        let (first, second) = (one.folder().join("odd.tar"), one.folder().join("open.tar"));
        std::fs::write(&first, &whole).unwrap();
        std::fs::write(&second, &open).unwrap();
        let value = one.json(&format!(
            r#"
            let all = load(`{}`);
            let open = load(`{}`);
            let look = |i| i.files.map(|f| [f.path, f.type, f.mode, f.uid, f.size, f.mtime, f.link]);
            let ids = [];
            for i in [all, open, squash(open, 3..5), slim(open, "waste"), squash(squash(open, 3..5), 0..2)] {{
                let before = look.call(i);
                let count = i.diff_ids.len();
                let made = [flatten(i), slim(i, "waste"), without(i, "/nowhere", #{{ force: true }})];
                for from in 0..count {{ for to in from + 1..count + 1 {{ made.push(squash(i, from..to)); }} }}
                for m in made {{
                    if look.call(m) != before {{ fail(`${{history(m).map("created_by")}}: ${{look.call(m)}} and not ${{before}}`); }}
                    if m.saving != i.size - m.size {{ fail("what is saved is something else"); }}
                    ids.push(m.diff_ids);
                }}
            }}
            let flat = flatten(all);
            let marks = layers(flat)[0].files.filter(|f| f.type == "whiteout" || f.path == "/").len();
            let some = [without(all, ["/l/../a"]).files.map("path"), without(open, "/out/passwd").files.map("path"),
                        without(open, ["/swap", "/**/f", "l"]).files.map("path")];
            #{{ marks: marks, waste: [waste(flat).waste, waste(slim(open, "waste")).waste], some: some, paths: [all.files.map("path"), open.files.map("path")], ids: ids }}"#,
            first.display(),
            second.display()
        ));
        one.assert_clean();
        value
    });
    for value in &made {
        assert_eq!(value, &made[0]);
    }
    let Some(value) = made.first() else { return };
    assert_eq!((&value["marks"], &value["waste"]), (&json!(0), &json!([0, 0])));
    assert_eq!(value["paths"][0], json!(["/a", "/a/other", "/z"]));
    let open = value["paths"][1].as_array().unwrap();
    let less = |gone: &[&str]| -> Vec<_> {
        open.iter().filter(|path| !gone.contains(&path.as_str().unwrap())).cloned().collect()
    };
    assert!(
        ["/b/f", "/deep/in/g", "/l/y", "/out/passwd", "/swap/again"]
            .iter()
            .all(|it| open.contains(&json!(it)))
    );
    assert!(!open.contains(&json!("/swap/below")) && !open.contains(&json!("/deep/in/f")), "{open:?}");
    assert_eq!(value["some"][0], json!(["/z"]));
    assert_eq!(value["some"][1], json!(less(&["/out/passwd"])));
    let gone = ["/swap", "/swap/again", "/b/f", "/a/new/deep/f", "/l", "/l/y"];
    assert_eq!(value["some"][2], json!(less(&gone)));
}
