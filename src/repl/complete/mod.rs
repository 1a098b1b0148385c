//! Completion: what can stand at the cursor, read from the verbs' table and the session.

mod chain;
mod place;
mod text;

use rustyline::completion::Pair;

use super::commands;
use super::layout;
use super::lexer::{self, Kind, Token};
use crate::script::verbs::{self, Completes, Verb};
use crate::script::{Names, STDLIB, help, types};
use place::Place;

/// Lists a folder inside a subject: names, and whether each is a folder.
pub type Inside<'a> = &'a dyn Fn(&str, &str) -> Vec<(String, bool)>;

/// What completion may ask about.
pub struct World<'a> {
    /// What the session knows by name.
    pub names: Names,
    /// References of the store's images.
    pub images: &'a dyn Fn() -> Vec<String>,
    /// Names of the store's containers.
    pub containers: &'a dyn Fn() -> Vec<String>,
    /// Names of the store's snapshots.
    pub snapshots: &'a dyn Fn() -> Vec<String>,
    /// What a folder of a container or image holds, and whether each is a folder. Which one: a
    /// variable, `last()`, or a text with an image's name.
    pub inside: Inside<'a>,
}

/// Where the word begins that is completed, and what can stand there.
#[must_use]
pub fn complete(line: &str, cursor: usize, world: &World<'_>) -> (usize, Vec<Pair>) {
    let text = &line[..cursor];
    let start = text
        .rfind(|char: char| !lexer::is_name(char))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let opening = text.trim_start();
    if opening.starts_with(':') && !opening.contains(char::is_whitespace) {
        let start = text.len() - opening.len();
        return (start, matching(opening, commands::ALL.iter().map(|(name, ..)| plain(name))));
    }
    if [":help ", "?", "help "].iter().any(|begin| opening.starts_with(begin)) && !opening.contains('(') {
        return (start, matching(&text[start..], help::names().into_iter().map(plain)));
    }
    let code = opening.strip_prefix(":time ").map_or(0, |rest| text.len() - rest.len());
    let tokens: Vec<Token> = lexer::tokens(&text[code..])
        .into_iter()
        .map(|token| Token { range: token.range.start + code..token.range.end + code, ..token })
        .collect();
    match tokens.last().map(|token| token.kind) {
        Some(Kind::Comment { .. }) => return (cursor, Vec::new()),
        Some(Kind::Text { closed: false }) => {
            let literal = tokens.len() - 1;
            return text::complete(text, &tokens, literal, line[cursor..].chars().next(), world);
        }
        _ => {}
    }
    // The tokens before the word.
    let before: Vec<&Token> =
        tokens.iter().filter(|token| token.range.end <= start && token.kind != Kind::Space).collect();
    let word = &text[start..];
    let sign = before.last().map_or("", |token| &text[token.range.clone()]);
    let follows = line[cursor..].chars().next();
    if (sign == "." || sign == "?.") && before.last().is_some_and(|token| token.kind == Kind::Sign) {
        return (start, matching(word, members(text, &before, world, follows)));
    }
    let place = place::of(text, &before);
    if let Some(verb) =
        place.as_ref().filter(|place| place.at_key).and_then(|place| verbs::find(&place.function))
    {
        return (start, matching(word, verb.options.iter().map(|option| option_key(option.name))));
    }
    if before.last().is_some_and(|token| token.kind == Kind::Number && token.range.end == start) {
        return (cursor, Vec::new());
    }
    (start, matching(word, everything(world, follows, &before, text)))
}

/// The type of the expression `code`, where that is known without running it.
#[must_use]
pub fn type_of(code: &str, names: &Names) -> Option<String> {
    let tokens = lexer::tokens(code);
    let tokens: Vec<&Token> = tokens.iter().filter(|token| token.kind != Kind::Space).collect();
    chain::type_before(code, &tokens, names)
}

fn plain(name: &str) -> Pair {
    Pair { display: name.to_owned(), replacement: name.to_owned() }
}

/// `env: `; a key that the language keeps for itself in quotes.
fn option_key(name: &str) -> Pair {
    let reserved = lexer::tokens(name).first().is_none_or(|token| token.kind != Kind::Name);
    let key = if reserved { format!("\"{name}\": ") } else { format!("{name}: ") };
    Pair { display: name.to_owned(), replacement: key }
}

/// `run(`, or `base()` where nothing can be given.
fn called(name: &str, takes_arguments: bool, follows: Option<char>) -> Pair {
    let ending = match (follows, takes_arguments) {
        (Some('('), _) => "",
        (_, true) => "(",
        (_, false) => "()",
    };
    Pair { display: format!("{name}()"), replacement: format!("{name}{ending}") }
}

