//! Every way in and out, between us and others, and images that are only looked at.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::registry::{find, output, plywood, sample};
use crate::support::{Docker, is_root, leave_to_root, skip};

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("plywood-test-").tempdir().unwrap()
}

#[test]
fn there_and_back_through_each_transport() {
    let folder = folder();
    let own = plywood(folder.path());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let first = own.json(&format!("let i = {}; [i.id, i.diff_ids]", sample(folder.path())));
    for (target, source) in [
        (format!("docker-archive:{}", at("a.tar")), at("a.tar")),
        (format!("oci-archive:{}", at("b.tar")), at("b.tar")),
        (format!("oci:{}:v1", at("c")), at("c")),
        (format!("dir:{}", at("d")), at("d")),
        (format!("dir:{}", at("d")), format!("dir:{}", at("d"))),
    ] {
        own.eval(&format!("save(image(\"sample:one\"), `{target}`)")).assert_ok();
        let back = plywood(folder.path());
        let loaded = back.json(&format!("let i = load(`{source}`); [i.id, i.diff_ids]"));
        assert_eq!(loaded, first, "{target}");
        back.assert_clean();
        // Without root skopeo cannot unpack an archive whose members are root's.
        let readable =
            target.contains("dir:") || target.contains("oci:") || is_root() && target.contains("oci");
        if let (Some(skopeo), true) = (find("skopeo"), readable) {
            let seen = output(Command::new(skopeo).args(["inspect", "--config", &target]));
            let seen: Value = serde_json::from_str(&seen).unwrap();
            assert_eq!(seen["rootfs"]["diff_ids"], first[1], "{target}");
        }
    }
    assert!(
        own.error(&format!("save(image(\"sample:one\"), `dir:{}`)", folder.path().display()))["message"]
            .as_str()
            .unwrap()
            .contains("which no `dir:` has")
    );
}

#[test]
fn what_skopeo_writes_is_read() {
    let Some(skopeo) = find("skopeo") else { return };
    let folder = folder();
    let own = plywood(folder.path());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let make = format!("save({}, `oci:{}:v1`)", sample(folder.path()), at("from"));
    own.eval(&make).assert_ok();
    let first = own.json("image(\"sample:one\").diff_ids");
    for (options, target) in [
        ("--format=v2s2", format!("dir:{}", at("docker-dir"))),
        ("--dest-compress-format=zstd", format!("dir:{}", at("zstd-dir"))),
        ("--dest-decompress", format!("dir:{}", at("plain-dir"))),
        ("--format=oci", format!("oci-archive:{}", at("x.tar"))),
    ] {
        let mut command = Command::new(&skopeo);
        command.args(["copy", "-q", options]).args(options.contains("zstd").then_some("--dest-compress"));
        output(command.arg(format!("oci:{}:v1", at("from"))).arg(&target));
        let back = plywood(folder.path());
        assert_eq!(back.json(&format!("load(`{target}`).diff_ids")), first, "{target}");
    }
}

