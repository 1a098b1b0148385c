//! Paths of this machine, in texts and after commands of the prompt.

use std::path::PathBuf;

use super::candidate::{Candidate, Completion};
use super::typed::Typed;
use super::world::MOST;

/// Names that are read at most from one folder.
const MOST_READ: usize = 20_000;

/// Where images come from and go to, and what follows.
const TRANSPORTS: &[(&str, &str)] = &[
    ("oci:", "a layout: a folder, `:TAG` after it"),
    ("oci-archive:", "a layout in a tar"),
    ("docker-archive:", "what `docker save` writes"),
    ("dir:", "a folder as skopeo writes it"),
    ("docker-daemon:", "Docker or podman on this machine"),
    ("docker://", "a registry"),
];

/// A source or target: a transport, a path after it, or a path.
pub fn source(typed: &Typed<'_>) -> Completion {
    let given = typed.said.from(0);
    if let Some((name, _)) = TRANSPORTS.iter().find(|(name, _)| given.starts_with(name)) {
        return match *name {
            // Whom to ask is not on this disk.
            "docker-daemon:" | "docker://" => Completion::none(typed.start),
            _ => path(typed, name.len()),
        };
    }
    let fitting = TRANSPORTS.iter().filter(|(name, _)| name.starts_with(&given));
    let transports: Vec<Candidate> = fitting.map(|(name, about)| typed.part(name).about(*about)).collect();
    let mut found = path(typed, 0);
    if found.start == typed.start {
        found.candidates.extend(transports);
    }
    found
}

/// Files that begin as the text does from the character `from` on.
pub fn path(typed: &Typed<'_>, from: usize) -> Completion {
    let given = typed.said.from(from);
    let (folder, name) = given.split_at(given.rfind('/').map_or(0, |at| at + 1));
    let home = typed.world.home();
    let files = files(folder, name, home.clone());
    if let (Some(rest), Some(home)) = (folder.strip_prefix("~/"), home) {
        // Nobody reads `~` later, so the whole path takes its place.
        let lead = format!("{}/{rest}", home.display());
        let candidates = files.iter().map(|file| typed.part(&format!("{lead}{file}")));
        let labels = candidates.zip(&files).map(|(it, file)| Candidate {
            label: file.clone(),
            form: file.clone(),
            ..it
        });
        return Completion { start: typed.said.place(from), candidates: labels.collect() };
    }
    let start = typed.said.place(from + folder.chars().count());
    Completion { start, candidates: files.iter().map(|file| typed.part(file)).collect() }
}

/// A path that stands bare after a command of the prompt.
pub fn bare(start: usize, given: &str, home: Option<PathBuf>) -> Completion {
    let (folder, name) = given.split_at(given.rfind('/').map_or(0, |at| at + 1));
    let files = files(folder, name, home.clone());
    match (folder.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => {
            let lead = format!("{}/{rest}", home.display());
            let whole = |file: String| Candidate::plain(file.clone()).text(format!("{lead}{file}"));
            Completion { start, candidates: files.into_iter().map(whole).collect() }
        }
        _ => Completion {
            start: start + folder.len(),
            candidates: files.into_iter().map(Candidate::plain).collect(),
        },
    }
}

/// What the folder holds that begins so, folders with a slash, sorted.
fn files(folder: &str, name: &str, home: Option<PathBuf>) -> Vec<String> {
    let place = match (folder.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ if folder.is_empty() => PathBuf::from("."),
        _ => PathBuf::from(folder),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten().take(MOST_READ) {
        let Ok(mut file) = entry.file_name().into_string() else { continue };
        let is_hidden = file.starts_with('.') && !name.starts_with('.');
        if is_hidden || !file.starts_with(name) || file.chars().any(char::is_control) {
            continue;
        }
        if entry.path().is_dir() {
            file.push('/');
        }
        files.push(file);
        if files.len() >= MOST {
            break;
        }
    }
    files.sort();
    files
}
