//! Digests of what is written piece by piece.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::Digest;

/// Takes bytes and forgets them but for their digest.
#[derive(Debug, Clone, Default)]
pub struct Digester(Sha256);

impl Digester {
    /// The digest of all that was written.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest::from_bytes(self.0.finalize().into())
    }
}

impl Write for Digester {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
