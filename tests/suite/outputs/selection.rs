//! One image of several: by name, by place, by digest.
//!
//! Source: containers/image `containers-transports(5)`.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::registry::{find, output, plywood};
use crate::support::{Docker, Plywood, Podman};

/// Three images that are small, two of which share a tag; the third has none. And the file in each that tells them apart.
fn store(folder: &std::path::Path) -> Plywood {
    for name in ["one", "two", "three"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        std::fs::write(folder.join(name).join("name"), name).unwrap();
    }
    let own = plywood(folder);
    let place = folder.display();
    own.eval(&format!(
        r#"tag(rootfs(`{place}/one`, "a/one:v1"), "a/one:v2"); rootfs(`{place}/two`, "b/two:v1");
           rootfs(`{place}/three`, "moves:1"); tag(image("a/one:v1"), "moves:1");"#
    ))
    .assert_ok();
    own
}

/// All three, the one without a name last.
const ALL: &str = r#"[image("a/one:v1"), image("b/two:v1"), images().find(|i| i.references.is_empty())]"#;

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap()
}

/// The names and the file of each image that `source` gives.
fn taken(place: &std::path::Path, source: &str) -> Value {
    let script = format!(
        "let all = load(`{source}`); let all = if type_of(all) == \"Image\" {{ [all] }} else {{ all.to_array() }}; all.map(|i| [i.read(\"/name\"), i.references])"
    );
    plywood(place).json(&script)
}

#[test]
fn by_name_place_and_digest() {
    let folder = folder();
    let own = store(folder.path());
    let at = |name: &str| folder.path().join(name).display().to_string();
    for target in [
        format!("docker-archive:{}", at("d.tar")),
        format!("oci-archive:{}", at("o.tar")),
        format!("oci:{}", at("o")),
    ] {
        let docker = target.starts_with("docker");
        own.eval(&format!("save({ALL}, `{target}`)")).assert_ok();
        // A layout has one name for each.
        let names = if docker { json!(["a/one:v1", "a/one:v2", "moves:1"]) } else { json!(["a/one:v1"]) };
        let all = json!([["one", names], ["two", ["b/two:v1"]], ["three", []]]);
        assert_eq!(taken(folder.path(), &target), all);
        for (at, one) in all.as_array().unwrap().iter().enumerate() {
            assert_eq!(taken(folder.path(), &format!("{target}:@{at}")), json!([one]), "{target}");
        }
        let only = if docker { json!([["one", ["a/one:v2"]]]) } else { Value::Null };
        if docker {
            assert_eq!(taken(folder.path(), &format!("{target}:a/one:v2")), only);
            // As `docker.io/b/two`, and `latest` where nothing is said.
            assert_eq!(taken(folder.path(), &format!("{target}:docker.io/b/two:v1")), json!([all[1]]));
        } else {
            for name in ["docker.io/b/two:v1", "b/two:v1"] {
                assert_eq!(taken(folder.path(), &format!("{target}:{name}")), json!([all[1]]));
            }
            let digest = own.json(&format!("load(`{target}:@1`).digest"));
            let digest = digest.as_str().unwrap();
            assert_eq!(taken(folder.path(), &format!("{target}:@{digest}")), json!([all[1]]));
        }
        // In place, too.
        let seen = plywood(folder.path())
            .json(&format!("let i = image(`{target}:@2`); [i.read(\"/name\"), i.verified]"));
        assert_eq!(seen[0], "three");
        // What is not there is an error that lists what is.
        for wanted in ["@3", "@99999999999999999999999", "nothing:here", "@sha256:00", "b/two", "@"] {
            for verb in ["load", "image"] {
                let error = own.error(&format!("{verb}(`{target}:{wanted}`)"));
                assert_eq!(error["kind"], "not_found", "{wanted}: {error}");
                let message = error["message"].as_str().unwrap();
                for part in [wanted, "b/two:v1`", "a/one:v1`", "`@2`"] {
                    assert!(message.contains(part), "{part}: {message}");
                }
            }
        }
        let error = own.error(&format!("image(`{target}`)"));
        assert!(error["hint"].as_str().unwrap().contains("@0"), "{error}");
    }
    let flat = at("flat");
    own.eval(&format!("save(\"b/two:v1\", `dir:{flat}`)")).assert_ok();
    for (script, part) in [
        (format!("save({ALL}, `dir:{flat}`)"), "holds one image"),
        (format!("save({ALL}, `docker://127.0.0.1:1/x`)"), "one image at a time"),
        (format!("save({ALL}, `oci:{}:name`)", at("new")), "one name for 3 images"),
        (format!("save({ALL}, `docker-archive:{}:x:y`)", at("new.tar")), "one name for 3 images"),
        (format!("save([], `docker-archive:{}`)", at("new.tar")), "no image to save"),
        (format!("save([1], `docker-archive:{}`)", at("new.tar")), "takes images"),
        (format!("save(\"b/two:v1\", `oci:{}:@0`)", at("new")), "is no name for an image in a layout"),
        (format!("save(\"b/two:v1\", `oci:{}:a b`)", at("new")), "is no name for an image in a layout"),
        (format!("save(\"b/two:v1\", `docker-archive:{}:@0`)", at("new.tar")), "@0"),
    ] {
        let error = own.error(&script);
        assert!(error["message"].as_str().unwrap().contains(part), "{script}: {error}");
    }
    assert!(!folder.path().join("new").exists() && !folder.path().join("new.tar").exists());
}

