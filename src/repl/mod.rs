//! The prompt.

use std::io::{BufRead, Write};
use std::path::PathBuf;

use crate::script::{Completeness, Session, Style};

/// What the prompt must know besides its session.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How values are shown.
    pub style: Style,
    /// The store's folder, for the greeting.
    pub store: PathBuf,
    /// No greeting.
    pub quiet: bool,
    /// Writes a failure for people; errors are rendered in one place, which is not this one.
    pub report: fn(&crate::script::Failure, &Style) -> String,
}

/// Talks until the person leaves; gives the process's exit code.
pub fn run(mut session: Session, settings: &Settings) -> i32 {
    let mut entry = String::new();
    let mut number = 1;
    let mut out = std::io::stdout();
    let mut lines = std::io::stdin().lock().lines();
    loop {
        let prompt = if entry.is_empty() { format!("[{number}]> ") } else { "...> ".to_owned() };
        if out.write_all(prompt.as_bytes()).and_then(|()| out.flush()).is_err() {
            return 0;
        }
        let Some(Ok(line)) = lines.next() else { return 0 };
        entry.push_str(&line);
        entry.push('\n');
        if session.completeness(&entry) == Completeness::Incomplete && !line.trim().is_empty() {
            continue;
        }
        let outcome = session.feed(&entry, &format!("[{number}]"));
        entry.clear();
        number += 1;
        if let Some(code) = outcome.exit {
            return code;
        }
        let text = match (&outcome.error, &outcome.value) {
            (Some(failure), _) => (settings.report)(failure, &settings.style),
            (None, Some(value)) if !value.is_unit() => value.render(&settings.style),
            _ => continue,
        };
        if writeln!(out, "{text}").is_err() {
            return 0;
        }
    }
}
