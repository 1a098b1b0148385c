//! The loop: read, run, show.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rustyline::error::ReadlineError;

use super::commands;
use super::editor::{self, LineEditor};
use super::lexer::{self, Kind};
use super::screen::{self, Mode};
use super::shared::{LAST, OUT, Shared, has_verb, with_last};
use super::timeline::{Step, Timeline};
use super::{Settings, docker, layout, shell, summary};
use crate::script::{Outcome, Session, Style, Value, duration, visible};

/// Entries that completion offers to go to.
pub(super) const PLACES: usize = 100;

/// A person and a session.
pub struct Conversation<'a> {
    pub(super) settings: &'a Settings,
    pub(super) shared: Arc<Shared>,
    pub(super) editor: LineEditor,
    pub(super) mode: Mode,
    /// The next entry's number.
    pub(super) number: usize,
    /// What was run, and the way back.
    pub(super) timeline: Timeline,
    /// What stands at the next prompt before anything is typed.
    pub(super) prepared: Option<String>,
    /// Lines cancelled one after the other: the second says how one leaves.
    cancelled: usize,
}

/// What comes after an entry.
pub(super) enum Next {
    Go,
    Leave(i32),
}

impl<'a> Conversation<'a> {
    /// Prepares the terminal; says nothing yet.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn open(session: Session, settings: &'a Settings) -> rustyline::Result<Self> {
        let timeline = Timeline::new(&session);
        let shared = Arc::new(Shared::new(session));
        let editor = editor::open(&shared, settings.store.join("history"), settings.style.color)?;
        Ok(Self {
            settings,
            shared,
            editor,
            mode: Mode::remember(),
            number: 1,
            timeline,
            prepared: None,
            cancelled: 0,
        })
    }

    /// Talks until the person leaves; gives the exit code.
    pub fn talk(&mut self) -> i32 {
        if !self.settings.quiet {
            screen::line(&greeting(&self.settings.store));
        }
        loop {
            let prompt = editor::prompt(self.number);
            self.shared.margin.store(prompt.0.len(), Ordering::Relaxed);
            let read = match self.prepared.take() {
                Some(text) => self.editor.readline_with_initial(&prompt, (&text, "")),
                None => self.editor.readline(&prompt),
            };
            match read {
                Ok(entry) => {
                    self.cancelled = 0;
                    if let Next::Leave(code) = self.entry(&entry) {
                        return code;
                    }
                }
                Err(ReadlineError::Interrupted) => {
                    screen::take_back(self.shared.below.swap(0, Ordering::Relaxed));
                    self.cancelled += 1;
                    if self.cancelled == 2 {
                        screen::line("Ctrl-D or `exit` leaves");
                    }
                }
                // Bytes that are no text, typed or pasted: what came before them is still there.
                Err(ReadlineError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
                    screen::take_back(self.shared.below.swap(0, Ordering::Relaxed));
                    screen::forget_input();
                    self.hint("that was not UTF-8, so the rest of it is dropped");
                    self.prepared = Some(self.shared.take_typed());
                }
                Err(_) => return 0,
            }
        }
    }

    /// What was typed, margins and all.
    fn entry(&mut self, typed: &str) -> Next {
        let text = layout::plain(typed);
        let text = layout::without_prompts(&text);
        let text = text.trim_end();
        if text.trim().is_empty() {
            return Next::Go;
        }
        self.editor.history_mut().remember(text);
        let names = self.shared.session().names();
        let is_variable = |name: &str| names.variables.iter().any(|(known, _)| known == name);
        if let Some(command) = commands::parse(text, &is_variable) {
            return self.command(command);
        }
        if let Some(answer) = docker::answer(text, &has_verb) {
            self.translated(&answer);
            return Next::Go;
        }
        let begins_with_variable = text.split_whitespace().next().is_some_and(is_variable);
        if let Some(hint) = shell::hint(text, &has_verb).filter(|_| !begins_with_variable) {
            self.hint(&hint);
            return Next::Go;
        }
        if with_last(text) != text && self.shared.session().variable(LAST).is_none() {
            self.hint("`_` is the value that was shown last; nothing was shown yet");
            return Next::Go;
        }
        let next = self.statement(text, false);
        self.number += 1;
        next
    }

    /// Runs code and shows what came of it.
    pub(super) fn statement(&mut self, code: &str, timed: bool) -> Next {
        let style =
            Style { width: screen::width().unwrap_or(self.settings.style.width), ..self.settings.style };
        let name = format!("[{}]", self.number);
        let shared = Arc::clone(&self.shared);
        let mut session = shared.session();
        let workbench = Arc::clone(session.workbench());
        let interrupt = workbench.settings().interrupt;
        interrupt.reset();
        let begun = Instant::now();
        let outcome = session.feed(&with_last(code), &name);
        let took = begun.elapsed();
        self.mode.restore();
        screen::fresh_line(style.color);
        let Outcome { value, mut error, exit } = outcome;
        if let Some(code) = exit {
            return Next::Leave(code);
        }
        // A second Ctrl-C is for what comes now, not for what has ended.
        interrupt.reset();
        let mut journal = workbench.take_journal();
        if let Some(failure) = &mut error {
            // What a command said has been on the screen already, unless that was unwanted.
            if journal.runs > 0 && !code.contains("stream") {
                failure.stderr = None;
            }
            if failure.kind == "exit" && journal.runs > 0 {
                failure.hint = Some(
                    "`last()` is the container as it ended; with `check: false` nothing is raised".to_owned(),
                );
            }
            screen::line(&(self.settings.report)(failure, &style));
        }
        for line in summary::lines(&journal, &workbench, &style) {
            screen::line(&line);
        }
        let step = Step {
            number: self.number,
            code: code.to_owned(),
            valued: value.as_ref().is_some_and(|value| !value.is_unit()),
            by_hand: journal.by_hand,
        };
        if let Some(value) = value.filter(|value| !value.is_unit()) {
            if !is_silent(code) && !is_summed_up(&value, journal.container.is_some(), journal.image.is_some())
            {
                screen::line(&value.render(&style));
            }
            keep(&mut session, value, self.number);
        }
        self.timeline.add(step, error.is_some(), &session, &mut journal);
        self.shared.set_places(self.timeline.places(PLACES));
        if timed {
            screen::line(&format!("  {}", duration(took.as_secs_f64())));
        }
        Next::Go
    }

    /// Docker's line in Plywood's words; they can be had with the arrow key.
    fn translated(&mut self, answer: &docker::Answer) {
        for (index, line) in answer.code.iter().enumerate() {
            let lead = if index == 0 { "in Plywood: " } else { "            " };
            let code = if self.settings.style.color {
                super::highlight::paint(line, None, None, &has_verb)
            } else {
                line.clone()
            };
            screen::line(&format!("{lead}{code}"));
        }
        for note in &answer.notes {
            self.hint(note);
        }
        for line in answer.code.iter().rev() {
            self.editor.history_mut().remember(line);
        }
    }

    /// The terminal's columns.
    pub(super) fn width(&self) -> usize {
        usize::from(screen::width().unwrap_or(self.settings.style.width))
    }

    pub(super) fn hint(&self, text: &str) {
        let text = layout::wrapped(&format!("hint: {}", visible(text)), self.width(), 6);
        screen::line(&match text.strip_prefix("hint") {
            Some(rest) if self.settings.style.color => format!("\x1b[1;36mhint\x1b[0m{rest}"),
            _ => text,
        });
    }
}

