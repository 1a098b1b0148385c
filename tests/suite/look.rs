//! Looking inside: trees, provenance, reasons, junk, duplicates, on images, containers and images in place.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Plywood, project, skip};

/// Three images, each a layer on the one before.
const IMAGES: &str = r#"
    let v1 = run(base(), "mkdir -p /d/e /var/log; echo one > /f; echo x > /d/e/x; echo y > /d/y; echo y > /d/z; touch -d @1000 /f; echo log > /var/log/app.log").commit("look:1");
    let v2 = run(v1, "rm -r /d/e; echo two > /f; chmod 600 /d/y; rm /d/z; ln /d/y /d/link").commit("look:2");
    let v3 = run(v2, "rm -r /d; echo d > /d; ln -s f /to-f").commit("look:3");
    save(v3, "docker-archive:look.tar"); save(v3, "oci-archive:look-oci.tar");
"#;

struct Scene {
    plywood: Plywood,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { plywood: Plywood::new(), folder: tempfile::tempdir().unwrap() };
        scene.run(IMAGES, &["-e"]);
        scene
    }

    #[track_caller]
    fn run(&self, script: &str, how: &[&str]) -> String {
        let mut command = self.plywood.command();
        let outcome =
            crate::support::Outcome::of(command.args(how).arg(script).current_dir(self.folder.path()));
        outcome.assert_ok();
        outcome.stdout
    }

    #[track_caller]
    fn json(&self, script: &str) -> Value {
        serde_json::from_str(&self.run(script, &["--json", "-e"])).unwrap()
    }
}

/// The same image in the store, in place twice, and as a container that has changed nothing.
const EVERYWHERE: &[&str] = &[
    r#"image("look:3")"#,
    r#"image("docker-archive:look.tar")"#,
    r#"image("oci-archive:look-oci.tar")"#,
    r#"run(image("look:3"), ["true"])"#,
];

