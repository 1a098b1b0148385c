//! Rhai's errors in the words of the product: what, where, and what to do.

mod functions;
mod syntax;

use std::sync::Arc;

use rhai::{EvalAltResult, Position};

use super::failure::{CallSite, Failure, Place};
use super::library::{self, FunctionDoc};
use super::limits::{Limits, Reached};
use super::raised::Raised;
use super::sources::Sources;
use super::types::{self, Handle};
use super::{render, suggest, verbs};

/// The kind of errors that are the script's own.
pub const SCRIPT: &str = "script";

/// What a session knows when something fails.
pub struct Surroundings<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// Variables in scope.
    pub variables: Vec<String>,
    /// Those that hold a closure.
    pub closures: Vec<String>,
    /// The script's functions: name and number of parameters.
    pub functions: Vec<(String, usize)>,
    /// Every function's name; asked for only when needed.
    pub known: &'a dyn Fn() -> Vec<String>,
    /// The functions of the module that was imported by that name.
    pub members: &'a dyn Fn(&str) -> Vec<FunctionDoc>,
    /// How far a script may go.
    pub limits: &'a Limits,
}

/// Where an error happened and what surrounds the place.
#[derive(Default)]
struct Spot<'a> {
    line: Option<&'a str>,
    column: usize,
    in_function: bool,
    text: Option<&'a str>,
    around: Option<&'a Surroundings<'a>>,
}

/// The failure that `error` is; `entry` is the text that was fed.
pub fn failure(error: &EvalAltResult, entry: &str, around: &Surroundings<'_>) -> Failure {
    unwind(error, entry.to_owned(), Vec::new(), around)
}

/// Follows `error`, which was met in the text `source`, to where it began; `calls` led there.
fn unwind(
    error: &EvalAltResult,
    mut source: String,
    mut calls: Vec<CallSite>,
    around: &Surroundings<'_>,
) -> Failure {
    let mut error = error;
    let mut in_function = false;
    loop {
        match error {
            EvalAltResult::ErrorInFunctionCall(function, from, inner, position) => {
                let is_closure = function.starts_with("anon$");
                calls.push(CallSite {
                    function: if is_closure { "a closure".to_owned() } else { function.clone() },
                    at: place(&source, *position, around.sources),
                });
                let hint = if from.is_empty() { source.as_str() } else { from.as_str() };
                source = around.sources.home(function, hint).unwrap_or_else(|| hint.to_owned());
                in_function |= !is_closure;
                error = inner;
            }
            EvalAltResult::ErrorInModule(module, inner, position) => {
                calls.push(CallSite {
                    function: format!("import \"{module}\""),
                    at: place(&source, *position, around.sources),
                });
                source.clone_from(module);
                in_function = false;
                error = inner;
            }
            _ => break,
        }
    }
    if let Some(origin) = origin(error) {
        return unwind(&origin, source, calls, around);
    }
    calls.reverse();
    let mut position = error.position();
    // What the library says is about the script that called it.
    if source.starts_with("std/") && matches!(error, EvalAltResult::ErrorRuntime(..)) {
        let outside =
            calls.iter().position(|call| call.at.as_ref().is_some_and(|at| !at.source.starts_with("std/")));
        if let Some(call) = outside
            && let Some(at) = calls.drain(..=call).next_back().and_then(|call| call.at)
        {
            position = Position::new(
                u16::try_from(at.line).unwrap_or(u16::MAX),
                u16::try_from(at.column).unwrap_or(u16::MAX),
            );
            source = at.source;
        }
    }
    let at = place(&source, position, around.sources);
    let line = at.as_ref().and_then(|at| around.sources.line(&at.source, at.line));
    let text = around.sources.get(&source);
    let spot = Spot {
        line: line.as_deref(),
        column: at.as_ref().map_or(0, |at| at.column),
        in_function,
        text: text.as_deref(),
        around: Some(around),
    };
    let raised = describe(error, &spot);
    let width = line.as_deref().map_or(0, |line| token_width(line, spot.column));
    Failure {
        kind: raised.kind,
        message: raised.message,
        hint: raised.hint,
        at,
        calls,
        exit_code: raised.exit_code,
        stderr: raised.stderr,
        container: raised.container.map(|container| container.id),
        line,
        width,
    }
}