/// `plywood 0.1 · rootless · store ~/.local/share/plywood · :help`
fn greeting(store: &Path) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let version = version.strip_suffix(".0").unwrap_or(version);
    let rights = if nix::unistd::geteuid().is_root() { "root" } else { "rootless" };
    let store = match dirs::home_dir().and_then(|home| store.strip_prefix(home).ok().map(Path::to_owned)) {
        Some(inside) => format!("~/{}", inside.display()),
        None => store.display().to_string(),
    };
    format!("plywood {version} · {rights} · store {} · :help", visible(&store))
}

/// A `;` at the end: the value is not wanted.
fn is_silent(code: &str) -> bool {
    let tokens = lexer::tokens(code);
    let last = tokens.iter().rev().find(|token| !matches!(token.kind, Kind::Space | Kind::Comment { .. }));
    last.is_some_and(|token| &code[token.range.clone()] == ";")
}

/// What was run or made is in the summary already.
fn is_summed_up(value: &Value, ran: bool, made: bool) -> bool {
    match value.type_name().as_str() {
        "Container" => ran,
        "Image" => made,
        _ => false,
    }
}

/// The value as `_` and in `Out`.
fn keep(session: &mut Session, value: Value, number: usize) {
    session.set_variable(LAST, value);
    let exists = session.variable(OUT).is_some();
    let make = if exists { "" } else { "let Out = []; " };
    // A person who has made `Out` something else has no use for this.
    let _ = session.feed(&format!("{make}{OUT}.pad({}, ()); {OUT}[{number}] = {LAST};", number + 1), "Out");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_silences() {
        for code in ["1;", "1 ; ", "1; // why", "f(); /* x */"] {
            assert!(is_silent(code), "{code}");
        }
        for code in ["1", "\";\"", "1 // ;", "{ 1; }"] {
            assert!(!is_silent(code), "{code}");
        }
    }

    #[test]
    fn the_greeting_says_where_one_is() {
        let text = greeting(Path::new("/var/lib/x"));
        assert!(text.starts_with("plywood ") && text.ends_with("· store /var/lib/x · :help"), "{text}");
    }
}
