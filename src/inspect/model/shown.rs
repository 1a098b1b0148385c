//! What a model shows at the end, as the entries of one layer: for putting two images upon each other.

use std::sync::Arc;

use super::{Entries, Model, NONE, NodeId};
use crate::layer::{Entry, EntryRef, Kind};

/// Entries that stay where they are: four bytes each.
#[derive(Debug, Clone)]
pub struct Shown {
    model: Arc<Model>,
    /// Sorted by path. Those with [`FOLLOWED`] are given as the files that they link to.
    slots: Arc<[u32]>,
    /// It begins with a root that hides all that is below.
    covers: bool,
}

/// A hard link whose file is not to be seen under its own name any more.
const FOLLOWED: u32 = 1 << 31;

/// Hides all that lower layers have.
static COVER: Entry = {
    let mut entry = Entry::new(Vec::new(), Kind::Dir);
    entry.mode = 0o755;
    entry.opaque = true;
    entry
};

impl Model {
    /// What the end shows as one layer, without copying it. A layer that `covers` hides all below it: upon what
    /// another model shows, the tree of both says in what the one differs from the other.
    #[must_use]
    pub fn flattened(self: &Arc<Self>, covers: bool) -> Entries {
        let last = self.layers.len().saturating_sub(1);
        let of = |node: NodeId| {
            let at = self.slot_shown(node.0, last)?;
            let slot = self.slots.get(at as usize)?;
            // A directory that nobody describes is implied here too.
            let entry = if slot.position == NONE { return None } else { self.entry_of(slot) };
            let is_led_astray = entry.kind == Kind::Hardlink && {
                let target = self.find(entry.link).and_then(|node| self.slot_shown(node.0, last));
                target.and_then(|at| self.slots.get(at as usize)).is_none_or(|file| file.layer != slot.layer)
            };
            Some(if is_led_astray { at | FOLLOWED } else { at })
        };
        let slots = self.nodes().skip(1).filter_map(of).collect();
        Entries::Shown(Shown { model: Arc::clone(self), slots, covers })
    }
}

impl Shown {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len() + usize::from(self.covers)
    }

    /// One of them, in path order.
    pub(super) fn at(&self, position: usize) -> Option<EntryRef<'_>> {
        if self.covers && position == 0 {
            return Some(COVER.as_ref());
        }
        let at = *self.slots.get(position - usize::from(self.covers))?;
        let slot = self.model.slots.get((at & !FOLLOWED) as usize)?;
        let entry = if at & FOLLOWED == 0 { self.model.entry_of(slot) } else { self.model.file_of(slot) };
        // What it hid is not here any more.
        Some(EntryRef { opaque: false, ..entry })
    }
}
