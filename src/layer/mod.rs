//! Bytes and trees of one layer.
//!
//! A layer is a tar outside and a directory in overlayfs's form inside. This room turns one into
//! the other in both directions, knows the entries of either, and compares.
//!
//! Promises: what it reads is hostile and never leads outside the directory it is given; the same
//! entries give the same bytes; nothing here knows the store, an image or a container.

mod changes;
mod combine;
pub mod copy;
mod duplicate;
mod entry;
mod error;
mod glob;
mod hidden;
mod index;
mod ladder;
mod limits;
mod listing;
mod make;
mod merge;
mod overlay;
pub mod owners;
mod packing;
mod scan;
mod settle;
mod spelling;
mod split;
mod stack;
mod stop;
mod tar;
mod translate;
mod unpack;
mod xattr;

#[cfg(test)]
mod tests;

pub use changes::{Change, ChangeKind, changes, changes_of, compare, scan_all};
pub use combine::Fate;
pub use duplicate::{carry_links, copy_tree};
pub use entry::{Entry, EntryRef, Kind, Mtime, Xattrs};
pub use error::Error;
pub use glob::Glob;
pub use hidden::{hidden, is_inside};
pub use index::Index;
pub use limits::Limits;
pub use merge::{merge, merge_some};
pub use overlay::OverlayFormat;
pub use packing::{Facet, PackingDifference, PackingRules, compare_packing};
pub use scan::scan;
pub use settle::settle;
pub use spelling::{escape_path, unescape_path};
pub use split::rebuild_tar;
pub use stack::{Glance, Listing, Node, Resolved, Stack};
pub use stop::{Stop, never};
pub use tar::{Content, DirContent, FileRange, Source, TarOptions, digest_tar, write_tar};
pub use translate::translate;
pub use unpack::{UnpackOptions, Unpacked, index_tar, unpack};
