//! Two images beside each other: what is said of them above, their trees in step below.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::super::lines;
use super::super::pair::{Other, Pair, SIDES};
use super::super::panes::Panes;
use super::super::state::{Cursor, Focus, State};
use super::super::text;
use super::{Theme, files, list_style, pane, put};
use crate::inspect::model::{NodeId, Row, Tree};
use crate::layer::ChangeKind;

/// Both in two columns, what differs marked; the files that do counted.
pub fn facts(frame: &mut Frame<'_>, area: Rect, state: &State, pair: &Pair, theme: Theme) {
    let inner = pane(frame, area, "Two Images", false, theme);
    let names = [0, 1].map(|side| {
        let sign = if state.side == side { "▸" } else { " " };
        format!("{sign}{} {}", SIDES[side], pair.names[side])
    });
    let told = |tree: Option<&Tree>| {
        let root = tree.and_then(|tree| tree.row(NodeId::ROOT));
        root.map_or_else(
            || "…".to_owned(),
            |root| format!("{} in {} files", text::size(root.bytes), root.files),
        )
    };
    let sizes = [told(state.first.as_ref().map(|first| &first.tree)), told(state.tree.as_deref())];
    let width = inner.width;
    put(frame, inner, 0, compared("", &names, width, theme).style(theme.label()));
    put(frame, inner, 1, compared("Size", &sizes, width, theme));
    put(frame, inner, 2, counts(state, theme));
    let more = Line::from(vec![Span::styled("  More      ", theme.label()), Span::raw(counted(pair))]);
    put(frame, inner, 3, more);
    for (at, fact) in pair.facts.iter().enumerate() {
        put(frame, inner, 4 + at, compared(fact.word, &fact.values, width, theme));
    }
}

/// A word and what there is to say of either.
fn compared(word: &str, values: &[String; 2], width: u16, theme: Theme) -> Line<'static> {
    let is_other = !word.is_empty() && values[0] != values[1];
    let style = if is_other { theme.change(Some(ChangeKind::Modified)) } else { Style::new() };
    let column = usize::from(width).saturating_sub(12) / 2;
    let mut spans = vec![
        Span::styled(if is_other { "~ " } else { "  " }, style),
        Span::styled(text::left(word, 10), theme.label()),
    ];
    spans.extend(values.iter().map(|value| {
        let value = text::left(&text::line(value), column.saturating_sub(1));
        Span::styled(format!("{value} "), style)
    }));
    Line::from(spans)
}

/// How many files are other in B.
fn counts(state: &State, theme: Theme) -> Line<'static> {
    let mut spans = vec![Span::styled("  Files     ", theme.label())];
    let Some(first) = &state.first else { return Line::from(spans) };
    let [added, modified, removed, same] = first.counts;
    for (sign, count, what, change) in [
        ("+", added, "added", Some(ChangeKind::Added)),
        ("~", modified, "modified", Some(ChangeKind::Modified)),
        ("-", removed, "removed", Some(ChangeKind::Deleted)),
        ("", same, "the same", None),
    ] {
        spans.push(Span::styled(format!("{sign}{count} {what}  "), theme.change(change)));
    }
    Line::from(spans)
}

/// How much else is other, by what it is.
fn counted(pair: &Pair) -> String {
    let mut words: Vec<String> = Vec::new();
    for group in pair.others.chunk_by(|one, other| one.what == other.what) {
        words.push(format!("{} {}", group.len(), text::line(&group[0].what)));
    }
    if pair.late.is_some() {
        words.push("packages …".to_owned());
    }
    if words.is_empty() {
        return "nothing else differs".to_owned();
    }
    format!("{}: c lists them", words.join(", "))
}

