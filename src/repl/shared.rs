//! What the editor's parts share with the conversation: the session, and how wide the prompt is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::lexer::{self, Kind};
use super::{commands, docker, layout, shell};
use crate::script::{Completeness, Session, verbs};

/// The variable behind `_`.
pub const LAST: &str = "_last";
/// The array of all values.
pub const OUT: &str = "Out";

/// The session, and the prompt's width.
#[derive(Debug)]
pub struct Shared {
    session: Mutex<Session>,
    /// Columns of the prompt.
    pub margin: Arc<AtomicUsize>,
    /// Lines that stand below the text.
    pub below: AtomicUsize,
    /// Entries that one can go to.
    places: Mutex<Vec<(String, String)>>,
    /// What stands in the line.
    typed: Mutex<String>,
}

impl Shared {
    /// Around `session`.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self {
            session: Mutex::new(session),
            margin: Arc::default(),
            below: AtomicUsize::new(0),
            places: Mutex::default(),
            typed: Mutex::default(),
        }
    }

    /// The session; nothing else has it while the guard lives.
    pub fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The prompt's width in columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.margin.load(Ordering::Relaxed)
    }

    /// Entries that one can go to: number or name, and what was typed.
    #[must_use]
    pub fn places(&self) -> Vec<(String, String)> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// These are they from now on.
    pub fn set_places(&self, places: Vec<(String, String)>) {
        *self.places.lock().unwrap_or_else(PoisonError::into_inner) = places;
    }

    /// Notes what stands in the line.
    pub fn typed(&self, line: &str) {
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        typed.clear();
        typed.push_str(line);
    }

    /// What stood in the line last.
    #[must_use]
    pub fn take_typed(&self) -> String {
        std::mem::take(&mut *self.typed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether Enter means that the text goes on: it is unfinished and its last line is not blank.
    #[must_use]
    pub fn wants_more(&self, text: &str) -> bool {
        let text = layout::plain(text);
        let text = layout::without_prompts(&text);
        let last = text.rsplit('\n').next().unwrap_or_default();
        if last.trim().is_empty() {
            return false;
        }
        // What a comment is about comes after it.
        if last.trim_start().starts_with("///") {
            return true;
        }
        if docker::looks_like(&text) {
            return text.ends_with('\\');
        }
        let code = text.trim_start().strip_prefix(":time ").unwrap_or(&text);
        let session = self.session();
        let names = session.names();
        let is_variable = |name: &str| names.variables.iter().any(|(known, _)| known == name);
        if commands::parse(code, &is_variable).is_some() || shell::hint(code, &has_verb).is_some() {
            return false;
        }
        session.completeness(&with_last(code)) == Completeness::Incomplete
    }
}

/// Whether there is such a verb.
#[must_use]
pub fn has_verb(name: &str) -> bool {
    verbs::find(name).is_some()
}

/// `code` with `_` as a variable; in a `switch` it stays what it is there.
#[must_use]
pub fn with_last(code: &str) -> String {
    with_last_as(code, LAST)
}

/// The same with another name.
#[must_use]
pub fn with_last_as(code: &str, name: &str) -> String {
    let tokens = lexer::tokens(code);
    let mut out = String::with_capacity(code.len());
    for (index, token) in tokens.iter().enumerate() {
        let word = &code[token.range.clone()];
        let is_last = token.kind == Kind::Name && word == "_" && {
            let rest = code[token.range.end..].trim_start();
            let mut after = tokens[index + 1..].iter().filter(|token| token.kind != Kind::Space);
            let guard = after.next().is_some_and(|next| &code[next.range.clone()] == "if");
            !rest.starts_with("=>") && !guard
        };
        out.push_str(if is_last { name } else { word });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_has_a_name() {
        assert_eq!(with_last("_ + 1"), "_last + 1");
        assert_eq!(with_last("f(_)[_]"), "f(_last)[_last]");
        assert_eq!(with_last("a_ + _b + \"_\" + `_ ${_}`"), "a_ + _b + \"_\" + `_ ${_last}`");
        assert_eq!(with_last("switch x { 1 => 2, _ => 3 }"), "switch x { 1 => 2, _ => 3 }");
        assert_eq!(with_last("switch x { _ if y => 3 }"), "switch x { _ if y => 3 }");
    }
}
