//! The line editor: rustyline with our completion, colours, hints and keys.

use std::borrow::Cow;
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;

use rustyline::completion::{Completer, Pair};
use rustyline::config::{BellStyle, ColorMode, CompletionType, Config};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::SearchDirection;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Editor, Helper, KeyCode, KeyEvent, Modifiers};

use super::complete::{self, World};
use super::history::Past;
use super::keys::{Key, Keys};
use super::shared::{LAST, OUT, Shared, has_verb};
use super::{highlight, layout};
use crate::oci::Reference;
use crate::script::Session;
use crate::workbench::{Image, Subject};

/// The editor of the prompt.
pub type LineEditor = Editor<Assistant, Past>;

/// An editor on `shared`'s session, with the history at `history`.
///
/// # Errors
/// Those of the terminal.
pub fn open(shared: &Arc<Shared>, history: PathBuf, color: bool) -> rustyline::Result<LineEditor> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .completion_prompt_limit(200)
        .bell_style(BellStyle::None)
        .color_mode(if color { ColorMode::Enabled } else { ColorMode::Disabled })
        .build();
    let past = Past::load(history, Arc::clone(&shared.margin));
    let mut editor = Editor::with_history(config, past)?;
    editor.set_helper(Some(Assistant { shared: Arc::clone(shared), color, cursor: Cell::new(None) }));
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

/// What the editor asks while one types.
#[derive(Debug)]
pub struct Assistant {
    shared: Arc<Shared>,
    color: bool,
    /// Where brackets are matched; nowhere once the line is done.
    cursor: Cell<Option<usize>>,
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let session = self.shared.session();
        let mut names = session.names();
        names.variables.retain(|(name, _)| name != LAST && name != OUT);
        let workbench = session.workbench();
        // Completion must not be what makes the store.
        let there = workbench.settings().store.join("plywood.db").exists();
        let images = || {
            if !there {
                return Vec::new();
            }
            let images = workbench.images().unwrap_or_default();
            images.into_iter().flat_map(|image| image.references).collect()
        };
        let containers = || {
            if !there {
                return Vec::new();
            }
            workbench.containers().unwrap_or_default().into_iter().map(|container| container.name).collect()
        };
        let snapshots = || {
            if !there {
                return Vec::new();
            }
            let listed = workbench.snapshots(None).unwrap_or_default();
            listed.into_iter().map(|snapshot| snapshot.name).collect()
        };
        let inside = |code: &str, folder: &str| {
            if !there {
                return Vec::new();
            }
            let found = subject(&session, code).map(|subject| workbench.names_in(&subject, folder));
            found.and_then(Result::ok).unwrap_or_default()
        };
        let world =
            World { names, images: &images, containers: &containers, snapshots: &snapshots, inside: &inside };
        Ok(complete::complete(line, pos, &world))
    }
}

/// The container or image that a variable, `last()` or a text names; nothing is fetched for it.
fn subject(session: &Session, code: &str) -> Option<Subject> {
    let workbench = session.workbench();
    if code == "last()" {
        return workbench.last().ok().map(Subject::Container);
    }
    let image =
        |fits: &dyn Fn(&Image) -> bool| workbench.images().ok()?.into_iter().find(fits).map(Subject::Image);
    if let Some(name) = code.strip_prefix(['"', '`']) {
        let name: Reference = name.trim_end_matches(['"', '`']).parse().ok()?;
        let name = name.to_string();
        return image(&|image| image.references.contains(&name));
    }
    let value = session.variable(code)?;
    let id = value.to_json().get("id")?.as_str()?.to_owned();
    match value.type_name().as_str() {
        "Container" => workbench.container(&id).ok().map(Subject::Container),
        "Image" => image(&|image| image.id == id),
        _ => None,
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<String> {
        // Without colours a hint would look as if it had been typed.
        if !self.color || pos < line.len() || line.len() < 2 {
            return None;
        }
        let history = context.history();
        let last = history.len().checked_sub(1)?;
        let found =
            history.starts_with(line, context.history_index().min(last), SearchDirection::Reverse).ok()??;
        let rest = found.entry.get(line.len()..)?;
        (!rest.is_empty() && !rest.contains('\n')).then(|| rest.to_owned())
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        highlight::paint(line, self.cursor.get().filter(|at| *at <= line.len()), &has_verb).into()
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        format!("\x1b[2m{hint}\x1b[0m").into()
    }

    fn highlight_char(&self, line: &str, pos: usize, kind: CmdKind) -> bool {
        self.cursor.set((kind != CmdKind::ForcedRefresh).then_some(pos));
        match kind {
            // A letter may turn a name into a verb or close a text: all is painted anew.
            CmdKind::Other => true,
            CmdKind::MoveCursor => highlight::touches_bracket(line, pos),
            CmdKind::ForcedRefresh => false,
        }
    }
}

/// Only where the terminal is too simple for keys of our own.
impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let more = self.shared.wants_more(context.input());
        Ok(if more { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

/// The prompt, plain and with colours.
#[must_use]
pub fn prompt(number: usize) -> (String, String) {
    let plain = layout::prompt(number);
    let painted = format!("\x1b[1;32m{plain}\x1b[0m");
    (plain, painted)
}
