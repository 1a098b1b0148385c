//! `plywood FILE [ARGS…]`.

use std::ffi::OsString;
use std::path::Path;

use super::console::Console;
use super::surroundings::Surroundings;
use super::{Result, feed_file, finish};
use crate::script::{Failure, nearest};

/// The words that are commands, for slips.
const COMMANDS: &[&str] = &["fsck", "doctor", "lesson", "test", "help"];

/// Runs the script; with `--json` its last value is the output.
pub fn run(words: &[OsString], around: &Surroundings, console: &Console) -> Result {
    let Some((file, args)) = words.split_first() else { return Ok(0) };
    let path = Path::new(file);
    if !path.exists() {
        let name = path.to_string_lossy();
        let mut failure = Failure::new("not_found", format!("there is no script `{name}`"));
        failure.hint = nearest(&name, COMMANDS.iter().copied())
            .map(|near| format!("did you mean the command `{near}`?"))
            .or_else(|| Some("code on the command line is given with `-e`".to_owned()));
        console.report(&failure);
        return Ok(2);
    }
    let args = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let mut session = around.session(console, args, false);
    let outcome = feed_file(&mut session, path)?;
    finish(outcome, console, console.json)
}
