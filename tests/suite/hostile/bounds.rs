//! Too much of anything: sparse maps, ratio, entries, names, sizes, depth.
//!
//! What would take long to make is tried with the limit lowered; the limit's own size is another matter.

use super::case::{Blob, Case, Scene, Threat};
use super::form::Packing;
use super::layout::{Layout, config};
use super::tars::Tar;

fn case(name: &'static str, make: impl Fn(&Scene) -> Tar + Send + Sync + 'static) -> Case {
    Case::tar(Threat::Bounds, name, move |scene| make(scene).end())
}

pub fn cases() -> Vec<Case> {
    sparse().into_iter().chain(names()).chain(amounts()).chain(bombs()).chain(archives()).collect()
}

fn sparse() -> Vec<Case> {
    const MAP: &str = "a sparse file's map is malformed";
    let mapped = |name, map: &'static [u8], size: &'static [u8]| {
        case(name, move |_| {
            Tar::new().pax(&[("GNU.sparse.map", map), ("GNU.sparse.size", size)]).file("f", b"abcde")
        })
    };
    let one = |lines: &[u8]| {
        Tar::new()
            .pax(&[("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"9")])
            .file("f", lines)
    };
    vec![
        mapped("a sparse map that overlaps", b"10,3,5,2", b"100").refused("corrupt", MAP),
        mapped("a sparse map beyond the file", b"0,5", b"4").refused("corrupt", MAP),
        mapped("a sparse map beyond 64 bits", b"18446744073709551615,5", b"100").refused("corrupt", MAP),
        mapped("a sparse map of one number", b"0", b"100").refused("corrupt", MAP),
        mapped("a sparse map without a size", b"0,5", b"").refused("corrupt", MAP),
        mapped("a sparse map of more than there is", b"0,500", b"1000").refused("corrupt", MAP),
        mapped("a sparse file of petabytes", b"0,5", b"9000000000000000").refused("denied", "`file_bytes`"),
        // CVE-2025-58183: a count for which memory is taken at once.
        case("a sparse map that promises a billion pieces", move |_| {
            one(&[b"999999999\n".to_vec(), vec![b'0'; 502]].concat())
        })
        .refused("denied", "`sparse_segments`"),
        case("a sparse map that never ends its number", move |_| one(&[b'1'; 600])).refused("corrupt", MAP),
        case("a sparse map of too many pieces", |_| {
            let many: Vec<u8> = (0..200).flat_map(|_| *b"0,0,").chain(*b"0,5").collect();
            Tar::new().pax(&[("GNU.sparse.map", &many), ("GNU.sparse.size", b"5")]).file("f", b"abcde")
        })
        .limits("sparse_segments=100")
        .refused("denied", "`sparse_segments` of 100"),
        case("an old sparse map that always goes on", |_| {
            let more = |header: &mut [u8]| {
                header[257..265].copy_from_slice(b"ustar  \0");
                header[482] = 1;
                header[483..494].copy_from_slice(b"00000000100");
            };
            let mut block = [b'0'; 512];
            block[504] = 1;
            let tar = Tar::new().with(b'S', b"f", b"", more);
            (0..100).fold(tar, |tar, _| tar.raw(&block))
        })
        .limits("sparse_segments=1000")
        .refused("denied", "`sparse_segments`"),
        case("a sparse file of an unknown version", |_| {
            Tar::new().pax(&[("GNU.sparse.major", b"7"), ("GNU.sparse.minor", b"0")]).file("f", b"1")
        })
        .refused("denied", "an unknown version"),
        // It takes no room on the disk; nobody may read it into memory.
        case("a sparse file of a terabyte", |_| {
            Tar::new()
                .pax(&[("GNU.sparse.map", b"0,5"), ("GNU.sparse.size", b"1000000000000")])
                .file("f", b"abcde")
        })
        .then("attempt(|| it.read_blob(\"/f\")).error.kind", serde_json::json!("denied"))
        .holds(&["file /f 1000000000000B"]),
    ]
}

fn names() -> Vec<Case> {
    let long = |length: usize| "n/".repeat(length / 2);
    vec![
        case("a path of 40,000 bytes", move |_| {
            Tar::new().pax(&[("path", long(40_000).as_bytes())]).dir("d")
        })
        .refused("denied", "`path_bytes`"),
        case("a link's target of 40,000 bytes", move |_| {
            Tar::new().pax(&[("linkpath", long(40_000).as_bytes())]).symlink("s", "")
        })
        .refused("denied", "`path_bytes`"),
        case("a long name of two megabytes", |_| {
            Tar::new().with(b'L', b"l", &[b'n'; 2_000_000], |_| {}).file("f", b"")
        })
        .refused("denied", "`extension_bytes`"),
        case("a PAX header of two megabytes", |_| {
            Tar::new().pax(&[("comment", &[b'x'; 2_000_000])]).file("f", b"")
        })
        .refused("denied", "`extension_bytes`"),
        case("a global header of exabytes", |_| {
            Tar::new().with(b'g', b"g", b"", |header| {
                header[124..136]
                    .copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
            })
        })
        .refused("denied", "`extension_bytes`"),
        case("long names upon long names", |_| {
            let name = [b'n'; 60_000];
            let tar = (0..100).fold(Tar::new(), |tar, _| tar.with(b'L', b"l", &name, |_| {}));
            tar.with(b'L', b"l", b"short\0", |_| {}).file("f", b"1")
        })
        .holds(&["file /short 1B"]),
        // A few headers of some kilobytes that stand for tens of thousands of directories.
        case("depths that take memory", |_| {
            (0..20).fold(Tar::new(), |tar, at| {
                let path = format!("{at}/{}", "d/".repeat(10_000));
                tar.pax(&[("path", path.as_bytes())]).dir("d")
            })
        })
        .limits("name_bytes=8M")
        .refused("denied", "`name_bytes`"),
        case("attributes without end", |_| {
            let value = [b'v'; 60_000];
            let keys: Vec<String> = (0..16).map(|at| format!("SCHILY.xattr.user.a{at}")).collect();
            let records: Vec<(&str, &[u8])> =
                keys.iter().map(|key| (key.as_str(), value.as_slice())).collect();
            (0..36).fold(Tar::new(), |tar, at| tar.pax(&records).dir(&format!("{at}")))
        })
        .refused("denied", "`name_bytes`"),
        case("attributes that no file can have", |_| {
            let value = [b'v'; 200_000];
            let keys: Vec<String> = (0..3000).map(|at| format!("SCHILY.xattr.user.attribute-{at}")).collect();
            let many: Vec<(&str, &[u8])> = keys.iter().map(|key| (key.as_str(), &b"1"[..])).collect();
            let name = format!("SCHILY.xattr.user.{}", "n".repeat(300));
            Tar::new()
                .pax(&[("SCHILY.xattr.user.long", &value)])
                .file("long", b"1")
                .pax(&many)
                .file("many", b"1")
                .pax(&[(&name, b"1")])
                .file("name", b"1")
        })
        .holds(&["file /long 1B", "file /many 1B", "file /name 1B"]),
    ]
}

fn amounts() -> Vec<Case> {
    vec![
        case("more entries than are allowed", |_| {
            (0..200).fold(Tar::new(), |tar, at| tar.file(&format!("{at}"), b""))
        })
        .limits("entries=199")
        .refused("denied", "`entries` of 199"),
        case("one name more often than entries are allowed", |_| {
            (0..200).fold(Tar::new(), |tar, _| tar.file("f", b""))
        })
        .limits("entries=199")
        .refused("denied", "`entries` of 199"),
        case("more directories than are allowed, in one path", |_| {
            Tar::new().pax(&[("path", "d/".repeat(300).as_bytes())]).dir("d")
        })
        .limits("entries=199")
        .refused("denied", "`entries` of 199"),
        case("more bytes than are allowed", |_| Tar::new().file("f", &[7; 200_000]).file("g", &[7; 200_000]))
            .limits("tar_bytes=300000")
            .refused("denied", "`tar_bytes`"),
        case("a file larger than is allowed", |_| Tar::new().file("f", &[7; 200_000]))
            .limits("file_bytes=100000")
            .refused("denied", "/f"),
        case("zeros after the end", |_| {
            let mut tar = Tar::new().file("f", b"1");
            tar.0.resize(5 << 20, 0);
            tar
        })
        .holds(&["file /f 1B"]),
        case("20,000 entries", |_| {
            (0..20_000)
                .fold(Tar::new(), |tar, at| tar.hard_link(&format!("{at}"), "missing").file("missing", b""))
        })
        .refused("denied", "leads to nothing"),
    ]
}

/// Bytes that stand for many more.
fn bombs() -> Vec<Case> {
    let bomb = |name, packing: Packing| {
        Case::blob(Threat::Bounds, name, move |_| {
            let plain = Tar::new().file("zeros", &vec![0; 24 << 20]).end();
            Blob { media_type: packing.media_type(), bytes: packing.pack(&plain), plain }
        })
        .limits("expansion_bytes=16M,expansion=100")
        .refused("denied", "`expansion`")
    };
    vec![
        bomb("a bomb of gzip", Packing::Gzip),
        bomb("a bomb of zstd", Packing::Zstd),
        Case::file(Threat::Bounds, "an archive that is a bomb", |_| {
            let mut archive = super::layout::tar(&[("zeros", &vec![0; 24 << 20])]);
            archive.extend([0; 1024]);
            archive
        })
        .limits("expansion_bytes=16M,expansion=100")
        .packed()
        .refused("denied", "`expansion`"),
        Case::file(Threat::Bounds, "an archive that is too long when it is unpacked", |_| {
            super::layout::tar(&[("noise", &crate::support::registry::noise(1, 3 << 20))])
        })
        .limits("archive_bytes=2M")
        .packed()
        .refused("denied", "`archive_bytes`"),
    ]
}

/// An archive whose own names and members are too many.
fn archives() -> Vec<Case> {
    vec![
        Case::file(Threat::Bounds, "an archive of too many members", |_| {
            let names: Vec<String> = (0..300).map(|at| at.to_string()).collect();
            super::layout::tar(&names.iter().map(|name| (name.as_str(), &b""[..])).collect::<Vec<_>>())
        })
        .limits("members=200")
        .refused("denied", "`members` of 200"),
        Case::file(Threat::Bounds, "an archive of long names", |_| {
            let name = [b'n'; 1_000_000];
            (0..35)
                .fold(Tar::new(), |tar, at| {
                    let name = [at.to_string().as_bytes(), &name].concat();
                    tar.with(b'L', b"l", &name, |_| {}).file("f", b"")
                })
                .end()
        })
        .refused("denied", "`member_name_bytes`"),
        Case::layout(Threat::Bounds, "more layers than are allowed", |scene| {
            let plain = Tar::new().file("f", b"1").end();
            let (media_type, bytes) = scene.pack(&plain);
            let mut layout = Layout::new();
            let entry = layout.image(&vec![(media_type, bytes.as_slice(), plain.as_slice()); 60]);
            layout.index(&[entry]);
            layout
        })
        .limits("layers=50")
        .refused("denied", "`layers` of 50"),
        // Each layer wants 128 MiB for as long as it is unpacked.
        Case::layout(Threat::Bounds, "large windows side by side", |_| {
            let plains: Vec<Vec<u8>> =
                (0..6).map(|at| Tar::new().file(&format!("f{at}"), &[0; 200_000]).end()).collect();
            let blobs: Vec<Vec<u8>> =
                plains.iter().map(|plain| super::packings::windowed(plain, 27)).collect();
            let layers = blobs.iter().zip(&plains);
            let layers: Vec<(&str, &[u8], &[u8])> = layers
                .map(|(blob, plain)| (Packing::Zstd.media_type(), blob.as_slice(), plain.as_slice()))
                .collect();
            let mut layout = Layout::new();
            let entry = layout.image(&layers);
            layout.index(&[entry]);
            layout
        })
        .holds(&[
            "file /f0 200000B",
            "file /f1 200000B",
            "file /f2 200000B",
            "file /f3 200000B",
            "file /f4 200000B",
            "file /f5 200000B",
        ]),
        // To tell what a layer changed their contents are compared: a terabyte each.
        Case::layout(Threat::Bounds, "terabytes in two layers", |scene| {
            let tar = |first: &str| {
                let hole = [("GNU.sparse.map", &b"0,5"[..]), ("GNU.sparse.size", b"1000000000000")];
                Tar::new().file(first, b"").pax(&hole).file("f", b"abcde").end()
            };
            let (one, two) = (tar("one"), tar("two"));
            let (media_type, first) = scene.pack(&one);
            let (_, second) = scene.pack(&two);
            let mut layout = Layout::new();
            let entry = layout.image(&[(media_type, &first, &one), (media_type, &second, &two)]);
            layout.index(&[entry]);
            layout
        })
        .then("waste(it).items.map(|item| [item.path, item.cause])", serde_json::json!([["/f", "metadata"]]))
        .holds(&["file /one", "file /f 1000000000000B", "file /two", "file /f 1000000000000B"]),
        Case::layout(Threat::Bounds, "the same layer 500 times", |scene| {
            let plain = Tar::new().file("zeros", &[0; 50_000]).end();
            let (media_type, bytes) = scene.pack(&plain);
            let mut layout = Layout::new();
            let entry = layout.image(&vec![(media_type, bytes.as_slice(), plain.as_slice()); 500]);
            layout.index(&[entry]);
            layout
        })
        .then("layers(it).len()", serde_json::json!(500))
        .holds(&["file /zeros 50000B"]),
        Case::file(Threat::Bounds, "one layer under 500 names", |_| {
            let plain = Tar::new().file("zeros", &vec![0; 4 << 20]).end();
            let mut files = super::form::docker(&[(&Packing::Gzip.pack(&plain), &plain)], &["it:1"]);
            let name = format!("{:064x}/layer.tar", 0);
            let diff_id = plywood::oci::DiffId(plywood::oci::Digest::of(&plain));
            let names: Vec<String> = (0..500).map(|at| format!("{}{name}", "./".repeat(at))).collect();
            files.insert("config".to_owned(), config(&vec![diff_id; 500]));
            let manifest = serde_json::json!([{ "Config": "config", "Layers": names }]);
            files.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
            let members: Vec<(&str, &[u8])> =
                files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
            super::layout::tar(&members)
        })
        .then("layers(it).len()", serde_json::json!(500))
        .holds(&["file /zeros 4194304B"]),
    ]
}
