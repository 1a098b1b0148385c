//! What takes the tree's place: waste, the versions of a path, a file.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::super::content::{Content, Form, Tag};
use super::super::pair::SIDES;
use super::super::panes::VERSION;
use super::super::state::{Cursor, Focus, State};
use super::super::text;
use super::pair::difference;
use super::{Theme, list_style, pane, put};
use crate::inspect::model::{Aspect, Came, NodeId, Version};
use crate::layer::{ChangeKind, Kind};

/// Everything that is carried in vain.
pub fn waste(frame: &mut Frame<'_>, area: Rect, state: &State, cursor: Cursor, theme: Theme) {
    let waste = &state.material.waste;
    let title = format!("Waste: {} of {}", text::size(waste.bytes), text::size(waste.total));
    let inner = pane(frame, area, &title, state.focus == Focus::Files, theme);
    put(frame, inner, 0, Line::styled("      Size  layers cause       path", theme.label()));
    if waste.items.is_empty() {
        put(frame, inner, 1, Line::styled("nothing: every byte is to be seen at the end", theme.faint()));
    }
    let room = usize::from(inner.height.saturating_sub(1));
    for (at, item) in waste.items.iter().enumerate().skip(cursor.top).take(room) {
        let base = list_style(state, Focus::Files, at == cursor.at, theme);
        let node = state.material.model.find(&item.path);
        let is_marked = node.is_some_and(|node| state.marks.contains(&(node, item.added_by)));
        let start = format!(
            "{} {}  {} {} ",
            if is_marked { "*" } else { " " },
            text::right(&text::size(item.bytes), 8),
            text::left(&format!("{}→{}", item.added_by, item.hidden_by), 6),
            text::left(item.cause.as_str(), 11),
        );
        let width = usize::from(inner.width);
        let path = text::tail(&text::path(&item.path), width.saturating_sub(start.width()));
        let content = format!("{start}{path}");
        put(
            frame,
            inner,
            at - cursor.top + 1,
            Line::styled(text::left(&content, usize::from(inner.width)), base),
        );
    }
}

/// Where a path comes from: every version, and why it is another than the one before.
pub fn versions(
    frame: &mut Frame<'_>,
    area: Rect,
    state: &State,
    node: NodeId,
    cursor: Cursor,
    theme: Theme,
) {
    let model = &state.material.model;
    let title = format!("Versions of {}", text::path(model.path(node)));
    let inner = pane(frame, area, &title, state.focus == Focus::Files, theme);
    put(frame, inner, 0, Line::styled("  Layer  what      Size  attributes", theme.label()));
    let room = usize::from(inner.height.saturating_sub(1)) / VERSION;
    let width = usize::from(inner.width);
    for (at, version) in state.versions(node).iter().enumerate().skip(cursor.top).take(room.max(1)) {
        let base = list_style(state, Focus::Files, at == cursor.at, theme);
        let sign = if state.marks.contains(&(node, version.layer)) { "*" } else { " " };
        let entry = model.file(version);
        let size = if entry.kind == Kind::File { text::size(entry.size) } else { String::new() };
        let first = format!(
            "{sign} {:>5}  {} {}  {} {}:{}",
            layer_name(state, version.layer),
            text::left(entry.kind.as_str(), 8),
            text::right(&size, 7),
            text::mode(entry.kind, entry.mode),
            entry.uid,
            entry.gid
        );
        let command = command(state, node, version.layer);
        let line = 1 + (at - cursor.top) * VERSION;
        put(frame, inner, line, Line::styled(text::left(&first, width), base));
        put(
            frame,
            inner,
            line + 1,
            Line::raw(text::fit(&format!("         {}", came(state, version)), width)),
        );
        let command = text::fit(&format!("         {}", text::plain(&command)), width);
        put(frame, inner, line + 2, Line::styled(command, theme.faint()));
    }
}

/// A layer as people call it.
fn layer_name(state: &State, layer: usize) -> String {
    match SIDES.get(layer).filter(|_| state.material.pair.is_some()) {
        Some(side) => (*side).to_owned(),
        None => layer.to_string(),
    }
}

/// The command that brought a version.
fn command(state: &State, node: NodeId, layer: usize) -> String {
    let material = &state.material;
    if let Some(pair) = &material.pair {
        return text::line(&(pair.origin)(layer, material.model.path(node)));
    }
    let row = material.layers.get(layer);
    row.and_then(|row| row.command.as_deref()).map(text::line).unwrap_or_default()
}

