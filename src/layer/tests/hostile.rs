//! Tars that want more than a layer may have. Each is tried both on disk and without it.

use super::support::{Part, Unpacked, index_tar, is_root, options, skip, tar_of, unpack};
use super::tar::Tar;
use crate::layer::{Entry, Error, Kind, Limits};

/// Unpacks; checks that nothing appeared beside the part and that the list alone is judged alike.
pub(super) fn try_it(tar: &[u8]) -> Result<(Part, Unpacked), Error> {
    try_within(tar, Limits::default())
}

fn try_within(tar: &[u8], limits: Limits) -> Result<(Part, Unpacked), Error> {
    let part = Part::new();
    std::fs::write(part.path().join("outside"), "untouched").unwrap();
    let mut options = options();
    options.limits = limits;
    let result = unpack(tar, part.path(), &options);
    assert_eq!(std::fs::read(part.path().join("outside")).unwrap(), b"untouched");
    for entry in std::fs::read_dir(part.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(["fs", "index", "split", "outside"].contains(&name.as_str()), "`{name}` appeared");
    }
    let listed = index_tar(tar, &limits);
    match (&result, &listed) {
        (Ok(unpacked), Ok(entries)) => assert_eq!(&unpacked.entries, entries),
        (Err(one), Err(other)) => {
            assert_eq!(std::mem::discriminant(one), std::mem::discriminant(other), "{one} {other}");
        }
        (one, other) => panic!("on disk {one:?}, listed {other:?}"),
    }
    if let Ok(unpacked) = &result
        && unpacked.split
    {
        let mut again = Vec::new();
        match crate::layer::rebuild_tar(part.path(), &mut again) {
            Ok(_) => assert_eq!(again, tar),
            // What is closed to its owner is closed to whoever is not root.
            Err(error) => assert!(!is_root() && error.to_string().contains("denied"), "{error}"),
        }
    }
    result.map(|unpacked| (part, unpacked))
}

fn good(tar: &[u8]) -> (Part, Unpacked) {
    let (part, unpacked) = try_it(tar).unwrap();
    assert_eq!(part.scan(), unpacked.entries);
    (part, unpacked)
}

fn refused(tar: &[u8]) -> String {
    match try_it(tar) {
        Err(error @ Error::Refused { .. }) => error.to_string(),
        Err(other) => panic!("{other:?}"),
        Ok((_, unpacked)) => panic!("accepted: {:?}", unpacked.entries),
    }
}

fn damaged(tar: &[u8]) {
    match try_it(tar) {
        Err(Error::Tar { .. }) => {}
        other => panic!("{:?}", other.map(|(_, unpacked)| unpacked)),
    }
}

fn limited(tar: &[u8], limits: Limits, name: &str) {
    match try_within(tar, limits) {
        Err(Error::Limit { limit, .. }) => assert_eq!(limit, name),
        other => panic!("{:?}", other.map(|(_, unpacked)| unpacked)),
    }
}

fn paths(unpacked: &Unpacked) -> Vec<&str> {
    unpacked.entries.iter().map(|entry| std::str::from_utf8(&entry.path).unwrap()).collect()
}

fn find<'a>(unpacked: &'a Unpacked, path: &str) -> &'a Entry {
    unpacked.entries.iter().find(|entry| entry.path == path.as_bytes()).unwrap()
}

#[test]
fn a_symbolic_link_leads_nowhere_but_inside() {
    // Absolute, upwards, and through another: all end within the layer.
    for target in ["/", "../../../..", "/./..", "./.."] {
        let tar = Tar::new().symlink("x", target).file("x/outside", b"mine").end();
        let (part, unpacked) = good(&tar);
        assert_eq!(paths(&unpacked), ["outside", "x"], "{target}");
        assert_eq!(std::fs::read(part.fs().join("outside")).unwrap(), b"mine");
    }
    let tar = Tar::new().symlink("a", "b").symlink("b", "/c/d").file("a/f", b"1").end();
    assert_eq!(paths(&good(&tar).1), ["a", "b", "c", "c/d", "c/d/f"]);
}

