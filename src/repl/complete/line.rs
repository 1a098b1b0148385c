//! Completion of what is not code: commands of the prompt and what follows them.

use super::super::commands;
use super::candidate::{Candidate, Completion};
use super::host;
use super::modules;
use super::world::World;
use crate::script::{STDLIB, help};

/// What a line that begins so is.
pub enum Answer {
    /// Not code; this can stand there.
    Done(Completion),
    /// Code, from that byte on.
    Code(usize),
}

/// What can stand at the end of `text`, if that is not code.
pub fn complete(text: &str, world: &dyn World) -> Answer {
    let opening = text.trim_start();
    let lead = text.len() - opening.len();
    let all = commands::ALL.iter().filter(|(name, ..)| name.starts_with(':'));
    if opening.starts_with(':') && !opening.contains(char::is_whitespace) {
        let commands = all.map(|(name, rest, about)| {
            Candidate::plain(*name).form(format!("{name} {rest}").trim_end()).about(*about)
        });
        return Answer::Done(Completion::of(lead, opening, commands));
    }
    if let Some(command) = opening.strip_prefix('!').filter(|rest| !rest.trim_start().starts_with(['=', '(']))
    {
        // Files, as a shell would.
        let start = command.rfind([' ', '\'', '"', '=']).map_or(0, |at| at + 1);
        let path = &command[start..];
        let place = text.len() - path.len();
        return Answer::Done(if start == 0 {
            Completion::none(text.len())
        } else {
            host::bare(place, path, world.home())
        });
    }
    // The word after the command, and all that follows it.
    let word = text.len() - text.rsplit(char::is_whitespace).next().map_or(0, str::len);
    let after =
        |command: &str| opening.strip_prefix(command).filter(|rest| rest.starts_with(char::is_whitespace));
    let rest = |rest: &str| text.len() - rest.trim_start().len();
    let named = |names: Vec<Candidate>| Answer::Done(Completion::of(word, &text[word..], names));
    let asked = opening.strip_prefix('?').or_else(|| after(":help")).or_else(|| after("help"));
    if let Some(asked) = asked.filter(|asked| !asked.contains('(')) {
        let start = rest(asked).max(word);
        return Answer::Done(Completion::of(start, &text[start..], topics()));
    }
    for command in [":type", ":time", ":json"] {
        if let Some(code) = after(command) {
            return Answer::Code(rest(code));
        }
    }
    if after(":goto").is_some() {
        let places = world.places();
        return named(places.into_iter().map(|(place, code)| Candidate::plain(place).about(code)).collect());
    }
    if after(":edit").is_some() {
        let places = world.places().into_iter().filter(|(place, _)| place.parse::<usize>().is_ok());
        return named(places.map(|(place, code)| Candidate::plain(place).about(code)).collect());
    }
    if after(":source").is_some() {
        let functions = world.names().functions.iter().map(|(name, params)| {
            let about = world.comment_on(name).unwrap_or_default();
            Candidate::plain(name.as_str()).form(format!("{name}({})", params.join(", "))).about(about)
        });
        let modules = modules().map(|(name, about)| Candidate::plain(name).about(about));
        return named(functions.chain(modules).collect());
    }
    if let Some(path) = after(":load").or_else(|| after(":save")) {
        let path = path.trim_start();
        let path = path.strip_prefix("--lesson").unwrap_or(path).trim_start();
        let path = path.strip_prefix('"').unwrap_or(path);
        let mut found = host::bare(text.len() - path.len(), path, world.home());
        if opening.starts_with(":save") && "--lesson".starts_with(path) && path.starts_with('-') {
            found.candidates.push(Candidate::plain("--lesson ").about("as a lesson, each statement a step"));
        }
        return Answer::Done(found);
    }
    if opening.starts_with(':') {
        return Answer::Done(Completion::none(text.len()));
    }
    Answer::Code(0)
}

/// Everything that there is help on.
fn topics() -> Vec<Candidate> {
    let commands = commands::ALL.iter().map(|(name, _, about)| Candidate::plain(*name).about(*about));
    let modules = STDLIB.iter().map(|(name, text)| Candidate::plain(*name).about(crate::script::about(text)));
    let names = help::names().into_iter().map(|name| {
        let summary = crate::script::verbs::find(name).map_or("", |verb| verb.summary);
        Candidate::plain(name).about(summary)
    });
    names.chain(commands).chain(modules).collect()
}
