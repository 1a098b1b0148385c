//! Manifests, indexes and configurations that are two things, or none, or too much.

use std::sync::atomic::{AtomicBool, Ordering};

use plywood::oci::Digest;
use serde_json::{Value, json};

use super::case::{Case, Scene, Threat};
use super::damage::with_manifest;
use super::layout::Layout;
use super::tars::Tar;
use crate::support::http::{Server, respond};

/// Whether anybody has asked where a foreign layer is said to be.
pub static TRAPPED: AtomicBool = AtomicBool::new(false);

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

pub fn cases() -> Vec<Case> {
    manifests().into_iter().chain(indexes()).chain(configs()).chain(json_texts()).chain(foreign()).collect()
}

fn case(name: &'static str, make: impl Fn(&Scene) -> Layout + Send + Sync + 'static) -> Case {
    Case::layout(Threat::Documents, name, make)
}

/// A sound image but for what `change` makes of its manifest.
fn manifest(name: &'static str, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Case {
    case(name, move |scene| with_manifest(scene, |_, manifest| change(manifest)))
}

/// One whose manifest is this text.
fn text(name: &'static str, text: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Case {
    case(name, move |scene| {
        let (mut layout, entry) = scene.sound(&plain());
        let name = format!("blobs/sha256/{}", &entry["digest"].as_str().unwrap()["sha256:".len()..]);
        let whole = String::from_utf8(layout.files[&name].clone()).unwrap();
        let entry = layout.blob(MANIFEST, &text(&whole));
        layout.index(&[entry]);
        layout
    })
}

/// One with this configuration.
fn config(name: &'static str, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Case {
    config_text(name, move |whole| {
        let mut value: Value = serde_json::from_str(whole).unwrap();
        change(&mut value);
        value.to_string().into_bytes()
    })
}

fn config_text(name: &'static str, text: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Case {
    case(name, move |scene| {
        with_manifest(scene, |layout, manifest| {
            let name = &manifest["config"]["digest"].as_str().unwrap()["sha256:".len()..];
            let whole = String::from_utf8(layout.files[&format!("blobs/sha256/{name}")].clone()).unwrap();
            manifest["config"] = layout.blob(CONFIG, &text(&whole));
        })
    })
}

/// One whose index has these entries, made of the one that is right.
fn index(
    name: &'static str,
    change: impl Fn(&mut Layout, Value) -> Vec<Value> + Send + Sync + 'static,
) -> Case {
    case(name, move |scene| {
        let (mut layout, entry) = scene.sound(&plain());
        let entries = change(&mut layout, entry);
        layout.index(&entries);
        layout
    })
}

fn plain() -> Vec<u8> {
    Tar::new().file("f", b"content").end()
}

const HELD: &[&str] = &["file /f 7B"];

