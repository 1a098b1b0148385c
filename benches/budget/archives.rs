//! `load` and `save` of archives, against the best of the peers that are installed.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::fixture;
use crate::measure::{Row, find, output, plywood, time, time_and_peak};

const ROUNDS: usize = 3;

/// One way a peer does it: its name, how it is started in a fresh folder, how it is tidied up after.
struct Peer {
    name: &'static str,
    begin: Box<dyn Fn(&Path) -> Command>,
    tidy: Option<Command>,
}

fn shell(name: &'static str, line: impl Fn(&Path) -> String + 'static) -> Peer {
    let begin = move |folder: &Path| {
        let mut command = Command::new("sh");
        command.args(["-c", &line(folder)]);
        command
    };
    Peer { name, begin: Box::new(begin), tidy: None }
}

fn docker_load(archive: &Path) -> Option<Peer> {
    let host = std::env::var("PLYWOOD_TEST_DOCKER_HOST").ok()?;
    let docker = move |args: &[&str]| {
        let mut command = Command::new("/usr/bin/docker");
        command.args(["-H", &host]).args(args);
        command
    };
    let path = archive.display().to_string();
    let tidy = docker(&["rmi", "-f", "bench:two"]);
    Some(Peer {
        name: "docker load",
        begin: Box::new(move |_| docker(&["load", "-i", &path])),
        tidy: Some(tidy),
    })
}

/// Every peer's median, and the best of them.
fn best(folder: &Path, peers: &mut [Peer]) -> Vec<Duration> {
    let mut best: Option<Vec<Duration>> = None;
    for (number, peer) in peers.iter_mut().enumerate() {
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            let place = folder.join(format!("peer-{number}-{round}"));
            fs::create_dir(&place).unwrap();
            times.push(time(&mut (peer.begin)(&place)));
            if let Some(tidy) = &mut peer.tidy {
                output(tidy);
            }
            // podman leaves its store mounted on itself.
            let _ = Command::new("umount").arg(place.join("root/overlay")).output();
            fs::remove_dir_all(&place).unwrap();
        }
        times.sort();
        println!("  {:<40} {:>11.3?}", peer.name, times[ROUNDS / 2]);
        if best.as_ref().is_none_or(|best| times[ROUNDS / 2] < best[ROUNDS / 2]) {
            best = Some(times);
        }
    }
    best.unwrap()
}

/// The rows.
pub fn load_and_save() -> Option<Vec<Row>> {
    let (podman, skopeo, umoci) = (find("podman")?, find("skopeo")?, find("umoci")?);
    let (podman, skopeo, umoci) =
        (podman.display().to_string(), skopeo.display().to_string(), umoci.display().to_string());
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let store = folder.join("store");
    fixture::image(folder, &store);
    let (docker, oci) = (folder.join("image.tar"), folder.join("image.oci.tar"));
    let script = format!(
        "let image = image(\"bench:two\"); save(image, `docker-archive:{}`); save(image, `oci-archive:{}`);",
        docker.display(),
        oci.display()
    );
    output(plywood(&store).args(["--quiet", "-e", &script]));

    let mut rows = Vec::new();
    for (kind, archive) in [("docker-archive", &docker), ("oci-archive", &oci)] {
        let source = format!("{kind}:{}", archive.display());
        let (mut ours, mut peak) = (Vec::new(), 0);
        for round in 0..ROUNDS {
            let fresh = folder.join(format!("load-{kind}-{round}"));
            output(plywood(&fresh).args(["-e", "images()"]));
            let script = format!("load(`{source}`);");
            let (elapsed, memory) = time_and_peak(plywood(&fresh).args(["--quiet", "-e", &script]));
            ours.push(elapsed);
            peak = peak.max(memory);
            fs::remove_dir_all(&fresh).unwrap();
        }
        let podman = podman.clone();
        let path = archive.display().to_string();
        let (tool, unpacker, from) = (skopeo.clone(), umoci.clone(), source.clone());
        let mut peers = vec![
            shell("podman load", move |place| {
                format!("'{podman}' --root '{0}/root' --runroot '{0}/run' load -i '{path}'", place.display())
            }),
            shell("skopeo copy and umoci unpack", move |place| {
                format!(
                    "'{tool}' copy -q '{from}' 'oci:{0}/layout:x' && '{unpacker}' unpack --image '{0}/layout:x' '{0}/bundle'",
                    place.display()
                )
            }),
        ];
        // The daemon of Docker 20 takes no OCI archive.
        if kind == "docker-archive" {
            peers.extend(docker_load(archive));
        }
        let mut theirs = best(folder, &mut peers);
        rows.push(Row::new(&format!("load of a {kind} / the best peer"), &mut ours, &mut theirs, 1.0 / 3.0));
        rows.push(Row::bytes("peak memory of that load / 100 MB", peak, 100_000_000, 1.0));
    }

    // A store that has no compressed form of the layers yet, on both sides.
    let plain = folder.join("plain");
    output(plywood(&plain).args(["--quiet", "-e", &format!("load(`docker-archive:{}`)", docker.display())]));
    let (mut ours, mut peak) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        let script = format!("save(image(\"bench:two\"), `oci-archive:{}/saved-{round}`);", folder.display());
        let (elapsed, memory) = time_and_peak(plywood(&plain).args(["--quiet", "-e", &script]));
        ours.push(elapsed);
        peak = peak.max(memory);
    }
    let storage =
        format!("containers-storage:[vfs@{0}/vfs+{0}/vfs-run]localhost/bench:two", folder.display());
    output(Command::new(&skopeo).args([
        "copy",
        "-q",
        &format!("docker-archive:{}", docker.display()),
        &storage,
    ]));
    let (tool, archive) = (skopeo.clone(), docker.display().to_string());
    let mut peers = [
        shell("skopeo copy docker-archive: oci-archive:", move |place| {
            format!("'{tool}' copy -q 'docker-archive:{archive}' 'oci-archive:{}/copy'", place.display())
        }),
        shell("skopeo copy containers-storage: oci-archive:", move |place| {
            format!("'{skopeo}' copy -q '{storage}' 'oci-archive:{}/copy'", place.display())
        }),
    ];
    let mut theirs = best(folder, &mut peers);
    rows.push(Row::new("save as gzip oci-archive / skopeo", &mut ours, &mut theirs, 1.0 / 1.5));
    rows.push(Row::bytes("peak memory of that save / 100 MB", peak, 100_000_000, 1.0));
    Some(rows)
}
