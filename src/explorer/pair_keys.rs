//! What keys do with two images: which side they act upon, and the way from one difference to the next.

use super::content::Form;
use super::state::{Cursor, Right, State};
use super::work::Job;
use crate::inspect::model::{Aspect, Aspects, NodeId};
use crate::layer::{ChangeKind, Kind};

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
    pub(super) fn find_difference(&mut self, forward: bool) -> Vec<Job> {
        let Some(tree) = self.tree.clone() else { return Vec::new() };
        let model = tree.model();
        let count = self.lines.len();
        if !tree.change(NodeId::ROOT).1 {
            self.message = Some("nothing differs".to_owned());
            return Vec::new();
        }
        // What came or went with its directory is one difference.
        let begins = |node: NodeId| match tree.change(node).0 {
            None => false,
            Some(ChangeKind::Modified) => true,
            change => model.parent(node).is_none_or(|above| tree.change(above).0 != change),
        };
        let is_closed = |node: NodeId| matches!(tree.change(node), (None, true)) && self.view.is_folded(node);
        let is_wanted = |at: usize| {
            let node = self.lines[at].node;
            begins(node) || is_closed(node)
        };
        let at = self.files.at.min(count);
        let (found, around) = if forward {
            let here = self.line().filter(|line| is_closed(line.node)).map(|_| at);
            let next = here.or_else(|| (at + 1..count).find(|at| is_wanted(*at)));
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
