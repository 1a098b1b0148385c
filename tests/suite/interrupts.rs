//! Ctrl-C while a layer is made anew.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::archive::{docker_archive, plain};
use crate::support::{Outcome, Plywood, count};

/// Files enough that making them anew takes a while.
fn layer(number: usize, files: usize) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for file in 0..files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(6);
        let name = format!("srv/{number}/{:03}/{file}.log", file % 100);
        tar.append_data(&mut header, &name, &b"a log\n"[..]).unwrap();
    }
    tar.into_inner().unwrap()
}

fn parts(plywood: &Plywood) -> Vec<String> {
    let parts = fs::read_dir(plywood.store().join("parts")).unwrap();
    let mut names: Vec<String> =
        parts.map(|part| part.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn ctrl_c_ends_what_makes_layers_and_leaves_nothing() {
    let plywood = Plywood::new();
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("many.tar");
    let files = count(6_000, 60_000);
    docker_archive(&archive, "many:1", plain(&[layer(0, files), layer(1, files)]));
    plywood.eval(&format!("load(`{}`)", archive.display())).assert_ok();
    let before = parts(&plywood);
    let value = |code: &str| plywood.json(code);
    let known = value("[images().map(\"id\"), layers(image(\"many:1\")).map(\"diff_id\")]");
    let mut ended = 0;
    for verb in [
        "flatten(image(\"many:1\"))",
        "squash(image(\"many:1\"), 0..2)",
        "without(image(\"many:1\"), \"/srv/*/007\")",
        "slim(image(\"many:1\"), \"waste\"); without(image(\"many:1\"), \"/srv/1/00?\")",
    ] {
        let child = plywood
            .command()
            .args(["-e", verb])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // As soon as a new part is being filled.
        let until = Instant::now() + Duration::from_secs(60);
        while parts(&plywood) == before {
            assert!(Instant::now() < until, "{verb}");
            std::thread::sleep(Duration::from_millis(1));
        }
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let output = child.wait_with_output().unwrap();
        let outcome = Outcome::new(output.status, output.stdout, &output.stderr);
        assert!([0, 130].contains(&outcome.code), "{verb}: {outcome:?}");
        ended += usize::from(outcome.code == 130);
        if outcome.code == 130 {
            assert_eq!(parts(&plywood), before, "{verb}");
        } else {
            // It was quicker than the signal.
            plywood.eval("images().filter(|i| !(\"many:1\" in i.references || i.references.len() > 0)).for_each(|i| rm(i)); prune()").assert_ok();
        }
        plywood.assert_clean();
        assert_eq!(
            value("[images().map(\"id\"), layers(image(\"many:1\")).map(\"diff_id\")]"),
            known,
            "{verb}"
        );
    }
    assert!(ended > 0, "no signal came in time");
    // Afterwards it works.
    plywood.eval("if flatten(image(\"many:1\")).diff_ids.len() != 1 { fail(\"not one\") }").assert_ok();
}
