//! How much a layer may ask for.

/// Bounds on what is accepted from a tar. An error names the field that was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole uncompressed stream.
    pub tar_bytes: u64,
    /// Bytes of one file; of a sparse one its whole length.
    pub file_bytes: u64,
    /// Headers in the stream, and files in the resulting tree (parents that are only implied count).
    pub entries: u64,
    /// Bytes of one path or link target.
    pub path_bytes: usize,
    /// Bytes of all paths, link targets and extended attributes together, beyond 256 for each
    /// header. They are held in memory; a path of a few kilobytes can stand for thousands of directories.
    pub name_bytes: u64,
    /// Bytes of one extended header.
    pub extension_bytes: usize,
    /// Pieces of one sparse file.
    pub sparse_segments: usize,
    /// Directories on the ways that symbolic links lead, beyond 256 for each header; a long path counts
    /// for several. A header of 512 bytes can send us through tens of thousands.
    pub steps: u64,
}

/// What each header may add to `name_bytes`.
pub(super) const NAME_BYTES_EACH: u64 = 256;

/// What each header may add to `steps`.
pub(super) const STEPS_EACH: u64 = 256;

impl Default for Limits {
    fn default() -> Self {
        Self {
            tar_bytes: 1 << 40,
            file_bytes: 1 << 40,
            entries: 2_000_000,
            path_bytes: 32 << 10,
            name_bytes: 32 << 20,
            extension_bytes: 1 << 20,
            sparse_segments: 1 << 20,
            steps: 2 << 20,
        }
    }
}
