//! What a layer, or several in a row, did to the tree.

use super::{Model, NodeId, Version, VersionId};
use crate::layer::ChangeKind;

/// A path that is other after than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The path.
    pub node: NodeId,
    /// What happened to it.
    pub kind: ChangeKind,
    /// What was to be seen before; `None` of what was added.
    pub before: Option<VersionId>,
    /// What is to be seen after; `None` of what was deleted.
    pub after: Option<VersionId>,
}

impl Model {
    /// What `layer` did to the tree below it, sorted by path. What its whiteouts, opaque directories and
    /// changes of type make vanish without naming it is listed too; what it has again just as it was is not.
    #[must_use]
    pub fn changes(&self, layer: usize) -> Vec<Change> {
        self.between(layer.checked_sub(1), layer)
    }

    /// How the tree after the layer `after` differs from the one after `before` (`None`: from nothing at all),
    /// sorted by path.
    #[must_use]
    pub fn between(&self, before: Option<usize>, after: usize) -> Vec<Change> {
        self.nodes()
            .filter(|node| *node != NodeId::ROOT)
            .filter_map(|node| self.change_of(node, before, after))
            .collect()
    }

    /// The same for one path; `None` where nothing is other.
    #[must_use]
    pub fn change_of(&self, node: NodeId, before: Option<usize>, after: usize) -> Option<Change> {
        let old = before.and_then(|before| self.slot_shown(node.0, before));
        let new = self.slot_shown(node.0, after);
        let kind = self.change_kind(old, new)?;
        Some(Change { node, kind, before: old.map(VersionId), after: new.map(VersionId) })
    }

    pub(super) fn change_kind(&self, old: Option<u32>, new: Option<u32>) -> Option<ChangeKind> {
        match (old, new) {
            (None, None) => None,
            (None, Some(_)) => Some(ChangeKind::Added),
            (Some(_), None) => Some(ChangeKind::Deleted),
            (Some(old), Some(new)) => (old != new && self.differs(old, new)).then_some(ChangeKind::Modified),
        }
    }

    /// What the final root filesystem shows, sorted by path, without the root.
    pub fn shown_at_the_end(&self) -> impl Iterator<Item = Version<'_>> {
        self.shown_after(self.layers.len().saturating_sub(1))
    }

    /// What the root filesystem shows after `layer`, sorted by path, without the root.
    pub fn shown_after(&self, layer: usize) -> impl Iterator<Item = Version<'_>> {
        self.nodes().skip(1).filter_map(move |node| self.shown(node, layer))
    }
}
