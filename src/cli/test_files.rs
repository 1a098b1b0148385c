//! `plywood test FILE…`: image tests written in Rhai.
//!
//! Every `fn test_…()` of a file is a test; a file without one is a test itself. Each test has a
//! session of its own.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::console::Console;
use super::surroundings::Surroundings;
use super::{Result, feed_file, junit as junit_file, read_script};
use crate::script::{Failure, Outcome};

#[derive(Debug, serde::Serialize)]
struct Verdict {
    file: String,
    name: String,
    ok: bool,
    seconds: f64,
    error: Option<Failure>,
}

/// Runs the tests; 1 if one fails, 130 if interrupted. The results go to `junit` too, if there is one.
pub fn run(files: &[PathBuf], junit: Option<&Path>, around: &Surroundings, console: &Console) -> Result {
    let mut verdicts = Vec::new();
    let mut interrupted = false;
    for file in files {
        verdicts.extend(of_file(file, around, console));
        interrupted = verdicts
            .last()
            .is_some_and(|verdict| verdict.error.as_ref().is_some_and(|error| error.process_code() == 130));
        if interrupted {
            break;
        }
    }
    if let Some(report) = junit {
        junit_file::write(&serde_json::json!(verdicts), report, around, console)?;
    }
    if interrupted {
        return Ok(130);
    }
    let failed = verdicts.iter().filter(|verdict| !verdict.ok).count();
    if console.json {
        console.line(&serde_json::json!(verdicts).to_string());
    } else if !console.quiet {
        console.line(&format!("{} passed, {failed} failed", verdicts.len() - failed));
    }
    Ok(i32::from(failed > 0))
}

fn of_file(file: &Path, around: &Surroundings, console: &Console) -> Vec<Verdict> {
    let start = Instant::now();
    let mut session = around.session(console, Vec::new(), false);
    let loaded = feed_file(&mut session, file);
    let tests: Vec<String> = session
        .names()
        .functions
        .into_iter()
        .filter(|(name, parameters)| name.starts_with("test_") && parameters.is_empty())
        .map(|(name, _)| name)
        .collect();
    let failed = !matches!(&loaded, Ok(Outcome { error: None, exit: None | Some(0), .. }));
    if tests.is_empty() || failed {
        return vec![verdict(file, "", loaded, start, console)];
    }
    let name = file.to_string_lossy();
    let mut verdicts = Vec::new();
    for test in tests {
        let start = Instant::now();
        let mut session = around.session(console, Vec::new(), false);
        // With the file in one text, so that its constants are there and its imports relative to it.
        let outcome = read_script(file).map(|text| session.feed(&format!("{text}\n;{test}()"), &name));
        verdicts.push(verdict(file, &test, outcome, start, console));
    }
    verdicts
}

fn verdict(file: &Path, name: &str, outcome: Result<Outcome>, start: Instant, console: &Console) -> Verdict {
    let error = match outcome {
        Ok(outcome) => outcome.error.or_else(|| {
            let code = outcome.exit.filter(|code| *code != 0)?;
            Some(Failure::new("exit", format!("the test called exit({code})")))
        }),
        Err(failure) => Some(*failure),
    };
    let file = file.to_string_lossy().into_owned();
    let label = if name.is_empty() { file.clone() } else { format!("{file}: {name}") };
    if !console.json {
        match &error {
            None if console.quiet => {}
            None => console.line(&format!("ok      {label}")),
            Some(failure) => {
                console.line(&format!("FAILED  {label}"));
                console.report(failure);
            }
        }
    }
    Verdict {
        file,
        name: name.to_owned(),
        ok: error.is_none(),
        seconds: start.elapsed().as_secs_f64(),
        error,
    }
}
