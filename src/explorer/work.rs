//! What may take long: done beside the screen, which goes on meanwhile.

use std::sync::Arc;

use super::content::{self, Content, Form, Read};
use super::extract::{Root, extract, gather};
use super::filter::Pattern;
use super::lines::{Line, View, lay_out, place};
use super::material::Material;
use crate::inspect::Model;
use crate::inspect::model::{NodeId, Tree};
use crate::layer::Kind;

/// What a layer is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compare {
    /// The tree after it, marked with what it changed.
    #[default]
    Layer,
    /// The tree after it, marked with all that came upon the lowest layer.
    Aggregated,
    /// Only what it carries.
    Own,
}

/// Something to be done.
#[derive(Debug, Clone)]
pub enum Job {
    /// More is known of the image from now on.
    Know(Arc<Material>),
    /// The tree of a layer as lines; the cursor goes to `cursor` or stays where it is.
    LayOut {
        /// The layer.
        layer: usize,
        /// How it is compared.
        compare: Compare,
        /// What is shown.
        view: View,
        /// Where the cursor goes.
        cursor: Option<NodeId>,
    },
    /// The next path that a pattern finds.
    Find {
        /// The tree.
        tree: Arc<Tree>,
        /// What is shown of it.
        view: View,
        /// What is looked for.
        pattern: Pattern,
        /// After or before this path.
        from: NodeId,
        /// Towards the end.
        forward: bool,
    },
    /// A file's content.
    Open {
        /// The path.
        node: NodeId,
        /// As this layer has it.
        layer: usize,
        /// The version before.
        before: Option<usize>,
        /// `None`: as it suits.
        form: Option<Form>,
    },
    /// Files into a folder.
    Extract {
        /// The folder.
        folder: String,
        /// Which, with all that is in directories.
        roots: Vec<Root>,
    },
}

/// What came of it.
#[derive(Debug)]
pub enum Answer {
    /// Lines, and the tree that they are of.
    LaidOut {
        /// The layer.
        layer: usize,
        /// How it is compared.
        compare: Compare,
        /// The tree.
        tree: Arc<Tree>,
        /// Of two images the tree of the first.
        first: Option<Arc<First>>,
        /// Its lines.
        lines: Vec<Line>,
        /// Where the cursor goes.
        cursor: Option<NodeId>,
    },
    /// A path that the pattern finds.
    Found(Option<NodeId>),
    /// A file.
    Opened(Content),
    /// To be told.
    Said(String),
    /// Nothing to be shown: it was no question, or a later job answers it better.
    Superseded,
}

/// Of two images the tree of the first, and how many files are other in the second.
#[derive(Debug)]
pub struct First {
    /// The tree.
    pub tree: Tree,
    /// Added, modified, removed and unmodified paths that are no directories.
    pub counts: [u64; 4],
}

impl First {
    fn new(model: &Arc<Model>, second: &Tree) -> Self {
        let mut counts = [0; 4];
        for row in second.rows().filter(|row| row.entry.kind != Kind::Dir) {
            counts[place(row.change)] += 1;
        }
        Self { tree: model.tree(Some(0), 0), counts }
    }
}

/// Who works; keeps the last trees.
#[derive(Debug)]
pub struct Worker {
    material: Arc<Material>,
    trees: Vec<((usize, Compare), Arc<Tree>)>,
    first: Option<Arc<First>>,
}

impl Worker {
    /// For one image.
    pub const fn new(material: Arc<Material>) -> Self {
        Self { material, trees: Vec::new(), first: None }
    }

    /// Does a job.
    pub fn perform(&mut self, job: Job) -> Answer {
        match job {
            Job::Know(material) => {
                self.material = material;
                self.trees.clear();
                self.first = None;
                Answer::Superseded
            }
            Job::LayOut { layer, compare, view, cursor } => {
                let tree = self.tree(layer, compare);
                if self.material.pair.is_some() && self.first.is_none() {
                    self.first = Some(Arc::new(First::new(&self.material.model, &tree)));
                }
                let lines = lay_out(&tree, &view);
                Answer::LaidOut { layer, compare, tree, first: self.first.clone(), lines, cursor }
            }
            Job::Find { tree, view, pattern, from, forward } => {
                Answer::Found(find(&tree, &view, &pattern, from, forward))
            }
            Job::Open { node, layer, before, form } => Answer::Opened(self.open(node, layer, before, form)),
            Job::Extract { folder, roots } => {
                Answer::Said(extract(&self.material, &folder, &gather(&self.material, &roots)))
            }
        }
    }

    fn tree(&mut self, layer: usize, compare: Compare) -> Arc<Tree> {
        if let Some((_, tree)) = self.trees.iter().find(|(key, _)| *key == (layer, compare)) {
            return Arc::clone(tree);
        }
        let tree = Arc::new(tree(&self.material.model, layer, compare));
        // Of many files each tree takes tens of megabytes.
        self.trees.truncate(2);
        self.trees.insert(0, ((layer, compare), Arc::clone(&tree)));
        tree
    }

    fn open(&self, node: NodeId, layer: usize, before: Option<usize>, form: Option<Form>) -> Content {
        let path = self.material.model.path(node);
        let read = self.read(layer, path);
        let suits =
            if read.error.is_some() || content::is_text(&read.bytes) { Form::Text } else { Form::Hex };
        let form = form.unwrap_or(suits);
        let old = before
            .filter(|_| matches!(form, Form::Diff | Form::Beside))
            .map(|before| self.read(before, path));
        let lines = content::lines(form, &read, old.as_ref());
        let pairs = if form == Form::Beside { content::pairs(&lines) } else { Vec::new() };
        Content { node, layer, before, form, read, lines, pairs, top: 0, left: 0 }
    }

    fn read(&self, layer: usize, path: &[u8]) -> Read {
        match (self.material.load)(layer, path, content::MOST + 1) {
            Ok(mut bytes) => {
                let is_cut = bytes.len() as u64 > content::MOST;
                bytes.truncate(usize::try_from(content::MOST).unwrap_or(usize::MAX));
                Read { bytes, error: None, is_cut }
            }
            Err(error) => Read { bytes: Vec::new(), error: Some(error), is_cut: false },
        }
    }
}

/// The tree of a layer.
fn tree(model: &Arc<Model>, layer: usize, compare: Compare) -> Tree {
    match compare {
        Compare::Layer => model.tree(Some(layer.saturating_sub(1)), layer),
        Compare::Aggregated => model.tree(Some(0), layer),
        Compare::Own => model.layer_tree(layer),
    }
}

fn find(tree: &Tree, view: &View, pattern: &Pattern, from: NodeId, forward: bool) -> Option<NodeId> {
    let mut buffer = Vec::new();
    let mut fits = |node: &NodeId| {
        tree.has(*node)
            && pattern.names(tree.model().path(*node), &mut buffer)
            && view.accepts(tree, *node, &mut buffer)
    };
    let paths = || tree.model().nodes().filter(|node| *node != NodeId::ROOT);
    // Once around, from the next path on to this one.
    if forward {
        paths().filter(|node| *node > from).chain(paths().filter(|node| *node <= from)).find(&mut fits)
    } else {
        let back = || paths().rev();
        back().filter(|node| *node < from).chain(back().filter(|node| *node >= from)).find(&mut fits)
    }
}
