//! The members of a tar file, found without reading their content.
//!
//! An image archive is hostile input. Where a header can be read in two ways the archive is
//! refused: two programs must never see two different images in one file (CVE-2025-62518).

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Error, Limits};
use crate::layer::FileRange;

const BLOCK: u64 = 512;

/// Bytes of one extended header. Image archives have short names.
const EXTENSION_BYTES: u64 = 1 << 20;

const NO_HEADER: &str = "it ends in the middle of a header";
const NO_SUM: &str = "a checksum is no number";
const WRONG_SUM: &str = "a header's checksum is wrong";

/// Whether an archive that fails so, right at its beginning, is none at all.
pub(super) fn is_no_tar(offset: u64, reason: &str) -> bool {
    offset == 0 && [NO_HEADER, NO_SUM, WRONG_SUM].contains(&reason)
}

/// How many links one member may lead through.
const MAX_LINKS: usize = 16;

/// A tar file whose members can be read in any order, by several threads.
#[derive(Debug)]
pub(super) struct Archive {
    file: Arc<File>,
    path: PathBuf,
    members: HashMap<String, Member>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    File {
        offset: u64,
        size: u64,
    },
    /// Another member's name.
    Link(String),
    Other,
}

/// A run of bytes in a file; reading does not move the file's own position.
#[derive(Debug, Clone)]
pub(super) struct Section {
    file: Arc<File>,
    offset: u64,
    remaining: u64,
}

impl Section {
    /// All of `file`.
    pub fn whole(file: File, size: u64) -> Self {
        Self { file: Arc::new(file), offset: 0, remaining: size }
    }

    /// The same for a file that somebody else has too.
    pub fn of(file: &File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self::whole(file.try_clone()?, size))
    }

    /// The same bytes for a reader that can pass over some.
    pub fn range(&self) -> FileRange<'_> {
        FileRange::new(&self.file, self.offset, self.remaining)
    }

    /// Bytes not read yet.
    pub const fn size(&self) -> u64 {
        self.remaining
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.file.read_at(&mut buffer[..wanted], self.offset)?;
        if count == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file became shorter while it was read",
            ));
        }
        self.offset += count as u64;
        self.remaining -= count as u64;
        Ok(count)
    }
}

impl Archive {
    /// Walks the headers of the tar `file`; `path` is for messages.
    pub fn open(file: File, path: &Path, limits: &Limits) -> Result<Self, Error> {
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let mut walk = Walk { file: &file, path, length, position: 0 };
        let mut members = HashMap::new();
        let mut extension = Extension::default();
        let (mut headers, mut name_bytes) = (0, 0_u64);
        let exceeded = |limit, allowed| Error::Limit { name: path.display().to_string(), limit, allowed };
        while let Some(header) = walk.header()? {
            headers += 1;
            if headers > limits.members {
                return Err(exceeded("members", limits.members));
            }
            let start = walk.position - BLOCK;
            let damaged = |reason| Error::Archive { path: path.to_owned(), offset: start, reason };
            match header.kind {
                b'x' => extension.read_pax(&walk.extension(header.size)?).map_err(damaged)?,
                b'L' => extension.name = Some(walk.long_name(header.size)?),
                b'K' => extension.link = Some(walk.long_name(header.size)?),
                b'g' => walk.skip(header.size)?,
                kind => {
                    let found = std::mem::take(&mut extension);
                    let size = found.size.unwrap_or(header.size);
                    let name = clean(&found.name.unwrap_or(header.name));
                    let link = found.link.unwrap_or(header.link);
                    let member = match kind {
                        b'0' | 0 | b'7' => Member::File { offset: walk.position, size },
                        b'1'..=b'6' if size != 0 => {
                            return Err(damaged("something that is no file has content"));
                        }
                        b'1' => Member::Link(clean(&link)),
                        b'2' => Member::Link(beside(&name, &link)),
                        b'S' => return Err(damaged("sparse members are not read in an image archive")),
                        _ => Member::Other,
                    };
                    walk.skip(size)?;
                    let target = if let Member::Link(target) = &member { target.len() } else { 0 };
                    name_bytes += (name.len() + target) as u64;
                    if name_bytes > limits.member_name_bytes {
                        return Err(exceeded("member_name_bytes", limits.member_name_bytes));
                    }
                    // The last of several wins, as when a tar is unpacked.
                    members.insert(name, member);
                }
            }
        }
        Ok(Self { file: Arc::new(file), path: path.to_owned(), members })
    }

