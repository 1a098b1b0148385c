//! The lowest line and the help.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::super::state::{Asking, Focus, Mode, Right, State};
use super::super::{help, text};
use super::Theme;

/// What is typed, else what is to be told, else which keys there are.
pub fn status(frame: &mut Frame<'_>, area: Rect, state: &State, theme: Theme) {
    let width = usize::from(area.width);
    if let Mode::Typing(asking, typed) = &state.mode {
        let prompt = match asking {
            Asking::Filter => "Filter (pattern, size>1M, kind:file): ",
            Asking::Search => "Search: ",
            Asking::Extract => "Extract into folder: ",
        };
        // The end of what is typed stays in sight.
        let room = width.saturating_sub(prompt.len() + 1);
        let typed = text::line(typed);
        let shown = text::skip(&typed, typed.width().saturating_sub(room));
        frame.render_widget(
            Line::from(vec![Span::styled(prompt, theme.label()), Span::raw(format!("{shown}▏"))]),
            area,
        );
        return;
    }
    let words = match &state.message {
        Some(message) => format!(" {}", text::line(message)),
        None => hints(state).to_owned(),
    };
    let marks = match state.marks.len() {
        0 => String::new(),
        count => format!(" {count} marked "),
    };
    let left = text::left(&words, width.saturating_sub(marks.width()));
    let line = Line::from(vec![Span::raw(left), Span::styled(marks, theme.mark())]).style(theme.status());
    frame.render_widget(line, area);
}

fn hints(state: &State) -> &'static str {
    if let (Right::Tree, true) = (&state.right, state.material.pair.is_some()) {
        return " ? Help │ q Quit │ Tab A/B │ ] Next │ = Differences │ Enter Compare │ c More";
    }
    match (state.focus, &state.right) {
        (Focus::Layers, _) => {
            " ? Help │ q Quit │ Tab Files │ ^F Filter │ ^L Layer ^A Aggregated o Own │ w Waste"
        }
        (Focus::Files, Right::Tree) => {
            " ? Help │ q Quit │ Tab Layers │ ^F Filter │ / Find │ Space Fold │ Enter Open │ m Mark"
        }
        (Focus::Files, Right::Others(..)) => " ? Help │ q Back │ ←→ Scroll",
        (Focus::Files, Right::Waste(_)) => " ? Help │ q Back │ Enter Versions │ m Mark",
        (Focus::Files, Right::Versions(..)) => " ? Help │ q Back │ Enter Open │ d Difference │ m Mark",
        (Focus::Files, Right::Content(..)) => {
            " ? Help │ q Back │ t Text x Bytes d Difference s Beside │ n Next │ [ ] Version"
        }
    }
}

/// All keys, over everything.
pub fn help(frame: &mut Frame<'_>, top: usize, theme: Theme) {
    let area = frame.area();
    let width = area.width.min(78);
    let height = area.height.saturating_sub(2).max(3.min(area.height));
    let place =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    let title = "Help: arrows scroll, any other key closes";
    let block = Block::bordered().title(title).border_style(theme.frame(true));
    let lines: Vec<Line<'_>> = help::lines()
        .iter()
        .skip(top)
        .map(|(keys, what)| {
            if what.is_empty() {
                return Line::styled(*keys, theme.label());
            }
            Line::from(vec![
                Span::styled(format!(" {} ", text::left(keys, 20)), theme.mark()),
                Span::raw(*what),
            ])
        })
        .collect();
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(block), place);
}
