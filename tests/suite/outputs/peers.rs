//! skopeo, umoci, Docker and podman take every form, see in it what we see, and give back what we take.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::samples::{FORMS, LOOK, Samples, Written};
use crate::support::registry::{Access, Registry, find, output, plywood};
use crate::support::{Docker, Podman, is_root, leave_to_root};

/// Both images, and what is to be seen of each.
const IMAGES: [&str; 2] = ["plain:v1", "team/rich:v1"];

/// What a look at `image` shows, as a script of ours has it.
fn seen(samples: &Samples, image: &str) -> String {
    let script = format!(
        "run(image(\"{image}\"), [\"-c\", `{LOOK}`], #{{ entrypoint: [\"/bin/sh\"], network: \"none\" }}).stdout"
    );
    let seen = samples.plywood.json(&script).as_str().unwrap().to_owned();
    for part in [
        "regular file 4711",
        "user.note=0x68656c6c6f",
        "security.capability=0x01",
        " 12:34 2 ",
        "special file",
    ] {
        assert!(image != "plain:v1" || seen.contains(part), "{part}: {seen}");
    }
    for part in
        ["./suid regular file 6755", "./keep/h3 regular file 644 0:0 2", "./sticky directory 1777", "../keep"]
    {
        assert!(image == "plain:v1" || seen.contains(part), "{part}: {seen}");
    }
    assert!(!seen.contains("gone") && !seen.contains("/deep") || image == "plain:v1", "{seen}");
    seen
}

/// The layers of `image`, and its configuration's bytes.
fn facts(samples: &Samples, image: &str) -> (Value, String) {
    let facts = samples.plywood.json(&format!("let i = image(\"{image}\"); [i.diff_ids, i.id]"));
    (facts[0].clone(), facts[1].as_str().unwrap().to_owned())
}

/// Nobody but root can make all that is in the samples.
fn samples() -> Option<Samples> {
    if !is_root() {
        leave_to_root("images with devices and owners are made as root");
        return None;
    }
    Samples::new()
}

fn load(samples: &Samples, source: &str) -> Value {
    plywood(samples.folder.path()).json(&format!("load(`{source}`).diff_ids"))
}

#[test]
fn skopeo_reads_and_copies() {
    let (Some(samples), Some(skopeo)) = (samples(), find("skopeo")) else { return };
    for image in IMAGES {
        let (layers, id) = facts(&samples, image);
        for written in samples.save(image, "s", &FORMS) {
            let source = written.source();
            let raw = output(Command::new(&skopeo).args(["inspect", "--config", "--raw", &source]));
            assert_eq!(plywood::oci::Digest::of(raw.as_bytes()).to_string(), id, "{source}");
            let told: Value =
                serde_json::from_str(&output(Command::new(&skopeo).args(["inspect", &source]))).unwrap();
            assert_eq!(told["Layers"].as_array().unwrap().len(), layers.as_array().unwrap().len());
            // What it makes of it, we take. It cannot turn zstd into Docker's form.
            let targets = [("docker-archive", ".tar:x/y:v2"), ("oci-archive", ".tar:v2"), ("dir", "")];
            for (kind, end) in
                targets.iter().filter(|(kind, _)| written.compression != "zstd" || *kind != "docker-archive")
            {
                let place = samples.at(&format!("copy-{kind}"));
                let target = format!("{kind}:{}{end}", place.display());
                output(Command::new(&skopeo).args(["copy", "--insecure-policy", "-q", &source, &target]));
                // It writes a configuration of its own into other formats; the layers stay.
                assert_eq!(load(&samples, &target), layers, "{source} {target}");
                remove(&place.with_extension(if end.is_empty() { "" } else { "tar" }));
            }
            remove(&written.place);
        }
    }
}

fn remove(place: &Path) {
    if place.is_dir() { fs::remove_dir_all(place) } else { fs::remove_file(place) }.unwrap();
}

#[test]
fn umoci_unpacks() {
    let (Some(samples), Some(umoci), Some(busybox)) = (samples(), find("umoci"), find("busybox")) else {
        return;
    };
    for image in IMAGES {
        let expected = seen(&samples, image);
        // It knows no zstd, and layouts in directories only.
        for written in samples.save(image, "u", &[FORMS[1], FORMS[3], FORMS[4], FORMS[6]]) {
            let layout = samples.at("layout");
            if written.kind == "oci-archive" {
                fs::create_dir(&layout).unwrap();
                output(Command::new("tar").arg("-xf").arg(&written.place).arg("-C").arg(&layout));
            } else {
                fs::rename(&written.place, &layout).unwrap();
            }
            let bundle = samples.at("bundle");
            let named = format!("{}:v1", layout.display());
            output(Command::new(&umoci).args(["unpack", "--image", &named]).arg(&bundle));
            // The same program as inside, so that it says the same things alike.
            let root = bundle.join("rootfs");
            let look = LOOK.replace("cd /srv", "cd \"$0\"");
            let path = format!("{}:/usr/bin", root.join("bin").display());
            let mut shell = Command::new(&busybox);
            let shell = shell.arg("sh").args(["-c", &look]).arg(root.join("srv")).env("PATH", path);
            let shell = shell.env("LC_ALL", "C");
            assert_eq!(lines(&output(shell)), lines(&expected), "{written:?}");
            let told = fs::read_to_string(bundle.join("config.json")).unwrap();
            assert!(image == "plain:v1" || told.contains("\"C=d e\""), "{told}");
            fs::remove_dir_all(bundle).unwrap();
            fs::remove_dir_all(layout).unwrap();
        }
    }
}

