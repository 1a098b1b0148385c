//! Why the archives of two layers are not the same.

use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::super::listed::absolute;
use super::super::{Error, ErrorKind, Result, Workbench};
use super::came_as::{Blob, Tar};
use super::side::Side;
use super::{PackingDifference, Rules};
use crate::layer::{self, Facet, PackingRules, Source};
use crate::transfer;

/// Chunks on their way between what makes a tar and what compares it.
const AHEAD: usize = 4;
const CHUNK: usize = 256 * 1024;

impl Workbench {
    /// In what the archives of two layers differ.
    pub(super) fn compare_tars(
        &self,
        index: usize,
        (one, other): (&Tar, &Tar),
        rules: &Rules,
    ) -> Result<Vec<PackingDifference>> {
        // What is in the store was found to be within bounds, whatever they were then.
        let limits = layer::Limits {
            tar_bytes: u64::MAX,
            file_bytes: u64::MAX,
            path_bytes: usize::MAX,
            extension_bytes: 64 << 20,
            sparse_segments: usize::MAX,
            ..self.settings.limits.layer
        };
        let interrupt = self.settings.interrupt;
        let how = PackingRules {
            limits: &limits,
            counts: &|path| !rules.ignored.fits(path),
            regards: &|facet| rules.regards(facet),
            interrupted: &|| interrupt.raised(),
        };
        let (found, poured) = std::thread::scope(|scope| {
            let start = |tar| {
                let (sender, chunks) = sync_channel(AHEAD);
                let thread = scope.spawn(move || self.pour(tar, Pouring { chunks: sender, now: Vec::new() }));
                (Poured { chunks, now: Vec::new(), at: 0 }, thread)
            };
            let ((one, first), (other, second)) = (start(one), start(other));
            // Both streams end here: whoever still pours notices.
            let found = layer::compare_packing(one, other, &how);
            (found, [first.join(), second.join()])
        });
        for outcome in poured {
            let outcome = outcome.unwrap_or_else(|_| Err(Error::invalid("a thread that read a layer died")));
            if let Err(error) = outcome
                && !matches!(found, Ok(None))
            {
                return Err(error);
            }
        }
        let Some(found) = found? else {
            return Err(Error::new(ErrorKind::Interrupted, "interrupted while comparing archives"));
        };
        let value = |it: layer::PackingDifference| PackingDifference {
            layer: Some(index),
            part: it.facet.as_str().to_owned(),
            field: it.field,
            count: it.count,
            path: it.path.as_deref().map(absolute),
            before: it.before,
            after: it.after,
        };
        Ok(found.into_iter().map(value).collect())
    }

    /// Writes a layer's tar into `out`, as far as anybody wants it.
    fn pour(&self, tar: &Tar, mut out: Pouring) -> Result<()> {
        let done = match tar {
            Tar::Stored(record) => transfer::write_layer_tar(self.store()?, record, &mut out),
            Tar::Seen(seen) => {
                let scratch = self.store()?.temporary_dir()?;
                let (limits, interrupt) = (&self.settings.limits, self.settings.interrupt);
                let diff_id = &seen.layer.diff_id;
                let done = transfer::write_examined_tar(
                    &seen.source,
                    diff_id,
                    &scratch,
                    limits,
                    interrupt,
                    &mut out,
                );
                self.store()?.remove_temporary(scratch)?;
                done
            }
        };
        let is_wanted = out.flush().is_ok();
        match done {
            Err(error) if is_wanted => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// In what two layers were compressed differently, if it is known of both how they came. `is_one_tar`: what they
/// hold is the same.
pub(super) fn of_blobs(
    index: usize,
    (one, other): (&Side, &Side),
    is_one_tar: bool,
    rules: &Rules,
) -> Vec<PackingDifference> {
    let blob = |side: &Side| side.blobs.get(index).cloned().flatten();
    let (Some(one), Some(other)) = (blob(one), blob(other)) else { return Vec::new() };
    if !rules.regards(Facet::Compression) || one.digest.is_some() && one.digest == other.digest {
        return Vec::new();
    }
    let (was, is) = (transfer::compression_facts(&one.head), transfer::compression_facts(&other.head));
    let difference = |field: &str, before: Option<String>, after: Option<String>| PackingDifference {
        layer: Some(index),
        part: Facet::Compression.as_str().to_owned(),
        field: field.to_owned(),
        count: 1,
        path: None,
        before,
        after,
    };
    let mut keys: Vec<&str> = was.keys().chain(is.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    if was.get("compression") != is.get("compression") {
        keys = vec!["compression"];
    }
    let mut found: Vec<_> = keys
        .into_iter()
        .filter(|key| was.get(key) != is.get(key))
        .map(|key| difference(key, was.get(key).cloned(), is.get(key).cloned()))
        .collect();
    let same_bytes = one.digest.is_none() && one.size == other.size && one.head == other.head;
    if found.is_empty() && is_one_tar && !same_bytes {
        // Another level, another compressor, or cut into other pieces.
        let size = |blob: &Blob| Some(format!("{} bytes", blob.size));
        found.push(difference("compressed bytes", size(&one), size(&other)));
    }
    found
}

/// What a tar is written to; it comes out of a [`Poured`].
struct Pouring {
    chunks: SyncSender<Vec<u8>>,
    now: Vec<u8>,
}

impl Write for Pouring {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.now.extend_from_slice(bytes);
        if self.now.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let full = std::mem::replace(&mut self.now, Vec::with_capacity(CHUNK));
        // Also nothing at all: so whoever flushes learns whether somebody still reads.
        self.chunks.send(full).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

struct Poured {
    chunks: Receiver<Vec<u8>>,
    now: Vec<u8>,
    at: usize,
}

impl BufRead for Poured {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.now.len() {
            let Ok(next) = self.chunks.recv() else { return Ok(&[]) };
            (self.now, self.at) = (next, 0);
        }
        Ok(&self.now[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at = (self.at + count).min(self.now.len());
    }
}

impl Read for Poured {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let have = self.fill_buf()?;
        let count = have.len().min(into.len());
        into[..count].copy_from_slice(&have[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl Source for Poured {}
