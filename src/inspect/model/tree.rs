//! The model as a tree at one place of the stack: sizes summed, changes marked.

use std::sync::Arc;

use super::{Model, NONE, NodeId, VersionId};
use crate::layer::{ChangeKind, EntryRef, Kind};

/// A tree after some layer, or of one layer alone.
#[derive(Debug, Clone)]
pub struct Tree {
    model: Arc<Model>,
    cells: Arc<[Cell]>,
    rows: usize,
}

/// What a tree knows of a node.
#[derive(Debug, Clone, Copy)]
struct Cell {
    bytes: u64,
    files: u32,
    now: u32,
    was: u32,
    change: Option<ChangeKind>,
    changed_below: bool,
    has_below: bool,
}

/// One line of a tree.
#[derive(Debug, Clone, Copy)]
pub struct Row<'t> {
    /// The path.
    pub node: NodeId,
    /// Its last component; empty for the root.
    pub name: &'t [u8],
    /// What is there; of what was deleted, what was there. A layer's own tree shows a whiteout as such.
    pub entry: EntryRef<'t>,
    /// The version that is, else the one that was.
    pub version: VersionId,
    /// The layer that brought that version.
    pub layer: usize,
    /// What happened to it; `None` where nothing did.
    pub change: Option<ChangeKind>,
    /// Whether something happened to what is below it.
    pub changed_below: bool,
    /// Its bytes and those below it, each file once however many names it has. What was deleted counts for
    /// directories that were deleted with it only.
    pub bytes: u64,
    /// How many paths that are no directories it is or has below.
    pub files: u64,
}

const NOTHING: Cell =
    Cell { bytes: 0, files: 0, now: NONE, was: NONE, change: None, changed_below: false, has_below: false };

impl Model {
    /// The tree after the layer `after`, with what is other than after `before` marked, and what was there and
    /// is gone beside it. `before: None` compares with nothing at all: everything is added.
    #[must_use]
    pub fn tree(self: &Arc<Self>, before: Option<usize>, after: usize) -> Tree {
        let cell = |node: NodeId| {
            let now = self.slot_shown(node.0, after);
            let was = before.and_then(|before| self.slot_shown(node.0, before));
            Cell {
                change: self.change_kind(was, now).filter(|_| node != NodeId::ROOT),
                now: now.unwrap_or(NONE),
                was: was.unwrap_or(NONE),
                ..NOTHING
            }
        };
        self.summed(self.nodes().map(cell).collect())
    }

    /// What `layer` itself carries. Its whiteouts are deletions; a file that it has just as it was is unmarked.
    #[must_use]
    pub fn layer_tree(self: &Arc<Self>, layer: usize) -> Tree {
        let mut cells = vec![NOTHING; self.nodes.len()];
        for (at, slot) in self.slots.iter().enumerate().filter(|(_, slot)| slot.layer as usize == layer) {
            let node = slot.node as usize;
            let was = layer.checked_sub(1).and_then(|below| self.slot_shown(slot.node, below));
            let is_whiteout = slot.until == slot.layer;
            let now = super::number(at);
            let change = self.change_kind(was, (!is_whiteout).then_some(now));
            cells[node] =
                Cell { now, was: was.unwrap_or(NONE), change: change.filter(|_| node != 0), ..NOTHING };
        }
        self.summed(cells)
    }

    fn summed(self: &Arc<Self>, mut cells: Vec<Cell>) -> Tree {
        for (cell, node) in cells.iter_mut().zip(self.nodes()) {
            let Some(slot) = self.slots.get(if cell.now == NONE { cell.was } else { cell.now } as usize)
            else {
                continue;
            };
            let entry = self.entry_of(slot);
            cell.files = u32::from(entry.kind != Kind::Dir && node != NodeId::ROOT);
            // A file with several names counts at one of them, see below.
            if entry.kind == Kind::File && !slot.linked {
                cell.bytes = entry.size;
            }
        }
        for names in
            self.names.chunk_by(|one, other| (one.layer, one.position) == (other.layer, other.position))
        {
            let place = |gone: bool| {
                names.iter().map(|name| self.slots[name.slot as usize].node as usize).zip(names).find(
                    |(node, name)| {
                        let cell = &cells[*node];
                        if gone { cell.now == NONE && cell.was == name.slot } else { cell.now == name.slot }
                    },
                )
            };
            if let Some((node, name)) = place(false).or_else(|| place(true)) {
                cells[node].bytes = self.file_of(&self.slots[name.slot as usize]).size;
            }
        }
        // What is below has greater numbers: sums go up in one sweep.
        for at in (1..cells.len()).rev() {
            let cell = cells[at];
            let Some(parent) = cells.get_mut(self.nodes[at].parent as usize) else { continue };
            parent.changed_below |= cell.changed_below || cell.change.is_some();
            parent.has_below |= cell.is_there();
            if cell.now != NONE || parent.now == NONE {
                parent.bytes = parent.bytes.saturating_add(cell.bytes);
                parent.files = parent.files.saturating_add(cell.files);
            }
        }
        let rows = cells.iter().filter(|cell| cell.is_there()).count();
        Tree { model: Arc::clone(self), cells: cells.into(), rows }
    }
}

impl Cell {
    const fn is_there(&self) -> bool {
        self.now != NONE || self.was != NONE
    }
}

impl Tree {
    /// The model it shows.
    #[must_use]
    pub const fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The root directory.
    #[must_use]
    pub const fn root(&self) -> NodeId {
        NodeId::ROOT
    }

    /// How many paths it has, with the root.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether it has none but the root.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows <= 1
    }

    /// Whether it has the path.
    #[must_use]
    pub fn has(&self, node: NodeId) -> bool {
        self.cells.get(node.index()).is_some_and(Cell::is_there)
    }

    /// What it has directly in a directory, sorted by name.
    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.model.children(node).filter(|child| self.has(*child))
    }

    /// Whether it has something in a directory.
    #[must_use]
    pub fn has_below(&self, node: NodeId) -> bool {
        self.cells.get(node.index()).is_some_and(|cell| cell.has_below)
    }

    /// What happened to a path, and whether something happened below it.
    #[must_use]
    pub fn change(&self, node: NodeId) -> (Option<ChangeKind>, bool) {
        self.cells.get(node.index()).map_or((None, false), |cell| (cell.change, cell.changed_below))
    }

    /// Bytes of a path and of what is below it, as [`Row::bytes`]; nothing of what the tree has not got.
    #[must_use]
    pub fn bytes(&self, node: NodeId) -> u64 {
        self.cells.get(node.index()).map_or(0, |cell| cell.bytes)
    }

    /// Everything it has, sorted by path, without the root.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.model.nodes().skip(1).filter_map(|node| self.row(node))
    }

    /// One path; `None` where the tree has not got it.
    #[must_use]
    pub fn row(&self, node: NodeId) -> Option<Row<'_>> {
        let cell = self.cells.get(node.index()).filter(|cell| cell.is_there())?;
        let version = if cell.now == NONE { cell.was } else { cell.now };
        let slot = self.model.slots.get(version as usize)?;
        Some(Row {
            node,
            name: self.model.name(node),
            entry: self.model.entry_of(slot),
            version: VersionId(version),
            layer: slot.layer as usize,
            change: cell.change,
            changed_below: cell.changed_below,
            bytes: cell.bytes,
            files: cell.files.into(),
        })
    }
}
