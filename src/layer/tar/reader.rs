//! Walking through a tar stream, member by member, with its extensions applied.

use std::io;

use super::parse::{Header, parse, text};
use super::pax::{self, Pax};
use super::sparse::{self, Lines, Sparse};
use super::{BLOCK, Source, padding};
use crate::layer::entry::{Kind, Mtime};
use crate::layer::error::{Error, shown};
use crate::layer::limits::Limits;

/// Is told every byte of the stream but the contents of the files that can be had from the tree.
pub(in crate::layer) trait Recorder {
    fn raw(&mut self, bytes: &[u8]) -> Result<(), Error>;
    /// The next `size` bytes are the content of the file at `path`.
    fn content(&mut self, path: &[u8], size: u64) -> Result<(), Error>;
}

/// One file that a tar describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::layer) struct Member {
    pub(in crate::layer) kind: Kind,
    /// As it is spelled there.
    pub(in crate::layer) path: Vec<u8>,
    pub(in crate::layer) link: Vec<u8>,
    pub(in crate::layer) mode: u32,
    pub(in crate::layer) uid: u32,
    pub(in crate::layer) gid: u32,
    pub(in crate::layer) mtime: Mtime,
    pub(in crate::layer) device: (u32, u32),
    /// Bytes that follow in the stream; of a sparse file less than its size.
    pub(in crate::layer) stored: u64,
    pub(in crate::layer) sparse: Option<Sparse>,
    pub(in crate::layer) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

pub(in crate::layer) struct Reader<'a, S> {
    source: S,
    limits: &'a Limits,
    recorder: Option<&'a mut dyn Recorder>,
    offset: u64,
    /// Of the current member, not yet read.
    content: u64,
    padding: u64,
}

impl<'a, S: Source> Reader<'a, S> {
    pub(in crate::layer) fn new(
        source: S,
        limits: &'a Limits,
        recorder: Option<&'a mut dyn Recorder>,
    ) -> Self {
        Self { source, limits, recorder, offset: 0, content: 0, padding: 0 }
    }

    /// The next member; `None` at the end, after which [`finish`](Self::finish) reads what is left.
    pub(in crate::layer) fn next(&mut self) -> Result<Option<Member>, Error> {
        self.skip_content()?;
        let mut pax = Pax::default();
        let (mut long_name, mut long_link) = (None, None);
        let mut is_extended = false;
        loop {
            let at = self.offset;
            let Some(block) = self.block()? else {
                return if is_extended {
                    Err(damaged(at, "it ends after an extended header"))
                } else {
                    Ok(None)
                };
            };
            if block == [0; BLOCK] {
                return match self.block()? {
                    _ if is_extended => Err(damaged(at, "it ends after an extended header")),
                    Some(block) if block != [0; BLOCK] => {
                        Err(damaged(at, "a header follows a block of zeros"))
                    }
                    _ => Ok(None),
                };
            }
            let header = parse(&block).map_err(|reason| damaged(at, reason))?;
            match header.kind {
                // A global header is for nobody in particular; Docker ignores it too.
                b'g' => drop(self.extension(at, header.size)?),
                b'x' | b'X' => {
                    let bytes = self.extension(at, header.size)?;
                    let most = self.limits.sparse_segments;
                    pax = pax::parse(&bytes, most).map_err(|reason| self.sparse_error(at, reason, &[]))?;
                    is_extended = true;
                }
                b'L' => {
                    long_name = Some(text(&self.extension(at, header.size)?).to_vec());
                    is_extended = true;
                }
                b'K' => {
                    long_link = Some(text(&self.extension(at, header.size)?).to_vec());
                    is_extended = true;
                }
                _ => return self.member(header, &block, pax, long_name, long_link).map(Some),
            }
        }
    }

