//! Images in and out of archives and layouts, the well-formed and the hostile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod transfer_support;

use std::fs;
use std::path::Path;

use plywood::store::TarSource;
use plywood::transfer::{Compression, Error, SaveOptions};
use serde_json::{Value, json};
use transfer_support::layout::{Layout, config, gunzip, gzip, tar};
use transfer_support::{Bench, sample, trees};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";

fn with(compression: &str) -> SaveOptions {
    SaveOptions { compression: Some(compression.parse().unwrap()), ..SaveOptions::default() }
}

#[test]
fn what_is_saved_is_loaded_again() {
    let from = Bench::new();
    let trees = trees(&from.path("trees"));
    let trees: Vec<&Path> = trees.iter().map(|tree| tree.as_path()).collect();
    // The first layer once more: two of its four layers are one.
    let image = from.image("team/sample:v1 sample", &[trees[0], trees[1], trees[2], trees[0]]);
    for (target, options) in [
        ("docker-archive:", SaveOptions::default()),
        ("oci-archive:", SaveOptions::default()),
        ("oci-archive:", with("none")),
        ("oci-archive:", with("zstd")),
        ("oci:", SaveOptions::default()),
        ("oci:", with("none")),
    ] {
        let place = from.path(&format!("out-{target}{:?}", options.compression).replace(':', "-"));
        let text = format!("{target}{}", place.display());
        let saved = from.save(&image, &text, &options).unwrap();
        let to = Bench::new();
        let loaded = to.load_one(&text);
        assert_eq!(loaded.record.id, image.id, "{text}");
        assert_eq!(loaded.record.diff_ids, image.diff_ids);
        assert_eq!(loaded.record.manifest_digest, saved.manifest_digest);
        let names: Vec<String> = loaded.references.iter().map(ToString::to_string).collect();
        if target == "docker-archive:" {
            assert_eq!(names, ["sample:latest", "team/sample:v1"]);
        } else {
            assert_eq!(names, ["sample:latest"]);
        }
        // And by its bare path.
        assert_eq!(Bench::new().load_one(place.to_str().unwrap()).record.id, image.id);
        // What came in goes out with the same digests.
        let again =
            to.save(&loaded.record, &format!("oci:{}", to.path("again").display()), &SaveOptions::default());
        if target != "docker-archive:" && options.compression != Some(Compression::None) {
            assert_eq!(again.unwrap().manifest_digest, saved.manifest_digest, "{text}");
        }
        for layer in &image.diff_ids {
            assert_eq!(to.paths(layer), from.paths(layer));
        }
    }
}

#[test]
fn the_same_image_gives_the_same_bytes() {
    let bench = Bench::new();
    let trees = trees(&bench.path("trees"));
    let image = bench.image("sample", &[&trees[0], &trees[2]]);
    for kind in ["docker-archive", "oci-archive"] {
        let [one, two] = ["one", "two"].map(|name| bench.path(&format!("{kind}-{name}")));
        for (path, threads) in [(&one, 1), (&two, 3)] {
            let options = SaveOptions { threads: Some(threads), ..SaveOptions::default() };
            bench.save(&image, &format!("{kind}:{}", path.display()), &options).unwrap();
        }
        assert!(fs::read(one).unwrap() == fs::read(two).unwrap(), "{kind}");
    }
}

