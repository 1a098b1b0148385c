//! The house keeps its plan: arrows point down, and each room keeps to what it owns.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::project;

/// Rooms from the top floor down; rooms of one row are neighbours.
const FLOORS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["repl"],
    &["script"],
    &["workbench"],
    &["container", "explorer", "transfer"],
    &["inspect", "snapshot", "image"],
    &["layer", "store"],
    &["sys", "oci"],
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&project().join("src"), &mut found);
    assert!(found.len() > 50, "the sources were not found");
    found
}

fn room(path: &Path) -> String {
    let inside = path.strip_prefix(project().join("src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// Code without comments and without its unit tests, which may look where they like.
fn code(text: &str) -> String {
    let body = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(text);
    body.lines().map(|line| line.split("//").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_arrow_points_down() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let from = room(&path);
        if from == "lib" || is_test(&path) {
            continue;
        }
        let from_floor =
            floor(&from).unwrap_or_else(|| panic!("{} is in no room of the plan", path.display()));
        let code = code(&text);
        for prefix in ["crate::", "plywood::"] {
            for part in code.split(prefix).skip(1) {
                let to: String =
                    part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let Some(to_floor) = floor(&to) else { continue };
                if to != from && to_floor <= from_floor {
                    wrong.push(format!("{}: {from} → {to}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point up or sideways:\n{}", wrong.join("\n"));
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs")
}

/// Where a word may stand, and why nowhere else.
const OWNED: &[(&str, &[&str], &str)] = &[
    ("rhai", &["script"], "only `script` knows Rhai"),
    ("unsafe ", &["sys"], "`unsafe` lives in `sys`"),
    ("println!", &["cli", "repl"], "the library never prints"),
    ("eprintln!", &["cli", "repl"], "the library never prints"),
    ("print!", &["cli", "repl"], "the library never prints"),
    ("env::var", &["cli", "repl"], "the environment is read at the door"),
    ("dirs::", &["cli", "repl"], "the home directory is read at the door"),
    ("rusqlite", &["store"], "records are the store's"),
    ("rustyline", &["repl"], "the line editor is the prompt's"),
    ("ratatui", &["explorer"], "the full screen is the explorer's"),
    ("crossterm", &["explorer"], "the full screen is the explorer's"),
    ("comfy_table", &["script"], "tables are drawn in one place"),
];

#[test]
fn each_room_keeps_to_what_it_owns() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if is_test(&path) {
            continue;
        }
        let (room, code) = (room(&path), code(&text));
        for (word, rooms, why) in OWNED {
            let used = code.match_indices(word).any(|(at, _)| {
                !code[..at].ends_with(|c: char| {
                    c.is_ascii_alphanumeric() || c == '_' || c == '"' || c == '.' || c == '/'
                })
            });
            if used && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{}: `{word}`: {why}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > 600)
        .map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn main_stays_tiny() {
    let main = fs::read_to_string(project().join("src/main.rs")).unwrap();
    assert!(main.lines().count() <= 30);
}
