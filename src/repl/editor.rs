//! The line editor: rustyline with our completion, colours, hints and keys.

use std::path::PathBuf;
use std::sync::Arc;

use rustyline::config::{BellStyle, ColorMode, CompletionType, Config};
use rustyline::{Editor, KeyCode, KeyEvent, Modifiers};

use super::assistant::Assistant;
use super::history::Past;
use super::keys::{Key, Keys};
use super::layout;
use super::shared::Shared;

/// The editor of the prompt.
pub type LineEditor = Editor<Assistant, Past>;

/// An editor on `shared`'s session, with the history at `history`.
///
/// # Errors
/// Those of the terminal.
pub fn open(shared: &Arc<Shared>, history: PathBuf, color: bool) -> rustyline::Result<LineEditor> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .bell_style(BellStyle::None)
        .color_mode(if color { ColorMode::Enabled } else { ColorMode::Disabled })
        .build();
    let past = Past::load(history, Arc::clone(&shared.margin));
    let mut editor = Editor::with_history(config, past)?;
    editor.set_helper(Some(Assistant::new(Arc::clone(shared), color)));
    let none = Modifiers::NONE;
    for (event, key) in [
        (KeyEvent(KeyCode::Enter, none), Key::Enter),
        (KeyEvent::ctrl('J'), Key::Enter),
        (KeyEvent(KeyCode::Enter, Modifiers::ALT), Key::NewLine),
        (KeyEvent(KeyCode::Backspace, none), Key::Backspace),
        (KeyEvent::ctrl('H'), Key::Backspace),
        (KeyEvent(KeyCode::Delete, none), Key::Delete),
        (KeyEvent(KeyCode::Left, none), Key::Left),
        (KeyEvent::ctrl('B'), Key::Left),
        (KeyEvent(KeyCode::Right, none), Key::Right),
        (KeyEvent::ctrl('F'), Key::Right),
        (KeyEvent(KeyCode::Home, none), Key::Home),
        (KeyEvent::ctrl('A'), Key::Home),
        (KeyEvent(KeyCode::Tab, none), Key::Tab),
    ] {
        editor.bind_sequence(
            event,
            rustyline::EventHandler::Conditional(Box::new(Keys { key, shared: Arc::clone(shared) })),
        );
    }
    Ok(editor)
}

/// The prompt, plain and with colours.
#[must_use]
pub fn prompt(number: usize) -> (String, String) {
    let plain = layout::prompt(number);
    let painted = format!("\x1b[1;32m{plain}\x1b[0m");
    (plain, painted)
}
