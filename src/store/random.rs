//! Unpredictable bytes for ids and names.

use std::fs::File;
use std::io::Read as _;
use std::sync::{Mutex, PoisonError};

use super::Error;

const DEVICE: &str = "/dev/urandom";

/// The kernel's generator, opened at the first use and kept open.
#[derive(Debug, Default)]
pub(super) struct Random(Mutex<Option<File>>);

impl Random {
    /// `N` bytes that nobody can foretell.
    pub(super) fn bytes<const N: usize>(&self) -> Result<[u8; N], Error> {
        let fail = |source| Error::io("read", DEVICE, source);
        let mut device = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if device.is_none() {
            *device = Some(File::open(DEVICE).map_err(fail)?);
        }
        let mut bytes = [0; N];
        if let Some(device) = device.as_mut() {
            device.read_exact(&mut bytes).map_err(fail)?;
        }
        Ok(bytes)
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    text
}
