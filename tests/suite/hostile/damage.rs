//! Wrong digests, DiffIDs and sizes; files that are cut off or scribbled on.

use plywood::oci::Digest;
use serde_json::{Value, json};

use super::case::{Blob, Case, Scene, Threat};
use super::form::docker;
use super::layout::{Layout, tar};
use super::tars::Tar;

pub fn cases() -> Vec<Case> {
    streams().into_iter().chain(layouts()).chain(archives()).collect()
}

fn whole() -> Vec<u8> {
    let long = "n".repeat(200);
    Tar::new()
        .file("first", &[1; 1000])
        .with(b'L', b"././@LongLink", format!("{long}\0").as_bytes(), |_| {})
        .file("short", b"2")
        .pax(&[("mtime", b"5.25")])
        .file("last", &[3; 700])
        .end()
}

/// The tar of a layer, broken.
fn streams() -> Vec<Case> {
    let case = |name, make: fn() -> Vec<u8>| Case::tar(Threat::Damage, name, move |_| make());
    let ends = |name, make: fn() -> Vec<u8>, says| case(name, make).refused("corrupt", says);
    vec![
        ends("cut in a header", || whole()[..300].to_vec(), "ends within a header").not_as_rootfs(),
        ends("cut in a file", || whole()[..900].to_vec(), "ends within a file's content"),
        ends("cut in a file's padding", || whole()[..1530].to_vec(), "ends within a file's content"),
        ends("cut in a second header", || whole()[..1600].to_vec(), "ends within a header"),
        ends("cut in a long name", || whole()[..2100].to_vec(), "ends within an extended header"),
        ends("cut after a long name", || whole()[..2560].to_vec(), "ends after an extended header"),
        ends("cut in a PAX header", || whole()[..4100].to_vec(), "ends within an extended header"),
        ends("cut after a PAX header", || whole()[..4608].to_vec(), "ends after an extended header"),
        ends(
            "a PAX header and the end",
            || Tar::new().pax(&[("path", b"x")]).end(),
            "ends after an extended header",
        ),
        case("cut before the end's zeros", || {
            let tar = whole();
            tar[..tar.len() - 1024].to_vec()
        })
        .then("layers(it)[0].files.len()", json!(3))
        .holds_there(|_| {
            vec![
                "file /first 1000B".to_owned(),
                "file /last 700B".to_owned(),
                format!("file /{} 1B", "n".repeat(200)),
            ]
        }),
        ends(
            "a checksum that is wrong",
            || {
                let mut tar = Tar::new().file("a", b"1").file("b", b"2").end();
                tar[1024] = b'c';
                tar
            },
            "checksum is wrong",
        ),
        ends(
            "a checksum of letters",
            || {
                let mut tar = Tar::new().file("a", b"1").file("b", b"2").end();
                tar[1024 + 148..1024 + 156].copy_from_slice(b"garbage!");
                tar
            },
            "checksum is not a number",
        ),
        ends(
            "a header after zeros",
            || Tar::new().file("a", b"").raw(&[0; 512]).file("b", b"").end(),
            "a header follows a block of zeros",
        ),
        ends("a PAX record without a length", || pax_of(b"path=x\n"), "PAX header is malformed"),
        ends("a PAX record of a length too long", || pax_of(b"99 path=x\n"), "PAX header is malformed"),
        ends("a PAX record of a length too short", || pax_of(b"3 path=x\n"), "PAX header is malformed"),
        ends("a PAX record of length zero", || pax_of(b"0 path=x\n"), "PAX header is malformed"),
        ends(
            "a PAX record of a length beyond 64 bits",
            || pax_of(b"18446744073709551626 path=x\n"),
            "malformed",
        ),
        ends("a PAX record without an end of line", || pax_of(b"9 path=xy"), "PAX header is malformed"),
        ends("a PAX record without a key", || pax_of(b"5 =x\n"), "PAX header is malformed"),
        case("a PAX path that is no UTF-8", || {
            Tar::new().pax(&[("path", b"a\xff\xfeb")]).file("x", b"1").end()
        })
        .holds(&["file /a\\xff\\xfeb 1B"]),
        case("no tar at all", || b"this is no tar, but it is long enough ".repeat(40))
            .refused("corrupt", "checksum")
            .not_as_rootfs(),
        case("noise", || crate::support::registry::noise(5, 4096))
            .refused("corrupt", "checksum")
            .not_as_rootfs(),
        case("nothing at all", Vec::new).not_as_rootfs().holds(&[]),
    ]
}

fn pax_of(data: &[u8]) -> Vec<u8> {
    Tar::new().with(b'x', b"pax", data, |_| {}).file("x", b"1").end()
}

