//! The versions of a path: who brought each, and who took it away.

use super::{Model, NONE, NodeId, Slot, VersionId};
use crate::layer::{EntryRef, Kind};

/// What one layer says of one path.
#[derive(Debug, Clone, Copy)]
pub struct Version<'m> {
    /// For [`Model::version`].
    pub id: VersionId,
    /// The path.
    pub node: NodeId,
    /// The layer that says it, lowest 0.
    pub layer: usize,
    /// What it says. Of a directory that only the paths of others imply: an entry that nobody wrote.
    pub entry: EntryRef<'m>,
    /// How it came.
    pub came: Came,
    /// How it ended; `None` for what the final root filesystem shows, and for whiteouts.
    pub gone: Option<Gone>,
}

/// How a version came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Came {
    /// Nothing was to be seen at the path before.
    Added,
    /// In the place of what was.
    Replaced,
    /// It is a whiteout, and hides what was.
    Hides,
    /// It is a whiteout of nothing.
    HidesNothing,
}

/// How a version ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gone {
    /// The layer that did it.
    pub layer: usize,
    /// How.
    pub how: How,
    /// The path whose entry in that layer did it: the version's own, or a directory above.
    pub by: NodeId,
}

/// Why a version is no longer to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// The layer has another version of the path.
    Replaced,
    /// A whiteout of the path or of a directory above.
    Whiteout,
    /// A directory above is opaque in the layer, which does not have the path.
    Opaque,
    /// A directory above is something else now.
    NoDirectory,
}

impl How {
    /// The word that people and JSON read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Whiteout => "removed",
            Self::Opaque => "opaque directory",
            Self::NoDirectory => "no longer a directory",
        }
    }
}

impl Model {
    /// What the layers say of a path, lowest first, whiteouts too.
    pub fn versions(&self, node: NodeId) -> impl DoubleEndedIterator<Item = Version<'_>> {
        self.range_of(node.0).map(|slot| self.value(slot))
    }

    /// One of them again.
    #[must_use]
    pub fn version(&self, id: VersionId) -> Option<Version<'_>> {
        ((id.0 as usize) < self.slots.len()).then(|| self.value(id.0 as usize))
    }

    /// What is to be seen at a path after `layer`.
    #[must_use]
    pub fn shown(&self, node: NodeId, layer: usize) -> Option<Version<'_>> {
        self.slot_shown(node.0, layer).map(|slot| self.value(slot as usize))
    }

    /// What `layer` itself says of a path.
    #[must_use]
    pub fn version_in(&self, node: NodeId, layer: usize) -> Option<Version<'_>> {
        let range = self.range_of(node.0);
        let at = self.slots.get(range.clone())?.iter().position(|slot| slot.layer as usize == layer)?;
        Some(self.value(range.start + at))
    }

    /// What was to be seen at a version's path just before its layer.
    #[must_use]
    pub fn before(&self, version: &Version<'_>) -> Option<Version<'_>> {
        self.shown(version.node, version.layer.checked_sub(1)?)
    }

    /// A version's file: of a hard link the entry that has its bytes and attributes, under the link's path.
    #[must_use]
    pub fn file(&self, version: &Version<'_>) -> EntryRef<'_> {
        let slot = self.slots.get(version.id.0 as usize);
        slot.map_or_else(|| super::IMPLIED.as_ref(), |slot| self.file_of(slot))
    }

    /// Whether a version's directory is in no layer's entries, only implied by what is below it.
    #[must_use]
    pub fn is_implied(&self, version: &Version<'_>) -> bool {
        self.slots.get(version.id.0 as usize).is_some_and(|slot| slot.position == NONE)
    }

    pub(super) fn slot_shown(&self, node: u32, layer: usize) -> Option<u32> {
        let range = self.range_of(node);
        let slots = self.slots.get(range.clone())?;
        let at = slots.iter().rposition(|slot| slot.layer as usize <= layer && slot.until != slot.layer)?;
        // An older one has ended before this one began.
        (slots[at].until as usize > layer).then(|| super::number(range.start + at))
    }

    /// What the layer `layer` says of a path.
    pub(super) fn slot_in(&self, node: u32, layer: u32) -> Option<&Slot> {
        self.slots.get(self.range_of(node))?.iter().find(|slot| slot.layer == layer)
    }

    fn value(&self, at: usize) -> Version<'_> {
        let slot = &self.slots[at];
        let entry = self.entry_of(slot);
        let came = match (entry.kind, slot.replaces) {
            (Kind::Whiteout, true) => Came::Hides,
            (Kind::Whiteout, false) => Came::HidesNothing,
            (_, true) => Came::Replaced,
            (_, false) => Came::Added,
        };
        let gone = (slot.until != NONE && slot.until != slot.layer).then(|| self.gone(slot));
        Version {
            id: VersionId(super::number(at)),
            node: NodeId(slot.node),
            layer: slot.layer as usize,
            entry,
            came,
            gone,
        }
    }

    fn gone(&self, slot: &Slot) -> Gone {
        let layer = slot.until;
        let gone = |how, by| Gone { layer: layer as usize, how, by: NodeId(by) };
        if let Some(own) = self.slot_in(slot.node, layer) {
            let is_whiteout = self.entry_of(own).kind == Kind::Whiteout;
            return gone(if is_whiteout { How::Whiteout } else { How::Replaced }, slot.node);
        }
        let mut above = self.nodes[slot.node as usize].parent;
        while let Some(node) = self.nodes.get(above as usize) {
            if let Some(closing) = self.slot_in(above, layer) {
                let entry = self.entry_of(closing);
                match entry.kind {
                    Kind::Whiteout => return gone(How::Whiteout, above),
                    Kind::Dir if entry.opaque => return gone(How::Opaque, above),
                    Kind::Dir => {}
                    _ => return gone(How::NoDirectory, above),
                }
            }
            above = node.parent;
        }
        gone(How::Whiteout, slot.node)
    }
}
