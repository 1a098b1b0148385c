//! Files side by side.

use std::cmp::Ordering;

use super::super::listed::absolute;
use super::super::look::Reader;
use super::super::{Error, ErrorKind, Result};
use super::side::{Item, Side};
use super::{FileDifference, Rules};
use crate::inspect::model::{Aspect, Aspects, entry_aspects};
use crate::layer::{ChangeKind, Kind};
use crate::sys::{Interrupt, file};

/// All that two sides show.
pub(super) fn compare(
    one: &Side,
    other: &Side,
    rules: &Rules,
    interrupt: Interrupt,
) -> Result<Vec<FileDifference>> {
    let mut found = Vec::new();
    if one.id.is_some() && one.id == other.id {
        return Ok(found);
    }
    let mut pairs = Pairs::new(one, other, rules, interrupt);
    pairs.run(one.items(), other.items(), &mut |kind, item, aspects| {
        found.push(FileDifference {
            kind: kind.letter().to_string(),
            path: absolute(item.0.path),
            file_type: item.0.kind.as_str().to_owned(),
            size: item.0.size,
            reasons: aspects.iter().map(|aspect| aspect.as_str().to_owned()).collect(),
        });
    })?;
    Ok(found)
}

/// Walks two sorted lists at once.
pub(super) struct Pairs<'a> {
    one: &'a Side,
    other: &'a Side,
    rules: &'a Rules,
    interrupt: Interrupt,
    readers: (Reader, Reader),
}

impl<'a> Pairs<'a> {
    pub(super) fn new(one: &'a Side, other: &'a Side, rules: &'a Rules, interrupt: Interrupt) -> Self {
        Self { one, other, rules, interrupt, readers: (one.look.reader(), other.look.reader()) }
    }

    pub(super) fn run<'i>(
        &mut self,
        before: impl Iterator<Item = Item<'i>>,
        after: impl Iterator<Item = Item<'i>>,
        note: &mut dyn FnMut(ChangeKind, Item<'i>, Aspects),
    ) -> Result<()> {
        let rules = self.rules;
        let mut before = before.filter(|item| !rules.ignored.fits(item.0.path)).peekable();
        let mut after = after.filter(|item| !rules.ignored.fits(item.0.path)).peekable();
        loop {
            let order = match (before.peek(), after.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.0.path.cmp(new.0.path),
            };
            let old = before.next_if(|_| order.is_le());
            let new = after.next_if(|_| order.is_ge());
            match (old, new) {
                (Some(old), Some(new)) => {
                    let aspects = self.aspects(&old, &new)?;
                    let is_dir = new.0.kind == Kind::Dir;
                    if !(aspects.is_empty() || is_dir && aspects.is_only(Aspect::Mtime)) {
                        note(ChangeKind::Modified, new, aspects);
                    }
                }
                (Some(old), None) => note(ChangeKind::Deleted, old, Aspects::default()),
                (None, Some(new)) => note(ChangeKind::Added, new, Aspects::default()),
                (None, None) => {}
            }
        }
    }

    fn aspects(&self, old: &Item<'_>, new: &Item<'_>) -> Result<Aspects> {
        let ids = (self.one.diff_id(old.1), self.other.diff_id(new.1));
        // The same layer has the same file.
        if ids.0.is_some() && ids.0 == ids.1 {
            return Ok(Aspects::default());
        }
        if self.interrupt.raised() {
            return Err(Error::new(ErrorKind::Interrupted, "interrupted while comparing files"));
        }
        let mut aspects = entry_aspects(&old.0, &new.0, || {
            let one = self.readers.0.file(old.1, old.0.path)?;
            file::same_data(&one, &self.readers.1.file(new.1, new.0.path)?).ok()
        });
        self.rules.except.iter().for_each(|aspect| aspects.remove(aspect));
        Ok(aspects)
    }
}