fn small() -> Vec<u8> {
    Tar::new().file("f", b"content").end()
}

fn name_of(descriptor: &Value) -> String {
    format!("blobs/sha256/{}", &descriptor["digest"].as_str().unwrap()["sha256:".len()..])
}

/// A layout whose manifest's document was changed, with all digests right.
pub fn with_manifest(scene: &Scene, change: impl FnOnce(&mut Layout, &mut Value)) -> Layout {
    let (mut layout, entry) = scene.sound(&small());
    let mut manifest: Value = serde_json::from_slice(&layout.files[&name_of(&entry)]).unwrap();
    change(&mut layout, &mut manifest);
    let entry = layout.manifest(&manifest);
    layout.index(&[entry]);
    layout
}

/// A layout with the bytes of one blob changed: `which` picks it from the entry and the manifest.
fn with_blob(
    scene: &Scene,
    which: impl FnOnce(&Value, &Value) -> Value,
    change: impl FnOnce(&mut Vec<u8>),
) -> Layout {
    let (mut layout, entry) = scene.sound(&small());
    let manifest: Value = serde_json::from_slice(&layout.files[&name_of(&entry)]).unwrap();
    let name = name_of(&which(&entry, &manifest));
    change(layout.files.get_mut(&name).unwrap());
    layout
}

/// Picks a descriptor, given that of the manifest and the manifest.
type Which = fn(&Value, &Value) -> Value;

fn layouts() -> Vec<Case> {
    let case = |name, make: fn(&Scene) -> Layout| Case::layout(Threat::Damage, name, make);
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
    let flip = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    };
    let entry: Which = |entry, _| entry.clone();
    let config: Which = |_, manifest| manifest["config"].clone();
    let layer: Which = |_, manifest| manifest["layers"][0].clone();
    let spoiled = move |name, which: Which, change: fn(&mut Vec<u8>)| {
        Case::layout(Threat::Damage, name, move |scene| with_blob(scene, which, change))
    };
    vec![
        spoiled("a manifest with another bit", entry, flip).refused("corrupt", "has the digest"),
        spoiled("a configuration with another bit", config, flip).refused("corrupt", "has the digest"),
        spoiled("a layer with another bit", layer, flip).only_when_loaded().refused("corrupt", ""),
        spoiled("a manifest cut off", entry, cut)
            .refused("corrupt", "bytes, not")
            .remote("corrupt", "digest"),
        spoiled("a configuration cut off", config, cut).refused("corrupt", "bytes, not"),
        spoiled("a layer cut off", layer, cut).refused("corrupt", "bytes, not"),
        spoiled("a layer that goes on", layer, |bytes| bytes.push(0)).refused("corrupt", "bytes, not"),
        spoiled("an empty manifest", entry, Vec::clear)
            .refused("corrupt", "has 0 bytes")
            .remote("corrupt", "digest"),
        spoiled("an empty layer", layer, Vec::clear)
            .refused("corrupt", "has 0 bytes")
            .remote("network", "ended after 0"),
        case("a layer whose size is wrong", |scene| {
            with_manifest(scene, |_, manifest| manifest["layers"][0]["size"] = json!(1_u64 << 40))
        })
        .refused("corrupt", "bytes, not")
        .remote("denied", "blob_bytes"),
        case("a layer that is not there", |scene| {
            with_manifest(scene, |layout, manifest| {
                drop(layout.files.remove(&name_of(&manifest["layers"][0])))
            })
        })
        .refused("corrupt", "is missing from")
        .remote("not_found", "not there"),
        case("a configuration that is not there", |scene| {
            with_manifest(scene, |layout, manifest| drop(layout.files.remove(&name_of(&manifest["config"]))))
        })
        .refused("corrupt", "is missing from")
        .remote("not_found", "not there"),
        case("another layer than the DiffID says", |scene| {
            with_manifest(scene, |layout, manifest| {
                let (media_type, bytes) = scene.pack(&Tar::new().file("other", b"1").end());
                manifest["layers"][0] = layout.blob(media_type, &bytes);
            })
        })
        .only_when_loaded()
        .refused("corrupt", "not sha256:"),
        case("the good image's DiffID", |scene| {
            // The layer is in the store already, and this is another.
            let good = tar(&[("etc/good", b"good")]);
            let (media_type, bytes) = scene.pack(&small());
            let mut layout = Layout::new();
            let entry = layout.image(&[(media_type, &bytes, &good)]);
            layout.index(&[entry]);
            layout
        })
        .only_when_loaded()
        .refused("corrupt", "not sha256:"),
        case("layers in another order", |scene| {
            let (one, two) = (Tar::new().file("one", b"1").end(), Tar::new().file("two", b"2").end());
            let mut layout = Layout::new();
            let (media_type, first) = scene.pack(&one);
            let (_, second) = scene.pack(&two);
            let entry = layout.image(&[(media_type, &first, &two), (media_type, &second, &one)]);
            layout.index(&[entry]);
            layout
        })
        .only_when_loaded()
        .refused("corrupt", "not sha256:"),
        case("a good layer and a bad one", |scene| {
            let bad = Tar::new().file("../evil", b"1").end();
            let mut layout = Layout::new();
            let (media_type, first) = scene.pack(&small());
            let (_, second) = scene.pack(&bad);
            let entry = layout.image(&[(media_type, &first, &small()), (media_type, &second, &bad)]);
            layout.index(&[entry]);
            layout
        })
        .refused("denied", "leads out of the layer"),
        case("the configuration as its own layer", |scene| {
            with_manifest(scene, |_, manifest| manifest["layers"][0] = manifest["config"].clone())
        })
        .refused("corrupt", ""),
    ]
}

