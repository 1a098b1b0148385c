//! Whiteouts of nothing, marks of overlayfs, and the same name twice.

use super::case::{Case, Threat};
use super::tars::Tar;

fn case(threat: Threat, name: &'static str, make: impl Fn() -> Tar + Send + Sync + 'static) -> Case {
    Case::tar(threat, name, move |_| make().end())
}

pub fn cases() -> Vec<Case> {
    whiteouts().into_iter().chain(overlay()).chain(duplicates()).collect()
}

fn whiteouts() -> Vec<Case> {
    const NOTHING: &str = "a deletion of nothing";
    const WITHIN: &str = "a directory that is named like a deletion";
    let case = |name, make: fn() -> Tar| case(Threat::Whiteouts, name, make);
    vec![
        case("a deletion without a name", || Tar::new().file(".wh.", b"")).refused("denied", NOTHING),
        case("a deletion of a dot", || Tar::new().file("d/.wh..", b"")).refused("denied", NOTHING),
        case("a deletion of two dots", || Tar::new().file(".wh...", b"")).refused("denied", NOTHING),
        case("a deletion of two dots as a directory", || Tar::new().dir("d/.wh..."))
            .refused("denied", NOTHING),
        case("a deletion with a slash", || Tar::new().pax(&[("path", b".wh.a/b")]).file("x", b""))
            .refused("denied", WITHIN),
        case("a deletion with a slash and two dots", || {
            Tar::new().pax(&[("path", b".wh.a/../../x")]).file("x", b"")
        })
        .refused("denied", "leads out of the layer"),
        case("a file below the opaque mark", || Tar::new().dir(".wh..wh..opq/x")).refused("denied", WITHIN),
        case("a directory named like a deletion, by way of a link", || {
            Tar::new().symlink("s", ".wh.x").file("s/f", b"")
        })
        .refused("denied", "named like a deletion"),
        case("bookkeeping of AUFS", || {
            Tar::new()
                .file(".wh..wh.aufs", b"")
                .dir(".wh..wh.plnk")
                .file(".wh..wh.plnk/1.2", b"data")
                .file("a/.wh..wh.orph", b"x")
                .file("b", b"1")
        })
        .holds(&["file /b 1B"]),
        case("deletions of odd types", || {
            Tar::new()
                .file(".wh.a", b"data")
                .dir(".wh.b")
                .symlink(".wh.c", "/etc")
                .device(b'3', ".wh.d", (0, 0))
                .hard_link(".wh.e", "/etc/passwd")
        })
        .holds(&["whiteout /a", "whiteout /b", "whiteout /c", "whiteout /d", "whiteout /e"]),
        case("a deletion beside what it deletes", || {
            Tar::new().file("f", b"1").file(".wh.f", b"").file(".wh.d", b"").file("d/x", b"1")
        })
        .holds(&["file /f 1B", "dir /d opaque", "file /d/x 1B"]),
        case("a deletion of a deletion", || Tar::new().file(".wh.f", b"").file(".wh..wh.f", b""))
            .holds(&["whiteout /f"]),
    ]
}

