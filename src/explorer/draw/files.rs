//! The tree of files.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::super::lines;
use super::super::panes::Panes;
use super::super::state::{Focus, State};
use super::super::text;
use super::super::work::Compare;
use super::{Theme, list_style, pane, put};
use crate::inspect::model::{NodeId, Row, Tree};
use crate::layer::{ChangeKind, EntryRef, Kind};

/// The tree, as far as it is on the screen.
pub fn tree(frame: &mut Frame<'_>, panes: &Panes, state: &State, theme: Theme) {
    let inner = pane(frame, panes.files, &title(state), state.focus == Focus::Files, theme);
    let attributes = panes.attributes(state.attributes);
    let header =
        if attributes { "  Permission      UID:GID     Size  Filetree" } else { "      Size  Filetree" };
    put(frame, inner, 0, Line::styled(header, theme.label()));
    let Some(tree) = &state.tree else {
        put(frame, inner, 1, Line::styled("…", theme.faint()));
        return;
    };
    if state.lines.is_empty() && state.pending == 0 {
        put(frame, inner, 1, Line::styled(nothing(state), theme.faint()));
    }
    let room = usize::from(inner.height.saturating_sub(1));
    for (at, line) in state.lines.iter().enumerate().skip(state.files.top).take(room) {
        let Some(row) = tree.row(line.node) else { continue };
        let chosen = at == state.files.at;
        let base = list_style(state, Focus::Files, chosen, theme);
        let is_marked = state.marks.contains(&(row.node, row.layer));
        let sign = if is_marked { "*" } else { sign(&row) };
        let style = if is_marked { theme.mark() } else { theme.change(row.change) };
        let mut spans = vec![Span::styled(format!("{sign} "), style)];
        if attributes {
            let file =
                state.material.model.version(row.version).map(|version| state.material.model.file(&version));
            let entry = file.unwrap_or(row.entry);
            let owner = format!("{}:{}", entry.uid, entry.gid);
            let mode = text::mode(row.entry.kind, entry.mode);
            spans.push(Span::raw(format!("{mode} {} ", text::right(&owner, 12))));
        }
        let size = text::right(&text::size(row.bytes), 8);
        spans.push(Span::raw(format!("{size}  ")));
        let used: usize = spans.iter().map(Span::width).sum();
        let name = format!("{}{}", guides(line), label(tree, state, row.node, &row.entry));
        spans.push(Span::styled(text::left(&name, usize::from(inner.width).saturating_sub(used)), style));
        put(frame, inner, at - state.files.top + 1, Line::from(spans).style(base));
    }
}

fn title(state: &State) -> String {
    let kind = match state.compare {
        Compare::Layer => "Current Layer Contents",
        Compare::Aggregated => "Aggregated Layer Contents",
        Compare::Own => "Only What the Layer Carries",
    };
    format!("{kind}{}", shown_of(state))
}

/// Why there is no line.
pub fn nothing(state: &State) -> &'static str {
    if state.view.filter.is_empty() && state.view.hidden == [false; 4] {
        "nothing is here"
    } else {
        "nothing of it is let through by what is filtered and hidden"
    }
}

/// How the tree is sorted, filtered and hidden, for its title; an ellipsis while that is being worked on.
pub fn shown_of(state: &State) -> String {
    let mut title = String::new();
    if state.view.sort != lines::Sort::Name {
        title += &format!(" · by {}", state.view.sort.as_str());
    }
    let names = ["added", "modified", "removed", "unmodified"];
    let hidden: Vec<&str> = names
        .into_iter()
        .zip(state.view.hidden)
        .filter_map(|(name, hidden)| hidden.then_some(name))
        .collect();
    if !hidden.is_empty() {
        title += &format!(" · no {}", hidden.join(", "));
    }
    if !state.view.filter.is_empty() {
        title += &format!(" · filter {}", text::line(&state.view.filter.text));
    }
    if state.pending > 0 {
        title += " …";
    }
    title
}

/// What happened, in a letter: colours may be missing.
pub const fn sign(row: &Row<'_>) -> &'static str {
    match row.change {
        Some(ChangeKind::Added) => "+",
        Some(ChangeKind::Modified) => "~",
        Some(ChangeKind::Deleted) => "-",
        None if row.changed_below => "·",
        None => " ",
    }
}

/// The lines of the tree before a name.
pub fn guides(line: &lines::Line) -> String {
    // Where it is too deep to be drawn, its depth is told.
    if line.depth >= 16 {
        return format!("⋯{} ", line.depth);
    }
    let mut text = String::new();
    for depth in 0..line.depth {
        text.push_str(if line.more >> depth & 1 == 1 { "│ " } else { "  " });
    }
    text.push_str(if line.more >> line.depth & 1 == 1 { "├─" } else { "└─" });
    text
}

/// A name, with its fold before it and where it leads after it.
pub fn label(tree: &Tree, state: &State, node: NodeId, entry: &EntryRef<'_>) -> String {
    let name = text::name(tree.model().name(node));
    let fold = if !tree.has_below(node) {
        ""
    } else if state.view.is_folded(node) {
        "⊕ "
    } else {
        "⊟ "
    };
    let opaque = if entry.opaque { " (opaque)" } else { "" };
    match entry.kind {
        Kind::Symlink => format!("{fold}{name} → {}", text::name(entry.link)),
        Kind::Hardlink => format!("{fold}{name} ⇒ {}", text::path(entry.link)),
        Kind::Dir => format!("{fold}{name}/{opaque}"),
        Kind::Whiteout => format!("{fold}{name} (whiteout)"),
        _ => format!("{fold}{name}"),
    }
}