/// Those that begin with `word`, in order, each once.
fn matching(word: &str, candidates: impl IntoIterator<Item = Pair>) -> Vec<Pair> {
    let mut found: Vec<Pair> = candidates
        .into_iter()
        .filter(|pair| pair.replacement.trim_start_matches('"').starts_with(word))
        .collect();
    found.sort_by(|left, right| left.display.cmp(&right.display));
    found.dedup_by(|left, right| left.replacement == right.replacement);
    found
}

/// Names at the beginning of an expression.
fn everything(world: &World<'_>, follows: Option<char>, before: &[&Token], text: &str) -> Vec<Pair> {
    let names = &world.names;
    let last = before.last().map(|token| &text[token.range.clone()]);
    // After these a new name follows.
    if matches!(last, Some("let" | "const" | "fn" | "for" | "as")) {
        return Vec::new();
    }
    let mut all: Vec<Pair> = names.variables.iter().map(|(name, _)| plain(name)).collect();
    all.extend(
        names.functions.iter().map(|(name, parameters)| called(name, !parameters.is_empty(), follows)),
    );
    all.extend(
        names
            .modules
            .iter()
            .map(|name| Pair { display: format!("{name}::"), replacement: format!("{name}::") }),
    );
    all.extend(verbs::ALL.iter().map(|verb| called(verb.name, takes_arguments(verb, 0), follows)));
    all.extend(["print", "debug"].map(|name| called(name, true, follows)));
    all.extend(lexer::keywords().iter().filter(|word| word.len() > 2).map(|word| plain(word)));
    all.push(plain("args"));
    all
}

fn takes_arguments(verb: &Verb, given: usize) -> bool {
    verb.overloads.iter().any(|overload| overload.params.len() > given)
}

/// What can follow a dot.
fn members(text: &str, before: &[&Token], world: &World<'_>, follows: Option<char>) -> Vec<Pair> {
    let receiver = chain::type_before(text, &before[..before.len() - 1], &world.names);
    let all = types::all();
    let known = receiver
        .as_deref()
        .map(|name| (name, all.iter().find(|info| info.name == name || info.list == Some(name))));
    let mut found = Vec::new();
    let methods = |found: &mut Vec<Pair>| {
        found.extend(
            types::list::METHODS.iter().map(|(name, arguments, _)| called(name, *arguments != "()", follows)),
        );
    };
    match known {
        Some((name, Some(info))) => {
            if info.list == Some(name) {
                methods(&mut found);
            } else {
                found.extend(info.getters.iter().map(|(name, _)| plain(name)));
            }
            found.extend(verbs_of(|kind| kind == name, follows));
        }
        Some((name, None)) => {
            let names = chain::METHODS.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, names)| names);
            found.extend(names.iter().map(|name| called(name, true, follows)));
        }
        None => {
            found.extend(all.iter().flat_map(|info| info.getters.iter().map(|(name, _)| plain(name))));
            methods(&mut found);
            found.extend(verbs_of(|kind| matches!(kind, "Image" | "Container" | "Layer" | "Diff"), follows));
        }
    }
    found
}

/// The verbs whose first parameter is of that kind.
fn verbs_of(fits: impl Fn(&str) -> bool, follows: Option<char>) -> Vec<Pair> {
    verbs::ALL
        .iter()
        .filter(|verb| {
            verb.overloads.iter().any(|overload| {
                overload.params.first().is_some_and(|param| param.kinds.iter().any(|kind| fits(kind.name())))
            })
        })
        .map(|verb| called(verb.name, takes_arguments(verb, 1), follows))
        .collect()
}

/// What the literal at this place stands for.
fn completes(place: &Place) -> Vec<Completes> {
    let Some(verb) = verbs::find(&place.function) else { return Vec::new() };
    if let Some(key) = &place.key {
        return verb
            .options
            .iter()
            .filter(|option| option.name == key)
            .map(|option| option.completes)
            .collect();
    }
    let index = place.argument + usize::from(place.method);
    let mut found = Vec::new();
    for param in verb.overloads.iter().filter_map(|overload| overload.params.get(index)) {
        if !found.contains(&param.completes) {
            found.push(param.completes);
        }
        // What takes a container's name or an image's is completed with both.
        let kinds = |wanted| param.kinds.contains(&wanted);
        if param.completes == Completes::Containers && kinds(verbs::Kind::Image) {
            found.push(Completes::Images);
        }
    }
    found
}

fn modules() -> impl Iterator<Item = &'static str> {
    STDLIB.iter().map(|(name, _)| *name)
}

/// Whether a Tab there means an indentation: nothing but blanks before the cursor, in a later line.
#[must_use]
pub fn is_indentation(line: &str, cursor: usize) -> bool {
    let (before, _, _) = layout::line_at(line, cursor);
    line[..cursor].contains('\n') && before.trim().is_empty()
}

#[cfg(test)]
mod tests;