/// What was caught by `attempt` and is thrown once more.
fn origin(error: &EvalAltResult) -> Option<Arc<EvalAltResult>> {
    let EvalAltResult::ErrorRuntime(value, _) = error else { return None };
    value.read_lock::<Handle<Raised>>().and_then(|raised| raised.origin.0.clone())
}

/// The same error as a value, for `attempt`.
pub fn raised(error: &EvalAltResult) -> Raised {
    describe(error, &Spot::default())
}

fn place(source: &str, position: Position, sources: &Sources) -> Option<Place> {
    let line = position.line()?;
    let column = sources.given_column(source, line, position.position().unwrap_or(1).max(1));
    Some(Place { source: source.to_owned(), line, column })
}

/// How many characters the token at `column` has; a position has no end.
fn token_width(line: &str, column: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(column.saturating_sub(1)).collect();
    let word = |char: &&char| char.is_alphanumeric() || **char == '_';
    match rest.first() {
        None => 1,
        Some(quote @ ('"' | '`' | '\'')) => {
            rest.iter().skip(1).position(|char| char == quote).map_or(rest.len(), |end| end + 2)
        }
        Some(first) if word(&first) => rest.iter().take_while(word).count(),
        Some(_) => 1,
    }
}

fn script(message: impl Into<String>) -> Raised {
    Raised::new(SCRIPT, message)
}

fn describe(error: &EvalAltResult, spot: &Spot<'_>) -> Raised {
    use EvalAltResult as E;
    match error {
        E::ErrorRuntime(value, _) => thrown(value),
        E::ErrorParsing(error, _) => syntax::describe(error, spot.line, spot.column),
        E::ErrorVariableNotFound(name, _) => variable(name, spot),
        E::ErrorFunctionNotFound(signature, _) => functions::describe(signature, spot),
        E::ErrorDotExpr(message, _) => property(message),
        E::ErrorPropertyNotFound(name, _) => script(format!("the map has no key `{name}`"))
            .with_hint(format!("`map.get(\"{name}\")` gives `()` where it is missing")),
        E::ErrorIndexNotFound(index, _) => script(format!("there is no item {}", render::debug(index))),
        E::ErrorArrayBounds(len, index, _) => bounds("the array", "item", *len, *index),
        E::ErrorStringBounds(len, index, _) => bounds("the text", "character", *len, *index),
        E::ErrorIndexingType(name, _) => {
            let name = name.split(" [").next().unwrap_or(name);
            script(format!("a value of type {} has no items", types::plain_name(name)))
        }
        E::ErrorMismatchDataType(wanted, got, _) => {
            script(format!("this should be {}, but is {}", types::plain_name(wanted), types::plain_name(got)))
        }
        E::ErrorMismatchOutputType(wanted, got, _) => script(format!(
            "the result should be {}, but is {}",
            types::plain_name(wanted),
            types::plain_name(got)
        )),
        E::ErrorAssignmentToConstant(name, _) => {
            script(format!("`{name}` does not change: it is a constant"))
                .with_hint("make a variable of your own: `let mine = …`")
        }
        E::ErrorNonPureMethodCallOnConstant(name, _) => {
            script(format!("`{name}` would change a constant")).with_hint("copy it first: `let mine = …`")
        }
        E::ErrorModuleNotFound(name, _) => {
            let alias = |known: &&'static str| library::alias(known) == name;
            let path = library::names().find(alias).unwrap_or("std/lesson");
            script(format!("there is no module `{name}` here"))
                .with_hint(format!("such as `import \"{path}\" as {name};`, at the top"))
        }
        E::ErrorFor(_) => {
            script("`for` wants something with items: an array, a list, a map's `keys()`, a range")
        }
        E::ErrorDataRace(name, _) => {
            // Rhai says "argument #1 of function 'retain'".
            let what =
                name.split('\'').nth(1).map_or_else(|| "a method".to_owned(), |name| format!("`{name}`"));
            script(format!("{what} is given a closure that uses the very value it works on"))
                .with_hint("take the value out first: `let items = …;` and then `items.…`")
        }
        E::ErrorArithmetic(message, _) => script(first_lower(message)),
        E::ErrorUnboundThis(_) => script("`this` means nothing here"),
        E::ErrorStackOverflow(_) => limits(spot).reached("calls"),
        E::ErrorDataTooLarge(what, _) => limits(spot).reached(match what.as_str() {
            text if text.contains("string") => "text",
            array if array.contains("array") => "array",
            _ => "map",
        }),
        E::ErrorTerminated(token, _) => match token.clone().try_cast::<Reached>() {
            Some(reached) => reached.raised(&limits(spot)),
            None => Raised::new("interrupted", "interrupted"),
        },
        other => {
            let mut text = other.to_string();
            if let Some(place) = text.rfind(" (line ") {
                text.truncate(place);
            }
            script(first_lower(&text))
        }
    }
}

