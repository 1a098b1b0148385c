//! A tar stream that is read (and thereby perhaps decompressed) by one thread and hashed by another
//! while the caller works on it.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use sha2::{Digest as _, Sha256};

use crate::layer::error::Error;
use crate::layer::tar::Source;
use crate::oci::{DiffId, Digest};

const CHUNK: usize = 256 * 1024;
/// Chunks on their way. More would only fall out of the processor's cache.
const AHEAD: usize = 8;

type Chunk = Arc<Vec<u8>>;

/// Calls `work` with `input` as a stream that it must read to the end; what it returned, and the digest
/// and length in bytes of the whole.
pub(super) fn with_stream<T>(
    mut input: impl Read + Send,
    work: impl FnOnce(&mut Stream) -> Result<T, Error>,
) -> Result<(T, DiffId, u64), Error> {
    let mut first = Vec::with_capacity(CHUNK);
    fill(&mut input, &mut first).map_err(|source| Error::Io {
        action: "read the layer's tar at",
        path: "byte 0".to_owned(),
        source,
    })?;
    if first.len() < CHUNK {
        // All of it is here: threads would cost more than they save.
        let total = first.len() as u64;
        let digest = Digest::of(&first);
        let (_, arriving) = channel();
        let (returning, _) = channel();
        let result = work(&mut Stream { now: Arc::new(first), at: 0, arriving, returning })?;
        return Ok((result, DiffId(digest), total));
    }
    std::thread::scope(|scope| {
        let (to_work, arriving) = sync_channel(AHEAD);
        let (to_hash, hashing) = sync_channel::<Chunk>(AHEAD);
        let (returning, spare) = channel();
        let hashed = returning.clone();
        let first = Arc::new(first);
        let hasher = {
            let first = first.clone();
            scope.spawn(move || {
                let mut hash = Sha256::new();
                let mut total = first.len() as u64;
                hash.update(first.as_slice());
                drop(first);
                for chunk in hashing {
                    hash.update(chunk.as_slice());
                    total += chunk.len() as u64;
                    give_back(chunk, &hashed);
                }
                (Digest::from_bytes(hash.finalize().into()), total)
            })
        };
        scope.spawn(move || read_ahead(&mut input, &to_work, &to_hash, &spare));
        let mut stream = Stream { now: first, at: 0, arriving, returning };
        let result = work(&mut stream);
        // Without a receiver the reading thread stops at its next chunk.
        drop(stream);
        let (digest, total) = hasher
            .join()
            .map_err(|_| Error::io("hash", b"", io::Error::other("the hashing thread ended early")))?;
        Ok((result?, DiffId(digest), total))
    })
}

/// Reads until `chunk` has [`CHUNK`] bytes or the input ends.
fn fill(input: &mut impl Read, chunk: &mut Vec<u8>) -> io::Result<()> {
    input.take((CHUNK - chunk.len()) as u64).read_to_end(chunk).map(drop)
}

/// Whoever is last to look at a chunk gives its memory back.
fn give_back(chunk: Chunk, to: &Sender<Vec<u8>>) {
    if let Some(mut memory) = Arc::into_inner(chunk) {
        memory.clear();
        // At the end nobody wants it.
        let _ = to.send(memory);
    }
}

fn read_ahead(
    input: &mut impl Read,
    to_work: &SyncSender<io::Result<Chunk>>,
    to_hash: &SyncSender<Chunk>,
    spare: &Receiver<Vec<u8>>,
) {
    loop {
        let mut chunk = spare.try_recv().unwrap_or_else(|_| Vec::with_capacity(CHUNK));
        match fill(input, &mut chunk) {
            Ok(()) if chunk.is_empty() => return,
            Ok(()) => {
                let chunk = Arc::new(chunk);
                if to_hash.send(chunk.clone()).is_err() || to_work.send(Ok(chunk)).is_err() {
                    return;
                }
            }
            Err(error) => {
                let _ = to_work.send(Err(error));
                return;
            }
        }
    }
}

/// The bytes as they come.
pub(super) struct Stream {
    now: Chunk,
    at: usize,
    arriving: Receiver<io::Result<Chunk>>,
    returning: Sender<Vec<u8>>,
}

impl BufRead for Stream {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.now.len()
            && let Ok(next) = self.arriving.recv()
        {
            let done = std::mem::replace(&mut self.now, next?);
            self.at = 0;
            give_back(done, &self.returning);
        }
        Ok(&self.now[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at = (self.at + count).min(self.now.len());
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let have = self.fill_buf()?;
        let count = have.len().min(buffer.len());
        buffer[..count].copy_from_slice(&have[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl Source for &mut Stream {}
