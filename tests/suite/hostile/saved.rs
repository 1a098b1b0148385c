//! The `manifest.json` of a docker-archive: names that lead elsewhere, and far too many of them.

use serde_json::{Value, json};

use super::case::{Case, Files, Scene, Threat};
use super::form::docker;
use super::layout::Layout;
use super::tars::Tar;

fn plain() -> Vec<u8> {
    Tar::new().file("f", b"content").end()
}

/// A sound archive but for what `change` makes of its list.
fn case(
    threat: Threat,
    name: &'static str,
    change: impl Fn(&Scene, &mut Files, &mut Value) + Send + Sync + 'static,
) -> Case {
    Case::docker(threat, name, move |scene| {
        let mut files = docker(&[(&scene.packing.pack(&plain()), &plain())], &["it:1"]);
        let mut list: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        change(scene, &mut files, &mut list);
        files.insert("manifest.json".to_owned(), list.to_string().into_bytes());
        files
    })
}

fn tags(threat: Threat, name: &'static str, tags: impl Fn() -> Value + Send + Sync + 'static) -> Case {
    case(threat, name, move |_, _, list| list[0]["RepoTags"] = tags())
}

pub fn cases() -> Vec<Case> {
    use Threat::{Bounds, Control, Documents, Paths};
    const MISSING: &str = "is missing from";
    vec![
        case(Paths, "a configuration outside", |scene, _, list| {
            list[0]["Config"] = json!(format!("{}/victim", scene.up));
        })
        .refused("corrupt", MISSING),
        case(Paths, "a configuration at an absolute path", |_, _, list| {
            list[0]["Config"] = json!("/etc/passwd")
        })
        .refused("corrupt", MISSING),
        case(Paths, "a layer outside", |_, _, list| {
            list[0]["Layers"] = json!(["../../../../../../etc/passwd"])
        })
        .refused("corrupt", MISSING),
        case(Paths, "a layer at an absolute path", |scene, _, list| {
            list[0]["Layers"] = json!([format!("{}/victim", scene.canary())]);
        })
        .refused("corrupt", MISSING),
        case(Paths, "a layer without a name", |_, _, list| list[0]["Layers"] = json!([""]))
            .refused("corrupt", MISSING),
        Case::file(Paths, "a layer that is a link out of the archive", |scene| {
            let files = docker(&[(&plain(), &plain())], &["it:1"]);
            let mut tar = Tar::new();
            for (name, bytes) in &files {
                tar = match name.ends_with("layer.tar") {
                    true => tar.symlink(name, &format!("{}/victim", scene.canary())),
                    false => tar.file(name, bytes),
                };
            }
            tar.end()
        })
        .refused("corrupt", MISSING),
        Case::file(Paths, "a layer that is a hard link out of the archive", |_| {
            let files = docker(&[(&plain(), &plain())], &["it:1"]);
            let mut tar = Tar::new();
            for (name, bytes) in &files {
                tar = match name.ends_with("layer.tar") {
                    true => tar.hard_link(name, "/etc/passwd"),
                    false => tar.file(name, bytes),
                };
            }
            tar.end()
        })
        .refused("corrupt", MISSING),
        case(Documents, "a list that is an object", |_, _, list| *list = json!({ "Config": "x" }))
            .refused("corrupt", "manifest.json"),
        case(Documents, "a list of nothing", |_, _, list| *list = json!([])).refused("corrupt", "is empty"),
        case(Documents, "a list of numbers", |_, _, list| *list = json!([1, 2, 3]))
            .refused("corrupt", "manifest.json"),
        case(Documents, "a list without a configuration", |_, _, list| {
            drop(list[0].as_object_mut().unwrap().remove("Config"));
        })
        .refused("corrupt", "Config"),
        case(Documents, "a list whose layers are too many", |_, _, list| {
            let layer = list[0]["Layers"][0].clone();
            list[0]["Layers"] = json!([layer, layer]);
        })
        .refused("corrupt", "names 1"),
        case(Documents, "a configuration whose name is another's digest", |_, files, list| {
            let other = format!("{:064x}.json", 7);
            files.insert(other.clone(), files[list[0]["Config"].as_str().unwrap()].clone());
            list[0]["Config"] = json!(other);
        })
        .refused("corrupt", "has the digest"),
        case(Bounds, "a list of 20,000 images", |_, _, list| {
            let entry = list[0].clone();
            *list = json!(vec![entry; 20_000]);
        })
        .limits("all_document_bytes=1M,document_values=1M")
        .refused("denied", "`all_document_bytes`"),
        case(Bounds, "a list of 150,000 layers", |_, _, list| list[0]["Layers"] = json!(vec![""; 150_000]))
            .refused("denied", "`document_values`"),
        case(Bounds, "5,000 names, twice", |_, _, list| {
            list[0]["RepoTags"] = json!((0..5_000).map(|at| format!("n:{at}")).collect::<Vec<_>>());
            let entry = list[0].clone();
            *list = json!([entry, entry]);
        })
        .then("it.references.len()", json!(5_000))
        .holds(&["file /f 7B"]),
        tags(Paths, "a name that is a path", || json!(["../../../etc/passwd:1"]))
            .refused("corrupt", "manifest.json"),
        tags(Paths, "a name that is an absolute path", || json!(["/etc/passwd"]))
            .refused("corrupt", "manifest.json"),
        tags(Control, "a name that steers the terminal", || json!(["it\u{1b}[31m:1"]))
            .refused("corrupt", "manifest.json"),
        tags(Control, "a name with a line of its own", || json!(["it:1\nerror: none"]))
            .refused("corrupt", "manifest.json"),
        tags(Documents, "a name that is a digest", || json!([format!("it@sha256:{}", "0".repeat(64))]))
            .refused("corrupt", "manifest.json"),
        case(Documents, "an index beside the list that says otherwise", |_, files, list| {
            // The same image, and other layers: what the list says is looked at, what has the DiffIDs counts.
            let config = files[list[0]["Config"].as_str().unwrap()].clone();
            let mut layout = Layout::new();
            let config = layout.blob("application/vnd.oci.image.config.v1+json", &config);
            let layer =
                layout.blob("application/vnd.oci.image.layer.v1.tar", &Tar::new().file("evil", b"").end());
            let manifest = json!({ "schemaVersion": 2, "config": config, "layers": [layer] });
            let entry = layout.manifest(&manifest);
            layout.index(&[entry]);
            files.extend(layout.files);
        })
        .only_when_loaded()
        .refused("corrupt", "not sha256:"),
        case(Documents, "the good image's name for a bad layer", |_, files, list| {
            list[0]["RepoTags"] = json!(["good:1"]);
            files.insert(
                list[0]["Layers"][0].as_str().unwrap().to_owned(),
                Tar::new().file("../x", b"").end(),
            );
        })
        .refused("denied", "leads out of the layer"),
    ]
}
