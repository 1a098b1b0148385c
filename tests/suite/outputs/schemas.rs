//! Every layout passes the image specification's schemas, whatever image is in it.

use std::process::Command;

use serde_json::{Value, json};

use super::samples::{FORMS, Samples};
use crate::support::layout::Layout;
use crate::support::registry::{Access, Registry, find, output, plywood};
use crate::support::schema::{Documents, Schema};
use crate::support::{Docker, Plywood};

#[test]
fn what_is_wrong_is_refused() {
    let mut documents = Documents::default();
    let descriptor =
        json!({ "mediaType": "a/b", "size": 1, "digest": "sha256:00", "annotations": { "x": 1 } });
    documents.add(Schema::Descriptor, "one", descriptor.to_string().as_bytes());
    let config = json!({
        "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": [] },
        "config": { "Env": null }, "history": [{ "created": "2020-13-01T00:00:00Z" }],
    });
    documents.add(Schema::Config, "two", config.to_string().as_bytes());
    documents.add(
        Schema::Layout,
        "three",
        b"{\"imageLayoutVersion\":\"1.0.0\",\"imageLayoutVersion\":\"1.0.0\"}",
    );
    documents.add(Schema::Index, "four", b"{\"schemaVersion\":2,\"manifests\":[{}]}");
    let manifest = json!({ "schemaVersion": 2, "config": descriptor, "layers": [] });
    documents.add(Schema::Manifest, "five", manifest.to_string().as_bytes());
    let Some(complaints) = documents.complaints() else { return };
    for (name, part) in [
        ("one", "annotations/x"),
        ("two", "config/Env"),
        ("two", "is not a 'date-time'"),
        ("three", "a key comes twice"),
        ("four", "'digest' is a required property"),
        ("five", "annotations/x"),
    ] {
        let said = complaints.iter().any(|line| line.contains(&format!(" {name}:")) && line.contains(part));
        assert!(said, "{name}: {part}: {complaints:?}");
    }
}

