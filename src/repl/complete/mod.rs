//! Completion: what can stand at the cursor, read from the verbs' table, the session, the store and the disk.
//!
//! Nothing is run, fetched or made for it, and no question costs more where there is more to choose from.

mod candidate;
mod chain;
mod command;
mod host;
mod inside;
mod line;
mod literal;
mod methods;
mod names;
mod place;
mod reader;
mod signature;
mod text;
mod thing;
mod typed;
mod world;

pub use candidate::{Candidate, Completion};
pub use signature::{Signature, signature};
pub use world::{MOST, Thing, World};

use super::layout;
use super::lexer::{self, Kind, Token};
use crate::script::verbs::{self, Completes};
use crate::script::{STDLIB, about};
use literal::Said;
use place::Place;
use reader::Reader;
use typed::Typed;

/// What can stand at `cursor` in `line`.
#[must_use]
pub fn complete(line: &str, cursor: usize, world: &dyn World) -> Completion {
    let text = &line[..cursor];
    let code = match line::complete(text, world) {
        line::Answer::Done(found) => return found,
        line::Answer::Code(start) => start,
    };
    let tokens: Vec<Token> = lexer::tokens(&text[code..])
        .into_iter()
        .map(|token| Token { range: token.range.start + code..token.range.end + code, ..token })
        .collect();
    let follows = line[cursor..].chars().next();
    if let Some(last) = tokens.last() {
        match last.kind {
            Kind::Comment { closed: false } => return Completion::none(cursor),
            Kind::Comment { closed: true } if text[last.range.clone()].starts_with("//") => {
                return Completion::none(cursor);
            }
            Kind::Text { closed: false } => {
                let before = Reader::new(text, &tokens[..tokens.len() - 1], world);
                let literal = &text[last.range.clone()];
                let quote = literal.chars().next().filter(|quote| matches!(quote, '"' | '`'));
                let start = last.range.start + 1;
                let said = quote.and_then(|quote| Some((quote, Said::of(&text[start..], start, quote)?)));
                let Some((quote, said)) = said else { return Completion::none(cursor) };
                return text::complete(&Typed { start, quote, said, follows, world }, &before);
            }
            _ => {}
        }
    }
    // The word that stands there, and the tokens before it.
    let start = text
        .rfind(|char: char| !lexer::is_name(char))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))
        .max(code);
    let before = tokens.iter().take_while(|token| token.range.end <= start).count();
    let reader = Reader::new(text, &tokens[..before], world);
    names::complete(&names::Word { text, start, rest: &line[cursor..] }, &reader)
}

/// The type of the expression `code`, where that is known without running it.
#[must_use]
pub fn type_of(code: &str, world: &dyn World) -> Option<String> {
    let tokens = lexer::tokens(code);
    let reader = Reader::new(code, &tokens, world);
    let mut end = reader.len();
    while reader.is_before(end, ";") {
        end -= 1;
    }
    // Of several statements the last.
    let mut from = 0;
    loop {
        let stop = reader.item_end(from, end);
        if stop >= end || reader.word(stop) != ";" {
            break;
        }
        from = stop + 1;
    }
    reader.expression(from, end).map(|it| it.name)
}

/// What the literal or value at this place stands for.
fn wanted(place: &Place) -> Vec<Completes> {
    if place.module.is_some() {
        return Vec::new();
    }
    let Some(verb) = verbs::find(&place.function) else { return Vec::new() };
    if let Some(key) = &place.key {
        return verb
            .options
            .iter()
            .filter(|option| option.name == key)
            .map(|option| option.completes)
            .collect();
    }
    let index = place.argument + usize::from(place.owner.is_some());
    let mut found = Vec::new();
    let mut add = |completes: Completes| {
        if !found.contains(&completes) {
            found.push(completes);
        }
    };
    for param in verb.overloads.iter().filter_map(|overload| overload.params.get(index)) {
        add(param.completes);
        // What takes a name of several things is completed with all of them.
        if param.completes == Completes::Containers {
            for (kind, completes) in
                [(verbs::Kind::Image, Completes::Images), (verbs::Kind::Snapshot, Completes::Snapshots)]
            {
                if param.kinds.contains(&kind) {
                    add(completes);
                }
            }
        }
    }
    found
}

/// The library's modules, and what each says of itself.
fn modules() -> impl Iterator<Item = (&'static str, String)> {
    STDLIB.iter().map(|(name, text)| (*name, about(text)))
}

/// Whether a Tab there means an indentation: nothing but blanks before the cursor, in a later line.
#[must_use]
pub fn is_indentation(line: &str, cursor: usize) -> bool {
    let (before, _, _) = layout::line_at(line, cursor);
    line[..cursor].contains('\n') && before.trim().is_empty()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub use tests::session;