fn overlay() -> Vec<Case> {
    let case = |name, make: fn() -> Tar| case(Threat::Overlay, name, make);
    vec![
        case("attributes that overlayfs obeys", || {
            let marks: &[(&str, &[u8])] = &[
                ("SCHILY.xattr.trusted.overlay.opaque", b"y"),
                ("SCHILY.xattr.user.overlay.opaque", b"y"),
                ("SCHILY.xattr.trusted.overlay.redirect", b"/etc"),
                ("SCHILY.xattr.user.overlay.redirect", b"/etc"),
                ("SCHILY.xattr.trusted.overlay.metacopy", b""),
                ("SCHILY.xattr.user.overlay.metacopy", b""),
                ("SCHILY.xattr.trusted.overlay.origin", b"x"),
                ("SCHILY.xattr.user.overlay.whiteouts", b"y"),
            ];
            Tar::new().pax(marks).dir("d").file("d/f", b"1").pax(marks).file("f", b"2")
        })
        .then("it.files.map(|f| f.path)", serde_json::json!(["/d", "/d/f", "/f"]))
        .holds(&["dir /d", "file /d/f 1B", "file /f 1B"]),
        case("an empty file that overlayfs takes for a deletion", || {
            Tar::new()
                .pax(&[
                    ("SCHILY.xattr.user.overlay.whiteout", b"y"),
                    ("SCHILY.xattr.trusted.overlay.whiteout", b"y"),
                ])
                .file("f", b"")
        })
        .holds(&["file /f"]),
        case("the device that means a deletion", || Tar::new().device(b'3', "x", (0, 0)))
            .refused("denied", "0:0"),
        case("the device that means a deletion, in base 256", || {
            Tar::new().with(b'3', b"x", b"", |header| {
                header[329..337].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 0]);
                header[337..345].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 0]);
            })
        })
        .refused("denied", "0:0"),
        case("a device whose numbers nobody says", || {
            Tar::new().with(b'3', b"x", b"", |header| header[257..265].fill(0))
        })
        .refused("denied", "0:0"),
        case("our own records forged", || {
            Tar::new()
                .pax(&[("SCHILY.xattr.user.plywood.owner", b"1000:1000:c:1:3")])
                .file("f", b"1")
                .pax(&[("SCHILY.xattr.user.plywood.owner", b"1000:1000")])
                .dir("d")
        })
        .then("it.files.map(|f| f.uid)", serde_json::json!([0, 0]))
        .holds(&["dir /d", "file /f 1B"]),
        case("labels of the host", || {
            Tar::new()
                .pax(&[
                    ("SCHILY.xattr.security.selinux", b"system_u:object_r:shadow_t:s0"),
                    ("SCHILY.xattr.security.ima", b"x"),
                    ("RHT.security.selinux", b"x"),
                    ("LIBARCHIVE.xattr.trusted.overlay.opaque", b"eQ=="),
                ])
                .file("f", b"1")
        })
        .holds(&["file /f 1B"]),
    ]
}

fn duplicates() -> Vec<Case> {
    let case = |name, make: fn() -> Tar| case(Threat::Duplicates, name, make);
    vec![
        case("a name as everything", || {
            Tar::new()
                .file("x", b"first")
                .dir("x")
                .file("x/in", b"1")
                .symlink("x", "/etc")
                .with(b'6', b"x", b"", |_| {})
                .file("x", b"last")
        })
        .holds(&["file /x 4B"]),
        case("a directory described twice", || {
            Tar::new().dir("d").file("d/f", b"1").with(b'5', b"d", b"", |header| {
                header[100..107].copy_from_slice(b"0000700");
            })
        })
        .holds(&["dir /d 700", "file /d/f 1B"]),
        case("a full directory becomes a file", || {
            Tar::new().file("d/a/b", b"1").file("d/c", b"2").file("d", b"file")
        })
        .holds(&["file /d 4B"]),
        case("the same path in other words", || {
            Tar::new()
                .file("a/b", b"1")
                .file("./a//b", b"22")
                .file("/a/./b", b"333")
                .file("a/c/../b", b"4444")
        })
        .holds(&["dir /a", "file /a/b 4B"]),
        case("a deletion, its file, and the deletion again", || {
            Tar::new().file(".wh.f", b"").file("f", b"1").file(".wh.f", b"")
        })
        .holds(&["file /f 1B"]),
        case("the first name of a hard link replaced", || {
            Tar::new().file("b", b"1").hard_link("c", "b").hard_link("a", "c").file("b", b"22")
        })
        .holds(&["file /a 1B", "file /b 2B", "hardlink /c -> /a"]),
        case("a thousand times the same", || {
            (0..1000).fold(Tar::new(), |tar, at| tar.file("f", &[0; 99][..at % 100]))
        })
        .holds(&["file /f 99B"]),
    ]
}
