//! Differences, counted: what differs of many entries is told once, with the first that shows it.

use std::collections::HashMap;

use super::{Facet, PackingDifference};

/// So many different fields are told apart; a stranger chooses the keys of PAX records.
const MOST: usize = 200;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    found: Vec<(PackingDifference, u32)>,
    places: HashMap<(Facet, String), usize>,
}

impl Tally {
    /// One more entry in which `field` differs. `position` decides which is the first.
    pub(super) fn note(
        &mut self,
        facet: Facet,
        field: &str,
        (position, path): (u32, &[u8]),
        before: Option<String>,
        after: Option<String>,
    ) {
        let mut key = (facet, field.to_owned());
        if self.found.len() >= MOST && !self.places.contains_key(&key) {
            key.1 = "others".to_owned();
        }
        if let Some((known, first)) = self.places.get(&key).and_then(|at| self.found.get_mut(*at)) {
            known.count += 1;
            if position < *first {
                *first = position;
                (known.path, known.before, known.after) = (Some(path.to_vec()), before, after);
            }
            return;
        }
        self.places.insert(key.clone(), self.found.len());
        let path = Some(path.to_vec());
        self.found.push((PackingDifference { facet, field: key.1, count: 1, path, before, after }, position));
    }

    /// Something about the whole.
    pub(super) fn whole(&mut self, found: PackingDifference) {
        self.found.push((found, 0));
    }

    /// All of it, sorted by part and field.
    pub(super) fn finish(self) -> Vec<PackingDifference> {
        let mut found: Vec<_> = self.found.into_iter().map(|it| it.0).collect();
        found.sort_by(|one, other| (one.facet, &one.field).cmp(&(other.facet, &other.field)));
        found
    }
}