/// Both trees in step: beside each other where there is room, else one with the facts of both.
pub fn tree(frame: &mut Frame<'_>, panes: &Panes, state: &State, theme: Theme) {
    let mut title = format!("Files at {}", SIDES[state.side]);
    title += &files::shown_of(state);
    let inner = pane(frame, panes.files, &title, true, theme);
    let attributes = panes.attributes(state.attributes);
    let Some(tree) = &state.tree else {
        put(frame, inner, 1, Line::styled("…", theme.faint()));
        return;
    };
    if state.lines.is_empty() && state.pending == 0 {
        put(frame, inner, 1, Line::styled(files::nothing(state), theme.faint()));
    }
    let halves = if panes.is_wide() {
        let middle = panes.middle();
        let left = Rect { width: middle.saturating_sub(inner.x), ..inner };
        let right =
            Rect { x: middle + 1, width: (inner.x + inner.width).saturating_sub(middle + 1), ..inner };
        for line in 0..inner.height {
            put(
                frame,
                Rect { x: middle, width: 1, ..inner },
                usize::from(line),
                Line::styled("│", theme.faint()),
            );
        }
        Some([left, right])
    } else {
        None
    };
    header(frame, inner, halves, attributes, theme);
    let room = usize::from(inner.height.saturating_sub(1));
    for (at, line) in state.lines.iter().enumerate().skip(state.files.top).take(room) {
        let Some(row) = tree.row(line.node) else { continue };
        let chosen = at == state.files.at;
        let place = at - state.files.top + 1;
        let Some(halves) = halves else {
            let base = list_style(state, Focus::Files, chosen, theme);
            let content = both(state, tree, line, &row, usize::from(inner.width), attributes, theme);
            put(frame, inner, place, content.style(base));
            continue;
        };
        for (side, half) in halves.into_iter().enumerate() {
            let base = if chosen { theme.cursor(side == state.side) } else { Style::new() };
            let content = one(state, tree, line, &row, side, usize::from(half.width), attributes, theme);
            put(frame, half, place, content.style(base));
        }
    }
    foot(frame, panes.files, state, theme);
}

fn header(frame: &mut Frame<'_>, inner: Rect, halves: Option<[Rect; 2]>, attributes: bool, theme: Theme) {
    let Some(halves) = halves else {
        let modes = if attributes { "Permission A Permission B " } else { "" };
        let words = format!("  {modes}  Size A   Size B  Filetree");
        put(frame, inner, 0, Line::styled(words, theme.label()));
        return;
    };
    for (side, half) in halves.into_iter().enumerate() {
        let modes = if attributes { "Permission      UID:GID " } else { "" };
        let words = format!("  {modes}    Size  Filetree of {}", SIDES[side]);
        put(frame, half, 0, Line::styled(words, theme.label()));
    }
}

/// A path's signs: marked, else what happened.
fn sign(state: &State, row: &Row<'_>, sides: &[usize], theme: Theme) -> (&'static str, Style) {
    if sides.iter().any(|side| state.marks.contains(&(row.node, *side))) {
        return ("*", theme.mark());
    }
    (files::sign(row), theme.change(row.change))
}

fn bytes(state: &State, row: &Row<'_>, side: usize) -> String {
    if state.material.model.shown(row.node, side).is_none() {
        return String::new();
    }
    let first = state.first.as_ref().filter(|_| side == 0);
    text::size(first.map_or(row.bytes, |first| first.tree.bytes(row.node)))
}

/// One tree, with the sizes of both, and their modes.
fn both(
    state: &State,
    tree: &Tree,
    line: &lines::Line,
    row: &Row<'_>,
    width: usize,
    attributes: bool,
    theme: Theme,
) -> Line<'static> {
    let model = &state.material.model;
    let (sign, style) = sign(state, row, &[0, 1], theme);
    let mut start = String::new();
    if attributes {
        for side in [0, 1] {
            let shown = model.shown(row.node, side);
            let mode = shown.map(|version| text::mode(version.entry.kind, model.file(&version).mode));
            start += &text::left(&mode.unwrap_or_default(), 13);
        }
    }
    for side in [0, 1] {
        start += &format!("{} ", text::right(&bytes(state, row, side), 8));
    }
    start.push(' ');
    let name = format!("{}{}", files::guides(line), files::label(tree, state, row.node, &row.entry));
    let name = text::left(&name, width.saturating_sub(2 + start.width()));
    Line::from(vec![Span::styled(format!("{sign} "), style), Span::raw(start), Span::styled(name, style)])
}

