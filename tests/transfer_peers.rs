//! What is saved, other programs read; what they save, we read.
//!
//! Docker's daemon runs as root in directories of its own and is stopped by its process id.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod transfer_support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use plywood::store::ImageRecord;
use plywood::transfer::SaveOptions;
use serde_json::Value;
use transfer_support::{Bench, is_root, skip, trees};

fn has(program: &str) -> bool {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path)
            .chain([PathBuf::from("/usr/sbin")])
            .any(|place| place.join(program).exists())
    });
    if !found {
        skip(&format!("no `{program}` here"));
    }
    found
}

/// Root and all programs; says what is missing.
fn can_use(programs: &[&str]) -> bool {
    if !is_root() {
        skip("not root");
        return false;
    }
    programs.iter().all(|program| has(program))
}

fn succeed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn sample(bench: &Bench) -> ImageRecord {
    let trees = trees(&bench.path("trees"));
    let trees: Vec<&Path> = trees.iter().map(|tree| tree.as_path()).collect();
    bench.image("team/sample:v1", &[trees[0], trees[1], trees[2], trees[0]])
}

/// The image in the three forms, with the compressions of each.
fn saved(bench: &Bench, image: &ImageRecord) -> Vec<(String, PathBuf)> {
    let mut places = Vec::new();
    for (kind, compression) in [
        ("docker-archive", None),
        ("oci-archive", Some("gzip")),
        ("oci-archive", Some("zstd")),
        ("oci-archive", Some("none")),
        ("oci", Some("gzip")),
        ("oci", Some("none")),
    ] {
        let path = bench.path(&format!("saved-{kind}-{}", compression.unwrap_or("plain")));
        let options = SaveOptions {
            compression: compression.map(|name| name.parse().unwrap()),
            ..SaveOptions::default()
        };
        bench.save(image, &format!("{kind}:{}", path.display()), &options).unwrap();
        places.push((kind.to_owned(), path));
    }
    places
}

#[test]
fn skopeo_copies_what_is_saved_and_saves_what_we_load() {
    if !can_use(&["skopeo"]) {
        return;
    }
    let bench = Bench::new();
    let image = sample(&bench);
    for (kind, path) in saved(&bench, &image) {
        let source = match kind.as_str() {
            "docker-archive" => format!("docker-archive:{}", path.display()),
            kind => format!("{kind}:{}:v1", path.display()),
        };
        let raw = succeed(Command::new("skopeo").args(["inspect", "--config", "--raw", &source]));
        assert_eq!(raw.trim_end().as_bytes(), image.config, "{source}");
        for (target, name) in
            [("docker-archive", "a.tar:team/sample:v2"), ("oci-archive", "b.tar:v2"), ("oci", "c:v2")]
        {
            // skopeo and podman cannot turn zstd into Docker's form.
            if target == "docker-archive" && path.ends_with("saved-oci-archive-zstd") {
                continue;
            }
            let directory = tempfile::tempdir().unwrap();
            let target = format!("{target}:{}/{name}", directory.path().display());
            succeed(Command::new("skopeo").args(["copy", "--insecure-policy", "-q", &source, &target]));
            let loaded = Bench::new().load_one(&target);
            // skopeo writes a configuration of its own into other formats; the layers stay.
            assert_eq!(loaded.record.diff_ids, image.diff_ids, "{source} {target}");
        }
    }
}

#[test]
fn umoci_unpacks_what_is_saved() {
    if !can_use(&["umoci"]) {
        return;
    }
    let bench = Bench::new();
    let image = sample(&bench);
    for (kind, path) in saved(&bench, &image) {
        if kind != "oci" {
            continue;
        }
        let bundle = bench.path(&format!("bundle-{}", path.file_name().unwrap().to_str().unwrap()));
        succeed(
            Command::new("umoci").args(["unpack", "--image", &format!("{}:v1", path.display())]).arg(&bundle),
        );
        let root = bundle.join("rootfs");
        assert_eq!(fs::read_to_string(root.join("größe")).unwrap(), "ü");
        assert_eq!(fs::read_link(root.join("link")).unwrap(), Path::new("../bin/sh"));
        assert_eq!(fs::metadata(root.join("zeros")).unwrap().len(), 2_000_000);
    }
}

