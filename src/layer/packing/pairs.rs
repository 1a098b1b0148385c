//! Two archives side by side: each entry finds its partner.

use std::collections::{HashMap, VecDeque};

use super::fields;
use super::order::moved;
use super::tally::Tally;
use super::walk::{Item, Tape, Walk};
use super::{Facet, PackingDifference, PackingRules};
use crate::layer::error::Error;
use crate::layer::tar::Source;

/// Bytes of entries that wait for their partners. With more the orders have nothing to do with each other.
pub(super) const MOST_WAITING: usize = 128 << 20;
/// Paths that are kept for naming the first that is out of place.
const MOST_NAMED: usize = 4096;

pub(super) fn compare(
    one: impl Source,
    other: impl Source,
    rules: &PackingRules<'_>,
    most_waiting: usize,
) -> Result<Option<Vec<PackingDifference>>, Error> {
    let (mut old_tape, mut new_tape) = (Tape::default(), Tape::default());
    let mut one = Walk::new(one, &mut old_tape, rules);
    let mut other = Walk::new(other, &mut new_tape, rules);
    let mut pairs = Pairs::of(rules);
    loop {
        if (rules.interrupted)() {
            return Ok(None);
        }
        let (old, new) = (one.next()?, other.next()?);
        let is_end = old.is_none() && new.is_none();
        if let Some(old) = old {
            pairs.take(old, true);
        }
        if let Some(new) = new {
            pairs.take(new, false);
        }
        if is_end {
            break;
        }
        if pairs.waiting_bytes > most_waiting {
            return Ok(Some(pairs.give_up()));
        }
    }
    let mut tally = pairs.finish();
    let whole = |facet, field: &str, path, before, after| PackingDifference {
        facet,
        field: field.to_owned(),
        count: 1,
        path,
        before: Some(before),
        after: Some(after),
    };
    if (rules.regards)(Facet::Padding) {
        if one.filling != other.filling {
            let first = one.filling.first.as_ref().or(other.filling.first.as_ref());
            let path = first.map(|(path, _)| path.clone());
            let told =
                |count| if count == 0 { "zeros".to_owned() } else { format!("other bytes in {count}") };
            let found = (told(one.filling.count), told(other.filling.count));
            tally.whole(whole(Facet::Padding, "padding", path, found.0, found.1));
        }
        if one.end != other.end {
            let told = |end: &super::walk::End| {
                format!("{} {}", end.bytes, if end.is_zero { "zero bytes" } else { "bytes, not all zero" })
            };
            tally.whole(whole(Facet::Padding, "end", None, told(&one.end), told(&other.end)));
        }
    }
    Ok(Some(tally.finish()))
}

struct Pairs<'a> {
    rules: &'a PackingRules<'a>,
    /// Without partner yet, of the one and of the other, in their order.
    waiting: (Waiting, Waiting),
    waiting_bytes: usize,
    places: Vec<(u32, u32)>,
    /// The last places of paired entries.
    last: Option<(u32, u32)>,
    /// Some came in another order.
    is_disordered: bool,
    /// Paths of the one since its order may not be the other's.
    named: Vec<(u32, Vec<u8>)>,
    tally: Tally,
}

type Waiting = HashMap<Vec<u8>, VecDeque<Item>>;

impl<'a> Pairs<'a> {
    fn of(rules: &'a PackingRules<'a>) -> Self {
        Self {
            rules,
            waiting: Default::default(),
            waiting_bytes: 0,
            places: Vec::new(),
            last: None,
            is_disordered: false,
            named: Vec::new(),
            tally: Tally::default(),
        }
    }

    fn take(&mut self, item: Item, is_old: bool) {
        if is_old {
            // Up to here all came in the same order: of that nothing needs a name.
            if !self.is_disordered && self.waiting.0.is_empty() && self.waiting.1.is_empty() {
                self.named.clear();
            }
            if self.named.len() < MOST_NAMED {
                self.named.push((item.position, item.path.clone()));
            }
        }
        let (mine, theirs) = if is_old {
            (&mut self.waiting.0, &mut self.waiting.1)
        } else {
            (&mut self.waiting.1, &mut self.waiting.0)
        };
        let Some(queue) = theirs.get_mut(&item.path) else {
            self.waiting_bytes += cost(&item);
            mine.entry(item.path.clone()).or_default().push_back(item);
            return;
        };
        let Some(partner) = queue.pop_front() else { return };
        if queue.is_empty() {
            theirs.remove(&item.path);
        }
        self.waiting_bytes = self.waiting_bytes.saturating_sub(cost(&partner));
        let (old, new) = if is_old { (item, partner) } else { (partner, item) };
        let last = self.last;
        self.is_disordered |= last.is_some_and(|last| old.position < last.0 || new.position < last.1);
        let last = last.unwrap_or_default();
        self.last = Some((last.0.max(old.position), last.1.max(new.position)));
        self.places.push((old.position, new.position));
        let (rules, tally) = (self.rules, &mut self.tally);
        fields::compare(&old, &new, &mut |facet, field, before, after| {
            if (rules.regards)(facet) {
                tally.note(facet, field, (old.position, &old.path), before, after);
            }
        });
    }

