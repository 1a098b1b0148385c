//! Completion inside a text literal: images, containers, files, programs, names.

use super::candidate::{Candidate, Completion};
use super::literal::{Said, spelled};
use super::place::Place;
use super::reader::Reader;
use super::world::{Thing, World};
use super::{command, host, modules, wanted};
use crate::script::help;
use crate::script::verbs::Completes;

/// A text that is being typed.
pub struct Typed<'a> {
    /// Its first byte after the quote.
    pub start: usize,
    /// The quote.
    pub quote: char,
    /// What stands there.
    pub said: Said,
    /// What follows the cursor.
    pub follows: Option<char>,
    /// Session, store and machine.
    pub world: &'a dyn World,
}

impl Typed<'_> {
    /// A name that ends the text: the quote comes with it, unless it is there.
    pub fn closed(&self, name: &str) -> Candidate {
        let closing = if self.follows == Some(self.quote) { String::new() } else { self.quote.to_string() };
        Candidate::plain(name).text(format!("{}{closing}", spelled(name, self.quote)))
    }

    /// A part of the text, which goes on.
    pub fn part(&self, name: &str) -> Candidate {
        Candidate::plain(name).text(spelled(name, self.quote))
    }

    /// Those of `names` that begin as the text does.
    fn names<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Completion {
        self.of(names.into_iter().map(|name| self.closed(name)).collect())
    }

    /// Those of `all` that begin as the text does.
    fn of(&self, all: Vec<Candidate>) -> Completion {
        Completion::of(self.start, &spelled(&self.said.from(0), self.quote), all)
    }
}

/// What can stand in a text literal that the cursor is in; `reader` has what comes before it.
pub fn complete(typed: &Typed<'_>, reader: &Reader<'_>) -> Completion {
    let end = reader.len();
    if reader.is_before(end, "import") {
        return import(typed);
    }
    let Some(place) = reader.place(end) else { return Completion::none(typed.start) };
    let mut found = Completion::none(typed.start);
    for wanted in wanted(&place) {
        let more = one(typed, reader, &place, wanted);
        // What there are several kinds of has one beginning.
        if found.candidates.is_empty() {
            found.start = more.start;
        }
        if more.start == found.start {
            found.candidates.extend(more.candidates);
        }
    }
    found
}

fn one(typed: &Typed<'_>, reader: &Reader<'_>, place: &Place, wanted: Completes) -> Completion {
    let world = typed.world;
    let given = typed.said.from(0);
    let thing = || reader.subject(place);
    match wanted {
        Completes::Images => images(typed),
        Completes::Containers => typed.names(world.containers(&given).iter().map(String::as_str)),
        Completes::Snapshots => typed.names(world.snapshots(&given).iter().map(String::as_str)),
        Completes::OneOf(names) => typed.names(names.iter().copied()),
        Completes::Verbs => typed.names(help::names()),
        Completes::Environment => environment(typed, place),
        Completes::HostPath => host::path(typed, 0),
        Completes::Source => host::source(typed),
        Completes::ImageOrSource => {
            let from_host = host::source(typed);
            let mut found = images(typed);
            if from_host.start == found.start || found.candidates.is_empty() {
                found.start = from_host.start;
                // Of a bare word only a transport can be meant: files have a slash or a dot.
                let is_path = given.contains(['/', ':']) || given.starts_with(['.', '~']);
                found.candidates.extend(
                    from_host.candidates.into_iter().filter(|it| is_path || it.text.ends_with([':', '/'])),
                );
            }
            found
        }
        Completes::Volume => volume(typed, thing()),
        Completes::InnerPath => {
            let folders = place.key.as_deref() == Some("workdir");
            inner(typed, thing().as_ref(), 0, "/", folders)
        }
        Completes::Program => match (place.item, thing()) {
            (_, None) => Completion::none(typed.start),
            (Some(0), Some(thing)) => command::program(typed, &thing),
            (Some(_), Some(thing)) => {
                let workdir = world.bearings(&thing).map_or_else(|| "/".to_owned(), |it| it.workdir);
                inner(typed, Some(&thing), 0, &workdir, false)
            }
            (None, Some(thing)) => command::complete(typed, &thing),
        },
        Completes::Nothing | Completes::Options => Completion::none(typed.start),
    }
}

/// References; one that has the text somewhere else in it takes its place.
fn images(typed: &Typed<'_>) -> Completion {
    let given = typed.said.from(0);
    let names = typed.world.images(&given);
    Completion { start: typed.start, candidates: names.iter().map(|name| typed.closed(name)).collect() }
}

fn import(typed: &Typed<'_>) -> Completion {
    let given = typed.said.from(0);
    if given.contains('/') && !given.starts_with("std/") {
        let mut found = host::path(typed, 0);
        found.candidates.retain(|it| it.label.ends_with('/') || it.label.ends_with(".rhai"));
        return found;
    }
    typed.of(modules().map(|(name, about)| typed.closed(name).about(about)).collect())
}

/// `"NAME"` and `"NAME=value"`, and the name alone.
fn environment(typed: &Typed<'_>, place: &Place) -> Completion {
    let names = typed.world.environment();
    typed.of(names
        .iter()
        .map(|name| match &place.key {
            Some(_) => typed.part(name),
            None => typed.closed(name),
        })
        .collect())
}

/// `HOST:CONTAINER[:ro]`.
fn volume(typed: &Typed<'_>, thing: Option<Thing>) -> Completion {
    let colons: Vec<usize> =
        typed.said.chars().enumerate().filter(|(_, char)| *char == ':').map(|(at, _)| at).collect();
    match colons.as_slice() {
        [] => host::path(typed, 0),
        [host] => inner(typed, thing.as_ref(), host + 1, "/", false),
        [_, .., last] => {
            let from = typed.said.place(last + 1);
            let modes = ["ro", "rw"].map(|mode| typed.closed(mode));
            Completion::of(from, &typed.said.from(last + 1), modes)
        }
    }
}

/// Paths inside a thing, from a character of the text on; what does not begin with a slash begins at `workdir`.
pub fn inner(
    typed: &Typed<'_>,
    thing: Option<&Thing>,
    from: usize,
    workdir: &str,
    only_folders: bool,
) -> Completion {
    let Some(thing) = thing else { return Completion::none(typed.start) };
    let given = typed.said.from(from);
    let (folder, name) = given.split_at(given.rfind('/').map_or(0, |at| at + 1));
    let start = typed.said.place(from + folder.chars().count());
    let whole = within(workdir, folder);
    let files = typed.world.inside(thing, &whole, name);
    let candidates = files
        .iter()
        // What begins with a dot is offered to those who type one.
        .filter(|file| {
            (file.is_dir || !only_folders) && (name.starts_with('.') || !file.name.starts_with('.'))
        })
        .map(|file| match file.is_dir {
            true => typed.part(&format!("{}/", file.name)),
            false => typed.part(&file.name),
        })
        .collect();
    Completion { start, candidates }
}

/// `folder` as seen from `workdir`.
pub fn within(workdir: &str, folder: &str) -> String {
    let folder = folder.trim_start_matches("./");
    if folder.starts_with('/') {
        folder.to_owned()
    } else {
        format!("{}/{folder}", workdir.trim_end_matches('/'))
    }
}
