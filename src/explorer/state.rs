//! All that is on the screen, as a value.

use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::content::Content;
use super::extract::Root;
use super::filter::Pattern;
use super::lines::{Line, View};
use super::material::{Material, Selection};
use super::panes::{Panes, VERSION};
use super::work::{Answer, Compare, First, Job};
use crate::inspect::model::{NodeId, Row, Tree, Version};
use crate::layer::Kind;

/// Which pane has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The layers.
    Layers,
    /// The right side.
    Files,
}

/// What the right side shows.
#[derive(Debug, Clone)]
pub enum Right {
    /// The tree.
    Tree,
    /// What is carried in vain, and the item under the cursor.
    Waste(Cursor),
    /// The versions of a path.
    Versions(NodeId, Cursor),
    /// A file.
    Content(Box<Content>, Box<Right>),
    /// In what two images differ beside their files, and the first column on the screen.
    Others(Cursor, usize),
}

/// A line of a list that is chosen, and the first one on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The chosen one.
    pub at: usize,
    /// The first on the screen.
    pub top: usize,
}

impl Cursor {
    /// Goes `by` lines, within `count`.
    pub fn go(&mut self, by: isize, count: usize) {
        self.at = self.at.saturating_add_signed(by).min(count.saturating_sub(1));
    }

    /// Scrolls so that the chosen one is among `height` lines.
    pub fn settle(&mut self, count: usize, height: usize) {
        self.at = self.at.min(count.saturating_sub(1));
        let height = height.max(1);
        self.top = self.top.min(self.at).max((self.at + 1).saturating_sub(height));
        self.top = self.top.min(count.saturating_sub(height));
    }
}

/// What is typed into the lowest line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// A filter; what is shown follows it.
    Filter,
    /// What to look for.
    Search,
    /// A folder.
    Extract,
}

/// What the keys mean now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// What the panes make of them.
    Panes,
    /// They are typed.
    Typing(Asking, String),
    /// They scroll the help.
    Help(usize),
}

/// The state.
#[derive(Debug, Clone)]
pub struct State {
    /// What is explored.
    pub material: Arc<Material>,
    /// The whole screen.
    pub area: Rect,
    /// Which pane has the keys.
    pub focus: Focus,
    /// What the keys mean.
    pub mode: Mode,
    /// The right side.
    pub right: Right,
    /// The layer.
    pub layers: Cursor,
    /// How it is compared.
    pub compare: Compare,
    /// Of two images the one that keys act upon.
    pub side: usize,
    /// What is shown of the tree.
    pub view: View,
    /// The tree that is shown, until the one that is wanted is there.
    pub tree: Option<Arc<Tree>>,
    /// Of two images the tree of the first.
    pub first: Option<Arc<First>>,
    /// The layer and comparison that it is of.
    pub shown: Option<(usize, Compare)>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// The line.
    pub files: Cursor,
    /// Whether attributes are shown; `None` where there is room.
    pub attributes: Option<bool>,
    /// What was looked for last.
    pub pattern: Option<Pattern>,
    /// Path and layer of what is marked.
    pub marks: BTreeSet<(NodeId, usize)>,
    /// To be told once.
    pub message: Option<String>,
    /// Jobs that were not answered yet.
    pub pending: usize,
    /// Whether it is over.
    pub ended: bool,
}

impl State {
    /// The beginning: the lowest layer. The jobs are the first to be done.
    pub fn new(material: Arc<Material>, area: Rect) -> (Self, Vec<Job>) {
        let mut state = Self {
            material,
            area,
            focus: Focus::Layers,
            mode: Mode::Panes,
            right: Right::Tree,
            layers: Cursor::default(),
            compare: Compare::default(),
            side: 1,
            view: View::default(),
            tree: None,
            first: None,
            shown: None,
            lines: Vec::new(),
            files: Cursor::default(),
            attributes: None,
            pattern: None,
            marks: BTreeSet::new(),
            message: None,
            pending: 0,
            ended: false,
        };
        if state.material.pair.is_some() {
            (state.layers.at, state.focus) = (1, Focus::Files);
        }
        let jobs = state.lay_out(None);
        (state, jobs)
    }

    /// Another size.
    pub fn resize(&mut self, area: Rect) {
        self.area = area;
        self.settle();
    }

    /// The same image, of which more is known: paths and versions have the same numbers.
    pub fn refine(&mut self, material: Arc<Material>) -> Vec<Job> {
        self.material = Arc::clone(&material);
        self.pending += 1;
        let mut jobs = vec![Job::Know(material)];
        jobs.extend(self.lay_out(None));
        jobs
    }

