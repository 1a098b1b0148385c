//! A writable tree without overlayfs: a copy of everything that a container shows, and afterwards what
//! changed in it, as overlayfs would have written it.
//!
//! [`materialise()`] makes the copy, by sharing blocks where the file system can (reflink) and byte by byte where
//! it cannot, and remembers of each file its inode and the time of its last change, which no program can set. After
//! the run [`harvest()`] makes a writable directory of what is another file or was changed. The result is what an
//! overlay would have left, but that a file which was opened for writing and not written is not in it.

mod harvest;
mod materialise;

pub use harvest::harvest;
pub use materialise::{Copying, Snapshot, materialise};