#[test]
fn a_layout_keeps_its_other_images() {
    let bench = Bench::new();
    let trees = trees(&bench.path("trees"));
    let first = bench.image("a", &[&trees[0]]);
    let second = bench.image("b", &[&trees[0], &trees[1]]);
    let place = bench.path("layout");
    let at = |tag: &str| format!("oci:{}:{tag}", place.display());
    bench.save(&first, &at("x"), &SaveOptions::default()).unwrap();
    bench.save(&second, &at("y"), &SaveOptions::default()).unwrap();
    let to = Bench::new();
    assert_eq!(to.load_one(&at("x")).record.id, first.id);
    assert_eq!(to.load_one(&at("y")).record.id, second.id);
    assert_eq!(to.load(&format!("oci:{}", place.display())).unwrap().len(), 2);
    // A name moves to what was saved last.
    bench.save(&second, &at("x"), &SaveOptions::default()).unwrap();
    assert_eq!(to.load_one(&at("x")).record.id, second.id);
    let error = to.load(&at("z")).unwrap_err().to_string();
    assert!(error.contains("has no image `z`") && error.contains("`docker.io/library/b:y`"), "{error}");
    // Nothing but a layout is added to.
    let other = bench.path("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("precious"), "").unwrap();
    let error = bench.save(&first, &format!("oci:{}", other.display()), &SaveOptions::default()).unwrap_err();
    assert!(error.to_string().contains("no OCI layout"), "{error}");
    assert_eq!(fs::read_dir(other).unwrap().count(), 1);
}

#[test]
fn a_failed_save_leaves_nothing() {
    let bench = Bench::new();
    let trees = trees(&bench.path("trees"));
    let image = bench.image("a", &[&trees[0], &trees[2]]);
    // The store is damaged: a file of the second layer has other content.
    let layer = bench.store.layer(&image.diff_ids[1]).unwrap().unwrap();
    fs::write(bench.store.part_fs(&layer.part).join("zeros"), vec![1; 2_000_000]).unwrap();
    let out = bench.path("out");
    fs::create_dir(&out).unwrap();
    for target in ["docker-archive:", "oci-archive:", "oci:"] {
        let text = format!("{target}{}", out.join("image").display());
        let error = bench.save(&image, &text, &SaveOptions::default()).unwrap_err();
        assert!(matches!(error, Error::Rebuilt { .. }), "{error}");
        let left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{target} {left:?}");
    }
}

#[test]
fn options_that_do_not_fit() {
    let bench = Bench::new();
    let image = bench.record("a", Vec::new());
    let path = bench.path("x");
    for (target, options, part) in [
        ("docker-archive:", with("gzip"), "does not apply"),
        (
            "oci:",
            SaveOptions { level: Some(11), ..SaveOptions::default() },
            "`11` is no level of gzip: 0 to 9",
        ),
        ("oci:", SaveOptions { level: Some(20), ..with("zstd") }, "1 to 19"),
        ("oci:", SaveOptions { level: Some(1), ..with("none") }, "nothing to compress"),
    ] {
        let error =
            bench.save(&image, &format!("{target}{}", path.display()), &options).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert!("lzma".parse::<Compression>().is_err());
    // An image without layers is an image.
    bench.save(&image, &format!("oci:{}", path.display()), &SaveOptions::default()).unwrap();
    assert_eq!(Bench::new().load_one(path.to_str().unwrap()).record.id, image.id);
}

#[test]
fn plain_layers_keep_their_exact_bytes() {
    let bench = Bench::new();
    // Not canonical: `./` before names, an odd order, a name given twice, junk after the end.
    let mut odd = tar(&[("./z", b"1"), ("./a/b", b"22"), ("./z", b"333")]);
    odd.extend_from_slice(&[7; 700]);
    let plain = tar(&[("./y", b"1"), ("./b", b"2")]);
    let mut layout = Layout::new();
    let entry = layout.image(&[(LAYER, &odd, &odd), (LAYER, &plain, &plain), (GZIP, &gzip(&plain), &plain)]);
    layout.index(&[entry]);
    let loaded = bench.load_one(&layout.archive(&bench.path("in.tar")));
    let sources: Vec<TarSource> =
        loaded.record.diff_ids.iter().map(|layer| bench.store.layer(layer).unwrap().unwrap().tar).collect();
    assert!(matches!(sources[0], TarSource::Blob(..)), "{sources:?}");
    let out = bench.path("out.tar");
    bench
        .save(&loaded.record, &format!("docker-archive:{}", out.display()), &SaveOptions::default())
        .unwrap();
    let again = Bench::new().load_one(out.to_str().unwrap());
    assert_eq!(again.record.diff_ids, loaded.record.diff_ids);
    let none = bench.path("none");
    let saved = bench.save(&loaded.record, &format!("oci:{}", none.display()), &with("none")).unwrap();
    let bytes = fs::read(none.join(format!("blobs/sha256/{}", loaded.record.diff_ids[0].0.hex()))).unwrap();
    assert!(bytes == odd);
    assert!(saved.manifest_digest.is_some());
}

#[test]
fn blobs_come_out_as_they_came_in() {
    let bench = Bench::new();
    let plain = tar(&[("a", b"content")]);
    let mut blob = gzip(&plain);
    blob.extend(gzip(b""));
    let zstd = zstd::encode_all(plain.as_slice(), 1).unwrap();
    let mut layout = Layout::new();
    let mut one = layout.image(&[(GZIP, &blob, &plain)]);
    one["annotations"] = json!({ "org.opencontainers.image.ref.name": "example.org/x:1" });
    let mut two = layout.image(&[(ZSTD, &zstd, &plain)]);
    two["annotations"] = json!({ "org.opencontainers.image.ref.name": "example.org/x:2" });
    layout.index(&[one.clone(), two.clone()]);
    let loaded = bench.load(&format!("oci:{}", layout.directory(&bench.path("in")))).unwrap();
    // The configurations are the same bytes: one image, with two manifests one after the other.
    assert_eq!(loaded.len(), 2);
    for (image, entry) in loaded.iter().zip([&one, &two]) {
        assert_eq!(image.record.manifest_digest.unwrap().to_string(), entry["digest"].as_str().unwrap());
        let out = bench.path(&format!("out-{}", image.references[0].tag().unwrap()));
        let saved =
            bench.save(&image.record, &format!("oci:{}", out.display()), &SaveOptions::default()).unwrap();
        assert_eq!(saved.manifest_digest, image.record.manifest_digest);
        let forced = bench.path(&format!("forced-{}", image.references[0].tag().unwrap()));
        bench.save(&image.record, &format!("oci:{}", forced.display()), &with("none")).unwrap();
        assert_eq!(Bench::new().load_one(forced.to_str().unwrap()).record.id, image.record.id);
    }
}

#[test]
fn archives_of_docker_old_and_new() {
    let bench = Bench::new();
    let one = tar(&[("one", b"1")]);
    let two = tar(&[("two", b"2")]);
    let diff_ids = [&one, &two].map(|bytes| plywood::oci::DiffId(plywood::oci::Digest::of(bytes)));
    let config = config(&diff_ids);
    let id = plywood::oci::Digest::of(&config);
    // Old: directories of their own, a repeated layer as a link, the archive gzipped as a whole.
    let mut builder = ::tar::Builder::new(Vec::new());
    let mut add = |name: &str, content: &[u8]| {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, content).unwrap();
    };
    let name = format!("{}.json", id.hex());
    add("aaa/layer.tar", &one);
    add("bbb/layer.tar", &gzip(&two));
    add(&name, &config);
    let manifest = json!([
        { "Config": name, "RepoTags": ["a:1", "a:2"], "Layers": ["aaa/layer.tar", "bbb/layer.tar"] },
        { "Config": name, "RepoTags": ["b:1"], "Layers": ["ccc/layer.tar", "bbb/layer.tar"] },
    ]);
    add("manifest.json", manifest.to_string().as_bytes());
    let mut header = ::tar::Header::new_gnu();
    header.set_size(0);
    header.set_entry_type(::tar::EntryType::Symlink);
    builder.append_link(&mut header, "ccc/layer.tar", "../aaa/layer.tar").unwrap();
    let path = bench.path("old.tar.gz");
    fs::write(&path, gzip(&builder.into_inner().unwrap())).unwrap();
    let loaded = bench.load_one(path.to_str().unwrap());
    assert_eq!(loaded.record.id, id);
    let names: Vec<String> = loaded.references.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["a:1", "a:2", "b:1"]);
    let named = bench.load_one(&format!("docker-archive:{}:a:2", path.display()));
    assert_eq!(named.references.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a:2"]);
    let error = bench.load(&format!("docker-archive:{}:c", path.display())).unwrap_err().to_string();
    assert!(error.contains("has no image `c`; it has `a:1`, `a:2`, `b:1`"), "{error}");

    // New: an OCI layout with a manifest.json beside it.
    let mut layout = Layout::new();
    let entry = layout.image(&[(LAYER, &one, &one), (GZIP, &gzip(&two), &two)]);
    layout.index(std::slice::from_ref(&entry));
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", plywood::oci::Digest::of(bytes).hex());
    let manifest = json!([{ "Config": blob(&config), "RepoTags": ["new:1"], "Layers": [blob(&one), blob(&gzip(&two))] }]);
    layout.files.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
    let loaded = Bench::new().load_one(&layout.archive(&bench.path("new.tar")));
    assert_eq!(loaded.references[0].to_string(), "new:1");
    assert_eq!(loaded.record.manifest_digest.unwrap().to_string(), entry["digest"].as_str().unwrap());
}

#[test]
fn the_samples_of_other_programs() {
    for (name, layers, reference) in [
        ("test-docker-image.tar", 14, Some("dive-test:latest")),
        ("test-oci-gzip-image.tar", 1, None),
        ("test-oci-zstd-image.tar", 1, None),
    ] {
        let Some(path) = sample(name) else { continue };
        let bench = Bench::new();
        let loaded = bench.load_one(path.to_str().unwrap());
        assert_eq!(loaded.record.diff_ids.len(), layers);
        assert_eq!(loaded.references.first().map(ToString::to_string).as_deref(), reference);
        let out = bench.path("out.tar");
        bench
            .save(&loaded.record, &format!("docker-archive:{}", out.display()), &SaveOptions::default())
            .unwrap();
        assert_eq!(Bench::new().load_one(out.to_str().unwrap()).record.id, loaded.record.id);
    }
}

#[test]
fn an_index_in_the_index_is_followed_to_this_machine() {
    let bench = Bench::new();
    let mine = tar(&[("mine", b"")]);
    let theirs = tar(&[("theirs", b"")]);
    let mut layout = Layout::new();
    let mut own = layout.image(&[(LAYER, &mine, &mine)]);
    let mut other = layout.image(&[(LAYER, &theirs, &theirs)]);
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    own["platform"] = json!({ "os": "linux", "architecture": architecture });
    other["platform"] = json!({ "os": "linux", "architecture": "s390x" });
    let mut attestation = layout.blob("application/vnd.oci.image.manifest.v1+json", b"never read");
    attestation["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
    attestation["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
    let nested = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [other, own, attestation] });
    let mut entry = layout.blob("application/vnd.oci.image.index.v1+json", nested.to_string().as_bytes());
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": "1", "io.containerd.image.name": "docker.io/library/multi:1" });
    layout.index(&[entry]);
    let loaded = bench.load_one(&layout.archive(&bench.path("in.tar")));
    assert_eq!(bench.paths(&loaded.record.diff_ids[0]), ["mine"]);
    assert_eq!(loaded.references[0].to_string(), "multi:1");
    let nested = json!({ "schemaVersion": 2, "manifests": [other, other] });
    let entry = layout.blob("application/vnd.oci.image.index.v1+json", nested.to_string().as_bytes());
    layout.index(&[entry]);
    let error = bench.load(&layout.archive(&bench.path("in2.tar"))).unwrap_err().to_string();
    assert!(error.contains("has no image for linux/") && error.contains("`linux/s390x`"), "{error}");
}

/// Changes a sound layout into one that must be refused.
type Spoil = fn(&mut Layout, &Value, &Value) -> Vec<Value>;

#[test]
fn hostile_layouts_are_refused_and_leave_no_image() {
    let plain = tar(&[("a", b"content")]);
    let blob = gzip(&plain);
    let cases: &[(&str, Spoil)] = &[
        ("has the digest", |layout, _, entry| {
            flip(layout, entry);
            vec![entry.clone()]
        }),
        ("has the digest", |layout, manifest, entry| {
            flip(layout, &manifest["config"]);
            vec![entry.clone()]
        }),
        ("", |layout, manifest, entry| {
            flip(layout, &manifest["layers"][0]);
            vec![entry.clone()]
        }),
        ("bytes, not", |layout, manifest, entry| {
            let name = name_of(&manifest["layers"][0]);
            layout.files.get_mut(&name).unwrap().pop();
            vec![entry.clone()]
        }),
        ("bytes, not", |_, _, entry| {
            let mut entry = entry.clone();
            entry["size"] = json!(entry["size"].as_u64().unwrap() + 1);
            vec![entry]
        }),
        ("is missing from", |layout, manifest, entry| {
            layout.files.remove(&name_of(&manifest["layers"][0]));
            vec![entry.clone()]
        }),
        ("its URLs are never fetched", |layout, manifest, _| {
            let mut manifest = manifest.clone();
            layout.files.remove(&name_of(&manifest["layers"][0]));
            manifest["layers"][0]["mediaType"] =
                json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
            manifest["layers"][0]["urls"] = json!(["http://127.0.0.1:1/x"]);
            vec![layout.manifest(&manifest)]
        }),
        ("a manifest and an index at once", |layout, manifest, _| {
            let mut manifest = manifest.clone();
            manifest["manifests"] = json!([]);
            vec![layout.manifest(&manifest)]
        }),
        ("was found as", |_, _, entry| {
            let mut entry = entry.clone();
            entry["mediaType"] = json!("application/vnd.oci.image.index.v1+json");
            vec![entry]
        }),
        ("2 layers, and its configuration names 1", |layout, manifest, _| {
            let mut manifest = manifest.clone();
            let layer = manifest["layers"][0].clone();
            manifest["layers"].as_array_mut().unwrap().push(layer);
            vec![layout.manifest(&manifest)]
        }),
        ("not sha256:", |layout, manifest, _| {
            // Another layer under the old configuration.
            let mut manifest = manifest.clone();
            manifest["layers"][0] = layout.blob(GZIP, &gzip(&tar(&[("b", b"other")])));
            vec![layout.manifest(&manifest)]
        }),
        ("compressed with xz", |layout, manifest, _| {
            let mut manifest = manifest.clone();
            manifest["layers"][0] = layout.blob(GZIP, b"\xfd7zXZ\0...");
            vec![layout.manifest(&manifest)]
        }),
        ("`document_bytes`", |layout, _, _| vec![layout.manifest(&json!({ "x": "y".repeat(9 << 20) }))]),
        ("too deep", |layout, _, entry| {
            let mut entry = entry.clone();
            for _ in 0..8 {
                let nested = json!({ "schemaVersion": 2, "manifests": [entry] }).to_string();
                entry = layout.blob("application/vnd.oci.image.index.v1+json", nested.as_bytes());
            }
            vec![entry]
        }),
        ("is empty", |_, _, _| Vec::new()),
        ("not a digest", |_, _, entry| {
            let mut entry = entry.clone();
            entry["digest"] = json!("sha256:../../../../etc/passwd");
            vec![entry]
        }),
    ];
    for (part, spoil) in cases {
        let mut layout = Layout::new();
        let entry = layout.image(&[(GZIP, &blob, &plain)]);
        let manifest: Value = serde_json::from_slice(&layout.files[&name_of(&entry)]).unwrap();
        let entries = spoil(&mut layout, &manifest, &entry);
        layout.index(&entries);
        let bench = Bench::new();
        for source in [layout.archive(&bench.path("in.tar")), layout.directory(&bench.path("in"))] {
            let error = bench.load(&source).expect_err(part).to_string();
            assert!(error.contains(part), "{part}: {error}");
            assert!(bench.store.images().unwrap().is_empty());
            assert!(bench.store.layers().unwrap().is_empty(), "{part}");
        }
    }
}

fn name_of(descriptor: &Value) -> String {
    format!("blobs/sha256/{}", &descriptor["digest"].as_str().unwrap()["sha256:".len()..])
}

fn flip(layout: &mut Layout, descriptor: &Value) {
    let bytes = layout.files.get_mut(&name_of(descriptor)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

#[test]
fn a_blob_is_not_believed_to_be_a_layer_that_is_there() {
    let bench = Bench::new();
    let known = tar(&[("known", b"")]);
    let other = gzip(&tar(&[("other", b"")]));
    let mut layout = Layout::new();
    let entry = layout.image(&[(GZIP, &gzip(&known), &known)]);
    layout.index(&[entry]);
    bench.load_one(&layout.archive(&bench.path("good.tar")));
    let mut layout = Layout::new();
    // It says that `other` is the layer `known`.
    let entry = layout.image(&[(GZIP, &other, &known)]);
    layout.index(&[entry]);
    let error = bench.load(&layout.archive(&bench.path("bad.tar"))).unwrap_err().to_string();
    assert!(error.contains("not sha256:"), "{error}");
}

#[test]
fn sources_that_are_none() {
    let bench = Bench::new();
    let text = bench.path("text");
    fs::write(&text, "hello").unwrap();
    fs::create_dir(bench.path("empty")).unwrap();
    fs::write(bench.path("rootfs.tar"), tar(&[("etc/passwd", b"")])).unwrap();
    for (name, part) in [
        ("text", "neither a tar archive nor a directory"),
        ("empty", "no `manifest.json` or `index.json`"),
        ("rootfs.tar", "no `manifest.json` or `index.json`"),
        ("missing", "cannot open"),
    ] {
        let error = bench.load(bench.path(name).to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let error = bench.load(&format!("oci:{}", bench.path("rootfs.tar").display())).unwrap_err().to_string();
    assert!(error.contains("`oci-archive:` reads those"), "{error}");
}

#[test]
fn trees_become_layers() {
    let bench = Bench::new();
    let plain = tar(&[("etc/passwd", b"root:x:0:0::/:/bin/sh\n")]);
    let path = bench.path("rootfs.tar");
    fs::write(&path, &plain).unwrap();
    fs::write(bench.path("rootfs.tar.gz"), gzip(&plain)).unwrap();
    let import =
        |name: &str| plywood::transfer::import(&bench.store, &bench.path(name), &transfer_support::options());
    let one = import("rootfs.tar").unwrap().layer;
    assert_eq!(one.diff_id.0, plywood::oci::Digest::of(&plain));
    assert_eq!(import("rootfs.tar.gz").unwrap().layer, one);
    assert_eq!(bench.paths(&one.diff_id), ["etc", "etc/passwd"]);
    // Two directories with the same in them are the same layer.
    let [first, second] = ["first", "second"].map(|name| {
        let tree = bench.path(name);
        fs::create_dir_all(tree.join("d")).unwrap();
        fs::write(tree.join("d/f"), "x").unwrap();
        for path in ["d/f", "d"] {
            let file = fs::File::open(tree.join(path)).unwrap();
            file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        }
        import(name).unwrap().layer
    });
    assert_eq!(first, second);
    assert_eq!(first.tar, TarSource::Canonical);
    fs::write(bench.path("junk"), "junk").unwrap();
    assert!(import("junk").unwrap_err().to_string().contains("neither a tar archive nor a directory"));
    assert!(import("missing").is_err());
    let error =
        plywood::transfer::import(&bench.store, Path::new("/"), &transfer_support::options()).unwrap_err();
    assert!(error.to_string().contains("another file system in it"), "{error}");
}

#[test]
fn gunzip_reads_what_is_written() {
    let bench = Bench::new();
    let trees = trees(&bench.path("trees"));
    let image = bench.image("a", &[&trees[2]]);
    let out = bench.path("out");
    bench.save(&image, &format!("oci:{}", out.display()), &SaveOptions::default()).unwrap();
    let layer = image.diff_ids[0];
    let found = fs::read_dir(out.join("blobs/sha256")).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.starts_with(&[0x1f, 0x8b]) && plywood::oci::Digest::of(&gunzip(&bytes)) == layer.0
    });
    assert!(found);
}

#[test]
fn what_is_examined_is_what_would_be_loaded() {
    let bench = Bench::new();
    let trees = trees(&bench.path("trees"));
    let image = bench.image("team/sample:v1", &[&trees[0], &trees[1], &trees[2]]);
    let mut sources = Vec::new();
    for (target, options) in [
        ("docker-archive:", SaveOptions::default()),
        ("oci-archive:", SaveOptions::default()),
        ("oci:", with("zstd")),
    ] {
        let text = format!("{target}{}", bench.path(&target.replace(':', "")).display());
        bench.save(&image, &text, &options).unwrap();
        sources.push(text);
    }
    sources.extend(sample("test-docker-image.tar").map(|path| path.display().to_string()));
    for source in sources {
        let place = Bench::new();
        let interrupt = plywood::sys::Interrupt;
        let limits = plywood::transfer::Limits::default();
        let examined =
            plywood::transfer::examine(&source.parse().unwrap(), place.directory.path(), &limits, interrupt)
                .unwrap();
        let loaded = place.load_one(&source);
        assert_eq!(examined.len(), 1);
        assert_eq!(examined[0].id, loaded.record.id);
        assert_eq!(examined[0].references, loaded.references);
        let layers: Vec<_> = examined[0].layers.iter().map(|layer| layer.diff_id).collect();
        assert_eq!(layers, loaded.record.diff_ids);
        for layer in &examined[0].layers {
            let record = place.store.layer(&layer.diff_id).unwrap().unwrap();
            let index = plywood::layer::Index::open(&place.store.part_index(&record.part)).unwrap();
            let kept: Vec<_> = index.iter().map(|entry| entry.to_entry()).collect();
            let seen: Vec<_> = layer.index.iter().map(|entry| entry.to_entry()).collect();
            assert_eq!(seen, kept, "{source}");
        }
    }
    let bad = bench.path("bad.tar");
    let mut layout = Layout::new();
    let entry = layout.image(&[(GZIP, b"\x1f\x8bnot gzip at all", b"")]);
    layout.index(&[entry]);
    let source = layout.archive(&bad).parse().unwrap();
    let limits = plywood::transfer::Limits::default();
    let interrupt = plywood::sys::Interrupt;
    assert!(plywood::transfer::examine(&source, bench.directory.path(), &limits, interrupt).is_err());
}

#[test]
fn a_target_that_is_no_file_is_written_and_not_replaced() {
    use std::io::Read as _;
    let bench = Bench::new();
    let trees = trees(&bench.path("trees"));
    let image = bench.image("a", &[&trees[0]]);
    let pipe = bench.path("pipe.tar");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut bytes = Vec::new();
            fs::File::open(pipe).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        }
    });
    bench.save(&image, pipe.to_str().unwrap(), &SaveOptions::default()).unwrap();
    let bytes = reader.join().unwrap();
    let file = bench.path("file.tar");
    bench.save(&image, file.to_str().unwrap(), &SaveOptions::default()).unwrap();
    assert!(bytes == fs::read(&file).unwrap());
    use std::os::unix::fs::{FileTypeExt as _, symlink};
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    // And read from one.
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, bytes).unwrap()
    });
    assert_eq!(Bench::new().load_one(pipe.to_str().unwrap()).record.id, image.id);
    writer.join().unwrap();
    // A link stays a link.
    let link = bench.path("link.tar");
    symlink("file.tar", &link).unwrap();
    fs::write(&file, "").unwrap();
    bench.save(&image, link.to_str().unwrap(), &SaveOptions::default()).unwrap();
    assert!(link.is_symlink() && fs::metadata(&file).unwrap().len() > 1000);
}