#[test]
fn a_file_replaces_a_symbolic_link_and_is_not_written_through_it() {
    let tar = Tar::new().symlink("x", "../outside").file("x", b"evil").end();
    let (_, unpacked) = good(&tar);
    assert_eq!(find(&unpacked, "x").kind, Kind::File);
    let tar = Tar::new().symlink("x", "..").dir("x").end();
    assert_eq!(find(&good(&tar).1, "x").kind, Kind::Dir);
    let tar = Tar::new().symlink("x", "../outside").hard_link("y", "x").end();
    assert_eq!(find(&good(&tar).1, "y").kind, Kind::Hardlink);
    // What the second header says is set on the link itself.
    let tar = Tar::new()
        .symlink("x", "../outside")
        .with(b'1', b"y", b"", |header| {
            header[157] = b'x';
            header[100..107].copy_from_slice(b"0007777");
        })
        .end();
    assert_eq!(try_it(&tar).unwrap().1.entries.len(), 2);
}

#[test]
fn paths_stay_inside() {
    let tar = Tar::new().file("/abs", b"1").file("//two//slashes/", b"2").file("./dot/./x", b"3").end();
    assert_eq!(paths(&good(&tar).1), ["abs", "dot", "dot/x", "two", "two/slashes"]);
    let tar = Tar::new().dir("a").file("a/../b", b"1").end();
    assert_eq!(paths(&good(&tar).1), ["a", "b"]);
    for path in ["..", "../x", "a/../../x", "/..", "/../x", "./../x", "a/../.."] {
        assert!(refused(&Tar::new().file(path, b"evil").end()).contains("out of the layer"), "{path}");
        refused(&Tar::new().dir(path).end());
        refused(&Tar::new().symlink(path, "/").end());
        refused(&Tar::new().pax(&[("path", path.as_bytes())]).file("x", b"").end());
    }
}

#[test]
fn hard_links_stay_inside() {
    for target in ["/etc/passwd", "../outside", "missing", "d", "d/missing", "gone", "up/outside", ""] {
        let tar =
            Tar::new().dir("d").file(".wh.gone", b"").symlink("up", "../..").hard_link("x", target).end();
        refused(&tar);
    }
    let tar =
        Tar::new().file("d/f", b"1").symlink("s", "/d").hard_link("x", "/s/f").hard_link("x", "x").end();
    let (_, unpacked) = good(&tar);
    assert_eq!(find(&unpacked, "x").link, b"d/f");
    // A link over the directory that holds its own target.
    refused(&Tar::new().file("d/f", b"1").hard_link("d", "d/f").end());
}

#[test]
fn hard_links_have_no_data_of_their_own() {
    let tar = Tar::new()
        .file("a", b"1")
        .with(b'1', b"b", b"", |header| {
            header[157] = b'a';
            header[124..135].copy_from_slice(b"00000001000");
        })
        .file("c", b"2")
        .end();
    assert_eq!(paths(&good(&tar).1), ["a", "b", "c"]);
}

#[test]
fn the_first_name_of_an_inode_may_go() {
    let tar = Tar::new().file("b", b"1").hard_link("c", "b").hard_link("a", "c").file("b", b"22").end();
    let (part, unpacked) = good(&tar);
    assert_eq!((find(&unpacked, "a").kind, find(&unpacked, "a").size), (Kind::File, 1));
    assert_eq!(find(&unpacked, "c").link, b"a");
    assert_eq!(std::fs::read(part.fs().join("c")).unwrap(), b"1");
    assert!(!unpacked.split);
}

