//! The layers, the one under the cursor, and the image.

use std::collections::HashMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::super::state::{Focus, State};
use super::super::text;
use super::super::work::Compare;
use super::{Theme, fact, list_style, pane, put};

/// The table of layers.
pub fn layers(frame: &mut Frame<'_>, area: Rect, state: &State, theme: Theme) {
    let rows = &state.material.layers;
    let title = format!("Layers {}/{}", state.layers.at + usize::from(!rows.is_empty()), rows.len());
    let inner = pane(frame, area, &title, state.focus == Focus::Layers, theme);
    put(frame, inner, 0, Line::styled("Cmp     Size  Command", theme.label()));
    let room = usize::from(inner.width);
    for (line, (index, row)) in
        rows.iter().enumerate().skip(state.layers.top).take(usize::from(inner.height)).enumerate()
    {
        let chosen = index == state.layers.at;
        let command = text::line(row.command.as_deref().unwrap_or("(unknown)"));
        let marks = compared(state.compare, state.layers.at, index);
        let rest = room.saturating_sub(14);
        let content = format!(
            "{marks}{} {}  {}",
            if chosen { "▸" } else { " " },
            text::right(&text::size(row.size), 8),
            text::left(text::plain(&command), rest)
        );
        put(frame, inner, line + 1, Line::styled(content, list_style(state, Focus::Layers, chosen, theme)));
    }
}

/// How a layer takes part in the comparison: `█` is marked as changed, `│` is what it is compared with.
const fn compared(compare: Compare, chosen: usize, index: usize) -> &'static str {
    match compare {
        _ if index > chosen => "  ",
        Compare::Own if index < chosen => "  ",
        Compare::Layer if index < chosen => "│ ",
        Compare::Aggregated if index == 0 && chosen > 0 => "│ ",
        _ => "█ ",
    }
}

/// What is known of the layer under the cursor.
pub fn layer_details(frame: &mut Frame<'_>, area: Rect, state: &State, theme: Theme) {
    let inner = pane(frame, area, "Layer Details", false, theme);
    let Some(row) = state.material.layers.get(state.layers.at) else { return };
    let waste = state.material.waste.by_layer.get(state.layers.at).copied().unwrap_or(0);
    let packed =
        row.compressed_size.map_or_else(String::new, |size| format!(" ({} packed)", text::size(size)));
    let hidden = if waste > 0 { format!(", {} hidden", text::size(waste)) } else { String::new() };
    let width = inner.width;
    let unknown = || "(unknown)".to_owned();
    let mut lines = vec![
        fact("Size", format!("{}{packed}{hidden}", text::size(row.size)), width, theme),
        fact("Files", row.file_count.to_string(), width, theme),
    ];
    let digest = row.digest.as_deref().map(text::line);
    lines.extend(digest.map(|digest| fact("Digest", digest, width, theme)));
    let diff_id = row.diff_id.as_deref().map(text::line);
    lines.extend(diff_id.map(|diff_id| fact("DiffID", diff_id, width, theme)));
    if inner.height > 6 {
        lines.push(fact("Type", text::line(&row.media_type), width, theme));
        lines
            .extend(row.created.as_deref().map(|created| fact("Created", text::line(created), width, theme)));
    }
    lines.push(Line::from(vec![
        Span::styled("Command: ", theme.label()),
        Span::raw(row.command.as_deref().map_or_else(unknown, text::line)),
    ]));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
}

/// What is known of the image, and what it carries in vain.
pub fn image_details(frame: &mut Frame<'_>, area: Rect, state: &State, theme: Theme) {
    let inner = pane(frame, area, "Image Details", false, theme);
    let (material, width) = (&state.material, inner.width);
    let waste = &material.waste;
    let mut lines = vec![fact("Name", text::line(&material.name), width, theme)];
    if inner.height > 8 {
        lines.extend(material.facts.iter().map(|(word, value)| fact(word, text::line(value), width, theme)));
    }
    lines.push(fact("Total size", text::size(waste.total), width, theme));
    lines.push(fact("Wasted", text::size(waste.bytes), width, theme));
    lines.push(fact("Efficiency", format!("{:.2} %", waste.efficiency() * 100.0), width, theme));
    let room = usize::from(inner.height).saturating_sub(lines.len());
    if room > 1 && !waste.items.is_empty() {
        lines.push(Line::styled("Count     Size  Path", theme.label()));
        for (path, count, bytes) in by_path(state, room - 1) {
            let size = text::right(&text::size(bytes), 8);
            let path = text::tail(&text::path(path), usize::from(width).saturating_sub(15));
            lines.push(Line::raw(format!("{count:>5} {size}  {path}")));
        }
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The paths that waste most: how often, and how much.
fn by_path(state: &State, most: usize) -> Vec<(&[u8], usize, u64)> {
    // Items come largest first: what is not among the first thousands is not among the first lines.
    let mut sums: HashMap<&[u8], (usize, u64)> = HashMap::new();
    for item in state.material.waste.items.iter().take(4096) {
        let sum = sums.entry(&item.path).or_default();
        *sum = (sum.0 + 1, sum.1.saturating_add(item.bytes));
    }
    let mut sums: Vec<_> = sums.into_iter().map(|(path, (count, bytes))| (path, count, bytes)).collect();
    sums.sort_by(|one, other| other.2.cmp(&one.2).then(one.0.cmp(other.0)));
    sums.truncate(most);
    sums
}
