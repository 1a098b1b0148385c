//! A tree as lines: what is unfolded, filtered and sorted.

use std::collections::HashSet;

use super::filter::Filter;
use crate::inspect::model::{NodeId, Tree};
use crate::layer::ChangeKind;

/// One line of the tree pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The path.
    pub node: NodeId,
    /// Directories above it, without the root.
    pub depth: u16,
    /// Bit n: the directory at depth n on the way, or at its own depth the path itself, has more after it.
    pub more: u64,
}

/// The order of what is in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// The largest first.
    Size,
    /// What changed first.
    Change,
}

impl Sort {
    /// The next one.
    pub const fn next(self) -> Self {
        match self {
            Self::Name => Self::Size,
            Self::Size => Self::Change,
            Self::Change => Self::Name,
        }
    }

    /// For the title.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Size => "size",
            Self::Change => "change",
        }
    }
}

/// What a tree is shown of.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The filter.
    pub filter: Filter,
    /// The order.
    pub sort: Sort,
    /// Whether added, modified, removed and unmodified files are hidden.
    pub hidden: [bool; 4],
    /// Whether directories are folded.
    pub folded: bool,
    /// Those that are not as the others.
    pub except: HashSet<NodeId>,
}

/// The place of a change among those that can be hidden.
pub const fn place(change: Option<ChangeKind>) -> usize {
    match change {
        Some(ChangeKind::Added) => 0,
        Some(ChangeKind::Modified) => 1,
        Some(ChangeKind::Deleted) => 2,
        None => 3,
    }
}

impl View {
    /// Whether a directory is folded.
    pub fn is_folded(&self, node: NodeId) -> bool {
        self.folded != self.except.contains(&node)
    }

    /// Folds or unfolds a directory.
    pub fn fold(&mut self, node: NodeId, folded: bool) {
        if self.is_folded(node) != folded && !self.except.remove(&node) {
            self.except.insert(node);
        }
    }

    /// Whether a path is shown for its own sake; directories are also shown for what is in them.
    pub fn accepts(&self, tree: &Tree, node: NodeId, buffer: &mut Vec<u8>) -> bool {
        // Looking at the entry takes longest.
        tree.has(node)
            && !self.hidden[place(tree.change(node).0)]
            && (self.filter.is_empty() || tree.row(node).is_some_and(|row| self.filter.accepts(&row, buffer)))
    }

    fn shows_all(&self) -> bool {
        self.filter.is_empty() && self.hidden == [false; 4]
    }
}

/// The lines of `tree`.
pub fn lay_out(tree: &Tree, view: &View) -> Vec<Line> {
    let kept = if view.shows_all() { None } else { Some(kept(tree, view)) };
    let shown = |node: &NodeId| kept.as_ref().is_none_or(|kept| kept[node.index()]);
    let mut lines = Vec::new();
    // A stack instead of recursion: how deep it goes is the image's to say.
    let mut open = vec![(children(tree, NodeId::ROOT, view.sort, &shown).into_iter(), 0_u64)];
    while let Some(depth) = open.len().checked_sub(1) {
        let (rest, above) = &mut open[depth];
        let Some(node) = rest.next() else {
            open.pop();
            continue;
        };
        let (has_more, above) = (rest.len() > 0, *above);
        let bit = if depth < 64 { u64::from(has_more) << depth } else { 0 };
        let more = above | bit;
        lines.push(Line { node, depth: u16::try_from(depth).unwrap_or(u16::MAX), more });
        if !view.is_folded(node) {
            let below = children(tree, node, view.sort, &shown);
            if !below.is_empty() {
                open.push((below.into_iter(), more));
            }
        }
    }
    lines
}

/// Which nodes are shown, for their own sake or for what is below them.
fn kept(tree: &Tree, view: &View) -> Vec<bool> {
    let model = tree.model();
    let mut kept = vec![false; model.len()];
    let mut buffer = Vec::new();
    // What is below has greater numbers.
    for node in model.nodes().rev() {
        if kept[node.index()] || view.accepts(tree, node, &mut buffer) {
            kept[node.index()] = true;
            if let Some(parent) = model.parent(node) {
                kept[parent.index()] = true;
            }
        }
    }
    kept
}

fn children(tree: &Tree, node: NodeId, sort: Sort, shown: &dyn Fn(&NodeId) -> bool) -> Vec<NodeId> {
    let mut found: Vec<NodeId> = tree.children(node).filter(shown).collect();
    // Stable: equals stay sorted by name.
    match sort {
        Sort::Name => {}
        Sort::Size => found.sort_by_key(|node| std::cmp::Reverse(tree.bytes(*node))),
        Sort::Change => found.sort_by_key(|node| match tree.change(*node) {
            (None, true) => 3,
            (None, false) => 4,
            (change, _) => place(change),
        }),
    }
    found
}