    fn member(
        &mut self,
        header: Header,
        block: &[u8; BLOCK],
        mut pax: Pax,
        long_name: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
    ) -> Result<Member, Error> {
        // The order in which Go's reader lets them win.
        let path = long_name.or_else(|| pax.sparse.name.take()).or(pax.path.take()).unwrap_or(header.name);
        let link = long_link.or(pax.link.take()).unwrap_or(header.link);
        self.check_length("path_bytes", self.limits.path_bytes, path.len(), &path)?;
        self.check_length("path_bytes", self.limits.path_bytes, link.len(), &path)?;
        let kind = match header.kind {
            0 if path.ends_with(b"/") => Kind::Dir,
            0 | b'0' | b'7' | b'S' => Kind::File,
            b'1' => Kind::Hardlink,
            b'2' => Kind::Symlink,
            b'3' => Kind::CharDevice,
            b'4' => Kind::BlockDevice,
            b'5' => Kind::Dir,
            b'6' => Kind::Fifo,
            _ => return Err(Error::refused(&path, "its type is none that a layer can have")),
        };
        // Other kinds have no content, whatever the header says (as Go reads them).
        let size = pax.size.unwrap_or(header.size);
        let stored = if kind == Kind::File { size } else { 0 };
        self.content = stored;
        self.padding = padding(stored) as u64;
        let sparse =
            if kind == Kind::File { self.sparse(&header.kind, block, &mut pax, &path)? } else { None };
        let real = sparse.as_ref().map_or(stored, |sparse| sparse.size);
        if real > self.limits.file_bytes || stored > self.limits.file_bytes {
            return Err(Error::Limit {
                limit: "file_bytes",
                allowed: self.limits.file_bytes,
                path: shown(&path),
            });
        }
        Ok(Member {
            kind,
            link,
            mode: header.mode,
            uid: pax.uid.unwrap_or(header.uid),
            gid: pax.gid.unwrap_or(header.gid),
            mtime: pax.mtime.unwrap_or(Mtime { secs: header.mtime, nanos: 0 }),
            device: header.device,
            stored: self.content,
            sparse,
            xattrs: pax.xattrs.into_iter().collect(),
            path,
        })
    }

    fn sparse(
        &mut self,
        kind: &u8,
        block: &[u8; BLOCK],
        pax: &mut Pax,
        path: &[u8],
    ) -> Result<Option<Sparse>, Error> {
        let at = self.offset;
        let most = self.limits.sparse_segments;
        let bad = |reason| damaged(at, reason);
        if *kind == b'S' {
            let mut segments = Vec::new();
            let mut more = sparse::old_gnu(block, 386, 4, &mut segments).map_err(bad)?;
            while more {
                if segments.len() > most {
                    return Err(self.sparse_error(at, pax::TOO_MANY_SEGMENTS, path));
                }
                let next = self.block()?.ok_or_else(|| bad("it ends within a sparse file's map"))?;
                more = sparse::old_gnu(&next, 0, 21, &mut segments).map_err(bad)?;
            }
            let size = sparse::old_gnu_size(block).map_err(bad)?;
            return Sparse { segments, size }.checked(self.content).map(Some).map_err(bad);
        }
        if pax.sparse.version != Some((1, 0)) {
            if pax.sparse.version.is_some_and(|version| version.0 > 0) {
                return Err(Error::refused(path, "it is a sparse file of an unknown version"));
            }
            return Sparse::of_records(pax, self.content).map_err(bad);
        }
        let size = pax.sparse.real_size.ok_or_else(|| bad("a sparse file's size is missing"))?;
        let mut lines = Lines::default();
        loop {
            if self.content < BLOCK as u64 {
                return Err(bad("a sparse file's map is malformed"));
            }
            let block = self.block()?.ok_or_else(|| bad("it ends within a sparse file's map"))?;
            self.content -= BLOCK as u64;
            if lines.take(&block, most).map_err(|reason| self.sparse_error(at, reason, path))? {
                break;
            }
        }
        Sparse { segments: lines.segments, size }.checked(self.content).map(Some).map_err(bad)
    }

    fn sparse_error(&self, at: u64, reason: &'static str, path: &[u8]) -> Error {
        if reason == pax::TOO_MANY_SEGMENTS {
            let allowed = self.limits.sparse_segments as u64;
            return Error::Limit { limit: pax::TOO_MANY_SEGMENTS, allowed, path: shown(path) };
        }
        damaged(at, reason)
    }

    fn check_length(
        &self,
        limit: &'static str,
        most: usize,
        length: usize,
        path: &[u8],
    ) -> Result<(), Error> {
        if length > most {
            return Err(Error::Limit { limit, allowed: most as u64, path: shown(path) });
        }
        Ok(())
    }