#[test]
fn what_they_share_is_written_once() {
    let folder = folder();
    let own = store(folder.path());
    own.eval("let i = image(\"a/one:v1\"); commit(run(base(), \"true\"), \"x:1\"); commit(run(base(), \"echo > /f\"), \"x:2\");")
        .assert_ok();
    let size = |images: &str, kind: &str| {
        let place = folder.path().join("out.tar");
        own.eval(&format!("save({images}, `{kind}:{}`)", place.display())).assert_ok();
        std::fs::metadata(place).unwrap().len()
    };
    for kind in ["docker-archive", "oci-archive"] {
        let (one, two) = (size("[image(\"x:1\")]", kind), size("[\"x:1\", image(\"x:2\")]", kind));
        assert!(two < one + one / 10, "{kind}: {one} and {two}");
    }
}

#[test]
fn others_find_each_of_several() {
    let folder = folder();
    let own = store(folder.path());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (docker_archive, oci_archive, layout) = (at("d.tar"), at("o.tar"), at("o"));
    own.eval(&format!(
        "save({ALL}, `docker-archive:{docker_archive}`); save({ALL}, `oci-archive:{oci_archive}`); save({ALL}, `oci:{layout}`)"
    ))
    .assert_ok();
    let ids = own.json(&format!("{ALL}.map(|i| i.id)"));
    if let Some(skopeo) = find("skopeo") {
        for (source, at) in [
            (format!("docker-archive:{docker_archive}:a/one:v2"), 0),
            (format!("docker-archive:{docker_archive}:@1"), 1),
            (format!("docker-archive:{docker_archive}:@2"), 2),
            (format!("oci-archive:{oci_archive}:docker.io/b/two:v1"), 1),
            (format!("oci:{layout}:docker.io/a/one:v1"), 0),
        ] {
            // Without root skopeo cannot unpack an archive whose members are root's.
            if source.starts_with("oci-archive") && !crate::support::is_root() {
                continue;
            }
            let raw = output(Command::new(&skopeo).args(["inspect", "--config", "--raw", &source]));
            assert_eq!(plywood::oci::Digest::of(raw.as_bytes()).to_string(), ids[at], "{source}");
        }
    }
    if let Some(docker) = Docker::find() {
        // The tests' daemon is shared: names of our own.
        let names = ["one", "two"].map(|name| format!("plywood-several/{name}:{}", std::process::id()));
        let (own, file) = (plywood(folder.path()), at("docker.tar"));
        let ids = own.json(&format!(
            "let i = [rootfs(`{}`, `{}`), rootfs(`{}`, `{}`)]; save(i, `docker-archive:{file}`); i.map(|i| i.id)",
            at("one"),
            names[0],
            at("two"),
            names[1],
        ));
        docker.run(&["load", "-i", &file]);
        docker.run(&["save", "-o", &file, &names[0], &names[1]]);
        for (name, id) in names.iter().zip(ids.as_array().unwrap()) {
            assert_eq!(docker.run(&["inspect", "--format", "{{.Id}}", name]), id.as_str().unwrap());
            let back = plywood(folder.path()).json(&format!("load(`docker-archive:{file}:{name}`).id"));
            assert_eq!(&back, id);
            docker.run(&["rmi", name]);
        }
    }
    if let Some(podman) = Podman::find() {
        let said = podman.run(&["load", "-q", "-i", &docker_archive]);
        assert!(said.contains("one:v2") && said.contains("two:v1"), "{said}");
        let have = podman.run(&["images", "-a", "-q", "--no-trunc"]);
        for id in ids.as_array().unwrap() {
            assert!(have.contains(id.as_str().unwrap()), "{id}: {have}");
        }
    }
}