#[test]
fn every_view_is_the_same_wherever_the_image_is() {
    let scene = Scene::new();
    for x in EVERYWHERE {
        let of = |script: &str| scene.json(&format!("let x = {x}; {script}"));
        // The tree after each layer, marked with what the layer did.
        let marked = |layer: usize| {
            of(&format!(
                r#"tree(x, {layer}).filter(|t| t.kind != () && !t.path.starts_with("/var")).map(|t| t.kind + " " + t.path)"#
            ))
        };
        assert_eq!(marked(1), json!(["A /d", "A /d/e", "A /d/e/x", "A /d/y", "A /d/z", "A /f"]), "{x}");
        // In place nobody compares contents, and the times differ.
        assert_eq!(marked(2), json!(["D /d/e", "D /d/e/x", "A /d/link", "C /d/y", "D /d/z", "C /f"]), "{x}");
        assert_eq!(marked(3), json!(["C /d", "D /d/link", "D /d/y", "A /to-f"]), "{x}");
        assert_eq!(
            of(
                r#"tree(x, 3, #{ since: 0 }).filter(|t| t.kind == "A" && !t.path.starts_with("/var")).map("path")"#
            ),
            json!(["/d", "/f", "/to-f"]),
            "{x}"
        );
        assert_eq!(
            of(r#"tree(x, layers(x)[3], #{ own: true }).map(|t| t.path + " " + t.type)"#),
            json!(["/d file", "/to-f symlink"]),
            "{x}"
        );
        // Where paths come from.
        let story =
            of(r#"who(x, "/d/y").map(|v| [v.layer, v.came, v.mode, v.gone_in, v.gone_how, v.gone_by])"#);
        assert_eq!(
            story,
            json!([
                [1, "added", 0o644, 2, "replaced", "/d/y"],
                [2, "replaced", 0o600, 3, "no longer a directory", "/d"]
            ]),
            "{x}"
        );
        assert_eq!(of(r#"who(x, "/d/e/x")[0].gone_by"#), "/d/e", "{x}");
        assert!(of(r#"who(x, "/to-f")[0].created_by"#).as_str().unwrap().contains("ln -s f /to-f"), "{x}");
        // Links on the way are followed.
        assert_eq!(of(r#"who(x, "/bin/sh")[0].path"#), "/usr/bin/sh", "{x}");
        // Why.
        assert_eq!(
            of(r#"why(x, "/d/y", 2).filter(|r| r.aspect == "mode").map(|r| [r.before, r.after])"#),
            json!([["0644", "0600"]]),
            "{x}"
        );
        assert_eq!(of(r#"why(x, "/f").any(|r| r.aspect.starts_with("content"))"#), true, "{x}");
        assert_eq!(of(r#"why(x, "/d/y").map(|r| r.after)"#), json!(["no longer a directory: /d"]), "{x}");
        assert_eq!(of(r#"why(x, "/to-f").map(|r| r.aspect)"#), json!(["added"]), "{x}");
        assert_eq!(of(r#"why(x, "/usr/bin/sh", 3).len()"#), 0, "{x}");
        // Junk that is there.
        assert_eq!(
            of(r#"junk(x).filter(|j| j.rule == "logs").map(|j| [j.path, j.size, j.layer])"#),
            json!([["/var/log/app.log", 4, 1]]),
            "{x}"
        );
        // Content as it was.
        assert_eq!(
            of(r#"[cat(x, "/f", 1), cat(x, "/f"), cat(x, "/to-f", -1), cat(x, "d/link", 2), cat(x, "/d")]"#),
            json!(["one\n", "two\n", "two\n", "y\n", "d\n"]),
            "{x}"
        );
        assert_eq!(of(r#"duplicates(x).any(|d| d.paths.contains("/d"))"#), false, "{x}");
    }
}

#[test]
fn a_containers_own_layer_is_the_last() {
    let scene = Scene::new();
    let found = scene.json(
        r#"let c = run(image("look:2"), "rm /f; echo three > /d/y; mkdir /n; echo n > /n/n");
           [layers(c).len(), layers(c)[-1].size, layers(c)[-1].files.map("path"), layers(c)[-1].diff_id,
            tree(c, -1).filter(|t| t.kind != ()).map(|t| t.kind + " " + t.path), cat(c, "/d/y") + cat(c, "/d/link"),
            waste(c).items.filter(|w| w.hidden_by == 3).map("path"), who(c, "/f")[-1].came,
            who(c, "/n/n")[0].created_by.contains("mkdir /n")]"#,
    );
    assert_eq!(found[0], 4);
    assert_eq!(found[1], 8);
    assert_eq!(found[2], json!(["/d", "/d/y", "/f", "/n", "/n/n"]));
    assert_eq!(found[3], "");
    assert_eq!(found[4], json!(["C /d/y", "D /f", "A /n", "A /n/n"]));
    // A lower file's names part when one is written.
    assert_eq!(found[5], "three\ny\n");
    assert_eq!(found[6], json!(["/f"]));
    assert_eq!((&found[7], &found[8]), (&json!("removed"), &json!(true)));
}

#[test]
fn duplicates_are_files_of_one_content() {
    let scene = Scene::new();
    let found = scene.json(
        r#"let c = run(base(), "head -c 54321 /dev/zero > /a; cp /a /b; ln /a /c; head -c 54320 /dev/zero > /e; echo x >> /e; head -c 54322 /dev/urandom > /r");
           duplicates(c).filter(|d| d.size > 54000 && d.size < 55000)"#,
    );
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["count"], 2);
    assert_eq!(found[0]["wasted"], 54321);
    // A hard link is the same file, by whichever of its names.
    assert_eq!(found[0]["paths"], json!(["/a", "/b"]));
}

#[test]
fn what_is_not_there_is_an_error_that_helps() {
    let scene = Scene::new();
    for (script, words) in [
        (r#"who(image("look:1"), "/nothing")"#, "no layer of `look:1` has `/nothing`"),
        (r#"cat(image("look:3"), "/d/y")"#, "no `/d/y` in `look:3` after layer 3"),
        (r#"cat(image("look:1"), "/d")"#, "`/d` is a dir, not a file"),
        (r#"tree(image("look:1"), 7)"#, "`look:1` has no layer 7"),
        (r#"why(image("look:1"), "/f", -9)"#, "`look:1` has no layer -9"),
        (r#"diff(image("look:1"), image("look:2"), #{ except: "weight" })"#, "nothing differs in `weight`"),
        (r#"diff(image("look:1"), image("look:2"), #{ ignore: "a[" })"#, "`a[` is no pattern"),
        (r#"diff(image("look:1"), image("look:2")).text("/nothing")"#, "neither side has a file `/nothing`"),
    ] {
        let error = scene.plywood.error(script);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{script}: {error}");
    }
}

fn shared(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("PLYWOOD_SHARED").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| project().join("../shared"));
    Some(folder.join("data").join(name)).filter(|path| path.exists())
}

/// The image by which others' tools are known: 14 layers, of which they make this and that.
#[test]
fn the_well_known_image_adds_up() {
    let Some(path) = shared("test-docker-image.tar") else {
        return skip("test-docker-image.tar is not here");
    };
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    let oci = folder.path().join("oci.tar");
    plywood
        .eval(&format!(r#"save(load("{}"), "oci-archive:{}")"#, path.display(), oci.display()))
        .assert_ok();
    for x in [
        format!(r#"image("docker-archive:{}")"#, path.display()),
        format!(r#"load("{}")"#, path.display()),
        format!(r#"image("oci-archive:{}")"#, oci.display()),
    ] {
        let found = plywood.json(&format!(
            r#"let x = {x}; [layers(x).len(), waste(x).total, waste(x).waste, layers(x).sum("waste"),
                tree(x, 1).filter(|t| t.kind == "A").map("path"),
                layers(x).map(|l| tree(x, l).filter(|t| t.kind != ()).len())]"#
        ));
        assert_eq!(found[0], 14, "{x}");
        assert_eq!(
            (&found[1], &found[2], &found[3]),
            (&json!(1_220_598), &json!(32025), &json!(32025)),
            "{x}"
        );
        assert!(!found[4].as_array().unwrap().is_empty(), "{found}");
        assert!(found[5].as_array().unwrap().iter().all(|count| count.as_u64() > Some(0)), "{found}");
    }
}
