//! `plywood explore IMAGE [OTHER]`: the verb, and afterwards what was marked.

use super::console::Console;
use super::surroundings::Surroundings;
use super::{Result, finish};

/// Explores the image, or both; the marked files are the result.
pub fn run(image: &str, other: Option<&str>, around: &Surroundings, console: &Console) -> Result {
    let images = [image].into_iter().chain(other).map(str::to_owned).collect();
    let mut session = around.session(console, images, false);
    let call = if other.is_some() { "explore(args[0], args[1])" } else { "explore(args[0])" };
    let code = format!("let marked = {call}; if marked.len() > 0 {{ marked }}");
    let outcome = session.feed(&code, "plywood explore");
    finish(outcome, console, true)
}
