//! How many entries stand elsewhere.

/// Of two places each, in both archives, how many entries would have to be moved at least, and the first that are
/// not at the same place: the places there of the one archive and of the other, counted among the common ones.
pub(super) fn moved(pairs: &mut [(u32, u32)]) -> Option<Moved> {
    pairs.sort_unstable();
    let mut sorted: Vec<u32> = pairs.iter().map(|pair| pair.1).collect();
    sorted.sort_unstable();
    let at = pairs.iter().zip(&sorted).position(|(pair, rank)| pair.1 != *rank)?;
    let place = pairs[at];
    // Where the other archive has it, among the common ones.
    let elsewhere = sorted.partition_point(|rank| *rank < place.1);
    let stay = longest_rise(pairs.iter().map(|pair| pair.1));
    Some(Moved { count: (pairs.len() - stay) as u64, position: place.0, before: at, after: elsewhere })
}

/// What [`moved`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) count: u64,
    /// Of the first that is out of place, in the one archive.
    pub(super) position: u32,
    pub(super) before: usize,
    pub(super) after: usize,
}

/// The length of the longest sequence that rises.
fn longest_rise(numbers: impl Iterator<Item = u32>) -> usize {
    // The smallest end of a rising sequence of each length.
    let mut ends: Vec<u32> = Vec::new();
    for number in numbers {
        let length = ends.partition_point(|end| *end < number);
        match ends.get_mut(length) {
            Some(end) => *end = number,
            None => ends.push(number),
        }
    }
    ends.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(places: &[u32]) -> Option<Moved> {
        moved(&mut (0..).zip(places.iter().copied()).collect::<Vec<_>>())
    }

    #[test]
    fn the_fewest_that_would_have_to_move() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[0, 1, 5, 9]), None);
        assert_eq!(of(&[3, 0, 1, 2]), Some(Moved { count: 1, position: 0, before: 0, after: 3 }));
        assert_eq!(of(&[0, 2, 3, 1]), Some(Moved { count: 1, position: 1, before: 1, after: 2 }));
        assert_eq!(of(&[4, 3, 2, 1, 0]), Some(Moved { count: 4, position: 0, before: 0, after: 4 }));
        assert_eq!(of(&[7, 9, 8]), Some(Moved { count: 1, position: 1, before: 1, after: 2 }));
    }
}