    /// Where the archive is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The content of the member `name`, links followed; `None` if there is none.
    pub fn section(&self, name: &str) -> Option<Section> {
        let Member::File { offset, size } = self.members.get(&self.own_name(name)?)? else { return None };
        Some(Section { file: Arc::clone(&self.file), offset: *offset, remaining: *size })
    }

    /// The name of the file to which `name` leads, links followed; `None` if there is none.
    pub fn own_name(&self, name: &str) -> Option<String> {
        let mut name = clean(name);
        for _ in 0..MAX_LINKS {
            match self.members.get(&name)? {
                Member::File { .. } => return Some(name),
                Member::Link(target) => name.clone_from(target),
                Member::Other => return None,
            }
        }
        None
    }
}

/// A header's fields that matter here.
struct Header {
    kind: u8,
    size: u64,
    name: String,
    link: String,
}

/// What extended headers say about the member that follows them.
#[derive(Default)]
struct Extension {
    name: Option<String>,
    link: Option<String>,
    size: Option<u64>,
}

impl Extension {
    /// Source: POSIX pax, "Extended Header": lines of `LENGTH KEY=VALUE\n`.
    fn read_pax(&mut self, mut bytes: &[u8]) -> Result<(), &'static str> {
        const BROKEN: &str = "an extended header is malformed";
        while !bytes.is_empty() {
            let space = bytes.iter().position(|byte| *byte == b' ').ok_or(BROKEN)?;
            let digits = std::str::from_utf8(&bytes[..space]).map_err(|_| BROKEN)?;
            let length: usize = digits.parse().map_err(|_| BROKEN)?;
            if length <= space + 1 || length > bytes.len() {
                return Err(BROKEN);
            }
            let line = bytes[space + 1..length].strip_suffix(b"\n").ok_or(BROKEN)?;
            bytes = &bytes[length..];
            let equals = line.iter().position(|byte| *byte == b'=').ok_or(BROKEN)?;
            let value = || String::from_utf8_lossy(&line[equals + 1..]).into_owned();
            match &line[..equals] {
                b"path" => self.name = Some(value()),
                b"linkpath" => self.link = Some(value()),
                b"size" => self.size = Some(value().parse().map_err(|_| BROKEN)?),
                key if key.starts_with(b"GNU.sparse.") => {
                    return Err("sparse members are not read in an image archive");
                }
                _ => {}
            }
        }
        Ok(())
    }
}

struct Walk<'a> {
    file: &'a File,
    path: &'a Path,
    length: u64,
    position: u64,
}

impl Walk<'_> {
    fn damaged(&self, reason: &'static str) -> Error {
        Error::Archive { path: self.path.to_owned(), offset: self.position, reason }
    }

    /// The next header; `None` at the end, which is a block of zeros.
    fn header(&mut self) -> Result<Option<Header>, Error> {
        if self.position == self.length && self.position > 0 {
            return Ok(None); // Without the two blocks of zeros: some programs leave them out.
        }
        let mut block = [0; BLOCK as usize];
        if self.length - self.position < BLOCK {
            return Err(self.damaged(NO_HEADER));
        }
        self.file.read_exact_at(&mut block, self.position).map_err(Error::io("read", self.path))?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum = number(&block[148..156]).ok_or_else(|| self.damaged(NO_SUM))?;
        let counted = block.iter().enumerate();
        let found: u64 =
            counted.map(|(at, byte)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte })).sum();
        if sum != found {
            return Err(self.damaged(WRONG_SUM));
        }
        let size = number(&block[124..136]).ok_or_else(|| self.damaged("a size is no number"))?;
        let mut name = field(&block[..100]);
        // Only POSIX headers have a prefix; in GNU's the place means something else.
        if &block[257..263] == b"ustar\0" && block[345] != 0 {
            name = format!("{}/{name}", field(&block[345..500]));
        }
        self.position += BLOCK;
        Ok(Some(Header { kind: block[156], size, name, link: field(&block[157..257]) }))
    }

    /// Moves over content and padding.
    fn skip(&mut self, size: u64) -> Result<(), Error> {
        let end = size.checked_next_multiple_of(BLOCK).and_then(|padded| self.position.checked_add(padded));
        let exact = self.position.checked_add(size);
        match (end, exact) {
            // The last member's padding may be missing, its content not.
            (Some(end), Some(exact)) if exact <= self.length => {
                self.position = end.min(self.length);
                Ok(())
            }
            _ => Err(self.damaged("it ends in the middle of a member")),
        }
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Error> {
        if size > EXTENSION_BYTES {
            return Err(self.damaged("an extended header is too long"));
        }
        let start = self.position;
        self.skip(size)?;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, start).map_err(Error::io("read", self.path))?;
        Ok(bytes)
    }

    fn long_name(&mut self, size: u64) -> Result<String, Error> {
        Ok(field(&self.extension(size)?))
    }
}

