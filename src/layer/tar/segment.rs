//! A piece of a sparse file.

/// A piece of a file that the tar has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::layer) struct Segment {
    /// Where in the file.
    pub(in crate::layer) offset: u64,
    /// How many bytes.
    pub(in crate::layer) length: u64,
}
