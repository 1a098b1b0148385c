//! From a registry into layouts and archives, as it is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

use plywood::oci::Digest;
use serde_json::{Value, json};

use crate::support::http::{Server, begin_chunks, chunk, respond};
use crate::support::liar::{halting, lying};
use crate::support::registry::{Access, Registry, find, output, plywood, sample};

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap()
}

fn document(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn nothing_changes_and_nothing_is_unpacked() {
    let Some(registry) = Registry::start(&Access::Plain) else { return };
    let folder = folder();
    let place = folder.path();
    let name = registry.name("a/two:v1");
    let script = format!(r#"push(commit(run(base(), "echo more > /new"), "two"), `{name}`)"#);
    let pushed = plywood(place).json(&script);
    let other = plywood(place);
    let copied = other.eval(&format!(
        r#"let i = image(`docker://{name}`);
           save(i, `oci:{0}/layout`); save(i, `oci-archive:{0}/x.tar`); save(i, `dir:{0}/flat`);
           save(i, `oci:{0}/layout:other`);
           print(`${{images().len()}} ${{i.verified}}`)"#,
        place.display()
    ));
    assert_eq!(copied.assert_ok().stdout, "0 false\n");
    assert!(copied.stderr.contains(": copied") && copied.stderr.contains(": exists"), "{}", copied.stderr);
    assert_eq!(names(&other.store().join("blobs/sha256")), Vec::<String>::new());
    assert_eq!(names(&other.store().join("parts")), Vec::<String>::new());
    assert_eq!(names(&other.store().join("tmp")), Vec::<String>::new());

    let index = document(&place.join("layout/index.json"));
    let listed: Vec<(&Value, &Value)> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["digest"], &entry["annotations"]["org.opencontainers.image.ref.name"]))
        .collect();
    assert_eq!(listed, [(&pushed, &json!("v1")), (&pushed, &json!("other"))]);
    let flat = Digest::of(&fs::read(place.join("flat/manifest.json")).unwrap());
    assert_eq!(pushed, flat.to_string());
    let blobs = place.join("layout/blobs/sha256");
    for blob in names(&blobs) {
        assert_eq!(Digest::of(&fs::read(blobs.join(&blob)).unwrap()).hex(), blob);
        let mode = fs::metadata(blobs.join(&blob)).unwrap().permissions().mode();
        let ordinary = fs::metadata(place.join("layout/index.json")).unwrap().permissions().mode();
        assert_eq!(mode, ordinary, "{blob} is as readable as anything made there");
    }
    // Taken in from there it is the image that was pushed, and nothing was hidden in it.
    let loaded = plywood(place).json(&format!(
        "[load(`oci:{0}/layout:v1`).digest, load(`oci-archive:{0}/x.tar`).digest, load(`dir:{0}/flat`).digest]",
        place.display()
    ));
    assert_eq!(loaded, json!([pushed, pushed, pushed]));
    let Some(skopeo) = find("skopeo") else { return };
    for source in ["oci:layout:v1", "oci-archive:x.tar:v1", "dir:flat"] {
        let seen = output(Command::new(&skopeo).current_dir(place).args(["inspect", source]));
        let seen: Value = serde_json::from_str(&seen).unwrap();
        assert_eq!(seen["Digest"], pushed, "{source}");
    }
}

/// Docker's documents have no place in a layout; the layers' files stay what they are.
#[test]
fn dockers_documents_become_ocis() {
    let Some(registry) = Registry::start(&Access::Plain) else { return };
    let Some(skopeo) = find("skopeo") else { return };
    let folder = folder();
    let place = folder.path();
    let own = plywood(place);
    own.eval(&format!("save({}, `oci:{}/first`)", sample(place), place.display())).assert_ok();
    let name = registry.name("a/docker:v1");
    output(Command::new(&skopeo).current_dir(place).args([
        "copy",
        "-q",
        "--insecure-policy",
        "--dest-tls-verify=false",
        "--format=v2s2",
        "oci:first:one",
        &format!("docker://{name}"),
    ]));
    own.eval(&format!(
        "let i = image(`docker://{name}`); save(i, `oci:{0}/second`); save(i, `dir:{0}/flat`)",
        place.display()
    ))
    .assert_ok();
    let of = |source: &str| -> Value {
        let seen = output(Command::new(&skopeo).current_dir(place).args(["inspect", "--raw", source]));
        serde_json::from_str(&seen).unwrap()
    };
    let (docker, oci) = (of("dir:flat"), of("oci:second:v1"));
    assert_eq!(docker["mediaType"], "application/vnd.docker.distribution.manifest.v2+json");
    assert_eq!(oci["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(oci["layers"][0]["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");
    assert_eq!(oci["layers"][0]["digest"], docker["layers"][0]["digest"]);
}

/// Copies from `server`; the error, after looking that nothing was left anywhere.
#[track_caller]
fn refused(server: &Server) -> Value {
    let folder = folder();
    let place = folder.path();
    fs::write(place.join("registries.toml"), "timeout = 0.5\nattempts = 2\n").unwrap();
    let store = plywood(place);
    let from = format!("image(`docker://127.0.0.1:{}/h/x:1`)", server.port);
    let mut last = Value::Null;
    for target in ["oci:", "oci-archive:", "dir:"] {
        last = store.error(&format!("save({from}, `{target}{}/out`)", place.display()));
        assert!(!place.join("out").exists(), "{target}");
    }
    assert_eq!(names(&store.store().join("blobs/sha256")), Vec::<String>::new());
    assert!(!names(place).iter().any(|name| name.starts_with(".plywood-")), "{:?}", names(place));
    store.assert_clean();
    last
}

#[test]
fn what_is_not_what_its_digest_says_is_not_copied() {
    let wrong = lying(|parts, request, stream| {
        let lies = parts.is_layer(request);
        if lies {
            let mut wrong = parts.layer.clone();
            wrong[4] ^= 1;
            respond(stream, "200 OK", &[], &wrong);
        }
        lies
    });
    let error = refused(&wrong);
    assert_eq!(error["kind"], "corrupt", "{error}");
    assert!(error["message"].as_str().unwrap().contains("digest"), "{error}");
    let long = lying(|parts, request, stream| {
        let lies = parts.is_layer(request);
        if lies {
            begin_chunks(stream);
            chunk(stream, &parts.layer);
            while chunk(stream, &[0; 60_000]) {}
        }
        lies
    });
    let error = refused(&long);
    assert!(error["message"].as_str().unwrap().contains("bytes, not"), "{error}");
    let short = lying(|parts, request, stream| {
        let lies = parts.is_layer(request);
        if lies {
            respond(stream, "200 OK", &[], &parts.layer[..1000]);
        }
        lies
    });
    assert_eq!(refused(&short)["kind"], "corrupt");
}

#[test]
fn a_copy_that_broke_off_goes_on() {
    let (server, broken) = halting();
    let folder = folder();
    let place = folder.path();
    fs::write(place.join("registries.toml"), "attempts = 2\ntimeout = 2\n").unwrap();
    let store = plywood(place);
    let script =
        format!("save(image(`docker://127.0.0.1:{}/h/x:1`), `oci:{}/out`)", server.port, place.display());
    assert_eq!(store.error(&script)["kind"], "network");
    assert!(!place.join("out").exists());
    broken.store(0, Ordering::Relaxed);
    store.eval(&script).assert_ok();
    let last = server.seen().last().unwrap().clone();
    assert!(last.header("range").is_some_and(|range| range != "bytes=0-"), "{last:?}");
    assert_eq!(names(&store.store().join("tmp")), Vec::<String>::new());
    store.assert_clean();
}
