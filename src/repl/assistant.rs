//! What the line editor asks while one types: completions, hints, colours.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::SearchDirection;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::below::{self, Below, Room};
use super::complete::{self, Candidate};
use super::shared::{Shared, has_verb};
use super::surroundings::Surroundings;
use super::{highlight, layout, mistake, screen};

/// Answers the line editor.
#[derive(Debug)]
pub struct Assistant {
    shared: Arc<Shared>,
    color: bool,
    /// Where brackets are matched; nowhere once the line is done.
    cursor: Cell<Option<usize>>,
    /// What Tab has found, until the next key.
    listed: RefCell<Option<Listed>>,
    /// What stands below the text.
    below: RefCell<Below>,
    /// The text that was looked through last, and where it goes wrong.
    wrong: RefCell<(String, Option<Range<usize>>)>,
}

/// What Tab has found, and the line for which.
#[derive(Debug)]
struct Listed {
    line: String,
    pos: usize,
    candidates: Vec<Candidate>,
    page: usize,
    next: usize,
}

impl Assistant {
    /// For `shared`'s session.
    pub fn new(shared: Arc<Shared>, color: bool) -> Self {
        Self {
            shared,
            color,
            cursor: Cell::new(None),
            listed: RefCell::default(),
            below: RefCell::default(),
            wrong: RefCell::default(),
        }
    }

    fn room(&self, line: &str) -> Room {
        let (columns, rows) = screen::size();
        let text = layout::rows(line, self.shared.width(), columns);
        Room { columns, rows, used: text, color: self.color }
    }

    /// Notes what stands below the text from now on, so that Ctrl-C can take it away.
    fn show(&self, below: Below) -> Option<Hint> {
        self.shared.below.store(below.rows, Ordering::Relaxed);
        let plain = below.plain.clone();
        *self.below.borrow_mut() = below;
        (!plain.is_empty()).then_some(Hint { text: plain, is_history: false })
    }

    fn earlier(&self, line: &str, context: &Context<'_>) -> Option<String> {
        if line.len() < 2 {
            return None;
        }
        let history = context.history();
        let last = history.len().checked_sub(1)?;
        let found =
            history.starts_with(line, context.history_index().min(last), SearchDirection::Reverse).ok()??;
        let rest = found.entry.get(line.len()..)?;
        (!rest.is_empty() && !rest.contains('\n')).then(|| rest.to_owned())
    }
}

/// What stands after the text.
#[derive(Debug)]
pub struct Hint {
    text: String,
    /// The rest of an earlier entry, which the right arrow takes over.
    is_history: bool,
}

impl rustyline::hint::Hint for Hint {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.is_history.then_some(&self.text)
    }
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    /// Gives the editor one candidate at most: what all have in common. Which there are is shown below the text.
    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        if let Some(listed) = self.listed.borrow_mut().as_mut().filter(|it| it.line == line && it.pos == pos)
        {
            listed.page = listed.next;
            return Ok((pos, vec![nothing()]));
        }
        let found = complete::complete(line, pos, &Surroundings::new(&self.shared));
        if found.candidates.is_empty() {
            return Ok((pos, Vec::new()));
        }
        let text = found.common(&line[found.start..pos]).to_owned();
        *self.listed.borrow_mut() = (found.candidates.len() > 1).then(|| Listed {
            line: format!("{}{text}{}", &line[..found.start], &line[pos..]),
            pos: found.start + text.len(),
            candidates: found.candidates,
            page: 0,
            next: 0,
        });
        Ok((found.start, vec![Pair { display: text.clone(), replacement: text }]))
    }
}

/// Nothing is put in, but the line is drawn anew.
fn nothing() -> Pair {
    Pair { display: String::new(), replacement: String::new() }
}

impl Hinter for Assistant {
    type Hint = Hint;

    /// What Tab found; else the rest of an earlier entry that begins so; else the signature of the open call.
    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<Hint> {
        self.shared.typed(line);
        if let Some(listed) = self.listed.borrow_mut().as_mut().filter(|it| it.line == line && it.pos == pos)
        {
            let (shown, next) = below::list(&listed.candidates, listed.page, self.room(line));
            listed.next = next;
            return self.show(shown);
        }
        *self.listed.borrow_mut() = None;
        self.show(Below::default());
        // Without colours a hint would look as if it had been typed.
        if !self.color {
            return None;
        }
        if pos == line.len()
            && let Some(text) = self.earlier(line, context)
        {
            return Some(Hint { text, is_history: true });
        }
        let found = complete::signature(line, pos, &Surroundings::new(&self.shared))?;
        self.show(below::signature(&found, self.room(line))?)
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let cursor = self.cursor.get().filter(|at| *at <= line.len());
        let mut wrong = self.wrong.borrow_mut();
        if wrong.0 != line {
            *wrong = (line.to_owned(), mistake::of(line, &self.shared));
        }
        // The word that is being typed is not wrong yet.
        let at =
            wrong.1.clone().filter(|at| cursor.is_some_and(|cursor| !(at.start..=at.end).contains(&cursor)));
        highlight::paint(line, cursor, at, &has_verb).into()
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        let below = self.below.borrow();
        if below.rows > 0 && below.plain == hint {
            return below.painted.clone().into();
        }
        format!("\x1b[2m{hint}\x1b[0m").into()
    }

    fn highlight_char(&self, line: &str, pos: usize, kind: CmdKind) -> bool {
        self.cursor.set((kind != CmdKind::ForcedRefresh).then_some(pos));
        match kind {
            // A letter may turn a name into a verb or close a text: all is painted anew.
            CmdKind::Other => true,
            CmdKind::MoveCursor => {
                // The editor draws no hint then.
                let was_below = self.shared.below.swap(0, Ordering::Relaxed) > 0;
                was_below || highlight::touches_bracket(line, pos)
            }
            CmdKind::ForcedRefresh => {
                self.shared.below.store(0, Ordering::Relaxed);
                false
            }
        }
    }
}

/// Only where the terminal is too simple for keys of our own.
impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let more = self.shared.wants_more(context.input());
        Ok(if more { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}