#[test]
fn podman_loads_what_is_saved_and_saves_what_we_load() {
    if !can_use(&["podman"]) {
        return;
    }
    let bench = Bench::new();
    let image = sample(&bench);
    let own = tempfile::tempdir().unwrap();
    let podman = || {
        let mut command = Command::new("podman");
        command.arg("--root").arg(own.path().join("root")).arg("--runroot").arg(own.path().join("run"));
        command.args(["--storage-driver", "vfs"]);
        command
    };
    for (kind, path) in saved(&bench, &image) {
        // podman makes a name of a layout's path, and names have no capitals.
        let plain = std::env::temp_dir().join(format!("plywood-podman-{}", std::process::id()));
        fs::rename(&path, &plain).unwrap();
        succeed(podman().args(["load", "-q", "-i"]).arg(&plain));
        if kind == "oci" { fs::remove_dir_all(&plain) } else { fs::remove_file(&plain) }.unwrap();
        let images: Value =
            serde_json::from_str(&succeed(podman().args(["images", "--format", "json", "--no-trunc"])))
                .unwrap();
        let ids: Vec<&str> =
            images.as_array().unwrap().iter().map(|image| image["Id"].as_str().unwrap()).collect();
        assert!(!ids.is_empty(), "{}", path.display());
        let told = succeed(podman().args(["inspect", "--format", "{{json .RootFS.Layers}}", ids[0]]));
        let layers: Vec<plywood::oci::DiffId> = serde_json::from_str(&told).unwrap();
        assert_eq!(layers, image.diff_ids, "{}", path.display());
        for format in ["docker-archive", "oci-archive"] {
            if format == "docker-archive" && path.ends_with("saved-oci-archive-zstd") {
                continue;
            }
            let out = bench.path("podman-out");
            let _ = fs::remove_file(&out);
            succeed(podman().args(["save", "-q", "--format", format, "-o"]).arg(&out).arg(ids[0]));
            let loaded = Bench::new().load_one(out.to_str().unwrap());
            assert_eq!(loaded.record.diff_ids, image.diff_ids);
        }
        succeed(podman().args(["rmi", "-f", ids[0]]));
    }
}

struct Docker {
    directory: tempfile::TempDir,
    daemon: Child,
}

impl Docker {
    fn start() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        let log = fs::File::create(place("log")).unwrap();
        let daemon = Command::new("dockerd")
            .args(["--iptables=false", "--bridge=none", "--storage-driver=overlay2"])
            .arg("--data-root")
            .arg(place("root"))
            .arg("--exec-root")
            .arg(place("exec"))
            .arg("-p")
            .arg(place("pid"))
            .arg("-H")
            .arg(format!("unix://{}", place("docker.sock").display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut docker = Self { directory, daemon };
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(30) {
            if docker.daemon.try_wait().unwrap().is_some() {
                break;
            }
            if docker
                .command()
                .arg("version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap()
                .success()
            {
                return Some(docker);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        let log = fs::read_to_string(docker.directory.path().join("log")).unwrap_or_default();
        skip(&format!("dockerd does not start here: {}", log.lines().last().unwrap_or_default()));
        None
    }

    fn command(&self) -> Command {
        let mut command = Command::new("docker");
        command.arg("-H").arg(format!("unix://{}", self.directory.path().join("docker.sock").display()));
        command
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.daemon.id()).unwrap());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.daemon.wait();
    }
}

#[test]
fn docker_loads_what_is_saved_and_saves_what_we_load() {
    if !can_use(&["docker", "dockerd"]) {
        return;
    }
    let Some(docker) = Docker::start() else { return };
    let bench = Bench::new();
    let image = sample(&bench);
    let version = succeed(docker.command().args(["version", "--format", "{{.Server.Version}}"]));
    let major: u32 = version.split('.').next().unwrap().parse().unwrap();
    for (kind, path) in saved(&bench, &image) {
        // Docker reads OCI archives from 25 on, zstd with containerd's image store only.
        let readable = kind == "docker-archive"
            || kind == "oci-archive" && major >= 25 && !path.to_string_lossy().ends_with("zstd");
        if !readable {
            continue;
        }
        let said = succeed(docker.command().args(["load", "-i"]).arg(&path));
        assert!(said.contains("team/sample:v1"), "{said}");
        let format = "{{.Id}} {{json .RootFS.Layers}}";
        let told = succeed(docker.command().args(["inspect", "--format", format, "team/sample:v1"]));
        let (id, layers) = told.split_once(' ').unwrap();
        assert_eq!(id, image.id.to_string());
        assert_eq!(serde_json::from_str::<Vec<plywood::oci::DiffId>>(layers).unwrap(), image.diff_ids);
        let out = bench.path("docker-out");
        succeed(docker.command().args(["save", "team/sample:v1", "-o"]).arg(&out));
        let loaded = Bench::new().load_one(out.to_str().unwrap());
        assert_eq!(loaded.record.id, image.id);
        assert_eq!(loaded.references[0].to_string(), "team/sample:v1");
        succeed(docker.command().args(["rmi", "team/sample:v1"]));
    }
}
