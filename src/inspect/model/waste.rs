//! Waste as the model has it.

use super::super::waste::{Cause, Hidden, Waste};
use super::{Content, Model, NONE, Slot, number};
use crate::layer::Kind;

impl Model {
    /// What the layers carry in vain: every version of a file that the final root filesystem does not show,
    /// once. A version counts when its last name is gone: a hard link adds no bytes and keeps bytes alive.
    #[must_use]
    pub fn waste(&self) -> Waste {
        let mut waste = Waste { by_layer: vec![0; self.layers.len()], ..Waste::default() };
        waste.total = self.sizes.iter().fold(0, |sum, size| sum.saturating_add(*size));
        for (at, slot) in self.slots.iter().enumerate() {
            if slot.until != NONE && slot.until != slot.layer && !slot.linked {
                self.note(&mut waste, number(at), number(at));
            }
        }
        for names in
            self.names.chunk_by(|one, other| (one.layer, one.position) == (other.layer, other.position))
        {
            // The name that went last tells when and how; a shown one has no end, which is later than any.
            let last = names.iter().max_by_key(|name| self.slots[name.slot as usize].until);
            let first = names.iter().find(|name| self.slots[name.slot as usize].position == name.position);
            if let (Some(last), Some(first)) = (last, first)
                && self.slots[last.slot as usize].until != NONE
            {
                self.note(&mut waste, first.slot, last.slot);
            }
        }
        waste.items.sort_by(|a, b| {
            b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)).then_with(|| a.added_by.cmp(&b.added_by))
        });
        waste
    }

    fn note(&self, waste: &mut Waste, file: u32, last: u32) {
        let slot = &self.slots[file as usize];
        let entry = self.entry_of(slot);
        if entry.kind != Kind::File || entry.size == 0 {
            return;
        }
        let gone = &self.slots[last as usize];
        waste.bytes = waste.bytes.saturating_add(entry.size);
        if let Some(own) = waste.by_layer.get_mut(slot.layer as usize) {
            *own = own.saturating_add(entry.size);
        }
        waste.items.push(Hidden {
            path: entry.path.to_vec(),
            bytes: entry.size,
            added_by: slot.layer as usize,
            hidden_by: gone.until as usize,
            cause: self.cause(gone),
        });
    }

    fn cause(&self, gone: &Slot) -> Cause {
        match self.slot_in(gone.node, gone.until) {
            Some(next) if self.entry_of(next).kind != Kind::Whiteout => {
                let is_same = next.content == Content::Same && self.file_of(next).kind == Kind::File;
                if is_same { Cause::Metadata } else { Cause::Overwritten }
            }
            _ => Cause::Removed,
        }
    }
}
