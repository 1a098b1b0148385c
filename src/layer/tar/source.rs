//! Where a tar stream comes from.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::os::unix::fs::FileExt as _;

/// A buffered stream that can pass over bytes.
pub trait Source: BufRead {
    /// Passes over `count` bytes, which may reach beyond the end.
    ///
    /// # Errors
    /// Whatever reading gives.
    fn skip(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let have = self.fill_buf()?.len();
            if have == 0 {
                return Ok(());
            }
            let now = have.min(usize::try_from(count).unwrap_or(have));
            self.consume(now);
            count -= now as u64;
        }
        Ok(())
    }
}

impl Source for &[u8] {}
impl<R: Read> Source for io::BufReader<R> {}

/// A piece of a file, read without moving the file's own position: several can be read at once.
#[derive(Debug)]
pub struct FileRange<'a> {
    file: &'a File,
    /// Of what comes after the buffer.
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    /// What of the buffer is still to be read.
    at: usize,
    filled: usize,
    /// How far was jumped last.
    jump: u64,
}

/// Small enough to stay in the cache, large enough that a run of small files costs few calls.
const ROOM: usize = 128 * 1024;
/// Between larger files only headers are wanted.
const HEADERS: usize = 4096;
/// From this size on a call for each header is cheaper than reading what is between them.
const FAR: u64 = 16 * 1024;

impl<'a> FileRange<'a> {
    /// The `length` bytes of `file` from `offset`; fewer where the file ends before.
    #[must_use]
    pub const fn new(file: &'a File, offset: u64, length: u64) -> Self {
        Self {
            file,
            next: offset,
            end: offset.saturating_add(length),
            buffer: Vec::new(),
            at: 0,
            filled: 0,
            jump: 0,
        }
    }
}

impl BufRead for FileRange<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.filled {
            let most = if self.jump >= FAR { HEADERS } else { ROOM };
            let room = usize::try_from(self.end.saturating_sub(self.next)).unwrap_or(most).min(most);
            if self.buffer.len() < room {
                self.buffer.resize(room, 0);
            }
            (self.at, self.filled) = (0, 0);
            self.filled = self.file.read_at(&mut self.buffer[..room], self.next)?;
            self.next += self.filled as u64;
        }
        Ok(&self.buffer[self.at..self.filled])
    }

    fn consume(&mut self, count: usize) {
        self.at = (self.at + count).min(self.filled);
    }
}

impl Read for FileRange<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let have = self.fill_buf()?;
        let count = have.len().min(into.len());
        into[..count].copy_from_slice(&have[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl Source for FileRange<'_> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        self.jump = count;
        let here = (self.filled - self.at) as u64;
        if count <= here {
            self.at += usize::try_from(count).unwrap_or(0);
        } else {
            (self.at, self.filled) = (0, 0);
            self.next = self.next.saturating_add(count - here).min(self.end);
        }
        Ok(())
    }
}