fn manifests() -> Vec<Case> {
    vec![
        // CVE-2021-41190.
        manifest("a manifest that is an index too", |it| it["manifests"] = json!([]))
            .refused("corrupt", "at once"),
        manifest("a manifest that calls itself an index", |it| it["mediaType"] = json!(INDEX))
            .refused("corrupt", "was found as"),
        index("a manifest that is listed as an index", |_, mut entry| {
            entry["mediaType"] = json!(INDEX);
            vec![entry]
        })
        .refused("corrupt", "was found as"),
        index("a manifest listed as nothing in particular", |_, mut entry| {
            entry["mediaType"] = json!("text/html");
            vec![entry]
        })
        .refused("corrupt", "was found as")
        .never_remote(),
        index("an index listed as a manifest", |layout, entry| {
            let nested = json!({ "schemaVersion": 2, "manifests": [entry] });
            vec![layout.blob(MANIFEST, nested.to_string().as_bytes())]
        })
        .refused("corrupt", "not what"),
        manifest("a manifest of the first schema", |it| *it = json!({ "schemaVersion": 1, "fsLayers": [] }))
            .refused("corrupt", "schema 1"),
        manifest("a manifest with layers of both schemas", |it| it["fsLayers"] = json!([]))
            .refused("corrupt", "schema 1"),
        manifest("a manifest without a version", |it| {
            drop(it.as_object_mut().unwrap().remove("schemaVersion"))
        })
        .refused("corrupt", "schemaVersion"),
        manifest("a manifest without a configuration", |it| {
            drop(it.as_object_mut().unwrap().remove("config"))
        })
        .refused("corrupt", "must have"),
        manifest("a manifest without layers", |it| drop(it.as_object_mut().unwrap().remove("layers")))
            .refused("corrupt", "must have"),
        manifest("a manifest with no layer", |it| it["layers"] = json!([]))
            .refused("corrupt", "configuration names 1"),
        manifest("a manifest with a layer twice", |it| {
            let layer = it["layers"][0].clone();
            it["layers"].as_array_mut().unwrap().push(layer);
        })
        .refused("corrupt", "configuration names 1"),
        manifest("a chart", |it| {
            it["config"]["mediaType"] = json!("application/vnd.cncf.helm.config.v1+json")
        })
        .refused("corrupt", "no container image"),
        manifest("a digest that is a path", |it| {
            it["layers"][0]["digest"] = json!("sha256:../../../../etc/passwd")
        })
        .refused("corrupt", "not a digest"),
        manifest("a digest in capitals", |it| {
            it["layers"][0]["digest"] = json!(it["layers"][0]["digest"].as_str().unwrap().to_uppercase());
        })
        .refused("corrupt", "not a digest"),
        manifest("a digest of another kind", |it| {
            it["config"]["digest"] = json!(format!("sha512:{}", "0".repeat(128)))
        })
        .refused("corrupt", "not a digest"),
        manifest("a negative size", |it| it["layers"][0]["size"] = json!(-1)).refused("corrupt", "-1"),
        manifest("a size that is a fraction", |it| it["layers"][0]["size"] = json!(1.5))
            .refused("corrupt", "1.5"),
        manifest("content beside its digest", |it| {
            // A descriptor may carry its content; only what has the digest counts.
            it["layers"][0]["data"] = json!("ZXZpbA==");
            it["artifactType"] = json!("application/evil");
            it["subject"] = it["config"].clone();
        })
        .holds(HELD),
    ]
}

fn indexes() -> Vec<Case> {
    vec![
        index("an index of nothing", |_, _| Vec::new()).refused("corrupt", "empty"),
        index("an index that lists itself", |layout, _| {
            // Its digest cannot be in it: whatever stands there is the digest of something else.
            let zero = Digest::of(b"zero").to_string();
            let nested = json!({ "schemaVersion": 2, "manifests": [{ "mediaType": INDEX, "digest": zero, "size": 10 }] });
            let entry = layout.blob(INDEX, nested.to_string().as_bytes());
            let name = format!("blobs/sha256/{}", Digest::of(b"zero").hex());
            layout.files.insert(name, nested.to_string().into_bytes());
            vec![entry]
        })
        .refused("corrupt", "bytes, not 10"),
        index("indexes in indexes in indexes", |layout, mut entry| {
            for _ in 0..8 {
                let nested = json!({ "schemaVersion": 2, "manifests": [entry] }).to_string();
                entry = layout.blob(INDEX, nested.as_bytes());
            }
            vec![entry]
        })
        .refused("corrupt", "too deep"),
        index("an index that does not choose", |layout, entry| {
            let nested = json!({ "schemaVersion": 2, "manifests": [entry, entry] });
            vec![layout.blob(INDEX, nested.to_string().as_bytes())]
        })
        .refused("corrupt", "which image is for which machine")
        .remote("not_found", "no image for"),
        index("an index for other machines", |layout, mut entry| {
            entry["platform"] = json!({ "os": "plan9", "architecture": "\u{1b}[31mvax" });
            let nested = json!({ "schemaVersion": 2, "manifests": [entry, entry] });
            vec![layout.blob(INDEX, nested.to_string().as_bytes())]
        })
        .refused("not_found", "no image for"),
        index("an index of 5,000 images", |_, entry| {
            (0..5000)
                .map(|at| {
                    let mut entry = entry.clone();
                    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": format!("n{at}") });
                    entry
                })
                .collect()
        })
        .limits("all_document_bytes=1M")
        .refused("denied", "`all_document_bytes`")
        .never_remote(),
        index("names that are paths", |_, mut entry| {
            entry["annotations"] = json!({
                "org.opencontainers.image.ref.name": "../../../../etc/passwd",
                "io.containerd.image.name": "../../evil:1",
            });
            vec![entry]
        })
        // What is no reference names nothing.
        .then("it.references", json!([]))
        .never_remote()
        .holds(HELD),
    ]
}

