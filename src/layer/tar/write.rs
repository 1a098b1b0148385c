//! The canonical tar: the same entries give the same bytes on any machine.
//!
//! Entries in byte order of their paths, directories with a final `/`, no leading `./`, no entry for
//! the root; ustar headers, PAX only for what ustar cannot say; whole seconds; no user or group
//! names; a hard link points to its first name; a whiteout `.wh.NAME` stands where `NAME` would, of
//! mode 0600, owner 0:0, time 0, so that it does not tell when the deletion was made;
//! `.wh..wh..opq` follows its directory's header; two zero blocks end it.

use std::io::{Read, Write};

use super::content::Content;
use super::{BLOCK, header, padding};
use crate::layer::entry::{EntryRef, Kind, Mtime, split_path};
use crate::layer::error::{Error, shown};

/// How much is written, or handed to the hasher, at a time.
pub(super) const CHUNK: usize = 512 * 1024;

/// What a caller may choose about a canonical tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TarOptions {
    /// Later modification times become this one, in seconds since 1970
    /// (<https://reproducible-builds.org/specs/source-date-epoch/>).
    pub source_date_epoch: Option<i64>,
}

/// Writes the canonical tar of `entries`, which must be sorted by path; how many bytes it has.
///
/// # Errors
/// [`Error::WhiteoutName`] for a real file whose name begins with `.wh.`; [`Error::SizeChanged`] where
/// content is longer or shorter than its entry says; [`Error::Order`]; [`Error::Io`].
pub fn write_tar<'a>(
    entries: impl Iterator<Item = EntryRef<'a>>,
    content: &dyn Content,
    out: &mut dyn Write,
    options: &TarOptions,
) -> Result<u64, Error> {
    let mut stream = Stream::new(|full: &mut Vec<u8>| {
        out.write_all(full).map_err(|source| Error::io("write the tar of", b"", source))?;
        full.clear();
        Ok(())
    });
    stream.entries(
        entries,
        &mut |entry, stream| {
            let mut file = content.open(entry.path)?;
            stream.content(entry, &mut *file)
        },
        options,
    )
}

/// A buffer of [`CHUNK`] bytes that `flush` empties, or exchanges for an empty one.
pub(super) struct Stream<F> {
    buffer: Vec<u8>,
    total: u64,
    flush: F,
}

impl<F: FnMut(&mut Vec<u8>) -> Result<(), Error>> Stream<F> {
    pub(super) fn new(flush: F) -> Self {
        Self { buffer: Vec::with_capacity(CHUNK), total: 0, flush }
    }

    pub(super) fn entries<'a>(
        &mut self,
        entries: impl Iterator<Item = EntryRef<'a>>,
        copy: &mut dyn FnMut(&EntryRef<'_>, &mut Self) -> Result<(), Error>,
        options: &TarOptions,
    ) -> Result<u64, Error> {
        let mut head = Vec::new();
        let mut last: Option<&[u8]> = None;
        for entry in entries {
            if last.is_some_and(|last| last >= entry.path) {
                return Err(Error::Order { path: shown(entry.path) });
            }
            last = Some(entry.path);
            head.clear();
            if !entry.path.is_empty() {
                if split_path(entry.path).1.starts_with(b".wh.") {
                    return Err(Error::WhiteoutName { path: shown(entry.path) });
                }
                header::compose(&entry, clamped(entry.mtime, options), &mut head);
            }
            if entry.opaque && entry.kind == Kind::Dir {
                header::opaque(entry.path, &mut head);
            }
            self.put(&head)?;
            if entry.kind == Kind::File && entry.size > 0 {
                copy(&entry, self)?;
                self.put(&[0; BLOCK][..padding(entry.size)])?;
            }
        }
        self.put(&[0; 2 * BLOCK])?;
        self.flush_all()?;
        Ok(self.total)
    }

    fn put(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let room = CHUNK - self.buffer.len();
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == CHUNK {
                self.flush_all()?;
            }
        }
        Ok(())
    }

    fn flush_all(&mut self) -> Result<(), Error> {
        self.total += self.buffer.len() as u64;
        if self.buffer.is_empty() { Ok(()) } else { (self.flush)(&mut self.buffer) }
    }

    /// Appends exactly the bytes that `entry` promises.
    pub(super) fn content(&mut self, entry: &EntryRef<'_>, file: &mut dyn Read) -> Result<(), Error> {
        let fail = |source| Error::io("read", entry.path, source);
        let changed = || Error::SizeChanged { path: shown(entry.path), expected: entry.size };
        let mut left = entry.size;
        while left > 0 {
            if self.buffer.len() == CHUNK {
                self.flush_all()?;
            }
            let start = self.buffer.len();
            let room = CHUNK - start;
            // One byte more than promised, where there is room: it shows in the same call that a file grew.
            let wanted = usize::try_from(left.saturating_add(1)).unwrap_or(room).min(room);
            self.buffer.resize(start + wanted, 0);
            let got = read_some(file, &mut self.buffer[start..]).map_err(fail)?;
            if got == 0 || got as u64 > left {
                return Err(changed());
            }
            self.buffer.truncate(start + got);
            left -= got as u64;
            if left == 0 && got < wanted {
                // A short read of a file means that it ended there; asking again would only cost a call.
                return Ok(());
            }
        }
        let mut more = [0; 1];
        if read_some(file, &mut more).map_err(fail)? == 0 { Ok(()) } else { Err(changed()) }
    }
}

fn read_some(file: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}

/// Whole seconds, not after the chosen epoch.
fn clamped(mtime: Mtime, options: &TarOptions) -> Mtime {
    let secs = options.source_date_epoch.map_or(mtime.secs, |epoch| mtime.secs.min(epoch));
    Mtime { secs, nanos: 0 }
}
