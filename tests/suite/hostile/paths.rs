//! Absolute paths, `..`, hard links out of the root; and the root itself replaced.

use super::case::{Case, Scene, Threat};
use super::listing::directories;
use super::tars::Tar;

fn path(name: &'static str, make: impl Fn(&Scene) -> Tar + Send + Sync + 'static) -> Case {
    Case::tar(Threat::Paths, name, move |scene| make(scene).end())
}

fn root(name: &'static str, make: impl Fn(&Scene) -> Tar + Send + Sync + 'static) -> Case {
    Case::tar(Threat::Root, name, move |scene| make(scene).end())
}

pub fn cases() -> Vec<Case> {
    paths().into_iter().chain(hard_links()).chain(roots()).collect()
}

fn paths() -> Vec<Case> {
    const OUT: &str = "leads out of the layer";
    vec![
        path("an absolute path to the canary", |scene| {
            Tar::new().file(&format!("{}/victim", scene.canary()), b"evil")
        })
        .holds_there(|scene| {
            let mut lines = directories(scene.canary());
            lines.push(format!("file {}/victim 4B", scene.canary()));
            lines
        }),
        path("many slashes", |_| Tar::new().file("//two//slashes", b"1").file("./dot/././x", b"2")).holds(&[
            "dir /two",
            "file /two/slashes 1B",
            "dir /dot",
            "file /dot/x 1B",
        ]),
        path("dots to the canary", |scene| Tar::new().file(&format!("{}/victim", scene.up), b"evil"))
            .refused("denied", OUT),
        path("dots after a directory", |_| Tar::new().dir("a").file("a/../../evil", b"1"))
            .refused("denied", OUT),
        path("dots after a slash", |_| Tar::new().file("/../evil", b"1")).refused("denied", OUT),
        path("the parent as a directory", |_| Tar::new().dir("..")).refused("denied", OUT),
        path("the parent as a link", |_| Tar::new().symlink("../x", "/etc")).refused("denied", OUT),
        path("dots in a PAX path", |_| Tar::new().pax(&[("path", b"../evil")]).file("fine", b"1"))
            .refused("denied", OUT),
        path("dots in a long name", |_| {
            Tar::new().with(b'L', b"././@LongLink", b"../evil\0", |_| {}).file("fine", b"1")
        })
        .refused("denied", OUT),
        path("dots in the header's prefix", |_| {
            Tar::new().with(b'0', b"evil", b"1", |header| header[345..347].copy_from_slice(b".."))
        })
        .refused("denied", OUT),
        path("dots of a deletion", |_| Tar::new().file("../.wh.x", b"")).refused("denied", OUT),
        path("dots that stay inside", |_| Tar::new().dir("a").file("a/../b", b"1"))
            .holds(&["dir /a", "file /b 1B"]),
        path("backslashes are letters", |_| Tar::new().file("..\\..\\evil", b"1"))
            .holds(&["file /..\\\\..\\\\evil 1B"]),
        path("a file below a file", |_| Tar::new().file("f", b"1").file("f/x", b"2"))
            .refused("denied", "in the place of that directory"),
        path("a file below a link to a file", |_| {
            Tar::new().file("f", b"1").symlink("s", "f").file("s/x", b"2")
        })
        .refused("denied", "in the place of that directory"),
        path("a name of 256 bytes", |_| Tar::new().pax(&[("path", &[b'n'; 256])]).file("x", b""))
            .refused("denied", "255 bytes"),
        path("a name of 256 bytes by way of a link", |_| {
            Tar::new().pax(&[("linkpath", &[b'n'; 256])]).symlink("s", "").file("s/x", b"")
        })
        .refused("denied", "255 bytes"),
        path("a NUL in a PAX path", |_| Tar::new().pax(&[("path", b"a\0b")]).file("x", b""))
            .refused("corrupt", "NUL"),
    ]
}

fn hard_links() -> Vec<Case> {
    vec![
        path("a hard link to the host's passwords", |_| Tar::new().hard_link("x", "/etc/passwd"))
            .refused("denied", "/x"),
        path("a hard link to the canary", |scene| {
            Tar::new().hard_link("x", &format!("{}/victim", scene.canary()))
        })
        .refused("denied", "leads to nothing in the layer"),
        path("a hard link upwards", |scene| Tar::new().hard_link("x", &format!("{}/victim", scene.up)))
            .refused("denied", "leads out of the layer"),
        path("a hard link upwards in a PAX record", |scene| {
            let target = format!("{}/victim", scene.up);
            Tar::new().file("f", b"1").pax(&[("linkpath", target.as_bytes())]).hard_link("x", "f")
        })
        .refused("denied", "leads out of the layer"),
        path("a hard link to a directory", |_| Tar::new().dir("d").hard_link("x", "d"))
            .refused("denied", "leads to nothing in the layer"),
        path("a hard link to what is deleted", |_| Tar::new().file(".wh.f", b"").hard_link("x", "f"))
            .refused("denied", "leads to nothing in the layer"),
        path("a hard link to nothing", |_| Tar::new().hard_link("x", "")).refused("denied", "/x"),
        path("a hard link to itself", |_| Tar::new().file("f", b"1").hard_link("f", "f"))
            .holds(&["file /f 1B"]),
        path("a hard link over its target's directory", |_| {
            Tar::new().file("d/f", b"1").hard_link("d", "d/f")
        })
        .refused("denied", "the directory that it replaces"),
        path("a hard link that is written through", |_| {
            Tar::new().file("a", b"1").hard_link("b", "a").file("b", b"22")
        })
        .holds(&["file /a 1B", "file /b 2B"]),
    ]
}

fn roots() -> Vec<Case> {
    const ROOT: &str = "the root can only be a directory";
    vec![
        root("the root as a link", |scene| Tar::new().symlink(".", scene.canary())).refused("denied", ROOT),
        root("the root as a link, without a name", |_| Tar::new().symlink("", "/etc"))
            .refused("denied", ROOT),
        root("the root as a link, by way of a directory", |_| Tar::new().symlink("a/..", "/etc"))
            .refused("denied", ROOT),
        root("the root as a file", |_| Tar::new().file("./", b"x")).refused("denied", ROOT),
        root("the root as a hard link", |_| Tar::new().file("f", b"x").hard_link("/", "f"))
            .refused("denied", ROOT),
        root("the root as a device", |_| Tar::new().device(b'3', "/", (1, 3))).refused("denied", ROOT),
        root("the root as a pipe", |_| Tar::new().with(b'6', b".", b"", |_| {})).refused("denied", ROOT),
        root("the root deleted", |_| Tar::new().file(".wh..", b""))
            .refused("denied", "a deletion of nothing"),
        root("the root closed to everybody", |_| {
            let closed = |header: &mut [u8]| header[100..107].copy_from_slice(b"0000000");
            Tar::new().with(b'5', b"./", b"", closed).with(b'5', b"d", b"", closed).file("d/f", b"1")
        })
        .holds(&["dir /d 0", "file /d/f 1B"]),
        root("the root hides all that is below", |_| Tar::new().file(".wh..wh..opq", b"").file("f", b"1"))
            .holds(&["dir / opaque", "file /f 1B"]),
    ]
}