/// Octal digits between blanks and zeros, or GNU's binary form.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        let start = u64::from(first & 0x7f);
        // 0xff begins a negative number: of no use as a size.
        return rest
            .iter()
            .try_fold(start, |value, byte| value.checked_mul(256)?.checked_add(u64::from(*byte)));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn field(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// A name without `.` and empty parts; `..` goes up, but not beyond the archive.
fn clean(name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A symbolic link's target as a member's name.
fn beside(name: &str, target: &str) -> String {
    match name.rsplit_once('/') {
        Some((directory, _)) if !target.starts_with('/') => clean(&format!("{directory}/{target}")),
        _ => clean(target),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn archive(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        build(&mut builder);
        builder.into_inner().unwrap()
    }

    fn open(bytes: &[u8]) -> Result<Archive, Error> {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, bytes).unwrap();
        Archive::open(file, Path::new("x.tar"), &Limits::default())
    }

    fn add(builder: &mut tar::Builder<Vec<u8>>, name: &str, content: &[u8]) {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, content).unwrap();
    }

    fn link(builder: &mut tar::Builder<Vec<u8>>, name: &str, target: &str, kind: tar::EntryType) {
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.set_entry_type(kind);
        builder.append_link(&mut header, name, target).unwrap();
    }

    fn read(archive: &Archive, name: &str) -> Option<String> {
        let mut text = String::new();
        archive.section(name)?.read_to_string(&mut text).unwrap();
        Some(text)
    }

    #[test]
    fn members_by_name_and_through_links() {
        let long = format!("{}/{}", "d".repeat(120), "n".repeat(200));
        let bytes = archive(|builder| {
            add(builder, "a/layer.tar", b"first");
            add(builder, "a/layer.tar", b"content");
            link(builder, "b/layer.tar", "../a/layer.tar", tar::EntryType::Symlink);
            link(builder, "c", "a/layer.tar", tar::EntryType::Link);
            link(builder, "loop", "loop", tar::EntryType::Symlink);
            link(builder, "out", "../../../etc/passwd", tar::EntryType::Symlink);
            add(builder, &long, b"long");
        });
        let archive = open(&bytes).unwrap();
        for name in ["a/layer.tar", "./a/layer.tar", "b/layer.tar", "c"] {
            assert_eq!(read(&archive, name).unwrap(), "content", "{name}");
        }
        assert_eq!(read(&archive, &long).unwrap(), "long");
        assert!(archive.section("loop").is_none() && archive.section("out").is_none());
    }

    #[test]
    fn damage_is_found() {
        let bytes = archive(|builder| add(builder, "a", &[7; 1000]));
        assert!(open(&bytes[..100]).is_err());
        assert!(open(&bytes[..900]).unwrap_err().to_string().contains("in the middle of a member"));
        let mut wrong = bytes.clone();
        wrong[0] ^= 1;
        assert!(open(&wrong).unwrap_err().to_string().contains("checksum"));
        assert!(open(b"").is_err());
    }

    #[test]
    fn the_pax_size_counts() {
        // The header says 0, the extended header 4: content must not be read as headers.
        let mut bytes = archive(|builder| {
            builder.append_pax_extensions([("size", &b"4"[..])]).unwrap();
        });
        bytes.truncate(bytes.len() - 1024);
        let mut header = tar::Header::new_ustar();
        header.set_path("a").unwrap();
        header.set_size(0);
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(b"four");
        bytes.resize(bytes.len() + 508 + 1024, 0);
        assert_eq!(read(&open(&bytes).unwrap(), "a").unwrap(), "four");
    }

    #[test]
    fn absurd_numbers() {
        assert_eq!(number(b"00000000017\0"), Some(15));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]), Some(256));
        assert_eq!(number(&[0xff; 12]), None);
        assert_eq!(number(b"9"), None);
        let mut header = tar::Header::new_ustar();
        header.set_path("a").unwrap();
        header.set_size(u64::from(u32::MAX));
        header.set_cksum();
        assert!(open(header.as_bytes()).is_err());
    }
}
