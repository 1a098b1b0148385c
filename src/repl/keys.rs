//! Keys that know about lines: Enter that goes on where code is unfinished, and steps over margins.

use std::sync::Arc;

use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext, Movement, RepeatCount};

use super::shared::Shared;
use super::{complete, layout};

/// A key with a meaning of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Runs what stands there, or begins a new line.
    Enter,
    /// A new line in any case.
    NewLine,
    /// Takes a margin away with its line break.
    Backspace,
    /// The same at the end of a line.
    Delete,
    /// Steps over a margin.
    Left,
    /// Steps over a margin.
    Right,
    /// To the beginning of the line, after the margin.
    Home,
    /// Completes, or indents.
    Tab,
}

/// Spaces that Tab indents by.
const INDENTATION: usize = 2;

/// A key's handler.
#[derive(Debug)]
pub struct Keys {
    /// Which.
    pub key: Key,
    /// The session, to ask whether code is finished.
    pub shared: Arc<Shared>,
}

impl ConditionalEventHandler for Keys {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let wants_more = |text: &str| self.shared.wants_more(text);
        command(self.key, context.line(), context.pos(), context.has_hint(), self.shared.width(), &wants_more)
    }
}

/// What the key does in `line` with the cursor at `pos`; `None` is its usual meaning.
fn command(
    key: Key,
    line: &str,
    pos: usize,
    has_hint: bool,
    width: usize,
    wants_more: &dyn Fn(&str) -> bool,
) -> Option<Cmd> {
    let (before, after, margin) = layout::line_at(line, pos);
    let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let new_line = || Cmd::Insert(1, format!("\n{}", layout::margin(width)));
    match key {
        Key::NewLine => Some(new_line()),
        Key::Enter if wants_more(line) => Some(new_line()),
        Key::Enter => Some(Cmd::AcceptLine),
        // The line break and the margin count as one.
        Key::Backspace if before.is_empty() && margin > 0 => {
            Some(Cmd::Kill(Movement::BackwardChar(count(margin + 1))))
        }
        Key::Left if before.is_empty() && margin > 0 => {
            Some(Cmd::Move(Movement::BackwardChar(count(margin + 1))))
        }
        Key::Right | Key::Delete if after.is_empty() && pos < line.len() && !has_hint => {
            let next = line[pos + 1..].chars().take_while(|char| *char == layout::BLANK).count();
            let step = Movement::ForwardChar(count(next + 1));
            (next > 0).then_some(if key == Key::Right { Cmd::Move(step) } else { Cmd::Kill(step) })
        }
        Key::Home if margin > 0 => {
            let back = before.chars().count();
            Some(if back == 0 { Cmd::Noop } else { Cmd::Move(Movement::BackwardChar(count(back))) })
        }
        Key::Tab if complete::is_indentation(line, pos) => Some(Cmd::Insert(1, " ".repeat(INDENTATION))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(key: Key, text: &str) -> Option<Cmd> {
        let text = layout::indented(text, 5).into_owned();
        let pos = text.find('|').unwrap_or_default();
        command(key, &text.replace('|', ""), pos, false, 5, &|line| line.contains('{'))
    }

    #[test]
    fn enter_goes_on_or_runs() {
        assert_eq!(at(Key::Enter, "1|"), Some(Cmd::AcceptLine));
        assert_eq!(at(Key::Enter, "fn f() {|"), Some(Cmd::Insert(1, format!("\n{}", layout::margin(5)))));
        assert_eq!(at(Key::NewLine, "1|"), Some(Cmd::Insert(1, format!("\n{}", layout::margin(5)))));
    }

    #[test]
    fn margins_are_one_step() {
        assert_eq!(at(Key::Backspace, "a\n|b"), Some(Cmd::Kill(Movement::BackwardChar(6))));
        assert_eq!(at(Key::Backspace, "a\nb|"), None);
        assert_eq!(at(Key::Backspace, "|a"), None);
        assert_eq!(at(Key::Left, "a\n|b"), Some(Cmd::Move(Movement::BackwardChar(6))));
        assert_eq!(at(Key::Right, "a|\nb"), Some(Cmd::Move(Movement::ForwardChar(6))));
        assert_eq!(at(Key::Delete, "a|\nb"), Some(Cmd::Kill(Movement::ForwardChar(6))));
        assert_eq!(at(Key::Right, "a\nb|"), None);
        assert_eq!(at(Key::Home, "a\nbcd|"), Some(Cmd::Move(Movement::BackwardChar(3))));
        assert_eq!(at(Key::Home, "a\n|b"), Some(Cmd::Noop));
        assert_eq!(at(Key::Home, "abc|"), None);
    }

    #[test]
    fn tab_indents_or_completes() {
        assert_eq!(at(Key::Tab, "a\n|"), Some(Cmd::Insert(1, "  ".to_owned())));
        assert_eq!(at(Key::Tab, "a\nb|"), None);
        assert_eq!(at(Key::Tab, "|"), None);
    }
}