/// Archives of images that are broken as such.
fn archives() -> Vec<Case> {
    fn sound() -> Vec<u8> {
        let files = docker(&[(&small(), &small())], &["it:1"]);
        let members: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        tar(&members)
    }
    let case = |name, make: fn() -> Vec<u8>| Case::file(Threat::Damage, name, move |_| make());
    vec![
        case("an archive cut in a member", || sound()[..2200].to_vec())
            .refused("corrupt", "in the middle of a member"),
        case("an archive cut in a header", || sound()[..700].to_vec())
            .refused("corrupt", "in the middle of a"),
        case("an archive with a wrong checksum", || {
            let mut bytes = sound();
            bytes[3] ^= 1;
            bytes
        })
        .refused("corrupt", "neither a tar archive nor a directory"),
        case("an archive that is empty", || vec![0; 1024])
            .refused("corrupt", "no `manifest.json` or `index.json`"),
        case("an archive of nothing but text", || b"hello\n".to_vec())
            .refused("corrupt", "neither a tar archive nor a directory"),
        case("an archive whose list is a directory", || {
            Tar::new().dir("manifest.json").dir("index.json").end()
        })
        .refused("corrupt", "no `manifest.json` or `index.json`"),
        case("an archive with a member of exabytes", || {
            Tar::new().pax(&[("size", b"9223372036854775807")]).file("manifest.json", b"[]").end()
        })
        .refused("corrupt", "in the middle of a member"),
        case("an archive with a sparse member", || {
            Tar::new()
                .pax(&[("GNU.sparse.map", b"0,2"), ("GNU.sparse.size", b"1000000000000")])
                .file("manifest.json", b"[]")
                .end()
        })
        .refused("corrupt", "sparse members"),
        case("an archive whose list is elsewhere", || {
            Tar::new().symlink("manifest.json", "../../../../../../etc/passwd").end()
        })
        .refused("corrupt", "no `manifest.json` or `index.json`"),
        case("an archive whose list leads to itself", || {
            Tar::new().symlink("manifest.json", "manifest.json").end()
        })
        .refused("corrupt", "no `manifest.json` or `index.json`"),
        case("an archive in an archive", || {
            let inner = sound();
            tar(&[("manifest.json", &inner)])
        })
        .refused("corrupt", "manifest.json"),
        Case::blob(Threat::Damage, "a digest that only the file's head betrays", |_| {
            // The content is right: what differs is a byte of the head that gzip does not check.
            let plain = small();
            let mut bytes = super::layout::gzip(&plain);
            bytes[4] ^= 1;
            Blob { media_type: super::form::Packing::Gzip.media_type(), bytes, plain }
        })
        .holds(&["file /f 7B"]),
        Case::layout(Threat::Damage, "a digest that only the file's head betrays, told otherwise", |_| {
            let plain = small();
            let mut layout = Layout::new();
            let packed = super::layout::gzip(&plain);
            let entry = layout.image(&[(super::form::Packing::Gzip.media_type(), &packed, &plain)]);
            let name = format!("blobs/sha256/{}", Digest::of(&packed).hex());
            layout.files.get_mut(&name).unwrap()[4] ^= 1;
            layout.index(&[entry]);
            layout
        })
        .only_when_loaded()
        .refused("corrupt", "digest"),
        Case::layout(Threat::Damage, "an image that claims a DiffID for no content", |scene| {
            let mut layout = Layout::new();
            let (media_type, bytes) = scene.pack(&[]);
            let entry = layout.image(&[(media_type, &bytes, b"something")]);
            layout.index(&[entry]);
            layout
        })
        .only_when_loaded()
        .refused("corrupt", "not sha256:"),
    ]
}
