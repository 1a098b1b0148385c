//! Completion inside a text literal: images, containers, files, programs, names.

use super::candidate::Completion;
use super::inside::inner;
use super::place::Place;
use super::reader::Reader;
use super::typed::Typed;
use super::world::Thing;
use super::{command, host, modules, wanted};
use crate::script::help;
use crate::script::verbs::Completes;

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
