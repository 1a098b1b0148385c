//! Values for people: tables and trees at a terminal, plain complete text elsewhere.
//!
//! What comes from a container, an archive or a script never reaches the terminal as control
//! characters: [`mod@visible`] is on the way of every text.

mod debug;
mod human;
mod plain;
mod table;
mod terminal;
mod tree;
mod unified;
mod visible;

use rhai::Dynamic;

pub use debug::debug;
pub use human::{duration, size};
pub use plain::plain;
pub use table::of_rows;
pub use visible::{visible, visible_json, visible_line};

/// Where a value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal.
    pub width: u16,
    /// Colours may be used.
    pub color: bool,
    /// Not a terminal: plain and complete, nothing shortened.
    pub plain: bool,
    /// Long tables are shown to their end.
    pub whole: bool,
}

impl Style {
    /// What a pipe or a file gets.
    pub const PLAIN: Self = Self { width: u16::MAX, color: false, plain: true, whole: true };
}

/// What a cell's text means; the colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Normal,
    /// The thing itself.
    Strong,
    /// Added.
    Added,
    /// Changed.
    Changed,
    /// Deleted.
    Deleted,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
}

/// One value in a table: exact where plain, made for people at a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Text(String, Tone),
    /// A number, to the right.
    Count(u64),
    /// Bytes.
    Size(u64),
    /// Any other number, as it is written.
    Number(String),
    /// A time, RFC 3339.
    Time(String),
    /// An id or digest.
    Id(String),
}

impl Cell {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into(), Tone::Normal)
    }
    /// The thing itself.
    pub fn strong(text: impl Into<String>) -> Self {
        Self::Text(text.into(), Tone::Strong)
    }
    /// Text with a meaning.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self::Text(text.into(), tone)
    }
    /// A number.
    pub const fn count(count: u64) -> Self {
        Self::Count(count)
    }
    /// Bytes.
    pub const fn size(size: u64) -> Self {
        Self::Size(size)
    }
    /// A time.
    pub fn time(time: impl Into<String>) -> Self {
        Self::Time(time.into())
    }
    /// An id or digest.
    pub fn id(id: impl Into<String>) -> Self {
        Self::Id(id.into())
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Count(_) | Self::Size(_) | Self::Number(_))
    }

    /// The exact value, one line.
    fn exact(&self) -> String {
        match self {
            Self::Text(text, _) => visible_line(text),
            Self::Count(number) | Self::Size(number) => number.to_string(),
            Self::Time(time) => visible_line(time),
            Self::Number(number) => number.clone(),
            Self::Id(id) => visible_line(id),
        }
    }

    /// What a person wants to read.
    fn friendly(&self) -> String {
        match self {
            Self::Text(..) | Self::Number(_) => self.exact(),
            Self::Count(number) => human::grouped(*number),
            Self::Size(bytes) => size(*bytes),
            Self::Time(time) => human::age(time).unwrap_or_else(|| visible_line(time)),
            Self::Id(id) => visible_line(id.strip_prefix("sha256:").unwrap_or(id)).chars().take(12).collect(),
        }
    }
}

/// `value` as `style` wants it, without a trailing newline; empty for `()`.
#[must_use]
pub fn render(value: &Dynamic, style: &Style) -> String {
    if style.plain { plain(value) } else { terminal::render(value, style) }
}
