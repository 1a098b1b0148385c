//! A text literal that is being typed.

use super::candidate::{Candidate, Completion};
use super::literal::{Said, spelled};
use super::world::World;

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
    pub fn names<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Completion {
        self.of(names.into_iter().map(|name| self.closed(name)).collect())
    }

    /// Those of `all` that begin as the text does.
    pub fn of(&self, all: Vec<Candidate>) -> Completion {
        Completion::of(self.start, &spelled(&self.said.from(0), self.quote), all)
    }
}
