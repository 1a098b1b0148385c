//! In what two tars of the same files differ: their order, their times, and what the formats leave open.
//!
//! Both are read once, side by side. What comes in the same order is compared and forgotten; what is displaced
//! waits for its partner in a bounded room.

mod fields;
mod heads;
mod order;
mod pairs;
mod tally;
mod walk;

use super::Limits;
use super::error::Error;
use super::tar::Source;

/// Which part of an archive a difference is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// When the documents say that it was made.
    Created,
    /// What its documents note beside what it is for.
    Documents,
    /// The sequence of the entries.
    Order,
    /// An entry that only one has: a parent directory, a duplicate.
    Entries,
    /// Modification times.
    Mtime,
    /// Numbers and names of owners.
    Owner,
    /// Mode bits, those of the type too.
    Mode,
    /// How a link's target is spelled.
    Link,
    /// Extended attributes.
    Xattrs,
    /// Formats, and how headers are written.
    Headers,
    /// PAX records.
    Pax,
    /// What fills blocks up, and what follows the last entry.
    Padding,
    /// How the tar is compressed.
    Compression,
}

impl Facet {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Created,
        Self::Documents,
        Self::Order,
        Self::Entries,
        Self::Mtime,
        Self::Owner,
        Self::Mode,
        Self::Link,
        Self::Xattrs,
        Self::Headers,
        Self::Pax,
        Self::Padding,
        Self::Compression,
    ];

    /// The word that people and JSON read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Documents => "documents",
            Self::Order => "order",
            Self::Entries => "entries",
            Self::Mtime => "mtime",
            Self::Owner => "owner",
            Self::Mode => "mode",
            Self::Link => "link",
            Self::Xattrs => "xattrs",
            Self::Headers => "headers",
            Self::Pax => "pax",
            Self::Padding => "padding",
            Self::Compression => "compression",
        }
    }
}

/// One thing in which two archives differ, with the first entry that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackingDifference {
    /// Which part it is in.
    pub facet: Facet,
    /// What exactly, such as `uname` or `pax atime`.
    pub field: String,
    /// How many entries show it.
    pub count: u64,
    /// The first of them, from the root; none where it is about the whole.
    pub path: Option<Vec<u8>>,
    /// What was; none where nothing was.
    pub before: Option<String>,
    /// What is.
    pub after: Option<String>,
}

/// What counts, and what ends it early.
#[derive(Clone, Copy)]
pub struct PackingRules<'a> {
    /// Bounds on what is read.
    pub limits: &'a Limits,
    /// Whether the entry at a path, from the root, counts.
    pub counts: &'a dyn Fn(&[u8]) -> bool,
    /// Whether a part counts.
    pub regards: &'a dyn Fn(Facet) -> bool,
    /// Whether somebody wants it to end.
    pub interrupted: &'a dyn Fn() -> bool,
}

impl std::fmt::Debug for PackingRules<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PackingRules").field("limits", self.limits).finish_non_exhaustive()
    }
}

/// Reads two tars to their ends and says in what they differ, sorted by part. `None` where it was interrupted.
///
/// # Errors
/// Whatever either is found to be wrong with.
pub fn compare_packing(
    one: impl Source,
    other: impl Source,
    rules: &PackingRules<'_>,
) -> Result<Option<Vec<PackingDifference>>, Error> {
    pairs::compare(one, other, rules, pairs::MOST_WAITING)
}
