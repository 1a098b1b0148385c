//! The digest of a canonical tar that nobody needs as bytes.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use sha2::{Digest as _, Sha256};

use super::content::DirContent;
use super::write::{CHUNK, Stream, TarOptions};
use crate::layer::entry::EntryRef;
use crate::layer::error::Error;
use crate::layer::stop::{Stop, go_on};
use crate::oci::{DiffId, Digest};

/// Chunks on their way between reading and hashing.
const AHEAD: usize = 4;

/// What [`write_tar`](super::write_tar) would write for the files below `root`: its digest and its
/// length in bytes. One thread reads ahead while another hashes.
///
/// # Errors
/// As `write_tar`; [`Error::Interrupted`].
pub fn digest_tar<'a>(
    root: &Path,
    entries: impl Iterator<Item = EntryRef<'a>>,
    options: &TarOptions,
    stop: Stop<'_>,
) -> Result<(DiffId, u64), Error> {
    let content = DirContent::open(root)?;
    std::thread::scope(|scope| {
        let mut hasher = Hasher { spare: None, running: None };
        let mut stream = Stream::new(|full: &mut Vec<u8>| {
            go_on(stop)?;
            if full.len() == CHUNK || hasher.running.is_some() {
                hasher.give(scope, full)
            } else {
                // Less than one chunk in all: a thread would cost more than it saves.
                hasher.spare = Some(std::mem::take(full));
                Ok(())
            }
        });
        let total = stream.entries(
            entries,
            &mut |entry, stream| {
                let mut file = content.file(entry.path)?;
                if entry.size > CHUNK as u64 {
                    crate::sys::file::will_read(&file);
                }
                stream.content(entry, &mut file)
            },
            options,
        )?;
        drop(stream);
        Ok((DiffId(hasher.finish()?), total))
    })
}

struct Hasher<'scope> {
    /// The whole tar, where it was short.
    spare: Option<Vec<u8>>,
    running: Option<Running<'scope>>,
}

struct Running<'scope> {
    full: SyncSender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
    thread: std::thread::ScopedJoinHandle<'scope, [u8; 32]>,
}

impl<'scope> Hasher<'scope> {
    /// Hands over a full chunk and puts an empty one in its place.
    fn give<'env>(
        &mut self,
        scope: &'scope std::thread::Scope<'scope, 'env>,
        full: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let running = self.running.get_or_insert_with(|| start(scope));
        let mut next = running.empty.recv().map_err(|_| died())?;
        next.clear();
        running.full.send(std::mem::replace(full, next)).map_err(|_| died())
    }

    fn finish(self) -> Result<Digest, Error> {
        match self.running {
            Some(Running { full, empty, thread }) => {
                drop(full);
                drop(empty);
                thread.join().map(Digest::from_bytes).map_err(|_| died())
            }
            None => Ok(Digest::of(&self.spare.unwrap_or_default())),
        }
    }
}

fn start<'scope>(scope: &'scope std::thread::Scope<'scope, '_>) -> Running<'scope> {
    let (full, arriving) = sync_channel::<Vec<u8>>(AHEAD);
    let (returning, empty) = channel();
    for _ in 0..AHEAD {
        // Both ends are alive here.
        let _ = returning.send(Vec::with_capacity(CHUNK));
    }
    let thread = scope.spawn(move || {
        let mut hash = Sha256::new();
        for chunk in arriving {
            hash.update(&chunk);
            // At the end nobody wants it back.
            let _ = returning.send(chunk);
        }
        hash.finalize().into()
    });
    Running { full, empty, thread }
}

fn died() -> Error {
    Error::io("hash", b"", std::io::Error::other("the hashing thread ended early"))
}