/// For a comparison that is read: what differs is a line.
fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn docker_loads_and_runs() {
    let (Some(samples), Some(docker)) = (samples(), Docker::find()) else { return };
    let version = docker.run(&["version", "--format", "{{.Server.Version}}"]);
    let major: u32 = version.split('.').next().unwrap().parse().unwrap();
    let check = |image: &str, name: &str, from: &str| {
        let (layers, id) = facts(&samples, image);
        let told = docker.run(&[
            "inspect",
            "--format",
            "{\"id\":\"{{.Id}}\",\"layers\":{{json .RootFS.Layers}}}",
            name,
        ]);
        assert_eq!(
            serde_json::from_str::<Value>(&told).unwrap(),
            json!({ "id": id, "layers": layers }),
            "{from}"
        );
        let run = ["run", "--rm", "--network=none", "--entrypoint=/bin/sh", name, "-c", LOOK];
        assert_eq!(lines(&docker.run(&run)), lines(seen(&samples, image).trim_end()), "{from}");
        let file = samples.at("from-docker.tar");
        docker.run(&["save", "-o", &file.display().to_string(), name]);
        let back = plywood(samples.folder.path()).json(&format!("load(`{}`).id", file.display()));
        assert_eq!(back, id, "{from}");
        docker.run(&["rmi", name]);
    };
    let tag = format!("plywood-test/out:{}", std::process::id());
    for image in IMAGES {
        // Docker reads OCI archives from 25 on, zstd with containerd's image store only.
        let mut forms = vec![FORMS[0]];
        forms.extend([FORMS[1], FORMS[3]].iter().filter(|_| major >= 25));
        samples.plywood.eval(&format!("tag(image(\"{image}\"), \"{tag}\")")).assert_ok();
        for (kind, compression) in forms {
            let place = samples.at("docker.tar");
            let script = format!(
                "save(image(\"{image}\"), `{kind}:{}:{tag}`, #{{ {} }})",
                place.display(),
                if compression.is_empty() {
                    String::new()
                } else {
                    format!("compression: \"{compression}\"")
                }
            );
            samples.plywood.eval(&script).assert_ok();
            let said = docker.run(&["load", "-i", &place.display().to_string()]);
            assert!(said.contains(&tag), "{said}");
            check(image, &tag, kind);
        }
    }
    let Some(registry) = Registry::start(&Access::Plain) else { return };
    for compression in ["gzip", "zstd", "none"].iter().filter(|name| **name != "zstd" || major >= 23) {
        for image in IMAGES {
            let name = registry.name(&format!("d/{compression}:1"));
            let options = format!("#{{ compression: \"{compression}\" }}");
            samples.plywood.eval(&format!("push(image(\"{image}\"), \"{name}\", {options})")).assert_ok();
            docker.run(&["pull", "-q", &name]);
            check(image, &name, compression);
        }
    }
}

#[test]
fn podman_loads_and_runs() {
    let (Some(samples), Some(podman)) = (samples(), Podman::find()) else { return };
    let registry = Registry::start(&Access::Plain);
    let check = |image: &str, id: &str, from: &str| {
        let (layers, _) = facts(&samples, image);
        let told = podman.run(&["inspect", "--format", "{{json .RootFS.Layers}}", id]);
        assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), layers, "{from}");
        let shown = podman.print(id, &["/bin/sh", "-c", LOOK]);
        assert_eq!(lines(&shown), lines(&seen(&samples, image)), "{from}");
    };
    for image in IMAGES {
        let (layers, id) = facts(&samples, image);
        for written in samples.save(image, "p", &FORMS) {
            let name = written.place.file_name().unwrap().to_str().unwrap();
            let mut take = podman.command();
            take.current_dir(samples.folder.path());
            match written.kind {
                "dir" => take.args(["pull", "-q", &format!("dir:{name}")]),
                _ => take.args(["load", "-q", "-i", name]),
            };
            let said = output(&mut take);
            let id =
                if written.kind == "dir" { said.trim() } else { said.trim().rsplit(' ').next().unwrap() };
            check(image, id, &format!("{written:?}"));
            give_back(&samples, &podman, id, &written, &layers);
            podman.run(&["rmi", "-f", id]);
            remove(&written.place);
        }
        for compression in registry.iter().flat_map(|_| ["gzip", "zstd", "none"]) {
            let name = registry.as_ref().unwrap().name(&format!("p/{compression}:1"));
            let options = format!("#{{ compression: \"{compression}\" }}");
            samples.plywood.eval(&format!("push(image(\"{image}\"), \"{name}\", {options})")).assert_ok();
            podman.run(&["pull", "-q", "--tls-verify=false", &name]);
            assert_eq!(format!("sha256:{}", podman.run(&["inspect", "--format", "{{.Id}}", &name])), id);
            check(image, &name, compression);
            podman.run(&["rmi", "-f", &name]);
        }
    }
}

/// What podman saves of what we saved, we load.
fn give_back(samples: &Samples, podman: &Podman, id: &str, written: &Written, layers: &Value) {
    // Once is enough for layers that are the same; zstd it cannot turn into Docker's form.
    let formats: &[&str] = match (written.kind, written.compression) {
        ("docker-archive", _) => &["docker-archive", "oci-archive"],
        ("oci-archive", "gzip" | "none") => &["docker-archive"],
        ("oci-archive", _) => &["oci-archive"],
        _ => &[],
    };
    for format in formats {
        let file = samples.at("from-podman.tar");
        podman.run(&["save", "-q", "--format", format, "-o", &file.display().to_string(), id]);
        assert_eq!(&load(samples, &file.display().to_string()), layers, "{written:?} {format}");
        remove(&file);
    }
}
