//! A symbolic link, and then something that is written or changed through it.

use super::case::{Case, Scene, Threat};
use super::listing::directories;
use super::tars::Tar;

fn case(name: &'static str, make: impl Fn(&Scene) -> Tar + Send + Sync + 'static) -> Case {
    Case::tar(Threat::Links, name, move |scene| make(scene).end())
}

/// The directories that lead to the canary's path inside a layer, and these lines.
fn inside(scene: &Scene, lines: &[String]) -> Vec<String> {
    [directories(scene.canary()).as_slice(), lines].concat()
}

/// What comes of `line`s at the canary's path when `/x` is a link to it.
fn below_canary(case: Case, lines: &'static [&'static str]) -> Case {
    case.holds_there(|scene| {
        let canary = scene.canary();
        let lines = lines.iter().map(|line| line.replace("CANARY", canary));
        inside(scene, &lines.chain([format!("symlink /x -> {canary}")]).collect::<Vec<_>>())
    })
}

pub fn cases() -> Vec<Case> {
    vec![
        below_canary(
            case("a file through an absolute link", |scene| {
                Tar::new().symlink("x", scene.canary()).file("x/victim", b"evil")
            }),
            &["file CANARY/victim 4B"],
        ),
        case("a file through a link upwards", |scene| {
            Tar::new().symlink("x", &scene.up).file("x/victim", b"evil")
        })
        .holds_there(|scene| {
            // More steps up than there are lead to the root.
            let mut lines = directories("/outside/canary");
            lines
                .extend(["file /outside/canary/victim 4B".to_owned(), format!("symlink /x -> {}", scene.up)]);
            lines
        }),
        case("a file through a link to the root", |_| {
            Tar::new().symlink("x", "/").file("x/etc/passwd", b"evil")
        })
        .holds(&["symlink /x -> /", "dir /etc", "file /etc/passwd 4B"]),
        case("a file through links through links", |scene| {
            Tar::new()
                .symlink("a", "b")
                .symlink("b", "c/..")
                .symlink("c", scene.canary())
                .file("a/victim", b"1")
        })
        .holds_there(|scene| {
            let parent = scene.canary().rsplit_once('/').unwrap().0;
            [
                inside(scene, &[format!("file {parent}/victim 1B")]),
                vec![
                    "symlink /a -> b".into(),
                    "symlink /b -> c/..".into(),
                    format!("symlink /c -> {}", scene.canary()),
                ],
            ]
            .concat()
        }),
        case("a file through the link of another process's directory", |_| {
            Tar::new().symlink("x", "/proc/self/cwd").file("x/victim", b"evil")
        })
        .holds(&[
            "symlink /x -> /proc/self/cwd",
            "dir /proc",
            "dir /proc/self",
            "dir /proc/self/cwd",
            "file /proc/self/cwd/victim 4B",
        ]),
        case("a file over a link to a file", |scene| {
            let target = format!("{}/victim", scene.canary());
            Tar::new().symlink("x", &target).file("x", b"evil")
        })
        .holds(&["file /x 4B"]),
        case("a directory over a link to a directory", |scene| {
            Tar::new().symlink("x", scene.canary()).dir("x").file("x/victim", b"evil")
        })
        .holds(&["dir /x", "file /x/victim 4B"]),
        case("a mode set through a hard link to a link", |scene| {
            let target = format!("{}/victim", scene.canary());
            Tar::new().symlink("x", &target).with(b'1', b"y", b"", |header| {
                header[157] = b'x';
                header[100..107].copy_from_slice(b"0004777");
            })
        })
        .holds_there(|scene| {
            vec![format!("symlink /x -> {}/victim", scene.canary()), "hardlink /y -> /x".to_owned()]
        }),
        case("a directory's mode set through a link", |_| {
            Tar::new().dir("d").symlink("x", "/d").with(b'5', b"x/.", b"", |header| {
                header[100..107].copy_from_slice(b"0000700");
            })
        })
        // The last name is never followed: the link becomes a directory.
        .holds(&["dir /d", "dir /x 700"]),
        case("a directory becomes a link and is written to again", |scene| {
            Tar::new().dir("d").file("d/f", b"1").symlink("d", scene.canary()).file("d/victim", b"evil")
        })
        .holds_there(|scene| {
            let canary = scene.canary();
            inside(scene, &[format!("symlink /d -> {canary}"), format!("file {canary}/victim 4B")])
        }),
        below_canary(
            case("a deletion through a link", |scene| {
                Tar::new().symlink("x", scene.canary()).file("x/.wh.victim", b"")
            }),
            &["whiteout CANARY/victim"],
        ),
        case("an opaque mark through a link", |scene| {
            Tar::new().symlink("x", scene.canary()).file("x/.wh..wh..opq", b"")
        })
        .holds_there(|scene| {
            let canary = scene.canary();
            let mut lines = directories(canary);
            lines.pop();
            lines.extend([format!("dir {canary} opaque"), format!("symlink /x -> {canary}")]);
            lines
        }),
        below_canary(
            case("a pipe through a link", |scene| {
                Tar::new().symlink("x", scene.canary()).with(b'6', b"x/victim", b"", |_| {})
            }),
            &["fifo CANARY/victim"],
        ),
        below_canary(
            case("a link through a link", |scene| {
                Tar::new().symlink("x", scene.canary()).symlink("x/victim", "/etc/passwd")
            }),
            &["symlink CANARY/victim -> /etc/passwd"],
        ),
        case("a hard link to what a link leads to", |scene| {
            Tar::new().symlink("x", scene.canary()).hard_link("y", "x/victim")
        })
        .refused("denied", "/y"),
        case("a hard link below a link", |scene| {
            Tar::new().file("f", b"1").symlink("x", scene.canary()).hard_link("x/victim", "f")
        })
        .holds_there(|scene| {
            let canary = scene.canary();
            inside(
                scene,
                &[
                    format!("symlink /x -> {canary}"),
                    // Of two names the one that sorts first has the content.
                    if canary < "/f" { format!("file {canary}/victim 1B") } else { "file /f 1B".to_owned() },
                    if canary < "/f" {
                        format!("hardlink /f -> {canary}/victim")
                    } else {
                        format!("hardlink {canary}/victim -> /f")
                    },
                ],
            )
        }),
        case("links in a circle", |_| Tar::new().symlink("a", "b").symlink("b", "a").file("a/x", b"1"))
            .refused("denied", "too many symbolic links"),
        case("a link to itself and below", |_| Tar::new().symlink("a", "a/a/a").file("a/x", b"1"))
            .refused("denied", "too many symbolic links"),
        case("a chain of 41 links", |_| {
            let tar =
                (0..41).fold(Tar::new(), |tar, at| tar.symlink(&format!("l{at}"), &format!("l{}", at + 1)));
            tar.dir("l41").file("l0/x", b"1")
        })
        .refused("denied", "too many symbolic links"),
        case("a link longer than any path", |_| {
            Tar::new().pax(&[("linkpath", "x/".repeat(2048).as_bytes())]).symlink("s", "")
        })
        .refused("denied", "/s"),
        case("links that take long to follow", slow_links).refused("denied", "`steps`"),
    ]
}

/// Each entry leads 38 times through 2,000 directories: a second of work for 512 bytes.
fn slow_links(_: &Scene) -> Tar {
    const TURNS: usize = 19;
    let deep = "d/".repeat(2000);
    let mut tar = Tar::new();
    for turn in 0..TURNS {
        let (below, next) = (format!("{deep}up{turn}"), format!("/l{}", turn + 1));
        tar = tar.pax(&[("linkpath", below.as_bytes())]).symlink(&format!("l{turn}"), "");
        tar = tar.pax(&[("path", below.as_bytes())]).symlink("x", &next);
    }
    (0..500).fold(tar.dir(&format!("l{TURNS}")), |tar, at| tar.dir(&format!("l0/{at}/x")))
}
