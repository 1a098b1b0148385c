//! The command line: arguments, exit codes, and the only place that words errors for people.
//!
//! Exit codes: 0 done, 1 the script failed, 2 bad usage, 130 interrupted; `exit(n)` wins, and a
//! reader that has gone away is no failure.

mod arguments;
mod care;
mod console;
mod editors;
mod explore;
mod gate;
mod junit;
mod lesson;
mod limits;
mod progress;
mod report;
mod script_file;
mod surroundings;
mod test_files;

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use console::Console;
use surroundings::Surroundings;

use crate::script::{Failure, Outcome, Session};

pub use report::failure_text;

/// What a way of using the program gives: the exit code, or a failure to be reported.
type Result<T = i32> = std::result::Result<T, Box<Failure>>;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing can be done about a screen that does not take it.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let console = Console::new(&arguments);
    let code = match run(&arguments, &console) {
        Ok(code) => code,
        Err(failure) => {
            console.report(&failure);
            failure.process_code()
        }
    };
    ExitCode::from(u8::try_from(code & 0xff).unwrap_or(1))
}

fn run(arguments: &Arguments, console: &Console) -> Result {
    let around = Surroundings::new(arguments)?;
    match &arguments.command {
        Some(Command::File(words)) if arguments.code.is_empty() => script_file::run(words, &around, console),
        Some(Command::File(words)) => code(&arguments.code, words, &around, console),
        Some(_) if !arguments.code.is_empty() => {
            console.report(&Failure::new("usage", "`-e` and a command do not go together"));
            Ok(2)
        }
        Some(Command::Fsck { repair }) => care::fsck(*repair, &around, console),
        Some(Command::Explore { image, other }) => explore::run(image, other.as_deref(), &around, console),
        Some(Command::Doctor) => care::doctor(&around, console),
        Some(Command::Lesson { action }) => lesson::run(action, &around, console),
        Some(Command::Test { files, junit }) => test_files::run(files, junit.as_deref(), &around, console),
        Some(Command::Check { image, config, base, ignore, junit }) => {
            let wanted = gate::Wanted { image, config: config.as_deref(), base: base.as_deref(), ignore };
            gate::run(&wanted, junit.as_deref(), &around, console)
        }
        Some(Command::Definitions { folder }) => editors::write_definitions(folder, console),
        Some(Command::Completions { shell }) => editors::completions(*shell),
        Some(Command::Man) => editors::manual(),
        Some(Command::Reference) => editors::reference(),
        None if !arguments.code.is_empty() => code(&arguments.code, &[], &around, console),
        None if std::io::stdin().is_terminal() => {
            let session = around.session(console, Vec::new(), true);
            Ok(crate::repl::run(session, &around.repl(console)))
        }
        None => standard_input(&around, console),
    }
}

/// Each `-e` in turn, in one session; the last one's value is shown.
fn code(texts: &[String], words: &[std::ffi::OsString], around: &Surroundings, console: &Console) -> Result {
    let args = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut session = around.session(console, args, false);
    let mut outcome = Outcome::default();
    for (index, text) in texts.iter().enumerate() {
        let name = if texts.len() == 1 { "-e".to_owned() } else { format!("-e {}", index + 1) };
        outcome = session.feed(text, &name);
        if outcome.error.is_some() || outcome.exit.is_some() {
            break;
        }
    }
    finish(outcome, console, true)
}

fn standard_input(around: &Surroundings, console: &Console) -> Result {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::new("io", format!("cannot read standard input: {error}")))?;
    let mut session = around.session(console, Vec::new(), false);
    finish(session.feed(&text, "stdin"), console, true)
}

/// Shows what came out and gives the exit code.
fn finish(outcome: Outcome, console: &Console, show: bool) -> Result {
    if let Some(code) = outcome.exit {
        return Ok(code);
    }
    if let Some(failure) = outcome.error {
        return Err(failure.into());
    }
    if show && let Some(value) = &outcome.value {
        console.value(value);
    }
    Ok(0)
}

/// Reads a script and runs it in a session of its own.
fn feed_file(session: &mut Session, path: &Path) -> Result<Outcome> {
    Ok(session.feed(&read_script(path)?, &path.to_string_lossy()))
}

/// A script's text.
fn read_script(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::new("not_found", format!("cannot read `{}`: {error}", path.display())).into()
    })
}