    /// What came of a job.
    pub fn take(&mut self, answer: Answer) -> Vec<Job> {
        self.pending = self.pending.saturating_sub(1);
        let mut jobs = Vec::new();
        match answer {
            Answer::LaidOut { layer, compare, tree, first, lines, cursor } => {
                self.first = first;
                let cursor = cursor.or_else(|| self.line().map(|line| line.node));
                (self.tree, self.lines, self.shown) = (Some(tree), lines, Some((layer, compare)));
                let at = cursor.and_then(|node| self.lines.iter().position(|line| line.node == node));
                self.files.at = at.unwrap_or(self.files.at);
            }
            Answer::Found(Some(node)) => {
                self.message = None;
                jobs = self.reveal(node);
            }
            Answer::Found(None) => self.message = Some("nothing found".to_owned()),
            Answer::Opened(content) => {
                self.message = None;
                let back = match std::mem::replace(&mut self.right, Right::Tree) {
                    Right::Content(_, back) => back,
                    other => Box::new(other),
                };
                self.right = Right::Content(Box::new(content), back);
                self.focus = Focus::Files;
            }
            Answer::Said(text) => self.message = Some(text),
            Answer::Superseded => {}
        }
        self.settle();
        jobs
    }

    /// Asks for the lines anew.
    pub fn lay_out(&mut self, cursor: Option<NodeId>) -> Vec<Job> {
        self.pending += 1;
        vec![Job::LayOut { layer: self.layers.at, compare: self.compare, view: self.view.clone(), cursor }]
    }

    /// Puts the cursor on a path, unfolding what is above it.
    pub fn reveal(&mut self, node: NodeId) -> Vec<Job> {
        if let Some(at) = self.lines.iter().position(|line| line.node == node) {
            self.files.at = at;
            self.settle();
            return Vec::new();
        }
        let mut above = self.material.model.parent(node);
        while let Some(dir) = above.filter(|dir| *dir != NodeId::ROOT) {
            self.view.fold(dir, false);
            above = self.material.model.parent(dir);
        }
        self.lay_out(Some(node))
    }

    /// The line under the cursor.
    pub fn line(&self) -> Option<Line> {
        self.lines.get(self.files.at).copied()
    }

    /// The row under the cursor.
    pub fn row(&self) -> Option<Row<'_>> {
        self.tree.as_ref()?.row(self.line()?.node)
    }

    /// The panes of the screen.
    pub fn panes(&self) -> Panes {
        self.panes_in(self.area)
    }

    /// The panes of a screen of this size.
    pub fn panes_in(&self, area: Rect) -> Panes {
        match &self.material.pair {
            Some(pair) => Panes::of_pair(area, pair.facts.len() + 4),
            None => Panes::of(area, self.material.layers.len()),
        }
    }

    /// Scrolls so that the cursors are on the screen.
    pub fn settle(&mut self) {
        let panes = self.panes();
        if !panes.is_pair {
            self.layers.settle(self.material.layers.len(), panes.layer_lines());
        }
        self.files.settle(self.lines.len(), panes.file_lines());
        let (wastes, versions) = (self.material.waste.items.len(), self.material.model.clone());
        let height = panes.file_lines();
        match &mut self.right {
            Right::Tree => {}
            Right::Waste(cursor) => cursor.settle(wastes, height),
            Right::Others(cursor, _) => {
                cursor.settle(self.material.pair.as_ref().map_or(0, |pair| pair.others.len()), height);
            }
            Right::Versions(node, cursor) => {
                cursor.settle(versions.versions(*node).count(), height / VERSION);
            }
            Right::Content(content, _) => {
                content.top = content.top.min(content.len().saturating_sub(height.max(1)));
            }
        }
    }

    /// A path's versions, without its whiteouts' own.
    pub fn versions(&self, node: NodeId) -> Vec<Version<'_>> {
        self.material.model.versions(node).collect()
    }

    /// The layer of the version of a path that had been there before the one of `layer`.
    pub fn before(&self, node: NodeId, layer: usize) -> Option<usize> {
        let model = &self.material.model;
        let found = model.shown(node, layer.checked_sub(1)?)?;
        (model.file(&found).kind == Kind::File).then_some(found.layer)
    }

    /// What is marked, and of directories what was to be seen in them after their layer.
    pub fn selection(&self) -> Selection {
        Selection {
            files: self
                .marks
                .iter()
                .filter_map(|(node, layer)| self.material.picked(*node, *layer))
                .collect(),
        }
    }

    /// Where an extraction begins: at what is marked, else at what is under the cursor. Path, layer, and the layer
    /// after which directories' content is meant.
    pub fn roots(&self) -> Vec<Root> {
        let mut roots: Vec<(NodeId, usize)> = self.marks.iter().copied().collect();
        if roots.is_empty() {
            roots.extend(self.target());
        }
        let is_pair = self.material.pair.is_some();
        let after = |layer| if is_pair { layer } else { self.layers.at };
        roots.into_iter().map(|(node, layer)| Root { node, layer, after: after(layer) }).collect()
    }
}
