//! Colours, or what says the same without them.

use ratatui::style::{Color, Modifier, Style};

use crate::layer::ChangeKind;

/// How things look.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    /// Whether there are colours.
    pub color: bool,
}

impl Theme {
    fn of(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    /// The frame of a pane.
    pub fn frame(self, focused: bool) -> Style {
        if focused { self.of(Color::Cyan).add_modifier(Modifier::BOLD) } else { self.faint() }
    }

    /// What is under the cursor.
    pub fn cursor(self, focused: bool) -> Style {
        match (focused, self.color) {
            (true, _) => Style::new().add_modifier(Modifier::REVERSED),
            (false, true) => Style::new().bg(Color::DarkGray).fg(Color::White),
            (false, false) => Style::new().add_modifier(Modifier::UNDERLINED),
        }
    }

    /// A file by what happened to it.
    pub fn change(self, change: Option<ChangeKind>) -> Style {
        match change {
            Some(ChangeKind::Added) => self.of(Color::Green),
            Some(ChangeKind::Modified) => self.of(Color::Yellow),
            Some(ChangeKind::Deleted) => self.of(Color::Red),
            None => Style::new(),
        }
    }

    /// Titles of columns, and the word before a value.
    pub fn label(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What is less important.
    pub fn faint(self) -> Style {
        if self.color { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// What is marked.
    pub fn mark(self) -> Style {
        self.of(Color::Magenta).add_modifier(Modifier::BOLD)
    }

    /// The lowest line.
    pub fn status(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}
