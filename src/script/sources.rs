//! The texts that were compiled, by name: what errors quote.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::AST;

use super::receiver::Shifts;

type Texts = BTreeMap<String, (Arc<str>, Shifts)>;

/// Names and texts, shared by a session and its module resolver.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    texts: Arc<Mutex<Texts>>,
    /// Text and function, in order of definition.
    functions: Arc<Mutex<Vec<(String, String)>>>,
}

impl Sources {
    /// Keeps `text` under `name`, in place of what was there.
    pub fn insert(&self, name: &str, text: &str, shifts: Shifts) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.insert(name.to_owned(), (text.into(), shifts));
    }

    /// The text called `name`.
    pub fn get(&self, name: &str) -> Option<Arc<str>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(|(text, _)| Arc::clone(text))
    }

    /// The column that `column` of the compiled text has in the text as it was given.
    pub fn given_column(&self, name: &str, line: usize, column: usize) -> usize {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.get(name).map_or(column, |(_, shifts)| shifts.given_column(line, column))
    }

    /// Notes which functions and closures the text `name` defines.
    pub fn define(&self, name: &str, ast: &AST) {
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        functions.extend(ast.iter_functions().map(|function| (name.to_owned(), function.name.to_owned())));
    }

    /// Forgets the functions of the text `name`.
    pub fn forget(&self, name: &str) {
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        functions.retain(|(text, _)| text != name);
    }

    /// The text that defines `function`: `hint` if that one does, else the last that did.
    pub fn home(&self, function: &str, hint: &str) -> Option<String> {
        let functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut homes = functions.iter().rev().filter(|(_, known)| known == function).map(|(text, _)| text);
        let last = homes.clone().next();
        homes.find(|text| *text == hint).or(last).cloned()
    }

    /// One line of it, counted from 1.
    pub fn line(&self, name: &str, number: usize) -> Option<String> {
        self.get(name)?.lines().nth(number.checked_sub(1)?).map(str::to_owned)
    }
}

/// `source` without a `#!` line: that line is blanked, so that line numbers stay.
pub fn without_interpreter_line(source: &str) -> std::borrow::Cow<'_, str> {
    if source.starts_with("#!") {
        let end = source.find('\n').unwrap_or(source.len());
        return source[end..].into();
    }
    source.into()
}