fn configs() -> Vec<Case> {
    const NO_CONFIG: &str = "configuration";
    let none = |name, text: &'static str| {
        config_text(name, move |_| text.as_bytes().to_vec()).refused("corrupt", NO_CONFIG)
    };
    vec![
        none("a configuration that is a list", "[]"),
        none("a configuration that is null", "null"),
        none("a configuration that is a number", "1e999"),
        none("a configuration without a root", "{}"),
        none("a configuration that is empty", ""),
        none("a configuration of half an object", "{\"rootfs\":"),
        config("a configuration without an architecture", |it| {
            drop(it.as_object_mut().unwrap().remove("architecture"))
        })
        // Old ones have none: it is read as this machine's.
        .holds(HELD),
        config("a configuration whose settings are a list", |it| it["config"] = json!([]))
            .refused("corrupt", NO_CONFIG),
        config("a configuration whose environment is a number", |it| it["config"]["Env"] = json!(7))
            .refused("corrupt", NO_CONFIG),
        config("a configuration whose command is a text", |it| it["config"]["Cmd"] = json!("rm -rf /"))
            .refused("corrupt", NO_CONFIG),
        config("a configuration whose history is a text", |it| it["history"] = json!("once upon a time"))
            .refused("corrupt", NO_CONFIG),
        config("fewer DiffIDs than layers", |it| it["rootfs"]["diff_ids"] = json!([]))
            .refused("corrupt", "names 0"),
        config("more DiffIDs than layers", |it| {
            let id = it["rootfs"]["diff_ids"][0].clone();
            it["rootfs"]["diff_ids"] = json!([id, id, id]);
        })
        .refused("corrupt", "names 3"),
        config("a DiffID that is a path", |it| it["rootfs"]["diff_ids"] = json!(["sha256:../../../x"]))
            .refused("corrupt", "not a digest"),
        config("DiffIDs that are no list", |it| it["rootfs"]["diff_ids"] = json!({ "0": 1 }))
            .refused("corrupt", NO_CONFIG),
        config("a history longer than the layers", |it| {
            it["history"] =
                json!((0..50).map(|at| json!({ "created_by": format!("step {at}") })).collect::<Vec<_>>());
        })
        .then("history(it).len()", json!(50))
        .holds(HELD),
        config("a history shorter than the layers", |it| it["history"] = json!([]))
            .then("history(it).len()", json!(0))
            .holds(HELD),
        config("an image that is from tomorrow", |it| it["created"] = json!("99999-99-99T99:99:99Z"))
            .then("history(it).len()", json!(1))
            .holds(HELD),
        config("a configuration of too many values", |it| it["more"] = json!(vec![0; 150_000]))
            .refused("denied", "`document_values`"),
        config("a configuration of too many objects", |it| {
            it["more"] = json!(vec![json!({ "a": {} }); 50_000])
        })
        .refused("denied", "`document_values`"),
        config("a configuration of one long text", |it| it["more"] = json!("x".repeat(9 << 20)))
            .refused("denied", "`document_bytes`"),
        case("an image of nothing at all", |_| {
            let mut layout = Layout::new();
            let entry = layout.image(&[]);
            layout.index(&[entry]);
            layout
        })
        .holds(&[]),
    ]
}