#[test]
fn pax_wins_over_the_header() {
    // CVE-2025-62518: who believes the header's size reads the content as entries.
    let inner = Tar::new().file("evil", b"evil").0;
    let tar = Tar::new()
        .pax(&[("size", inner.len().to_string().as_bytes())])
        .with(b'0', b"f", &inner, |header| header[124..135].copy_from_slice(b"00000000000"))
        .file("after", b"1")
        .end();
    let (_, unpacked) = good(&tar);
    assert_eq!(paths(&unpacked), ["after", "f"]);
    assert_eq!(find(&unpacked, "f").size, inner.len() as u64);
    let tar =
        Tar::new().pax(&[("path", b"long"), ("uid", b"0"), ("mtime", b"5.25")]).file("short", b"1").end();
    let (_, unpacked) = good(&tar);
    assert_eq!(find(&unpacked, "long").mtime.nanos, 250_000_000);
}

#[test]
fn whiteouts_of_nothing_are_refused() {
    for name in [".wh.", ".wh..", ".wh...", "d/.wh.", "d/.wh..", "d/.wh..."] {
        assert!(refused(&Tar::new().file(name, b"").end()).contains("deletion"), "{name}");
    }
    refused(&Tar::new().file(".wh.d/f", b"").end());
    refused(&Tar::new().dir(".wh..wh..opq/x").end());
    refused(&Tar::new().symlink("s", ".wh.x").file("s/f", b"").end());
}

#[test]
fn aufs_bookkeeping_is_neither_file_nor_whiteout() {
    let tar = Tar::new()
        .file(".wh..wh.aufs", b"")
        .dir(".wh..wh.plnk")
        .file(".wh..wh.plnk/1.2", b"data")
        .file("a/.wh..wh.orph", b"x")
        .file("b", b"1")
        .end();
    assert_eq!(paths(&good(&tar).1), ["b"]);
}

#[test]
fn a_whiteout_beside_its_file_hides_only_what_is_below() {
    for tar in [Tar::new().file("f", b"1").file(".wh.f", b""), Tar::new().file(".wh.f", b"").file("f", b"1")]
    {
        let (_, unpacked) = good(&tar.end());
        assert_eq!(paths(&unpacked), ["f"]);
        assert_eq!(find(&unpacked, "f").kind, Kind::File);
    }
    for tar in [
        Tar::new().file("d/x", b"1").file(".wh.d", b""),
        Tar::new().file(".wh.d", b"").file("d/x", b"1"),
        Tar::new().file(".wh.d", b"").dir("d").file("d/x", b"1"),
    ] {
        let (_, unpacked) = good(&tar.end());
        assert_eq!(paths(&unpacked), ["d", "d/x"]);
        assert!(find(&unpacked, "d").opaque);
    }
    // Twice the same, with content, and of an odd type.
    let tar = Tar::new().file(".wh.f", b"data").dir(".wh.f").symlink(".wh.f", "/").end();
    assert_eq!(find(&good(&tar).1, "f").kind, Kind::Whiteout);
}

#[test]
fn the_root_stays_a_directory() {
    for name in ["", ".", "./", "/", "a/.."] {
        assert!(refused(&Tar::new().symlink(name, "/etc").end()).contains("root"), "{name}");
        refused(&Tar::new().file(name, b"x").end());
        refused(&Tar::new().file("f", b"x").hard_link(name, "f").end());
    }
    let mode = |header: &mut [u8]| header[100..107].copy_from_slice(b"0001750");
    for name in ["", ".", "./", "/"] {
        let (part, unpacked) = good(&Tar::new().with(b'5', name.as_bytes(), b"", mode).file("x", b"").end());
        assert_eq!(paths(&unpacked), ["x"]);
        let now = std::fs::metadata(part.fs()).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&now.permissions()) & 0o7777, 0o1750);
    }
    let (_, unpacked) = good(&Tar::new().file(".wh..wh..opq", b"").end());
    assert!(find(&unpacked, "").opaque);
    assert_eq!(unpacked.notices.len(), 1);
}