fn limits(spot: &Spot<'_>) -> Limits {
    spot.around.map(|around| *around.limits).unwrap_or_default()
}

fn first_lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// What `throw` or a native raised.
fn thrown(value: &rhai::Dynamic) -> Raised {
    if let Some(raised) = value.read_lock::<Handle<Raised>>() {
        return (*raised.0).clone();
    }
    match value.as_immutable_string_ref() {
        Ok(text) => Raised::new("fail", text.to_string()),
        Err(_) if value.is_unit() => Raised::new("fail", "the script threw nothing in particular"),
        Err(_) => Raised::new("fail", format!("the script threw {}", render::debug(value))),
    }
}

fn bounds(what: &str, part: &str, len: usize, index: i64) -> Raised {
    let has = match len {
        0 => format!("{what} is empty"),
        1 => format!("{what} has one {part}: 0"),
        _ => format!("{what} has {len} {part}s: 0 to {}", len - 1),
    };
    script(format!("there is no {part} {index}")).with_hint(has)
}

fn variable(name: &str, spot: &Spot<'_>) -> Raised {
    let raised = script(format!("there is no variable `{name}`"));
    // In back-ticks `${…}` is Rhai's, though the person may have meant the shell's.
    let in_back_ticks = spot.line.is_some_and(|line| {
        let before: String = line.chars().take(spot.column.saturating_sub(1)).collect();
        before.trim_end().ends_with("${") && before.contains('`')
    });
    if in_back_ticks {
        return raised.with_hint(format!(
            "in back-ticks `${{…}}` is a value of this script; for the shell's variable write the text in double quotes: \"… ${name} …\""
        ));
    }
    if verbs::find(name).is_some() {
        return raised
            .with_hint(format!("`{name}` is a verb: call it, `{name}(…)`; help(\"{name}\") tells how"));
    }
    let Some(around) = spot.around else { return raised };
    if spot.in_function && around.variables.iter().any(|known| known == name) {
        return raised.with_hint(format!(
            "a `fn` sees no variables from outside: give it `{name}` as a parameter, or make it a closure, `let f = |…| …;`"
        ));
    }
    let names = around
        .variables
        .iter()
        .map(String::as_str)
        .chain(around.functions.iter().map(|(name, _)| name.as_str()))
        .chain(verbs::ALL.iter().map(|verb| verb.name))
        .chain(["args"]);
    match suggest::nearest(name, names) {
        Some(near) => raised.with_hint(format!("did you mean `{near}`?")),
        None => raised.with_hint(format!("`let {name} = …;` makes one; text is written in double quotes")),
    }
}

/// "Unknown property 'x' - a getter is not registered for type 'T'".
fn property(message: &str) -> Raised {
    let quoted: Vec<&str> = message.split('\'').collect();
    let (Some(name), Some(owner)) = (quoted.get(1), quoted.get(3)) else {
        return script(first_lower(message));
    };
    let all = types::all();
    let info = all.iter().find(|info| info.name == *owner);
    let list = all.iter().find(|info| info.list == Some(owner));
    if message.contains("setter") {
        return script(format!("`{name}` of a value of type {} cannot be set", types::plain_name(owner)))
            .with_hint("values of the workbench do not change; a verb gives a new one");
    }
    let raised = script(format!("a value of type {} has no property `{name}`", types::plain_name(owner)));
    if verbs::find(name).is_some() {
        return raised.with_hint(format!("`{name}` is a verb: call it, `.{name}(…)`"));
    }
    if let Some(info) = info {
        return raised.with_hint(suggest::among(
            name,
            info.getters.iter().map(|(name, _)| *name),
            "properties",
        ));
    }
    if let Some(list) = list {
        if list.getters.iter().any(|(getter, _)| getter == name) {
            return raised.with_hint(format!(
                "each item has it: `.map(\"{name}\")` is all of them, `[0].{name}` the first"
            ));
        }
        let methods = types::list_methods::METHODS.iter().map(|(name, ..)| *name);
        return raised.with_hint(suggest::among(name, methods, "methods"));
    }
    raised
}

#[cfg(test)]
mod tests;
