//! Decompression of what a stranger compressed: how much it may become, and how much memory it may take.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::{Error, Limits};

/// How much a compressed stream may stand for.
#[derive(Debug, Clone)]
pub(super) struct Expansion {
    /// Whose it is, for messages.
    name: String,
    times: u64,
    free: u64,
    /// Whether a decoder that wants much memory waits for its turn.
    waits: bool,
}

impl Expansion {
    /// What `limits` allow to `name`.
    pub fn of(limits: &Limits, name: impl Into<String>) -> Self {
        Self { name: name.into(), times: limits.expansion, free: limits.expansion_bytes, waits: true }
    }

    /// Anything, for what the store has taken in.
    pub const fn any() -> Self {
        Self { name: String::new(), times: u64::MAX, free: u64::MAX, waits: true }
    }

    /// The same for one of two streams that are read side by side: who waited for the other's end would never see it.
    pub fn side_by_side(self) -> Self {
        Self { waits: false, ..self }
    }

    /// The turn of a decoder with a large window.
    pub fn turn(&self) -> Option<Turn> {
        self.waits.then(Turn::take)
    }
}

/// Counts what a decoder reads.
pub(super) struct Counted<R> {
    stream: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    /// `stream`, and how many bytes were read from it.
    pub fn new(stream: R) -> (Self, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        (Self { stream, count: Arc::clone(&count) }, count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A decoder whose complaints about what it reads are known for such, and that ends when it gives too much.
pub(super) struct Decoded<D> {
    decoder: D,
    taken: Arc<AtomicU64>,
    given: u64,
    expansion: Expansion,
    _turn: Option<Turn>,
}

impl<D> Decoded<D> {
    /// What `decoder` makes of a stream of which `taken` counts what was read; `turn` is held that long.
    pub fn new(decoder: D, taken: Arc<AtomicU64>, expansion: Expansion, turn: Option<Turn>) -> Self {
        Self { decoder, taken, given: 0, expansion, _turn: turn }
    }
}

impl<D: Read> Read for Decoded<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buffer).map_err(|error| match error.kind() {
            // That is no damage.
            io::ErrorKind::Other if error.to_string().starts_with("Allocation error") => {
                io::Error::new(io::ErrorKind::OutOfMemory, error)
            }
            // What flate2 and zstd say of damage; our own errors pass through them as `Other`, too.
            io::ErrorKind::InvalidInput => io::Error::new(io::ErrorKind::InvalidData, error),
            io::ErrorKind::Other if !error.get_ref().is_some_and(|inner| inner.is::<Error>()) => {
                io::Error::new(io::ErrorKind::InvalidData, error)
            }
            _ => error,
        })?;
        self.given += count as u64;
        let Expansion { name, times, free, .. } = &self.expansion;
        if self.given > *free && self.given > self.taken.load(Ordering::Relaxed).saturating_mul(*times) {
            let error = Error::Limit { name: name.clone(), limit: "expansion", allowed: *times };
            return Err(io::Error::other(error));
        }
        Ok(count)
    }
}

/// A window that any number of decoders may have at a time: what encoders use up to their highest levels.
pub(super) const SMALL_WINDOW: u32 = 23;

/// The largest window at all: what the zstd tool itself allows. A frame may ask for terabytes.
pub(super) const LARGEST_WINDOW: u32 = 27;

/// Decoders with a window larger than a small one take turns: layers are unpacked several at a time, and each
/// would take 128 MiB.
pub(super) struct Turn(());

static TAKEN: Mutex<bool> = Mutex::new(false);
static FREED: Condvar = Condvar::new();

impl Turn {
    /// Waits for it.
    pub fn take() -> Self {
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        *FREED.wait_while(taken, |taken| *taken).unwrap_or_else(PoisonError::into_inner) = true;
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = false;
        FREED.notify_one();
    }
}

/// Whether the first frame in `start` has a small window; what cannot be seen there has none.
///
/// Source: RFC 8878, sections 3.1.1.1 and 3.1.2.
pub(super) fn has_small_window(start: &[u8]) -> bool {
    window(start).is_some_and(|size| size <= 1 << SMALL_WINDOW)
}

/// How much memory the first frame in `start` wants.
pub(super) fn frame_window(start: &[u8]) -> Option<u64> {
    window(start)
}

fn window(mut rest: &[u8]) -> Option<u64> {
    // Some writers put frames to be skipped before the first.
    while let [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] = rest {
        let size = rest.get(4..8).map(little_endian)?;
        rest = rest.get(usize::try_from(size).ok()?.checked_add(8)?..)?;
    }
    let [0x28, 0xb5, 0x2f, 0xfd, descriptor, rest @ ..] = rest else { return None };
    if descriptor & 0x20 == 0 {
        let (exponent, mantissa) = (rest.first()? >> 3, u64::from(rest.first()? & 7));
        let base = 1_u64 << (10 + exponent);
        return Some(base + base / 8 * mantissa);
    }
    // A single segment: the window is the whole content.
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let length = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let size = rest.get(dictionary..dictionary + length).map(little_endian)?;
    Some(if length == 2 { size + 256 } else { size })
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use super::*;

    #[test]
    fn windows_are_read_from_the_head() {
        let streamed = |log: u32| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(log).unwrap();
            encoder.write_all(&[7; 10_000]).unwrap();
            encoder.finish().unwrap()
        };
        for log in [10, 20, 23, 27] {
            assert_eq!(window(&streamed(log)), Some(1 << log));
        }
        for size in [10, 1000, 100_000, 10_000_000] {
            let whole = zstd::bulk::compress(&vec![7; size], 19).unwrap();
            let skipped = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &whole].concat();
            for bytes in [whole, skipped] {
                let found = window(&bytes).unwrap();
                // Of what is larger than its window the head tells that.
                assert!(found == size as u64 || size == 10_000_000 && found == 1 << 23, "{size} {found}");
            }
        }
        assert!(has_small_window(&streamed(23)) && !has_small_window(&streamed(24)));
        for bytes in [&b""[..], b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18\xff\xff\xff\xff", b"something else"] {
            assert_eq!(window(bytes), None);
        }
    }

    #[test]
    fn one_turn_at_a_time() {
        let first = Turn::take();
        let second = std::thread::spawn(|| drop(Turn::take()));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!second.is_finished());
        drop(first);
        second.join().unwrap();
    }
}
