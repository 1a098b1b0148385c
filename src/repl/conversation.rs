//! The loop: read, run, show.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rustyline::error::ReadlineError;

use super::commands::{self, Command};
use super::editor::{self, LineEditor};
use super::lexer::{self, Kind};
use super::screen::{self, Mode};
use super::shared::{LAST, OUT, Shared, has_verb, with_last};
use super::{Settings, docker, layout, shell, summary};
use crate::script::{Names, Outcome, Session, Style, Value, duration, help, nearest, visible};

/// Entries that `:history` shows.
const RECENT: usize = 30;

/// A person and a session.
pub struct Conversation<'a> {
    settings: &'a Settings,
    shared: Arc<Shared>,
    editor: LineEditor,
    mode: Mode,
    /// The next entry's number.
    number: usize,
    /// What was run without failing, for `:save`, and whether it gave a value.
    statements: Vec<(String, bool)>,
    /// Lines cancelled one after the other: the second says how one leaves.
    cancelled: usize,
}

/// What comes after an entry.
enum Next {
    Go,
    Leave(i32),
}

impl<'a> Conversation<'a> {
    /// Prepares the terminal; says nothing yet.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn open(session: Session, settings: &'a Settings) -> rustyline::Result<Self> {
        let shared = Arc::new(Shared::new(session));
        let editor = editor::open(&shared, settings.store.join("history"), settings.style.color)?;
        Ok(Self {
            settings,
            shared,
            editor,
            mode: Mode::remember(),
            number: 1,
            statements: Vec::new(),
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
            match self.editor.readline(&prompt) {
                Ok(entry) => {
                    self.cancelled = 0;
                    if let Next::Leave(code) = self.entry(&entry) {
                        return code;
                    }
                }
                Err(ReadlineError::Interrupted) => {
                    self.cancelled += 1;
                    if self.cancelled == 2 {
                        screen::line("Ctrl-D or `exit` leaves");
                    }
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
        let next = self.statement(text, false);
        self.number += 1;
        next
    }

    fn command(&mut self, command: Command) -> Next {
        match command {
            Command::Quit => return Next::Leave(0),
            Command::Help(None) => screen::line(&layout::wrapped(&overview(), self.width(), 0)),
            Command::Help(Some(name)) => self.help(&name),
            Command::History(word) => self.history(word.as_deref()),
            Command::Vars => self.variables(),
            Command::Time(code) => {
                let next = self.statement(&code, true);
                self.number += 1;
                return next;
            }
            Command::Save(file) => self.save(&file),
            Command::Clear => {
                // Nothing can be done about a screen that does not take it.
                let _ = self.editor.clear_screen();
            }
            Command::Unknown(name, near) => {
                let near = near.map_or_else(
                    || "`:help` lists the commands".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                screen::line(&format!("there is no command `{}`", visible(&name)));
                self.hint(&near);
            }
            Command::Missing(form) => self.hint(&format!("`{form}`")),
        }
        Next::Go
    }

    /// Runs code and shows what came of it.
    fn statement(&mut self, code: &str, timed: bool) -> Next {
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
        let journal = workbench.take_journal();
        if let Some(failure) = &mut error {
            // What a command said has been on the screen already, unless that was unwanted.
            if journal.runs > 0 && !code.contains("stream") {
                failure.stderr = None;
            }
            screen::line(&(self.settings.report)(failure, &style));
        }
        for line in summary::lines(&journal, &workbench, &style) {
            screen::line(&line);
        }
        if error.is_none() {
            self.statements.push((code.to_owned(), value.as_ref().is_some_and(|value| !value.is_unit())));
        }
        if let Some(value) = value.filter(|value| !value.is_unit()) {
            if !is_silent(code) && !is_summed_up(&value, journal.container.is_some(), journal.image.is_some())
            {
                screen::line(&value.render(&style));
            }
            keep(&mut session, value, self.number);
        }
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
                super::highlight::paint(line, None, &has_verb)
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
    fn width(&self) -> usize {
        usize::from(screen::width().unwrap_or(self.settings.style.width))
    }

    fn hint(&self, text: &str) {
        let text = layout::wrapped(&format!("hint: {}", visible(text)), self.width(), 6);
        screen::line(&match text.strip_prefix("hint") {
            Some(rest) if self.settings.style.color => format!("\x1b[1;36mhint\x1b[0m{rest}"),
            _ => text,
        });
    }

    fn help(&self, name: &str) {
        // `c.read` and `run()` ask for the verb.
        let last = name.rsplit('.').next().unwrap_or(name).trim_end_matches("()");
        let of_variable = || {
            let names = self.shared.session().names();
            names.variables.into_iter().find(|(known, _)| known == last).and_then(|(_, of)| help::of(&of))
        };
        match help::of(last).or_else(of_variable) {
            Some(text) => screen::line(&layout::wrapped(&text, self.width(), 0)),
            None => {
                screen::line(&format!("there is no help on `{}`", visible(name)));
                match nearest(last, help::names()) {
                    Some(near) => self.hint(&format!("did you mean `{near}`?")),
                    None => self.hint("`:help` lists what there is"),
                }
            }
        }
    }

    fn history(&mut self, word: Option<&str>) {
        let entries = self.editor.history().entries();
        let wanted: Vec<(usize, &String)> = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| word.is_none_or(|word| entry.contains(word)))
            .collect();
        let skipped = wanted.len().saturating_sub(RECENT);
        for (index, entry) in &wanted[skipped..] {
            screen::line(&format!("{:5}  {}", index + 1, visible(entry).replace('\n', "\n       ")));
        }
    }

    fn variables(&self) {
        let session = self.shared.session();
        let Names { variables, functions, .. } = session.names();
        let variables: Vec<_> =
            variables.into_iter().filter(|(name, _)| name != LAST && name != OUT).collect();
        if variables.is_empty() && functions.is_empty() {
            return screen::line("no variables yet");
        }
        let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let names = width(&mut variables.iter().map(|(name, _)| name.chars().count()));
        let types = width(&mut variables.iter().map(|(_, of)| of.chars().count()));
        let columns = self.width().max(40);
        for (name, of) in &variables {
            let value = session.variable(name).map(|value| value.debug()).unwrap_or_default();
            let room = columns.saturating_sub(names + types + 6);
            screen::line(&format!("  {name:names$}  {of:types$}  {}", shortened(&value, room)));
        }
        for (name, parameters) in &functions {
            screen::line(&format!("  fn {name}({})", parameters.join(", ")));
        }
    }

    fn save(&self, file: &str) {
        let text = script_of(&self.statements);
        let file = file.trim_matches('"');
        match std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(Path::new(file))
            .and_then(|mut out| std::io::Write::write_all(&mut out, text.as_bytes()))
        {
            Ok(()) => screen::line(&format!("{} statements in `{}`", self.statements.len(), visible(file))),
            Err(error) => screen::line(&format!("cannot write `{}`: {error}", visible(file))),
        }
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

fn overview() -> String {
    let mut out = help::overview();
    out.push_str("\n\nAt the prompt\n");
    let forms: Vec<(String, &str)> = commands::ALL
        .iter()
        .map(|(name, rest, about)| (format!("{name} {rest}"), *about))
        .chain(commands::KEYS.iter().map(|(key, about)| ((*key).to_owned(), *about)))
        .collect();
    for (form, about) in forms {
        out.push_str(&format!("  {form:16}  {about}\n"));
    }
    out.push_str("A pasted `docker …` line is answered with Plywood's.");
    out
}

/// The statements as a script: a value that a later one calls `_` gets that name.
fn script_of(statements: &[(String, bool)]) -> String {
    let mut text = String::from("#!/usr/bin/env plywood\n");
    for (index, (code, gave_value)) in statements.iter().enumerate() {
        let uses_last = |code: &str| with_last(code) != *code;
        // Only until the next value takes the name.
        let users = statements[index + 1..].iter();
        let end = users.clone().position(|(_, value)| *value).map_or(users.len(), |at| at + 1);
        let named = *gave_value && users.take(end).any(|(code, _)| uses_last(code));
        if named {
            text.push_str(&format!("let {LAST} = "));
        }
        text.push_str(&with_last(code));
        let ended = code.trim_end().ends_with(';') || code.trim_end().ends_with('}') && !named;
        text.push_str(if ended { "\n" } else { ";\n" });
    }
    text
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

fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain(['…']).collect()
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
    fn statements_become_a_script() {
        let statements = [
            ("let a = 1", false),
            ("a + 1", true),
            ("_ * 2", true),
            ("print(_)", false),
            ("fn f() { 1 }", false),
        ];
        let statements = statements.map(|(code, value)| (code.to_owned(), value));
        assert_eq!(
            script_of(&statements),
            "#!/usr/bin/env plywood\nlet a = 1;\nlet _last = a + 1;\nlet _last = _last * 2;\nprint(_last);\nfn f() { 1 }\n"
        );
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
    }

    #[test]
    fn the_greeting_says_where_one_is() {
        let text = greeting(Path::new("/var/lib/x"));
        assert!(text.starts_with("plywood ") && text.ends_with("· store /var/lib/x · :help"), "{text}");
    }
}
