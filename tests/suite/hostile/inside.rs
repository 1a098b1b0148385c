//! What becomes of an image when it is run, read from and copied out of; names that would steer a terminal.

use serde_json::json;

use super::case::{Case, Scene, Threat};
use super::damage::with_manifest;
use super::listing::directories;
use super::tars::Tar;

pub fn cases() -> Vec<Case> {
    roots().into_iter().chain(copies()).chain(control()).collect()
}

/// A tree whose `path` is a link to the canary: run it, and see that what is mounted there is mounted inside.
fn root(name: &'static str, path: &'static str) -> Case {
    const RUN: &str = r#"let ran = attempt(|| run(it, ["/nothing"], #{ network: "none", rm: true }));
        if ran.ok { "it ran" } else if ["not_found", "denied"].contains(ran.error.kind) { "it did not run" } else { ran.error }"#;
    let target = move |scene: &Scene| match path {
        "etc/hosts" | "etc/resolv.conf" => format!("{}/victim", scene.canary()),
        _ => scene.canary().to_owned(),
    };
    Case::tar(Threat::Roots, name, move |scene| {
        Tar::new().symlink(path, &target(scene)).file("f", b"1").end()
    })
    .then(RUN, json!("it did not run"))
    .holds_there(move |scene| {
        let mut lines = vec![format!("symlink /{path} -> {}", target(scene)), "file /f 1B".to_owned()];
        if let Some((dir, _)) = path.split_once('/') {
            lines.push(format!("dir /{dir}"));
        }
        lines
    })
    .never_remote()
}

fn roots() -> Vec<Case> {
    vec![
        // CVE-2023-27561.
        root("/proc leads out", "proc"),
        root("/sys leads out", "sys"),
        root("/dev leads out", "dev"),
        root("/dev/shm leads out", "dev/shm"),
        root("/etc leads out", "etc"),
        root("/etc/hosts leads out", "etc/hosts"),
        root("/etc/resolv.conf leads out", "etc/resolv.conf"),
        root("/etc/passwd leads out", "etc/passwd"),
        Case::tar(Threat::Roots, "/etc/passwd has no end", |_| {
            Tar::new()
                .pax(&[("GNU.sparse.map", b"0,5"), ("GNU.sparse.size", b"500000000000")])
                .file("etc/passwd", b"root:")
                .pax(&[("GNU.sparse.map", b"0,5"), ("GNU.sparse.size", b"500000000000")])
                .file("etc/group", b"root:")
                .end()
        })
        .then(
            r#"attempt(|| run(it, ["/nothing"], #{ network: "none", rm: true, user: "somebody" })).ok"#,
            json!(false),
        )
        .never_remote()
        .holds(&["dir /etc", "file /etc/group 500000000000B", "file /etc/passwd 500000000000B"]),
    ]
}

