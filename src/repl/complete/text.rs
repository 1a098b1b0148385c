//! Completion inside a text literal: images, containers, files, names.

use std::path::Path;

use rustyline::completion::Pair;

use super::super::lexer::{Kind, Token};
use super::place::Place;
use super::{World, completes, matching, modules, place, plain};
use crate::script::help;
use crate::script::verbs::Completes;

/// Files of one folder that are offered at most.
const MOST_FILES: usize = 500;
/// What may stand before a path.
const TRANSPORTS: &[&str] = &["oci:", "oci-archive:", "docker-archive:"];

/// What can stand in the literal that is the token number `literal` and goes to the end of `text`.
pub fn complete(
    text: &str,
    tokens: &[Token],
    literal: usize,
    follows: Option<char>,
    world: &World<'_>,
) -> (usize, Vec<Pair>) {
    let range = tokens[literal].range.clone();
    let quote = match text[range.clone()].chars().next() {
        Some(quote @ ('"' | '`')) => quote,
        _ => return (text.len(), Vec::new()),
    };
    let start = range.start + 1;
    let given = &text[start..];
    let before: Vec<&Token> = tokens[..literal].iter().filter(|token| token.kind != Kind::Space).collect();
    let closing = if follows == Some(quote) { String::new() } else { quote.to_string() };
    let closed = |names: Vec<String>| -> Vec<Pair> {
        matching(
            given,
            names.into_iter().map(|name| Pair { replacement: format!("{name}{closing}"), display: name }),
        )
    };
    if before.last().is_some_and(|token| &text[token.range.clone()] == "import") {
        return (start, closed(modules().map(str::to_owned).collect()));
    }
    let Some(place) = place::of(text, &before) else { return (start, Vec::new()) };
    let mut found = Vec::new();
    for wanted in completes(&place) {
        match wanted {
            Completes::Images => found.extend(closed((world.images)())),
            Completes::Containers => found.extend(closed((world.containers)())),
            Completes::Snapshots => found.extend(closed((world.snapshots)())),
            Completes::OneOf(names) => {
                found.extend(closed(names.iter().map(|name| (*name).to_owned()).collect()))
            }
            Completes::Verbs => found.extend(closed(help::names().into_iter().map(str::to_owned).collect())),
            Completes::HostPath => return paths(start, given, place.key.is_some()),
            Completes::InnerPath => return inner_path(start, given, &place, world),
            Completes::Program => return program(start, given, &place, world),
            Completes::Nothing | Completes::Options => {}
        }
    }
    (start, found)
}

/// Where programs are looked for in a container.
const PROGRAMS: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Paths inside what the call works on.
fn inner_path(start: usize, given: &str, place: &Place, world: &World<'_>) -> (usize, Vec<Pair>) {
    let Some(subject) = &place.subject else { return (start, Vec::new()) };
    let (folder, name) = match given.rfind('/') {
        Some(at) => (&given[..=at], &given[at + 1..]),
        None => ("/", given),
    };
    let names = (world.inside)(subject, folder).into_iter().take(MOST_FILES).map(|(mut name, is_folder)| {
        if is_folder {
            name.push('/');
        }
        plain(&name)
    });
    (start + given.len() - name.len(), matching(name, names))
}

/// A command's first word is a program, a later one that begins with a slash a path.
fn program(start: usize, given: &str, place: &Place, world: &World<'_>) -> (usize, Vec<Pair>) {
    let word = given.rfind(' ').map_or(0, |at| at + 1);
    if given[word..].starts_with('/') {
        return inner_path(start + word, &given[word..], place, world);
    }
    let Some(subject) = place.subject.as_ref().filter(|_| word == 0 && !given.is_empty()) else {
        return (start, Vec::new());
    };
    let all = PROGRAMS.iter().flat_map(|folder| (world.inside)(subject, folder));
    (start, matching(given, all.filter(|(_, is_folder)| !is_folder).map(|(name, _)| plain(&name))))
}

/// Files that begin as `given` does; in a volume only up to its first colon.
fn paths(start: usize, given: &str, volume: bool) -> (usize, Vec<Pair>) {
    if volume && given.contains(':') {
        return (start, Vec::new());
    }
    if !volume && !given.is_empty() && TRANSPORTS.iter().any(|name| name.starts_with(given)) {
        return (start, matching(given, TRANSPORTS.iter().map(|name| plain(name))));
    }
    let skipped = TRANSPORTS.iter().find(|name| given.starts_with(**name)).map_or(0, |name| name.len());
    let path = &given[skipped..];
    let (folder, name) = match path.rfind('/') {
        Some(at) => (&path[..=at], &path[at + 1..]),
        None => ("", path),
    };
    let listed = std::fs::read_dir(if folder.is_empty() { Path::new(".") } else { Path::new(folder) });
    let mut files = Vec::new();
    for entry in listed.into_iter().flatten().flatten().take(MOST_FILES) {
        let Ok(mut file) = entry.file_name().into_string() else { continue };
        // Such names would need escapes, and are rare.
        let odd = file.contains(['"', '\\', '`', '$']) || file.chars().any(char::is_control);
        if odd || (file.starts_with('.') && !name.starts_with('.')) {
            continue;
        }
        if entry.path().is_dir() {
            file.push('/');
        }
        files.push(plain(&file));
    }
    (start + skipped + folder.len(), matching(name, files))
}