#[test]
fn overlay_marks_do_not_come_from_a_tar() {
    let tar = Tar::new()
        .pax(&[
            ("SCHILY.xattr.trusted.overlay.opaque", b"y"),
            ("SCHILY.xattr.user.overlay.opaque", b"y"),
            ("SCHILY.xattr.user.overlay.redirect", b"/etc"),
            ("SCHILY.xattr.user.overlay.metacopy", b""),
            ("SCHILY.xattr.user.overlay.whiteout", b"y"),
            ("SCHILY.xattr.security.selinux", b"label"),
            ("SCHILY.xattr.trusted.x", b"1"),
        ])
        .dir("d")
        .pax(&[("SCHILY.xattr.user.overlay.whiteout", b"y")])
        .file("e", b"")
        .end();
    let (_, unpacked) = good(&tar);
    assert_eq!(paths(&unpacked), ["d", "e"]);
    assert!(unpacked.entries.iter().all(|entry| entry.xattrs.is_empty() && !entry.opaque));
}

#[test]
fn kept_attributes_come_through() {
    let value: &[u8] = b"a\n\0=\xff";
    let tar = Tar::new()
        .pax(&[("SCHILY.xattr.user.k", value)])
        .file("f", b"1")
        .pax(&[("SCHILY.xattr.user.d", b"1")])
        .dir("d")
        .pax(&[("SCHILY.xattr.user.e", b"2")])
        .dir("d")
        .end();
    let (part, unpacked) = try_it(&tar).unwrap();
    assert_eq!(find(&unpacked, "f").xattrs, [(b"user.k".to_vec(), value.to_vec())]);
    // The last description of a directory counts, attributes included.
    assert_eq!(find(&unpacked, "d").xattrs, [(b"user.e".to_vec(), b"2".to_vec())]);
    if !unpacked.notices.is_empty() {
        return skip("the temporary directory has no extended attributes");
    }
    assert_eq!(part.scan(), unpacked.entries);
    let ours = tar_of(&unpacked.entries, &part.fs());
    assert_eq!(index_tar(&ours[..], &Limits::default()).unwrap(), unpacked.entries);
}

#[test]
fn the_device_that_means_a_deletion_is_refused() {
    assert!(refused(&Tar::new().device(b'3', "x", (0, 0)).end()).contains("0:0"));
    // Whose numbers are in no known header form is 0:0 too.
    refused(&Tar::new().with(b'3', b"x", b"", |header| header[257..265].fill(0)).end());
}

#[test]
fn devices_are_made_or_left_out_with_a_notice() {
    let tar =
        Tar::new().device(b'3', "null", (1, 3)).device(b'4', "disk", (8, 0)).hard_link("zero", "null").end();
    let (part, unpacked) = try_it(&tar).unwrap();
    assert_eq!(find(&unpacked, "null").device, (1, 3));
    assert_eq!(find(&unpacked, "zero").link, b"null");
    if part.scan() == unpacked.entries {
        assert!(unpacked.notices.is_empty());
    } else {
        assert_eq!(unpacked.notices.len(), 2, "{:?}", unpacked.notices);
        assert_eq!(part.scan(), []);
    }
}

#[test]
fn the_last_of_a_name_wins() {
    let tar = Tar::new()
        .file("x", b"first")
        .dir("x")
        .file("x/in", b"1")
        .symlink("x", "y")
        .file("x", b"last")
        .dir("d")
        .file("d/a/b", b"1")
        .file("d", b"file")
        .end();
    let (part, unpacked) = good(&tar);
    assert_eq!(paths(&unpacked), ["d", "x"]);
    assert_eq!(std::fs::read(part.fs().join("x")).unwrap(), b"last");
    assert!(!unpacked.split, "the first content cannot be had from the tree");
    // A repeated directory keeps what is in it.
    let tar = Tar::new().dir("d").file("d/f", b"1").dir("d").end();
    let (_, unpacked) = good(&tar);
    assert_eq!(paths(&unpacked), ["d", "d/f"]);
    assert!(unpacked.split);
}

#[test]
fn a_file_is_no_directory() {
    assert!(refused(&Tar::new().file("f", b"1").file("f/x", b"2").end()).contains("in the place"));
    refused(&Tar::new().file("f", b"1").symlink("s", "f").file("s/x", b"2").end());
}