fn copies() -> Vec<Case> {
    let case = |name, make: fn(&Scene) -> Tar| {
        Case::tar(Threat::CopyOut, name, move |scene| make(scene).end()).never_remote()
    };
    vec![
        // CVE-2018-15664, for images.
        case("reading through a link out", |scene| Tar::new().symlink("x", scene.canary()))
            .then(
                r#"[attempt(|| it.read("/x/victim")).error.kind, it.exists("/x/victim"), attempt(|| it.copy_out("/x/victim", "taken")).error.kind]"#,
                json!(["not_found", false, "not_found"]),
            )
            .holds_there(|scene| vec![format!("symlink /x -> {}", scene.canary())]),
        case("reading through a link upwards", |scene| {
            Tar::new().symlink("x", &scene.up).file("outside/canary/victim", b"mine")
        })
        .then(r#"it.read("/x/victim")"#, json!("mine"))
        .holds_there(|scene| {
            let mut lines = directories("/outside/canary");
            lines.push("file /outside/canary/victim 4B".to_owned());
            lines.push(format!("symlink /x -> {}", scene.up));
            lines
        }),
        case("reading a pipe and a device", |_| {
            Tar::new().with(b'6', b"p", b"", |_| {}).device(b'3', "zero", (1, 5)).symlink("s", "zero")
        })
        .then(
            r#"["/p", "/zero", "/s", "/"].map(|path| attempt(|| it.read(path)).ok)"#,
            json!([false, false, false, false]),
        )
        .notice("the device `/zero` was left out")
        .holds(&["fifo /p", "symlink /s -> zero", "char_device /zero"]),
        case("copying out over a link", |scene| {
            // The link comes out as a link; what has the same name is put into a directory of its own.
            Tar::new().symlink("d/x", scene.canary()).file("e/x/victim", b"evil")
        })
        .then(
            r#"let to = env("TMPDIR") + "/../../in/now/out";
            it.copy_out("/d", to);
            attempt(|| it.copy_out("/e/.", to)).ok"#,
            json!(false),
        )
        .holds_there(|scene| {
            vec![
                "dir /d".to_owned(),
                format!("symlink /d/x -> {}", scene.canary()),
                "dir /e".to_owned(),
                "dir /e/x".to_owned(),
                "file /e/x/victim 4B".to_owned(),
            ]
        }),
    ]
}

fn control() -> Vec<Case> {
    let case = |name, make: fn() -> Tar| Case::tar(Threat::Control, name, move |_| make().end());
    vec![
        case("names that steer the terminal", || {
            Tar::new()
                .with(b'0', b"\x1b[31mred\x1b]0;title\x07", b"1", |_| {})
                .with(b'0', b"line\nerror: none\r", b"1", |_| {})
                .with(b'0', "\u{9b}31m\u{202e}".as_bytes(), b"1", |_| {})
                .with(b'0', b"\x7f\x08", b"1", |_| {})
        })
        .shows("it.files")
        .holds(&[
            "file /\\x1b[31mred\\x1b]0;title\\x07 1B",
            "file /line\\x0aerror: none\\x0d 1B",
            "file /\\x7f\\x08 1B",
            "file /\\xc2\\x9b31m\u{202e} 1B",
        ]),
        case("a link's target that steers the terminal", || {
            Tar::new().with(b'2', b"s", b"", |header| header[157..163].copy_from_slice(b"\x1b[31mx"))
        })
        .shows("layers(it)[0].files")
        .holds(&["symlink /s -> \\x1b[31mx"]),
        case("a refused name that steers the terminal", || {
            Tar::new().with(b'0', b"\x1b[31m\x7f\xc2\x9b/../../x", b"", |_| {})
        })
        .refused("denied", "\\x1b[31m"),
        case("an attribute's name that steers the terminal", || {
            let name = "SCHILY.xattr.user.\u{1b}[31m\u{9b}";
            Tar::new().pax(&[(name, &[b'v'; 70_000])]).file("f", b"1")
        })
        .holds(&["file /f 1B"]),
        Case::layout(Threat::Control, "labels and history that steer the terminal", |scene| {
            with_manifest(scene, |layout, manifest| {
                let name = format!(
                    "blobs/sha256/{}",
                    &manifest["config"]["digest"].as_str().unwrap()["sha256:".len()..]
                );
                let mut config: serde_json::Value = serde_json::from_slice(&layout.files[&name]).unwrap();
                let evil = "\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\r\nerror: none";
                config["config"]["Labels"] = json!({ evil: evil });
                config["config"]["Cmd"] = json!([evil]);
                config["config"]["User"] = json!(evil);
                config["history"] = json!([{ "created_by": evil, "comment": evil, "author": evil }]);
                config["author"] = json!(evil);
                config["os"] = json!(evil);
                manifest["config"] =
                    layout.blob("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
            })
        })
        .shows("[history(it), inspect(it), it, layers(it)]")
        .holds(&["file /f 7B"]),
    ]
}
