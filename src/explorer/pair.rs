//! Two images beside each other: what is said of them, and what keys do that only then mean something.
//!
//! To the rest of the explorer such a pair is one image of two layers: the one image flat, and upon it, hiding all of
//! it, the other. Tree, search, filter, marks, content and versions are therefore the same; a layer is a side.

use std::fmt;
use std::sync::Arc;

use super::content::Form;
use super::state::{Cursor, Right, State};
use super::work::Job;
use crate::inspect::model::{Aspect, Aspects, NodeId};
use crate::layer::{ChangeKind, Kind};

/// What is known of the two beside their files.
#[derive(Clone)]
pub struct Pair {
    /// What people call them.
    pub names: [String; 2],
    /// What is said of both.
    pub facts: Vec<PairFact>,
    /// In what they differ beside their files.
    pub others: Vec<Other>,
    /// What takes longer to be found of that; `None` where it is there already.
    pub late: Option<Late>,
    /// Says which layer of a side brought a path, and by which command.
    pub origin: Origin,
}

/// Finds more in what two images differ.
pub type Late = Arc<dyn Fn() -> Vec<Other> + Send + Sync>;

/// Side and path, to what is to be said of them.
pub type Origin = Arc<dyn Fn(usize, &[u8]) -> String + Send + Sync>;

/// A word, and what there is to say of either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFact {
    /// The word.
    pub word: &'static str,
    /// Of the one and of the other.
    pub values: [String; 2],
}

/// Something else than a file that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// `config`, `history`, a packages' manager.
    pub what: String,
    /// Its name.
    pub name: String,
    /// What either says.
    pub values: [Option<String>; 2],
}

impl Pair {
    /// With what takes longer to be known.
    pub fn refined(&self) -> Self {
        let late = self.late.as_ref().map(|late| late()).unwrap_or_default();
        let others = self.others.iter().cloned().chain(late).collect();
        Self { others, late: None, ..self.clone() }
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pair").field("names", &self.names).finish_non_exhaustive()
    }
}

/// What people call a side.
pub const SIDES: [&str; 2] = ["A", "B"];

impl State {
    /// The version that keys act upon: of a pair the one of the side that has the keys, else the other's.
    pub fn target(&self) -> Option<(NodeId, usize)> {
        let (node, layer) = self.row().map(|row| (row.node, row.layer))?;
        if self.material.pair.is_none() {
            return Some((node, layer));
        }
        let has = self.material.model.shown(node, self.side).is_some();
        Some((node, if has { self.side } else { 1 - self.side }))
    }

    /// In what the two files under the cursor differ; nothing where only one is there.
    pub fn aspects(&self, node: NodeId) -> Aspects {
        let model = &self.material.model;
        let (Some(one), Some(other)) = (model.shown(node, 0), model.shown(node, 1)) else {
            return Aspects::default();
        };
        model.aspects(&one, &other)
    }

    /// The file under the cursor: where the two have other contents, the difference.
    pub(super) fn open_of_pair(&mut self, node: NodeId, side: usize) -> Vec<Job> {
        let model = &self.material.model;
        let is_file = |side| model.shown(node, side).is_some_and(|it| model.file(&it).kind == Kind::File);
        let aspects = self.aspects(node);
        let differs = aspects.contains(Aspect::Content) || aspects.contains(Aspect::MaybeContent);
        if !(differs && is_file(0) && is_file(1)) {
            return self.open(node, side, None);
        }
        let form = if self.panes().is_wide() { Form::Beside } else { Form::Diff };
        self.open(node, 1, Some(form))
    }

    /// What is not the same beside files.
    pub(super) fn show_others(&mut self) {
        if self.material.pair.is_none() {
            self.message = Some("only two images beside each other have that: `explore(a, b)`".to_owned());
            return;
        }
        let is_shown = matches!(self.right, Right::Others(..));
        self.right = if is_shown { Right::Tree } else { Right::Others(Cursor::default(), 0) };
    }

    /// Goes to the next difference, or the last; one below a folded directory unfolds it.
    pub(super) fn to_difference(&mut self, forward: bool) -> Vec<Job> {
        let Some(tree) = self.tree.clone() else { return Vec::new() };
        let model = tree.model();
        let count = self.lines.len();
        // What came or went with its directory is one difference.
        let begins = |node: NodeId| {
            let above = model.parent(node).and_then(|above| tree.change(above).0);
            match tree.change(node).0 {
                None => false,
                Some(ChangeKind::Modified) => true,
                change => change != above,
            }
        };
        let is_wanted = |at: usize| {
            let node = self.lines[at].node;
            begins(node) || tree.change(node).1 && tree.change(node).0.is_none() && self.view.is_folded(node)
        };
        let at = self.files.at.min(count);
        let (found, around) = if forward {
            let next = (at + 1..count).find(|at| is_wanted(*at));
            (next, (0..at.min(count)).find(|at| is_wanted(*at)))
        } else {
            let last = (0..at).rev().find(|at| is_wanted(*at));
            (last, (at + 1..count).rev().find(|at| is_wanted(*at)))
        };
        let Some(line) = found.or(around) else {
            let here = count > 0 && is_wanted(at.min(count - 1));
            self.message = Some(if here { "the only difference" } else { "nothing differs" }.to_owned());
            return Vec::new();
        };
        if found.is_none() {
            self.message = Some(if forward { "again from the top" } else { "again from the end" }.to_owned());
        }
        let mut node = self.lines[line].node;
        if begins(node) {
            self.files.at = line;
            return Vec::new();
        }
        // Folded: down to the first or the last one in it.
        while !begins(node) {
            let mut inside = tree.children(node).filter(|child| {
                let (change, below) = tree.change(*child);
                change.is_some() || below
            });
            let Some(next) = (if forward { inside.next() } else { inside.last() }) else { break };
            node = next;
        }
        self.reveal(node)
    }
}
