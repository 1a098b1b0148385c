//! The tar format, both ways: our canonical writing, and a reader for whatever others wrote.
//!
//! Source: POSIX.1-2017 `pax`, "ustar Interchange Format" and "pax Header Block"; GNU tar's manual,
//! "Basic Tar Format"; where they leave a choice, Go's `archive/tar`, since Docker reads with it.

mod content;
mod digest;
mod header;
mod parse;
mod pax;
mod reader;
mod segment;
mod source;
mod sparse;
mod write;

pub use content::{Content, DirContent};
pub use digest::digest_tar;
pub(super) use parse::{number, text};
pub(super) use pax::next_record;
pub(super) use reader::{Member, Reader, Recorder};
pub use source::{FileRange, Source};
pub(super) use sparse::Sparse;
pub use write::{TarOptions, write_tar};

/// Everything in a tar comes in blocks of this many bytes.
pub(super) const BLOCK: usize = 512;

/// Zero bytes that fill up the last block of `size` bytes.
pub(super) const fn padding(size: u64) -> usize {
    ((BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64) as usize
}