#[test]
fn in_place_nothing_is_stored_until_it_runs() {
    let folder = folder();
    let own = plywood(folder.path());
    let file = folder.path().join("base.tar").display().to_string();
    own.eval(&format!(
        "save(commit(run(base(), \"echo x >/etc/new; rm /etc/group\"), \"b:2\"), `oci-archive:{file}`)"
    ))
    .assert_ok();
    let expected = own.json("let i = image(\"b:2\"); [i.id, layers(i), waste(i), i.files.len()]");
    for source in [format!("oci-archive:{file}"), file.clone()] {
        let other = plywood(folder.path());
        let script = format!(
            "let i = image(`{source}`); [i.id, layers(i), waste(i), i.files.len(), i.verified, images().len(),
              layers(i)[1].files.len(), history(i).len(), i.exists(\"/etc/new\"), images().len()]"
        );
        let seen = other.json(&script);
        assert_eq!(seen[0], expected[0]);
        for at in 0..2 {
            for key in ["diff_id", "size", "file_count", "waste", "created_by"] {
                assert_eq!(seen[1][at][key], expected[1][at][key], "{key}");
            }
        }
        assert_eq!(seen[2]["waste"], expected[2]["waste"]);
        assert_eq!(seen[3], expected[3]);
        assert_eq!((&seen[4], &seen[5]), (&json!(false), &json!(0)));
        assert_eq!((&seen[8], &seen[9]), (&json!(true), &json!(1)), "a look at a file takes the image in");
        let ran = plywood(folder.path()).json(&format!("run(image(`{source}`), \"cat /etc/new\").stdout"));
        assert_eq!(ran, "x\n");
    }
    let error = own.error("image(\"oci-archive:/nowhere.tar\")");
    assert_eq!(error["kind"], "not_found", "{error}");
}

#[test]
fn a_docker_daemon() {
    let Some(docker) = Docker::find() else { return };
    let folder = folder();
    let own = plywood(folder.path()).with_env("DOCKER_HOST", docker.host());
    own.eval("save(base(), \"docker-daemon:plywood-test/base:d\")").assert_ok();
    assert_eq!(docker.run(&["run", "--rm", "--network=none", "plywood-test/base:d", "echo", "hi"]), "hi");
    let other = plywood(folder.path()).with_env("DOCKER_HOST", docker.host());
    let back = other.json(
        "let i = image(\"docker-daemon:plywood-test/base:d\"); [i.verified, i.diff_ids, images().len()]",
    );
    assert_eq!(back, json!([false, own.json("base().diff_ids"), 0]));
    assert_eq!(other.json("load(\"docker-daemon:plywood-test/base:d\").diff_ids"), back[1]);
    assert_eq!(other.error("load(\"docker-daemon:no/such:x\")")["kind"], "not_found");
    docker.run(&["rmi", "plywood-test/base:d"]);
    let nobody = plywood(folder.path()).with_env("DOCKER_HOST", "unix:///nowhere.sock");
    assert_eq!(nobody.error("load(\"docker-daemon:x\")")["kind"], "network");
}

#[test]
fn podmans_socket() {
    let Some(podman) = find("podman") else { return };
    if !is_root() {
        return leave_to_root("podman's service is tested as root");
    }
    let folder = folder();
    let socket = folder.path().join("podman.sock");
    let mut service = Command::new(podman)
        .args(["--root"])
        .arg(folder.path().join("podman-root"))
        .arg("--runroot")
        .arg(folder.path().join("podman-run"))
        .args(["--storage-driver=vfs", "system", "service", "--time=60"])
        .arg(format!("unix://{}", socket.display()))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !socket.exists() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    if socket.exists() {
        let own = plywood(folder.path()).with_env("CONTAINER_HOST", format!("unix://{}", socket.display()));
        own.eval(&format!("save({}, \"docker-daemon:localhost/t/one:1\")", sample(folder.path())))
            .assert_ok();
        let other = plywood(folder.path()).with_env("CONTAINER_HOST", format!("unix://{}", socket.display()));
        let back = other.json("load(\"docker-daemon:localhost/t/one:1\").diff_ids");
        assert_eq!(back, own.json("image(\"sample:one\").diff_ids"));
        assert_eq!(other.error("load(\"docker-daemon:localhost/no:x\")")["kind"], "not_found");
    } else {
        skip("podman's service does not start");
    }
    let _ = service.kill();
    let _ = service.wait();
    // What podman left mounted would keep the folder.
    let _ = fs::remove_file(socket);
}

#[test]
fn what_comes_and_goes_is_told_unless_nobody_asked() {
    let folder = folder();
    let own = plywood(folder.path());
    let archive = folder.path().join("a.tar").display().to_string();
    let saved =
        own.eval(&format!("let i = {}; save(i, `oci-archive:{archive}`); i.diff_ids", sample(folder.path())));
    let layers = saved.assert_ok().stdout.matches("sha256:").count();
    assert_eq!(saved.stderr.matches(": saved, ").count(), layers, "{}", saved.stderr);
    let other = plywood(folder.path());
    let load = format!("load(`{archive}`);");
    assert!(other.args(["--quiet", "-e", &load]).assert_ok().stderr.is_empty());
    assert_eq!(other.eval(&load).assert_ok().stderr.matches(": exists").count(), layers);
    let third = plywood(folder.path());
    assert_eq!(third.eval(&load).assert_ok().stderr.matches(": loaded, ").count(), layers);
}