fn came(state: &State, version: &Version<'_>) -> String {
    let model = &state.material.model;
    if state.material.pair.is_some() {
        let change = model.change_of(version.node, Some(0), 1).map(|change| change.kind);
        return difference(state, version.node, change);
    }
    let mut words = match version.came {
        Came::Added => "added".to_owned(),
        Came::Hides => "hides what was".to_owned(),
        Came::HidesNothing => "hides nothing".to_owned(),
        Came::Replaced => {
            let aspects = model.before(version).map(|before| model.aspects(&before, version));
            let aspects: Vec<&str> =
                aspects.into_iter().flat_map(|it| it.iter()).map(Aspect::as_str).collect();
            if aspects.is_empty() {
                "again as it was".to_owned()
            } else {
                format!("other {}", aspects.join(", "))
            }
        }
    };
    if let Some(gone) = version.gone {
        words += &format!("; {} by layer {}", gone.how.as_str(), gone.layer);
        if gone.by != version.node {
            words += &format!(" at {}", text::path(model.path(gone.by)));
        }
    } else if !matches!(version.came, Came::Hides | Came::HidesNothing) {
        words += "; shown at the end";
    }
    words
}

/// A file.
pub fn content(frame: &mut Frame<'_>, area: Rect, state: &State, content: &Content, theme: Theme) {
    let model = &state.material.model;
    let title = text::path(model.path(content.node));
    let inner = pane(frame, area, &title, state.focus == Focus::Files, theme);
    let is_pair = state.material.pair.is_some();
    let form = match (content.form, content.before) {
        (Form::Text, _) => "text".to_owned(),
        (Form::Hex, _) => "bytes".to_owned(),
        (Form::Diff | Form::Beside, Some(_)) if is_pair => "difference from A".to_owned(),
        (Form::Diff | Form::Beside, Some(before)) => format!("difference from layer {before}"),
        (Form::Diff | Form::Beside, None) => "difference".to_owned(),
    };
    let count = content.len();
    let header = format!(
        "{} · {form} · line {} of {count}",
        place(state, content.layer),
        (content.top + 1).min(count)
    );
    put(frame, inner, 0, Line::styled(header, theme.label()));
    if count == 0 {
        put(frame, inner, 1, Line::styled("the file is empty", theme.faint()));
    }
    let (room, width) = (usize::from(inner.height.saturating_sub(1)), usize::from(inner.width));
    if content.form == Form::Beside {
        beside(frame, inner, content, theme);
        return;
    }
    for line in 0..room {
        let Some((tag, words)) = content.line(content.top + line) else { break };
        let shown = text::fit(text::skip(&words, content.left), width);
        put(frame, inner, line + 1, Line::from(Span::styled(shown, tagged(tag, theme))));
    }
}

fn tagged(tag: Tag, theme: Theme) -> Style {
    match tag {
        Tag::Same => Style::new(),
        Tag::Added => theme.change(Some(ChangeKind::Added)),
        Tag::Removed => theme.change(Some(ChangeKind::Deleted)),
        Tag::Note => theme.faint(),
    }
}

/// Where a file is that is looked at.
fn place(state: &State, layer: usize) -> String {
    match &state.material.pair {
        Some(pair) => format!("{} {}", layer_name(state, layer), text::line(&pair.names[layer.min(1)])),
        None => format!("layer {layer}"),
    }
}

/// Two versions of a file, what belongs together on one line.
fn beside(frame: &mut Frame<'_>, inner: Rect, content: &Content, theme: Theme) {
    let half = inner.width.saturating_sub(1) / 2;
    let (left, right) = (
        Rect { width: half, ..inner },
        Rect { x: inner.x + half + 1, width: inner.width.saturating_sub(half + 1), ..inner },
    );
    let room = usize::from(inner.height.saturating_sub(1));
    for (line, (old, new)) in content.pairs.iter().skip(content.top).take(room).enumerate() {
        let mut show = |area: Rect, at: &Option<usize>| {
            let Some((tag, words)) = at.and_then(|at| content.lines.get(at)) else { return };
            let words = text::fit(text::skip(words, content.left), usize::from(area.width));
            put(frame, area, line + 1, Line::styled(words, tagged(*tag, theme)));
        };
        show(left, old);
        show(right, new);
        put(frame, Rect { x: left.x + half, width: 1, ..inner }, line + 1, Line::styled("│", theme.faint()));
    }
}
