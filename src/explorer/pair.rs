//! Two images beside each other: what is known of them.
//!
//! To the rest of the explorer such a pair is one image of two layers: the one image flat, and upon it, hiding all of
//! it, the other. Tree, search, filter, marks, content and versions are therefore the same; a layer is a side.

use std::fmt;
use std::sync::Arc;

/// What is known of the two beside their files.
#[derive(Clone)]
pub struct Pair {
    /// What people call them.
    pub names: [String; 2],
    /// What is said of both.
    pub facts: Vec<PairFact>,
    /// In what they differ beside their files.
    pub others: Vec<Other>,
    /// What takes longer to be found of that; `None` where it is there already.
    pub late: Option<Late>,
    /// Says which layer of a side brought a path, and by which command.
    pub origin: Origin,
}

/// Finds more in what two images differ.
pub type Late = Arc<dyn Fn() -> Vec<Other> + Send + Sync>;

/// Side and path, to what is to be said of them.
pub type Origin = Arc<dyn Fn(usize, &[u8]) -> String + Send + Sync>;

/// A word, and what there is to say of either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFact {
    /// The word.
    pub word: &'static str,
    /// Of the one and of the other.
    pub values: [String; 2],
}

/// Something else than a file that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// `config`, `history`, a packages' manager.
    pub what: String,
    /// Its name.
    pub name: String,
    /// What either says.
    pub values: [Option<String>; 2],
}

impl Pair {
    /// With what takes longer to be known.
    pub fn refined(&self) -> Self {
        let late = self.late.as_ref().map(|late| late()).unwrap_or_default();
        let others = self.others.iter().cloned().chain(late).collect();
        Self { others, late: None, ..self.clone() }
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pair").field("names", &self.names).finish_non_exhaustive()
    }
}

/// What people call a side.
pub const SIDES: [&str; 2] = ["A", "B"];
