//! What of a tar is not in its unpacked tree, from which the exact tar is rebuilt.
//!
//! ```text
//! "PLYSPLIT" · version u32 · then zstd of records:
//! 1 · length u32 · bytes            these bytes as they are
//! 2 · path length u32 · size u64 · path   the content of that file
//! 3 · size u64                      the end: the whole tar's size
//! ```
//! Numbers are little-endian. Headers compress to a few bytes each.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use super::error::{Error, shown};
use super::tar::{DirContent, Recorder};

const MAGIC: &[u8; 12] = b"PLYSPLIT\x01\0\0\0";
const RAW: u8 = 1;
const CONTENT: u8 = 2;
const END: u8 = 3;
/// More raw bytes than this are written as several records.
const MOST_RAW: usize = 64 * 1024;
/// The fastest level: headers are so alike that better ones gain little.
const LEVEL: i32 = 1;

/// Writes a split file while a tar is read.
pub(super) struct Writer {
    path: std::path::PathBuf,
    out: zstd::Encoder<'static, BufWriter<File>>,
    raw: Vec<u8>,
}

impl Writer {
    /// Begins the file at `path`.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let host = |source| Error::host("write", path, source);
        let mut file = BufWriter::new(File::create(path).map_err(host)?);
        file.write_all(MAGIC).map_err(host)?;
        let out = zstd::Encoder::new(file, LEVEL).map_err(host)?;
        Ok(Self { path: path.to_owned(), out, raw: Vec::with_capacity(MOST_RAW + 4096) })
    }

    /// Ends the file; `size` is that of the whole tar.
    pub(super) fn finish(mut self, size: u64) -> Result<(), Error> {
        self.flush()?;
        self.write(&[&[END][..], &size.to_le_bytes()].concat())?;
        let path = self.path;
        let host = |source| Error::host("write", &path, source);
        self.out.finish().map_err(host)?.into_inner().map_err(|error| host(error.into_error()))?;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.raw.is_empty() {
            return Ok(());
        }
        let length = u32::try_from(self.raw.len()).unwrap_or(u32::MAX);
        let head = [&[RAW][..], &length.to_le_bytes()].concat();
        self.write(&head)?;
        let raw = std::mem::take(&mut self.raw);
        self.write(&raw)?;
        self.raw = raw;
        self.raw.clear();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes).map_err(|source| Error::host("write", &self.path, source))
    }
}

impl Recorder for Writer {
    fn raw(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for piece in bytes.chunks(MOST_RAW) {
            self.raw.extend_from_slice(piece);
            if self.raw.len() >= MOST_RAW {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn content(&mut self, path: &[u8], size: u64) -> Result<(), Error> {
        self.flush()?;
        let length = u32::try_from(path.len()).unwrap_or(u32::MAX);
        self.write(&[&[CONTENT][..], &length.to_le_bytes(), &size.to_le_bytes(), path].concat())
    }
}

/// Writes the exact tar that the part at `part` was unpacked from; how many bytes it has. The caller
/// should hash what comes: a file that was changed in place without changing its size shows only so.
///
/// # Errors
/// [`Error::Damaged`] for a broken split file; [`Error::SizeChanged`]; [`Error::Path`]; [`Error::Io`].
pub fn rebuild_tar(part: &Path, out: &mut dyn Write) -> Result<u64, Error> {
    let path = part.join("split");
    let host = |source| Error::host("read", &path, source);
    let damaged = |reason| Error::Damaged { path: path.display().to_string(), reason };
    let cut = |source: io::Error| match source.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it is cut off"),
        _ => host(source),
    };
    let written = |source| Error::io("write the tar of", b"", source);
    let content = DirContent::open(&part.join("fs"))?;
    let mut file = File::open(&path).map_err(host)?;
    let mut magic = [0; MAGIC.len()];
    file.read_exact(&mut magic).map_err(cut)?;
    if &magic != MAGIC {
        return Err(damaged("it is not a split file of this version"));
    }
    let mut records = BufReader::new(zstd::Decoder::new(file).map_err(host)?);
    let mut number = [0; 8];
    let mut total = 0_u64;
    let mut bytes = Vec::new();
    loop {
        let mut kind = [0];
        records.read_exact(&mut kind).map_err(cut)?;
        match kind {
            [RAW] | [CONTENT] => {
                records.read_exact(&mut number[..4]).map_err(cut)?;
                let length = u32::from_le_bytes([number[0], number[1], number[2], number[3]]) as usize;
                if length > 2 * MOST_RAW {
                    return Err(damaged("a record is too long"));
                }
                let mut size = length as u64;
                if kind == [CONTENT] {
                    records.read_exact(&mut number).map_err(cut)?;
                    size = u64::from_le_bytes(number);
                }
                bytes.resize(length, 0);
                records.read_exact(&mut bytes).map_err(cut)?;
                total = total.saturating_add(size);
                if kind == [RAW] {
                    out.write_all(&bytes).map_err(written)?;
                } else {
                    copy(&content, &bytes, size, out)?;
                }
            }
            [END] => {
                records.read_exact(&mut number).map_err(cut)?;
                if u64::from_le_bytes(number) != total {
                    return Err(damaged("its records do not add up"));
                }
                return Ok(total);
            }
            _ => return Err(damaged("it has an unknown record")),
        }
    }
}

fn copy(content: &DirContent, path: &[u8], size: u64, out: &mut dyn Write) -> Result<(), Error> {
    let mut file = content.file(path)?;
    let fail = |source| Error::io("read", path, source);
    let changed = || Error::SizeChanged { path: shown(path), expected: size };
    if file.metadata().map_err(fail)?.len() != size {
        return Err(changed());
    }
    let copied = io::copy(&mut (&mut file).take(size), out).map_err(fail)?;
    if copied == size { Ok(()) } else { Err(changed()) }
}
