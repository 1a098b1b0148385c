//! How images are written.

use super::compression::Compression;
use super::progress::Report;
use crate::sys::Interrupt;

/// How images are written.
#[derive(Debug, Clone, Default)]
pub struct SaveOptions {
    /// Of OCI layers; `None` keeps what a layer came as, else gzip. A docker-archive has plain ones.
    pub compression: Option<Compression>,
    /// The compressor's level: gzip 0 to 9 (3), zstd 1 to 19 (3).
    pub level: Option<i64>,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// How many threads compress; `None` for as many as there are processors.
    pub threads: Option<usize>,
    /// Who hears how far it is.
    pub report: Report,
}