#[test]
fn circles_of_links_end() {
    let tar = Tar::new().symlink("a", "b").symlink("b", "a").file("a/x", b"").end();
    assert!(refused(&tar).contains("too many"));
    refused(&Tar::new().symlink("a", "a/a/a").file("a/x", b"").end());
}

#[test]
fn limits_name_themselves() {
    let most = Limits::default();
    let many = (0..20).fold(Tar::new(), |tar, number| tar.file(&format!("{number}"), b"")).end();
    limited(&many, Limits { entries: 19, ..most }, "entries");
    try_within(&many, Limits { entries: 20, ..most }).unwrap();
    limited(&Tar::new().file("a/b/c/d/e", b"").end(), Limits { entries: 3, ..most }, "entries");
    limited(&many, Limits { tar_bytes: 5000, ..most }, "tar_bytes");
    limited(&Tar::new().file("f", &[1; 100]).end(), Limits { file_bytes: 99, ..most }, "file_bytes");
    limited(&Tar::new().file("0123456789", b"").end(), Limits { path_bytes: 9, ..most }, "path_bytes");
    limited(&Tar::new().symlink("s", "0123456789").end(), Limits { path_bytes: 9, ..most }, "path_bytes");
    let pax = Tar::new().pax(&[("comment", &[b'x'; 5000])]).file("f", b"").end();
    limited(&pax, Limits { extension_bytes: 4096, ..most }, "extension_bytes");
    let long = Tar::new().with(b'L', b"l", &[b'n'; 5000], |_| {}).file("f", b"").end();
    limited(&long, Limits { extension_bytes: 4096, ..most }, "extension_bytes");
    let xattrs =
        Tar::new().pax(&[("SCHILY.xattr.user.a", &[b'x'; 3000])]).file("f", b"").file("g", b"").end();
    limited(&xattrs, Limits { name_bytes: 2000, ..most }, "name_bytes");
    // One header of a few bytes that stands for thousands of directories.
    let deep = "d/".repeat(16_000);
    let deep = Tar::new().pax(&[("path", deep.as_bytes())]).file("f", b"").end();
    limited(&deep, Limits { name_bytes: 1 << 20, ..most }, "name_bytes");
    // A size of exabytes ends at the limit, before anything is allocated for it.
    let huge = Tar::new().pax(&[("size", b"9223372036854775807")]).file("f", b"").end();
    limited(&huge, most, "file_bytes");
    limited(&Tar::new().with(b'x', b"p", b"", huge_size).end(), most, "extension_bytes");
}