    /// What never found its partner, and the order of what did.
    fn finish(mut self) -> Tally {
        if (self.rules.regards)(Facet::Entries) {
            for (waiting, is_old) in [(&self.waiting.0, true), (&self.waiting.1, false)] {
                for item in waiting.values().flatten() {
                    let kind = Some(fields::word(item));
                    let (before, after) = if is_old { (kind, None) } else { (None, kind) };
                    let field = if is_old { "entry missing" } else { "entry more" };
                    self.tally.note(Facet::Entries, field, (item.position, &item.path), before, after);
                }
            }
        }
        if (self.rules.regards)(Facet::Order)
            && let Some(found) = moved(&mut self.places)
        {
            let named = self.named.binary_search_by_key(&found.position, |named| named.0);
            self.tally.whole(PackingDifference {
                facet: Facet::Order,
                field: "order".to_owned(),
                count: found.count,
                path: named.ok().and_then(|at| self.named.get(at)).map(|named| named.1.clone()),
                before: Some(format!("place {}", found.before)),
                after: Some(format!("place {}", found.after)),
            });
        }
        self.tally
    }

    /// The orders have so little in common that not all entries can be compared.
    fn give_up(mut self) -> Vec<PackingDifference> {
        let waiting =
            self.waiting.0.values().chain(self.waiting.1.values()).map(VecDeque::len).sum::<usize>();
        self.tally.whole(PackingDifference {
            facet: Facet::Order,
            field: "order, too different to compare the rest".to_owned(),
            count: waiting as u64,
            path: None,
            before: None,
            after: None,
        });
        self.tally.finish()
    }
}

/// About how much memory an entry takes.
fn cost(item: &Item) -> usize {
    let attributes: usize =
        item.member.xattrs.iter().map(|(name, value)| name.len() + value.len() + 48).sum();
    let segments = item.member.sparse.as_ref().map_or(0, |sparse| sparse.segments.len() * 16);
    2 * item.path.len()
        + item.member.path.len()
        + item.member.link.len()
        + item.raw.len()
        + attributes
        + segments
        + 400
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::super::tests::tar::Tar;
    use super::*;
    use crate::layer::Limits;

    fn told(
        one: &[u8],
        other: &[u8],
        interrupted: bool,
        most: usize,
    ) -> Result<Option<Vec<PackingDifference>>, Error> {
        let limits = Limits::default();
        let rules = PackingRules {
            limits: &limits,
            counts: &|_| true,
            regards: &|_| true,
            interrupted: &|| interrupted,
        };
        compare(one, other, &rules, most)
    }

    fn tar(names: impl Iterator<Item = u32>) -> Vec<u8> {
        names.fold(Tar::new(), |tar, name| tar.file(&format!("{name:04}"), b"")).end()
    }

    #[test]
    fn it_ends_early_where_it_must() {
        let (sorted, reversed) = (tar(0..200), tar((0..200).rev()));
        let found = told(&sorted, &reversed, false, MOST_WAITING).unwrap().unwrap();
        assert_eq!((found.len(), found[0].field.as_str(), found[0].count), (1, "order", 199));
        assert_eq!(found[0].path.as_deref(), Some(&b"0000"[..]));
        let found = told(&sorted, &reversed, false, 10_000).unwrap().unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].field.starts_with("order, too different") && found[0].count < 30, "{found:?}");
        assert_eq!(told(&sorted, &reversed, true, MOST_WAITING).unwrap(), None);
        assert_eq!(told(&sorted, &sorted, false, 2000).unwrap(), Some(Vec::new()));
        for end in [100, 512 * 3 + 7, 512 * 4 + 100] {
            assert!(told(&sorted, &reversed[..end], false, MOST_WAITING).is_err(), "{end}");
        }
    }

    /// Against a definition that needs no cleverness: what is paired, and the longest common subsequence.
    #[test]
    fn orders_agree_with_the_plain_definition() {
        let mut state = 7_u32;
        let mut next = |most: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % most
        };
        for _ in 0..300 {
            let pick = |next: &mut dyn FnMut(u32) -> u32| {
                let length = next(9);
                (0..length).map(|_| next(7)).collect::<Vec<u32>>()
            };
            let (one, other) = (pick(&mut next), pick(&mut next));
            let found = told(&tar(one.iter().copied()), &tar(other.iter().copied()), false, MOST_WAITING);
            let found = found.unwrap().unwrap();
            let count =
                |field: &str| found.iter().find(|it| it.field == field).map_or(0, |it| it.count as usize);
            let mut common = 0;
            for name in 0..7 {
                let times = |of: &[u32]| of.iter().filter(|it| **it == name).count();
                common += times(&one).min(times(&other));
            }
            assert_eq!(count("entry missing"), one.len() - common, "{one:?} {other:?}");
            assert_eq!(count("entry more"), other.len() - common, "{one:?} {other:?}");
            // The n-th of a name here is the n-th there.
            let ranked = |of: &[u32], than: &[u32]| -> Vec<(u32, usize)> {
                let times = |of: &[u32], name: u32| of.iter().filter(|it| **it == name).count();
                let ranks = of.iter().enumerate().map(|(at, name)| (*name, times(&of[..at], *name)));
                ranks.filter(|(name, rank)| *rank < times(than, *name)).collect()
            };
            let (here, there) = (ranked(&one, &other), ranked(&other, &one));
            let mut table = vec![vec![0; there.len() + 1]; here.len() + 1];
            for (row, old) in here.iter().enumerate() {
                for (column, new) in there.iter().enumerate() {
                    table[row + 1][column + 1] = if old == new {
                        table[row][column] + 1
                    } else {
                        table[row][column + 1].max(table[row + 1][column])
                    };
                }
            }
            assert_eq!(count("order"), common - table[here.len()][there.len()], "{one:?} {other:?}");
        }
    }
}
