//! The state as a frame. Only lines that are on the screen are computed.

mod files;
mod left;
mod overlay;
mod pair;
mod theme;
mod views;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::state::{Focus, Mode, Right, State};
use super::text;

pub use theme::Theme;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, state: &State, theme: Theme) {
    let panes = state.panes_in(frame.area());
    if let Some(of) = &state.material.pair {
        pair::facts(frame, panes.image, state, of, theme);
    } else {
        left::layers(frame, panes.layers, state, theme);
        left::layer_details(frame, panes.details, state, theme);
        left::image_details(frame, panes.image, state, theme);
    }
    match &state.right {
        Right::Tree if panes.is_pair => pair::tree(frame, &panes, state, theme),
        Right::Others(cursor, left) => pair::others(frame, panes.files, state, *cursor, *left, theme),
        Right::Tree => files::tree(frame, &panes, state, theme),
        Right::Waste(cursor) => views::waste(frame, panes.files, state, *cursor, theme),
        Right::Versions(node, cursor) => views::versions(frame, panes.files, state, *node, *cursor, theme),
        Right::Content(content, _) => views::content(frame, panes.files, state, content, theme),
    }
    overlay::status(frame, panes.status, state, theme);
    if let Mode::Help(top) = state.mode {
        overlay::help(frame, top, theme);
    }
}

/// What is shown while the image is being analysed.
pub fn waiting(frame: &mut Frame<'_>, name: &str, tenths: u128, theme: Theme) {
    let wheel = ["|", "/", "-", "\\"][usize::try_from(tenths % 4).unwrap_or(0)];
    let lines = vec![
        Line::default(),
        Line::from(format!("  {wheel} analysing {} … {}.{} s", text::line(name), tenths / 10, tenths % 10)),
        Line::default(),
        Line::styled("  q or Ctrl-C gives up", theme.faint()),
    ];
    let block = Block::bordered().title("Plywood").border_style(theme.frame(true));
    frame.render_widget(Clear, frame.area());
    frame.render_widget(Paragraph::new(lines).block(block), frame.area());
}

/// Draws a pane's frame; gives what is inside.
fn pane(frame: &mut Frame<'_>, area: Rect, title: &str, focused: bool, theme: Theme) -> Rect {
    let title = text::fit(title, usize::from(area.width.saturating_sub(4)));
    let style = theme.frame(focused);
    let marker = if focused { "●" } else { "" };
    let block = Block::bordered().title(Line::styled(format!("{marker}{title}"), style)).border_style(style);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// Draws one line of a pane, if the pane has it.
fn put(frame: &mut Frame<'_>, area: Rect, at: usize, line: Line<'_>) {
    let Ok(at) = u16::try_from(at) else { return };
    if at < area.height {
        frame.render_widget(line, Rect { y: area.y + at, height: 1, ..area });
    }
}

/// A word and what there is to say, on one line.
fn fact<'a>(word: &'a str, value: String, width: u16, theme: Theme) -> Line<'a> {
    let room = usize::from(width).saturating_sub(word.len() + 2);
    Line::from(vec![Span::styled(format!("{word}: "), theme.label()), Span::raw(text::fit(&value, room))])
}

/// The style of a list's line.
fn list_style(state: &State, focus: Focus, chosen: bool, theme: Theme) -> Style {
    if chosen { theme.cursor(state.focus == focus) } else { Style::new() }
}