fn json_texts() -> Vec<Case> {
    let twice = |key: &'static str, value: &'static str| {
        move |whole: &str| whole.replacen('{', &format!("{{\"{key}\":{value},"), 1).into_bytes()
    };
    vec![
        text("layers twice", twice("layers", "[]")).refused("corrupt", "duplicate field"),
        text("a configuration twice", twice("config", "null")).refused("corrupt", "duplicate field"),
        text("a media type twice", twice("mediaType", "\"x\"")).refused("corrupt", "duplicate field"),
        config_text("a root twice", twice("rootfs", "{\"type\":\"layers\",\"diff_ids\":[]}"))
            .refused("corrupt", "duplicate field"),
        config_text("settings twice", twice("config", "{\"User\":\"root\"}"))
            .refused("corrupt", "duplicate field"),
        text("brackets without end", |_| b"[".repeat(50_000)).refused("corrupt", "is refused"),
        text("objects without end", |_| b"{\"a\":".repeat(20_000)).refused("corrupt", "is refused"),
        config_text("brackets without end in a configuration", |whole| {
            whole.replacen('{', &format!("{{\"x\":{}", "[".repeat(50_000)), 1).into_bytes()
        })
        .refused("corrupt", "recursion limit"),
        text("more after the end", |whole| format!("{whole}{{}}").into_bytes())
            .refused("corrupt", "trailing"),
        text("a text that is no UTF-8", |whole| {
            let mut bytes = whole.as_bytes().to_vec();
            let at = whole.find("vnd").unwrap();
            bytes[at] = 0xff;
            bytes
        })
        .refused("corrupt", "refused"),
        text("half a surrogate", |whole| whole.replacen("vnd", "\\ud800", 1).into_bytes())
            .refused("corrupt", "hex escape"),
        text("a byte order mark", |whole| format!("\u{feff}{whole}").into_bytes())
            .refused("corrupt", "refused"),
        text("a NUL in a key", |whole| whole.replacen("\"layers\"", "\"layers\\u0000\"", 1).into_bytes())
            .refused("corrupt", "must have"),
        text("a number beyond all numbers", |whole| {
            whole.replacen("\"size\":", "\"size\":1e400,\"x\":", 1).into_bytes()
        })
        .refused("corrupt", "refused"),
        text("a kind that is megabytes long", |whole| {
            whole.replacen("vnd", &"v".repeat(3 << 20), 1).into_bytes()
        })
        .refused("corrupt", "was found as"),
    ]
}

fn foreign() -> Vec<Case> {
    vec![
        Case::layout(Threat::Foreign, "a layer that is to be had elsewhere", |scene| {
            with_manifest(scene, |layout, manifest| {
                let digest = manifest["layers"][0]["digest"].as_str().unwrap()["sha256:".len()..].to_owned();
                layout.files.remove(&format!("blobs/sha256/{digest}"));
                manifest["layers"][0]["mediaType"] =
                    json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
                manifest["layers"][0]["urls"] = json!(["http://127.0.0.1:1/x", "file:///etc/passwd"]);
            })
        })
        .refused("corrupt", "its URLs are never fetched"),
        Case::layout(Threat::Foreign, "a layer with addresses", |scene| {
            let trap = Server::start(|_, stream| {
                TRAPPED.store(true, Ordering::Relaxed);
                respond(stream, "200 OK", &[], b"evil");
            });
            with_manifest(scene, |_, manifest| {
                manifest["layers"][0]["urls"] = json!([format!("http://127.0.0.1:{}/x", trap.port)]);
            })
        })
        .holds(HELD),
        Case::layout(Threat::Foreign, "a configuration that is to be had elsewhere", |scene| {
            with_manifest(scene, |layout, manifest| {
                let digest = manifest["config"]["digest"].as_str().unwrap()["sha256:".len()..].to_owned();
                layout.files.remove(&format!("blobs/sha256/{digest}"));
                manifest["config"]["urls"] = json!(["http://127.0.0.1:1/x"]);
            })
        })
        .refused("corrupt", "is missing from")
        .remote("not_found", "not there"),
    ]
}
