//! `plywood explore IMAGE`: the verb, and afterwards what was marked.

use super::console::Console;
use super::surroundings::Surroundings;
use super::{Result, finish};

/// Explores the image; the marked files are the result.
pub fn run(image: &str, around: &Surroundings, console: &Console) -> Result {
    let mut session = around.session(console, vec![image.to_owned()], false);
    let outcome =
        session.feed("let marked = explore(args[0]); if marked.len() > 0 { marked }", "plywood explore");
    finish(outcome, console, true)
}