fn huge_size(header: &mut [u8]) {
    header[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
}

#[test]
fn broken_streams_are_refused() {
    damaged(b"not a tar");
    damaged(&[b'x'; 1024]);
    let whole = Tar::new().file("f", &[1; 1000]).end();
    for cut in [1, 100, 511, 513, 1000, 1535] {
        damaged(&whole[..cut]);
    }
    // Without the final blocks of zeros it is whole all the same, as for Go.
    try_it(&whole[..1536]).unwrap();
    try_it(&whole[..2048]).unwrap();
    try_it(b"").unwrap();
    let mut sum = whole.clone();
    sum[0] = b'g';
    damaged(&sum);
    let mut zeros = Tar::new().file("f", b"").raw(&[0; 512]).0;
    zeros.extend(&whole);
    damaged(&zeros);
    damaged(&Tar::new().pax(&[("path", b"x")]).0);
    damaged(&Tar::new().pax(&[("path", b"x")]).end());
    damaged(&Tar::new().pax(&[("path", b"a\0b")]).file("x", b"").end());
    damaged(&Tar::new().pax(&[("size", b"-1")]).file("x", b"").end());
    damaged(&Tar::new().with(b'x', b"p", b"garbage", |_| {}).file("x", b"").end());
    let negative = |header: &mut [u8]| header[124..136].fill(0xff);
    damaged(&Tar::new().with(b'0', b"x", b"", negative).end());
    damaged(&Tar::new().with(b'0', b"x", b"", |header| header[136] = b'z').end());
}

#[test]
fn unknown_types_are_refused() {
    for kind in [b'8', b'V', b'M', b'D', b'N', b'Z', 0xff] {
        assert!(refused(&Tar::new().with(kind, b"x", b"", |_| {}).end()).contains("type"), "{kind}");
    }
    // Contiguous files are files; so is the oldest type, unless its name ends in a slash.
    let tar =
        Tar::new().with(b'7', b"a", b"1", |_| {}).with(0, b"b", b"2", |_| {}).with(0, b"c/", b"", |_| {});
    let (_, unpacked) = good(&tar.end());
    assert_eq!(
        unpacked.entries.iter().map(|it| it.kind).collect::<Vec<_>>(),
        [Kind::File, Kind::File, Kind::Dir]
    );
}

#[test]
fn global_headers_and_long_names() {
    let data = b"52 comment=0123456789012345678901234567890123456789\n";
    let long = "n".repeat(240);
    let tar = Tar::new()
        .with(b'g', b"pax_global_header", data, |_| {})
        .with(b'g', b"g", b"13 path=evil\n", |_| {})
        .with(b'L', b"././@LongLink", format!("{long}\0").as_bytes(), |_| {})
        .file("short", b"1")
        .with(b'L', b"././@LongLink", format!("{}\0", "l".repeat(200)).as_bytes(), |_| {})
        .with(b'K', b"././@LongLink", format!("{}\0", "t".repeat(300)).as_bytes(), |_| {})
        .symlink("short", "short")
        .end();
    let (_, unpacked) = good(&tar);
    assert_eq!(paths(&unpacked), ["l".repeat(200), long]);
    assert_eq!(unpacked.entries[0].link.len(), 300);
}

#[test]
fn names_that_no_file_system_has() {
    assert!(refused(&Tar::new().pax(&[("path", &[b'n'; 256])]).file("x", b"").end()).contains("255"));
    let deep = "n".repeat(256);
    refused(&Tar::new().pax(&[("linkpath", deep.as_bytes())]).symlink("s", "").file("s/x", b"").end());
    refused(&Tar::new().symlink("s", "").end());
    let odd = b"a\xff\n\x1b[31m";
    let (_, unpacked) = good(&Tar::new().with(b'0', odd, b"1", |_| {}).end());
    assert_eq!(unpacked.entries[0].path, odd);
    // A control character never reaches an error's text.
    let error =
        refused(&Tar::new().with(b'0', b"\x1b[31m/..", b"", |_| {}).with(b'9', b"\x1b", b"", |_| {}).end());
    assert!(!error.contains('\x1b'), "{error}");
}

#[test]
fn sparse_files_are_expanded() {
    let expected = [&[0; 1000][..], b"abc", &[0; 97], b"de", &[0; 48]].concat();
    let old = Tar::new()
        .with(b'S', b"f", b"abcde", |header| {
            for (at, value) in
                [(386, 1000), (398, 3), (410, 1100), (422, 2), (434, 1150), (446, 0), (483, 1150)]
            {
                header[at..at + 11].copy_from_slice(format!("{value:011o}").as_bytes());
            }
            header[257..265].copy_from_slice(b"ustar  \0");
        })
        .file("after", b"1");
    let first = Tar::new()
        .pax(&[("GNU.sparse.map", b"1000,3,1100,2"), ("GNU.sparse.size", b"1150"), ("GNU.sparse.name", b"f")])
        .file("GNUSparseFile.0/f", b"abcde")
        .file("after", b"1");
    let zero = Tar::new()
        .pax(&[
            ("GNU.sparse.size", b"1150"),
            ("GNU.sparse.numblocks", b"2"),
            ("GNU.sparse.offset", b"1000"),
            ("GNU.sparse.numbytes", b"3"),
            ("GNU.sparse.offset", b"1100"),
            ("GNU.sparse.numbytes", b"2"),
        ])
        .file("f", b"abcde")
        .file("after", b"1");
    let mut data = b"2\n1000\n3\n1100\n2\n".to_vec();
    data.resize(512, 0);
    data.extend(b"abcde");
    let one = Tar::new()
        .pax(&[
            ("GNU.sparse.major", b"1"),
            ("GNU.sparse.minor", b"0"),
            ("GNU.sparse.name", b"f"),
            ("GNU.sparse.realsize", b"1150"),
        ])
        .file("GNUSparseFile.0/f", &data)
        .file("after", b"1");
    for tar in [old, first, zero, one] {
        let (part, unpacked) = good(&tar.end());
        assert_eq!(paths(&unpacked), ["after", "f"]);
        assert_eq!(std::fs::read(part.fs().join("f")).unwrap(), expected);
        assert!(!unpacked.split);
    }
}

#[test]
fn sparse_maps_are_bounded_and_checked() {
    let map = |map: &[u8], size: &[u8]| {
        Tar::new().pax(&[("GNU.sparse.map", map), ("GNU.sparse.size", size)]).file("f", b"abcde").end()
    };
    damaged(&map(b"0,4", b"100"));
    damaged(&map(b"0,5", b"4"));
    damaged(&map(b"10,3,5,2", b"100"));
    damaged(&map(b"18446744073709551615,5", b"100"));
    damaged(&map(b"0", b"100"));
    damaged(&map(b"", b"100"));
    damaged(&map(b"0,5", b""));
    limited(&map(b"0,5", b"9000000000000000"), Limits::default(), "file_bytes");
    let many: Vec<u8> = (0..100).flat_map(|_| *b"0,0,").chain(*b"0,5").collect();
    limited(&map(&many, b"100"), Limits { sparse_segments: 50, ..Limits::default() }, "sparse_segments");
    let lines = [b"999999999\n".to_vec(), vec![b'0'; 502]].concat();
    let one = Tar::new()
        .pax(&[("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"9")])
        .file("f", &lines)
        .end();
    limited(&one, Limits::default(), "sparse_segments");
    let endless = Tar::new()
        .pax(&[("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"9")])
        .file("f", &[b'1'; 600])
        .end();
    damaged(&endless);
}

#[test]
fn set_id_bits_and_odd_modes_are_kept_as_told() {
    let tar = Tar::new()
        .with(b'0', b"s", b"1", |header| header[100..107].copy_from_slice(b"0006755"))
        .with(b'5', b"closed", b"", |header| header[100..107].copy_from_slice(b"0000000"))
        .file("closed/in", b"2")
        .with(b'5', b"sticky", b"", |header| header[100..107].copy_from_slice(b"0003777"))
        .file("sticky/in", b"2")
        .end();
    let (_, unpacked) = try_it(&tar).unwrap();
    assert_eq!(find(&unpacked, "s").mode, 0o6755);
    assert_eq!(find(&unpacked, "closed").mode, 0);
    if is_root() {
        good(&tar);
    }
}

#[test]
fn owners_are_set_where_that_is_possible() {
    let owned = |header: &mut [u8]| {
        header[108..115].copy_from_slice(b"0001750");
        header[116..123].copy_from_slice(b"0001751");
    };
    let tar = Tar::new().with(b'0', b"f", b"1", owned).with(b'5', b"d", b"", owned).end();
    if !is_root() {
        return skip("changing owners needs root");
    }
    let (part, unpacked) = try_it(&tar).unwrap();
    assert_eq!((find(&unpacked, "f").uid, find(&unpacked, "d").gid), (1000, 1001));
    if unpacked.notices.is_empty() {
        assert_eq!(part.scan(), unpacked.entries);
    } else {
        // A user namespace with one id: the index keeps what the disk cannot.
        assert_eq!(unpacked.notices.len(), 2, "{:?}", unpacked.notices);
        skip("this user namespace has no other owners");
    }
}