#[test]
fn images_of_our_own() {
    let Some(samples) = Samples::new() else { return };
    let own = &samples.plywood;
    // A name that moved away leaves an image without any; and one that has two.
    own.eval(
        r#"let rich = image("team/rich:v1"); tag(rich, "host.example:5000/a/b:1.0_x"); tag(rich, "team/rich:v0");
        let none = run(image("plain:v1"), "true"); commit(none, "same:1"); commit(run(none, "echo > /f"), "gone:1");
        tag(image("plain:v1"), "gone:1");"#,
    )
    .assert_ok();
    let nameless = own.json(r#"images().filter(|i| i.references.is_empty()).map("id")"#);
    let nameless = nameless[0].as_str().unwrap();
    let mut documents = Documents::default();
    let once = [FORMS[1], FORMS[4], FORMS[7]];
    for (at, name) in ["team/rich:v1", "plain:v1", "same:1", nameless].into_iter().enumerate() {
        for written in samples.save(name, &format!("o{at}"), if at == 0 { &FORMS[1..] } else { &once }) {
            let entries = Layout::read(&written.place).check(&mut documents);
            assert_eq!(entries.len(), usize::from(written.is_layout()), "{written:?}");
        }
    }
    // Several in one, some of them with the same tag, and with a name that is chosen.
    for kind in ["oci-archive", "oci"] {
        let place = samples.at(&format!("all-{kind}"));
        own.eval(&format!("save(images(), `{kind}:{}`)", place.display())).assert_ok();
        let entries = Layout::read(&place).check(&mut documents);
        assert_eq!(own.json("images().len()"), entries.len());
        let named = samples.at(&format!("named-{kind}"));
        for name in ["host:5000/x/y:z", "latest", "a+b@c"] {
            own.eval(&format!("save(image(\"plain:v1\"), `{kind}:{}:{name}`)", named.display())).assert_ok();
            let entries = Layout::read(&named).check(&mut documents);
            let last = entries.last().unwrap();
            assert_eq!(last["annotations"]["org.opencontainers.image.ref.name"], name);
        }
    }
    assert!(documents.len() > 200, "{}", documents.len());
    documents.assert_valid();
}

/// Saves what is loaded from `source` as a layout, and gives back what is written.
fn through(place: &std::path::Path, source: &str, documents: &mut Documents) -> (Value, Vec<Value>) {
    let own = plywood(place);
    let target = tempfile::tempdir_in(place).unwrap().keep().join("layout");
    let ids = own.json(&format!(
        "let i = load(`{source}`); save(i, `oci:{0}`); save(i, `oci-archive:{0}.tar`); [i.id, load(`{0}`).id, load(`{0}.tar`).diff_ids == i.diff_ids]",
        target.display()
    ));
    assert_eq!(ids[2], true, "{source}");
    Layout::read(&target.with_extension("tar")).check(documents);
    let entries = Layout::read(&target).check(documents);
    (ids, entries)
}

#[test]
fn images_of_others() {
    let Some(samples) = Samples::new() else { return };
    let mut documents = Documents::default();
    let odd = samples.at("odd.tar");
    let tree = samples.at("tree.tar");
    output(Command::new("tar").arg("-cf").arg(&tree).arg("-C").arg(samples.at("tree")).args(["bin", "srv"]));
    // Docker of old: `null` where nothing is, and no word of the machine.
    for config in [
        json!({ "config": null, "container_config": { "Env": null }, "history": [{ "created": null, "created_by": "x" }] }),
        json!({ "architecture": "amd64", "os": "linux", "created": null, "author": null, "history": null, "config": {
            "Env": null, "Cmd": null, "ExposedPorts": null, "User": null, "Volumes": null, "Labels": null, "OnBuild": null,
        } }),
    ] {
        archive(&odd, &tree, config);
        let (ids, _) =
            through(samples.folder.path(), &format!("docker-archive:{}", odd.display()), &mut documents);
        assert_ne!(ids[0], ids[1], "what OCI refuses does not stay");
        // What is committed on top has none of that, and keeps its id.
        let own = plywood(samples.folder.path());
        let kept = samples.at("kept");
        let script = format!(
            "let i = load(`{}`); let c = commit(run(i, [\"/bin/true\"]), \"on:top\"); save(c, `oci:{1}`); load(`{1}`).id == c.id",
            odd.display(),
            kept.display()
        );
        assert_eq!(own.json(&script), true);
        Layout::read(&kept).check(&mut documents);
        std::fs::remove_dir_all(&kept).unwrap();
    }
    if let Some(docker) = Docker::find() {
        // Three ways in which Docker makes a configuration.
        let name = |kind: &str| format!("plywood-schema/{kind}:{}", std::process::id());
        docker.run(&["import", "--change", "CMD [\"sh\"]", &tree.display().to_string(), &name("import")]);
        let container =
            docker.run(&["create", "--network=none", &name("import"), "/bin/sh", "-c", "echo > /srv/d"]);
        docker.run(&["start", "-a", &container]);
        docker.run(&["commit", "-a", "me", &container, &name("commit")]);
        docker.run(&["rm", &container]);
        for kind in ["import", "commit"] {
            let file = samples.at(&format!("docker-{kind}.tar"));
            docker.run(&["save", "-o", &file.display().to_string(), &name(kind)]);
            through(samples.folder.path(), &file.display().to_string(), &mut documents);
        }
        docker.run(&["rmi", &name("commit"), &name("import")]);
    }
    pulled(&samples, &mut documents);
    assert!(documents.len() > 60, "{}", documents.len());
    documents.assert_valid();
}

/// A configuration that nobody can read must not stand in the way of every listing afterwards.
#[test]
fn what_cannot_be_read_does_not_come_in() {
    let folder = tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap();
    let (odd, layer) = (folder.path().join("odd.tar"), folder.path().join("layer.tar"));
    tar::Builder::new(std::fs::File::create(&layer).unwrap()).finish().unwrap();
    let own = plywood(folder.path());
    for config in [
        json!({ "config": { "Env": "no list" } }),
        json!({ "config": [] }),
        json!({ "os": 7, "architecture": "amd64" }),
        json!({ "config": { "Labels": { "a": 1 } } }),
    ] {
        archive(&odd, &layer, config.clone());
        for verb in ["load", "image"] {
            let error = own.error(&format!("{verb}(`{}`)", odd.display()));
            assert_eq!(error["kind"], "corrupt", "{config}: {error}");
            assert!(error["message"].as_str().unwrap().contains("configuration"), "{error}");
        }
        assert_eq!(own.json("images().len()"), 0, "{config}");
    }
}

/// What comes from a registry goes into a layout as it is, if it is OCI's, and as OCI's if it is Docker's.
fn pulled(samples: &Samples, documents: &mut Documents) {
    let (Some(registry), Some(skopeo)) = (Registry::start(&Access::Plain), find("skopeo")) else { return };
    let from = samples.at("from");
    samples.plywood.eval(&format!("save(image(\"team/rich:v1\"), `oci:{}`)", from.display())).assert_ok();
    for format in ["oci", "v2s2"] {
        let name = registry.name(&format!("s/{format}:1"));
        let mut copy = Command::new(&skopeo);
        copy.args(["copy", "-q", "--dest-tls-verify=false", "--format", format]);
        output(copy.arg(format!("oci:{}", from.display())).arg(format!("docker://{name}")));
        let own = plywood(samples.folder.path());
        let place = samples.at(&format!("pulled-{format}"));
        let script = format!(
            "let i = pull(`{name}`); save(i, `oci:{0}`); save(i, `dir:{0}-dir`); i.digest",
            place.display()
        );
        let digest = own.json(&script);
        let entries = Layout::read(&place).check(documents);
        assert_eq!(entries[0]["digest"] == digest, format == "oci");
        let flat = samples.at(&format!("pulled-{format}-dir"));
        let kept = plywood::oci::Digest::of(&std::fs::read(flat.join("manifest.json")).unwrap());
        assert_eq!(digest, kept.to_string(), "a `dir:` takes both kinds as they are");
        Layout::read(&flat).check(documents);
    }
    pushed(&samples.plywood, &registry, &skopeo, samples, documents);
}

/// And what is pushed is as sound as what is saved.
fn pushed(
    own: &Plywood,
    registry: &Registry,
    skopeo: &std::path::Path,
    samples: &Samples,
    documents: &mut Documents,
) {
    for compression in ["gzip", "zstd", "none"] {
        let name = registry.name(&format!("p/{compression}:1"));
        let options = format!("#{{ compression: `{compression}` }}");
        own.eval(&format!("push(image(\"team/rich:v1\"), `{name}`, {options})")).assert_ok();
        let place = samples.at(&format!("pushed-{compression}"));
        let mut copy = Command::new(skopeo);
        copy.args(["copy", "-q", "--src-tls-verify=false", &format!("docker://{name}")]);
        output(copy.arg(format!("dir:{}", place.display())));
        Layout::read(&place).check(documents);
    }
}

/// A docker-archive of one layer with that configuration, but for its `rootfs`.
fn archive(target: &std::path::Path, layer: &std::path::Path, mut config: Value) {
    let layer = std::fs::read(layer).unwrap();
    let hex = plywood::oci::Digest::of(&layer).hex();
    config["rootfs"] = json!({ "type": "layers", "diff_ids": [format!("sha256:{hex}")] });
    let config = config.to_string();
    let name = format!("{}.json", plywood::oci::Digest::of(config.as_bytes()).hex());
    let member = format!("{hex}/layer.tar");
    let manifest = json!([{ "Config": name, "RepoTags": ["odd:1"], "Layers": [member] }]).to_string();
    let mut builder = tar::Builder::new(std::fs::File::create(target).unwrap());
    for (name, content) in
        [("manifest.json", manifest.as_bytes()), (&name, config.as_bytes()), (&member, layer.as_slice())]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content).unwrap();
    }
    builder.finish().unwrap();
}