    /// The data of an extended header.
    fn extension(&mut self, at: u64, size: u64) -> Result<Vec<u8>, Error> {
        let most = self.limits.extension_bytes;
        let Some(length) = usize::try_from(size).ok().filter(|&length| length <= most) else {
            return Err(Error::Limit {
                limit: "extension_bytes",
                allowed: most as u64,
                path: format!("byte {at}"),
            });
        };
        let mut bytes = vec![0; length + padding(size)];
        self.exact(&mut bytes, "it ends within an extended header")?;
        bytes.truncate(length);
        Ok(bytes)
    }

    /// One block; `None` where the stream ends before it.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, Error> {
        if self.fill()?.is_empty() {
            return Ok(None);
        }
        let mut block = [0; BLOCK];
        self.exact(&mut block, "it ends within a header")?;
        Ok(Some(block))
    }

    fn exact(&mut self, mut into: &mut [u8], reason: &'static str) -> Result<(), Error> {
        while !into.is_empty() {
            let at = self.offset;
            let have = self.fill()?;
            if have.is_empty() {
                return Err(damaged(at, reason));
            }
            let now = have.len().min(into.len());
            let (done, rest) = into.split_at_mut(now);
            done.copy_from_slice(&have[..now]);
            if let Some(recorder) = &mut self.recorder {
                recorder.raw(done)?;
            }
            self.advance(now)?;
            into = rest;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<&[u8], Error> {
        let at = self.offset;
        self.source.fill_buf().map_err(|source| unreadable(at, source))
    }

    fn advance(&mut self, count: usize) -> Result<(), Error> {
        self.source.consume(count);
        self.offset += count as u64;
        if self.offset > self.limits.tar_bytes {
            let allowed = self.limits.tar_bytes;
            return Err(Error::Limit { limit: "tar_bytes", allowed, path: format!("byte {}", self.offset) });
        }
        Ok(())
    }

    /// Tells the recorder where the current member's content will be.
    pub(in crate::layer) fn record_content(&mut self, path: &[u8]) -> Result<(), Error> {
        match &mut self.recorder {
            Some(recorder) if self.content > 0 => recorder.content(path, self.content),
            _ => Ok(()),
        }
    }

    /// Gives the current member's content to `sink`, piece by piece; the recorder does not see it.
    pub(in crate::layer) fn copy_content(
        &mut self,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while self.content > 0 {
            let (at, content) = (self.offset, self.content);
            let have = self.fill()?;
            if have.is_empty() {
                return Err(damaged(at, "it ends within a file's content"));
            }
            let now = have.len().min(usize::try_from(content).unwrap_or(have.len()));
            sink(&have[..now])?;
            self.advance(now)?;
            self.content -= now as u64;
        }
        Ok(())
    }

    /// Passes over what is left of the current member. With a recorder it is recorded.
    fn skip_content(&mut self) -> Result<(), Error> {
        if self.recorder.is_none() {
            // A source that can seek never looks at it.
            let count = self.content + self.padding;
            if self.content > 0 {
                let at = self.offset;
                // All but the last byte: whether that is there shows whether the stream is whole.
                self.source.skip(count - 1).map_err(|source| unreadable(at, source))?;
                self.offset += count - 1;
                (self.content, self.padding) = (0, 0);
                return self.exact(&mut [0], "it ends within a file's content");
            }
        }
        let mut piece = [0; 4096];
        let mut left = self.content + self.padding;
        while left > 0 {
            let now = piece.len().min(usize::try_from(left).unwrap_or(piece.len()));
            self.exact(&mut piece[..now], "it ends within a file's content")?;
            left -= now as u64;
        }
        (self.content, self.padding) = (0, 0);
        Ok(())
    }

    /// Reads the stream to its end: what follows the last entry also counts for the digest.
    pub(in crate::layer) fn finish(&mut self) -> Result<(), Error> {
        loop {
            let Some(length) = Some(self.fill()?.len()).filter(|&length| length > 0) else { return Ok(()) };
            if self.recorder.is_some() {
                let bytes = self.fill()?.to_vec();
                if let Some(recorder) = &mut self.recorder {
                    recorder.raw(&bytes)?;
                }
            }
            self.advance(length)?;
        }
    }
}

const fn damaged(offset: u64, reason: &'static str) -> Error {
    Error::Tar { offset, reason }
}

fn unreadable(at: u64, source: io::Error) -> Error {
    Error::Io { action: "read the layer's tar at", path: format!("byte {at}"), source }
}
