//! The prompt: line editor, history, completion, colours, commands.
//!
//! A statement goes to the [`Session`]; everything else that people type here out of habit is
//! answered: `exit`, `help`, a pasted `docker run -it X`, a bare `ls`. Ctrl-C cancels what is
//! there to be cancelled and never leaves.

mod assistant;
mod below;
mod commands;
mod complete;
mod conversation;
mod docker;
mod editor;
mod highlight;
mod history;
mod keys;
mod layout;
mod lexer;
mod mistake;
mod obey;
mod proof;
mod quoted;
mod screen;
mod shared;
mod shell;
mod summary;
mod surroundings;
mod timeline;

use std::path::PathBuf;

use crate::script::{Failure, Session, Style};
use conversation::Conversation;

/// What the prompt must know besides its session.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How values are shown.
    pub style: Style,
    /// The store's folder, for the greeting; the history is kept in it.
    pub store: PathBuf,
    /// No greeting.
    pub quiet: bool,
    /// Writes a failure for people; errors are worded in one place, which is not this one.
    pub report: fn(&Failure, &Style) -> String,
}

/// Talks until the person leaves; gives the process's exit code.
#[must_use]
pub fn run(session: Session, settings: &Settings) -> i32 {
    let mut settings = settings.clone();
    if std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb") {
        settings.style.color = false;
    }
    match Conversation::open(session, &settings) {
        Ok(mut conversation) => conversation.talk(),
        Err(error) => {
            screen::line(&format!("error: cannot use this terminal: {error}"));
            1
        }
    }
}
