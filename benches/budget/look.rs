//! Looking into an image: against dive, in place and stored.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::archive::{docker_archive, plain};
use crate::measure::{Row, output, plywood, time, time_and_peak};

const LAYERS: usize = 5;
const FILES: usize = 40_000;

fn dive() -> Option<PathBuf> {
    let named = std::env::var_os("PLYWOOD_TEST_DIVE").map(PathBuf::from);
    let found = named.into_iter().chain([PathBuf::from("/usr/local/bin/dive")]).find(|path| path.exists());
    if found.is_none() {
        println!("skipped: `dive` is not installed; `PLYWOOD_TEST_DIVE` may name it");
    }
    found
}

/// A layer of files in 200 folders; the last one has whiteouts of so many files of the first.
fn layer(number: usize, whiteouts: usize) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_mtime(1_600_000_000);
    let mut add = |name: &str, kind: tar::EntryType, content: &str| {
        header.set_entry_type(kind);
        header.set_mode(if kind == tar::EntryType::Directory { 0o755 } else { 0o644 });
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content.as_bytes()).unwrap();
    };
    for folder in 0..200 {
        let name = format!("srv/l{number}/d{folder:03}");
        add(&name, tar::EntryType::Directory, "");
        for file in 0..FILES / 200 {
            add(&format!("{name}/f{file:03}"), tar::EntryType::Regular, &format!("{number} {folder} {file}"));
        }
    }
    for place in 0..whiteouts {
        add(&format!("srv/l0/d{:03}/.wh.f{:03}", place % 200, place / 200), tar::EntryType::Regular, "");
    }
    tar.into_inner().unwrap()
}

/// A docker-archive of them.
fn archive(path: &Path, whiteouts: usize) {
    let layers: Vec<Vec<u8>> =
        (0..LAYERS).map(|number| layer(number, if number + 1 == LAYERS { whiteouts } else { 0 })).collect();
    docker_archive(path, "look:1", plain(&layers));
}

/// `layers` and `waste` of five layers of 40,000 files.
pub fn look() -> Option<Vec<Row>> {
    let dive = dive()?;
    let folder = tempfile::tempdir().unwrap();
    let (store, path, hiding) =
        (folder.path().join("store"), folder.path().join("look.tar"), folder.path().join("hiding.tar"));
    archive(&path, 0);
    archive(&hiding, 200);
    let look = |path: &Path| {
        let code = format!(
            "let x = image(`docker-archive:{}`); print([layers(x).len(), waste(x).waste, x.verified])",
            path.display()
        );
        let mut command = plywood(&store);
        command.args(["-e", &code]);
        command
    };
    let json = folder.path().join("dive.json");
    let theirs = || {
        let mut command = Command::new(&dive);
        command.args(["--source", "docker-archive"]).arg(&path).arg("--json").arg(&json);
        command
    };
    assert_eq!(output(&mut look(&path)).trim(), "[5, 0, false]");
    let (mut ours, mut peers, mut hidden) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..5 {
        ours.push(time(&mut look(&path)));
        hidden.push(time(&mut look(&hiding)));
        peers.push(time(&mut theirs()));
    }
    let mut rows = vec![
        Row::new("layers and waste of 5 x 40,000 files in place / dive --json", &mut ours, &mut peers, 0.1),
        Row::new("the same with 200 whiteouts / with none", &mut hidden, &mut ours, 1.2),
    ];
    let (memory, of_dive) = (time_and_peak(&mut look(&path)).1, time_and_peak(&mut theirs()).1);
    rows.push(Row::bytes("peak memory of that / dive's", memory, of_dive, 0.25));
    output(plywood(&store).args(["--quiet", "-e", &format!("load(`{}`)", path.display())]));
    let mut stored: Vec<Duration> = (0..7)
        .map(|_| {
            let mut command = plywood(&store);
            command.args(["-e", "let x = image(\"look:1\"); print([layers(x).len(), waste(x).waste])"]);
            time(&mut command)
        })
        .collect();
    rows.push(Row::new("the same stored / 50 ms", &mut stored, &mut [Duration::from_millis(50)], 1.0));
    fs::remove_file(path).unwrap();
    Some(rows)
}