/// One side's tree; nothing where only the other has the path.
#[allow(clippy::too_many_arguments)]
fn one(
    state: &State,
    tree: &Tree,
    line: &lines::Line,
    row: &Row<'_>,
    side: usize,
    width: usize,
    attributes: bool,
    theme: Theme,
) -> Line<'static> {
    let model = &state.material.model;
    let Some(version) = model.shown(row.node, side) else { return Line::raw(" ".repeat(width)) };
    let (sign, style) = sign(state, row, &[side], theme);
    let mut start = String::new();
    if attributes {
        let file = model.file(&version);
        let owner = text::right(&format!("{}:{}", file.uid, file.gid), 12);
        start = format!("{} {owner} ", text::mode(version.entry.kind, file.mode));
    }
    start += &format!("{}  ", text::right(&bytes(state, row, side), 8));
    let name = format!("{}{}", files::guides(line), files::label(tree, state, row.node, &version.entry));
    let name = text::left(&name, width.saturating_sub(2 + start.width()));
    Line::from(vec![Span::styled(format!("{sign} "), style), Span::raw(start), Span::styled(name, style)])
}

/// On the lower frame: the path under the cursor, and in what the two differ there.
fn foot(frame: &mut Frame<'_>, area: Rect, state: &State, theme: Theme) {
    let Some(row) = state.row().filter(|_| area.height > 1 && area.width > 6) else { return };
    let what = difference(state, row.node, row.change);
    let room = usize::from(area.width) - 4;
    let path = text::tail(&text::path(row.entry.path), room.saturating_sub(what.width() + 4));
    let words = text::fit(&format!(" {path}: {what} "), room);
    let width = u16::try_from(words.width()).unwrap_or(area.width);
    let place =
        Rect { x: area.x + 2, y: area.y + area.height - 1, width: width.min(area.width - 3), height: 1 };
    frame.render_widget(Line::styled(words, theme.frame(true)), place);
}

/// In words, in what a path is other.
pub fn difference(state: &State, node: NodeId, change: Option<ChangeKind>) -> String {
    match change {
        Some(ChangeKind::Added) => "only in B".to_owned(),
        Some(ChangeKind::Deleted) => "only in A".to_owned(),
        Some(ChangeKind::Modified) => {
            let aspects: Vec<&str> = state.aspects(node).iter().map(|aspect| aspect.as_str()).collect();
            format!("other {}", aspects.join(", "))
        }
        None if state.tree.as_ref().is_some_and(|tree| tree.change(node).1) => "differs inside".to_owned(),
        None => "the same".to_owned(),
    }
}

/// In what they differ beside files.
pub fn others(
    frame: &mut Frame<'_>,
    area: Rect,
    state: &State,
    cursor: Cursor,
    skipped: usize,
    theme: Theme,
) {
    let Some(pair) = &state.material.pair else { return };
    let late = if pair.late.is_some() { ", packages …" } else { "" };
    let title = format!("What Else Differs: {}{late}", pair.others.len());
    let inner = pane(frame, area, &title, true, theme);
    put(frame, inner, 0, Line::styled("  what     name                      A → B", theme.label()));
    if pair.others.is_empty() && pair.late.is_none() {
        put(frame, inner, 1, Line::styled("nothing", theme.faint()));
    }
    let (room, width) = (usize::from(inner.height.saturating_sub(1)), usize::from(inner.width));
    for (at, other) in pair.others.iter().enumerate().skip(cursor.top).take(room) {
        let (sign, change) = match other.values {
            [None, _] => ("+", ChangeKind::Added),
            [_, None] => ("-", ChangeKind::Deleted),
            _ => ("~", ChangeKind::Modified),
        };
        let start = format!(
            "{sign} {} {} ",
            text::left(&text::line(&other.what), 8),
            text::left(&text::line(&other.name), 25)
        );
        let values = values(other, skipped, width.saturating_sub(start.width()));
        let base = list_style(state, Focus::Files, at == cursor.at, theme);
        let line = Line::from(vec![Span::raw(start), Span::raw(values)]);
        put(frame, inner, at - cursor.top + 1, line.style(base.patch(theme.change(Some(change)))));
    }
}

/// What either says, without so many columns at its beginning; both in sight where one alone would fill the line.
fn values(other: &Other, skipped: usize, width: usize) -> String {
    let told = other.values.each_ref().map(|value| value.as_deref().map(text::line));
    let shown = |value: &str, width: usize| text::left(text::skip(value, skipped), width);
    match told {
        [Some(one), Some(other)] => {
            let both = format!("{one} → {other}");
            if both.width() <= width {
                return shown(&both, width);
            }
            let half = width.saturating_sub(3) / 2;
            format!("{} → {}", shown(&one, half), shown(&other, half))
        }
        [one, other] => shown(&one.or(other).unwrap_or_default(), width),
    }
}
