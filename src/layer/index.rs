//! The file index of a layer: its entries on disk, read in place.
//!
//! ```text
//! "PLYINDEX" · version u32 · reserved u32 · count u64 · file bytes u64 · file count u64 · heap bytes u64
//! count records of 56 bytes, sorted by path
//! heap: per record path, link, packed attributes, and where flagged device numbers and digest
//! ```
//! Numbers are little-endian. Opening costs a constant; looking up costs a binary search.

use std::io::{BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::entry::{Entry, EntryRef, Kind, Mtime, Xattrs};
use super::error::Error;
use crate::sys::file;

const MAGIC: &[u8; 8] = b"PLYINDEX";
const VERSION: u32 = 1;
const HEADER: usize = 48;
const RECORD: usize = 56;

const OPAQUE: u8 = 1;
const HAS_DEVICE: u8 = 2;
const HAS_DIGEST: u8 = 4;

/// Of what is written at once.
const BUFFER: usize = 128 * 1024;

/// What an index was made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    entries: u64,
    /// See [`Index::file_bytes`].
    pub(super) file_bytes: u64,
    /// See [`Index::file_count`].
    pub(super) file_count: u64,
}

/// The entries of one layer, sorted by path bytes, mapped from a file.
#[derive(Debug)]
pub struct Index {
    map: memmap2::Mmap,
    count: usize,
    file_bytes: u64,
    file_count: u64,
}

impl Index {
    /// Writes `entries`, which must be sorted by path without duplicates, to a new file at `path`.
    ///
    /// # Errors
    /// [`Error::Order`]; [`Error::Io`].
    pub fn write(entries: &[Entry], path: &Path) -> Result<(), Error> {
        Self::write_each(entries.iter().map(Entry::as_ref), path).map(drop)
    }

    /// The same of entries that are looked at one by one, twice.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(super) fn write_each<'a>(
        entries: impl Iterator<Item = EntryRef<'a>> + Clone,
        path: &Path,
    ) -> Result<Counted, Error> {
        let host = |source| Error::host("write", path, source);
        let mut out =
            std::fs::File::create(path).map(|file| BufWriter::with_capacity(BUFFER, file)).map_err(host)?;
        // Its numbers are known at the end.
        out.write_all(&[0; HEADER]).map_err(host)?;
        let mut counted = Counted::default();
        let (mut piece, mut heap) = (Vec::with_capacity(256), 0);
        let mut last: Option<&[u8]> = None;
        for entry in entries.clone() {
            if last.is_some_and(|last| last >= entry.path) {
                return Err(Error::Order { path: super::error::shown(entry.path) });
            }
            last = Some(entry.path);
            piece.clear();
            heap += record(&entry, heap, &mut piece);
            out.write_all(&piece).map_err(host)?;
            counted.entries += 1;
            counted.file_count += u64::from(entry.kind != Kind::Whiteout);
            let bytes = if entry.kind == Kind::File { entry.size } else { 0 };
            counted.file_bytes = counted.file_bytes.saturating_add(bytes);
        }
        for entry in entries {
            piece.clear();
            parts(&entry, &mut piece);
            out.write_all(&piece).map_err(host)?;
        }
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&[0; 4]);
        for number in [counted.entries, counted.file_bytes, counted.file_count, heap] {
            header.extend_from_slice(&number.to_le_bytes());
        }
        out.flush().and_then(|()| out.get_ref().write_all_at(&header, 0)).map_err(host)?;
        Ok(counted)
    }

    /// Opens the index at `path`, which must not be written any more.
    ///
    /// # Errors
    /// [`Error::Damaged`] for what is not an index of this version; [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let host = |source| Error::host("open", path, source);
        let damaged = |reason| Error::Damaged { path: path.display().to_string(), reason };
        let opened = std::fs::File::open(path).map_err(host)?;
        if opened.metadata().map_err(host)?.len() < HEADER as u64 {
            return Err(damaged("it is shorter than a file index"));
        }
        let map = file::map(&opened).map_err(host)?;
        if !map.starts_with(MAGIC) {
            return Err(damaged("it is not a file index"));
        }
        if map.get(8..12) != Some(&VERSION.to_le_bytes()[..]) {
            return Err(damaged("it is a file index of another version"));
        }
        let (count, heap) = (u64_at(&map, 16), u64_at(&map, 40));
        let expected = count
            .checked_mul(RECORD as u64)
            .and_then(|records| records.checked_add(heap)?.checked_add(HEADER as u64));
        let count = usize::try_from(count).map_err(|_| damaged("it is too large for this machine"))?;
        if expected != Some(map.len() as u64) {
            return Err(damaged("it is cut off"));
        }
        let (file_bytes, file_count) = (u64_at(&map, 24), u64_at(&map, 32));
        Ok(Self { count, file_bytes, file_count, map })
    }

    /// How many entries there are, whiteouts included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of all regular files, hard links once.
    #[must_use]
    pub const fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// How many entries are not whiteouts.
    #[must_use]
    pub const fn file_count(&self) -> u64 {
        self.file_count
    }

    /// The entry at a position in path order.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<EntryRef<'_>> {
        if position >= self.count {
            return None;
        }
        let start = HEADER + position * RECORD;
        let record = self.map.get(start..start + RECORD)?;
        let heap = self.map.get(HEADER + self.count * RECORD..)?;
        Some(read(record, heap))
    }

    /// All entries in path order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = EntryRef<'_>> + DoubleEndedIterator + Clone {
        // `at` answers for every position below `count`, which the length check at opening covers.
        (0..self.count).map(|position| self.at(position).unwrap_or_else(nothing))
    }

    /// The entry at exactly `path`.
    #[must_use]
    pub fn get(&self, path: &[u8]) -> Option<EntryRef<'_>> {
        self.at(self.first_not_below(path)).filter(|entry| entry.path == path)
    }

    /// What is directly in the directory `dir`, in path order. Costs one binary search for each
    /// subdirectory, not a look at what is in it.
    pub fn children<'a>(&'a self, dir: &'a [u8]) -> impl Iterator<Item = EntryRef<'a>> {
        self.children_beginning(dir, b"")
    }

    /// Those of [`Self::children`] whose names begin with `begin`; nothing is spent on the others.
    pub fn children_beginning<'a>(
        &'a self,
        dir: &[u8],
        begin: &[u8],
    ) -> impl Iterator<Item = EntryRef<'a>> + use<'a> {
        let mut lead = dir.to_vec();
        if !dir.is_empty() {
            lead.push(b'/');
        }
        let names = lead.len();
        lead.extend_from_slice(begin);
        let mut position = self.first_not_below(&lead);
        // The root's own entry is in no directory.
        if lead.is_empty() && self.at(0).is_some_and(|entry| entry.path.is_empty()) {
            position = 1;
        }
        std::iter::from_fn(move || {
            loop {
                let entry = self.at(position).filter(|entry| entry.path.starts_with(&lead))?;
                let Some(slash) = entry.path.get(names..)?.iter().position(|&byte| byte == b'/') else {
                    position += 1;
                    return Some(entry);
                };
                // Inside a subdirectory: on to the first path after `SUB/…`, which is at or after `SUB0`.
                let mut next = entry.path[..names + slash].to_vec();
                next.push(b'/' + 1);
                position = self.first_not_below(&next).max(position + 1);
            }
        })
    }

    fn first_not_below(&self, path: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at(middle).is_some_and(|entry| entry.path < path) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// Appends the record of `entry`, whose parts begin at `start` in the heap; how many bytes they are.
fn record(entry: &EntryRef<'_>, start: u64, into: &mut Vec<u8>) -> u64 {
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let packed = entry.xattrs.packed_len();
    let mut size = entry.path.len() + entry.link.len() + packed;
    let mut flags = if entry.opaque { OPAQUE } else { 0 };
    if entry.device != (0, 0) {
        flags |= HAS_DEVICE;
        size += 8;
    }
    if entry.digest.is_some() {
        flags |= HAS_DIGEST;
        size += 32;
    }
    let mode = u16::try_from(entry.mode & 0o7777).unwrap_or(0).to_le_bytes();
    into.extend_from_slice(&start.to_le_bytes());
    into.extend_from_slice(&length(entry.path.len()));
    into.extend_from_slice(&length(entry.link.len()));
    into.extend_from_slice(&length(packed));
    into.extend_from_slice(&[entry.kind.number(), flags, mode[0], mode[1]]);
    into.extend_from_slice(&entry.uid.to_le_bytes());
    into.extend_from_slice(&entry.gid.to_le_bytes());
    into.extend_from_slice(&entry.size.to_le_bytes());
    into.extend_from_slice(&entry.mtime.secs.to_le_bytes());
    into.extend_from_slice(&entry.mtime.nanos.to_le_bytes());
    into.extend_from_slice(&[0; 4]);
    size as u64
}

/// Appends what of `entry` is in the heap.
fn parts(entry: &EntryRef<'_>, into: &mut Vec<u8>) {
    into.extend_from_slice(entry.path);
    into.extend_from_slice(entry.link);
    entry.xattrs.pack(into);
    if entry.device != (0, 0) {
        into.extend_from_slice(&entry.device.0.to_le_bytes());
        into.extend_from_slice(&entry.device.1.to_le_bytes());
    }
    if let Some(digest) = &entry.digest {
        into.extend_from_slice(digest);
    }
}

/// A damaged record reads as empty parts, never as a panic; `fsck` compares indexes with trees.
fn read<'a>(record: &[u8], heap: &'a [u8]) -> EntryRef<'a> {
    let mut rest = usize::try_from(u64_at(record, 0)).ok().and_then(|start| heap.get(start..)).unwrap_or(&[]);
    let mut take = |length: usize| {
        let (part, after) = rest.split_at_checked(length).unwrap_or((&[], &[]));
        rest = after;
        part
    };
    let path = take(u32_at(record, 8) as usize);
    let link = take(u32_at(record, 12) as usize);
    let xattrs = Xattrs::packed(take(u32_at(record, 16) as usize));
    let flags = record[21];
    let numbers = if flags & HAS_DEVICE == 0 { &[][..] } else { take(8) };
    let digest = if flags & HAS_DIGEST == 0 { None } else { take(32).try_into().ok() };
    EntryRef {
        path,
        kind: Kind::of_number(record[20]).unwrap_or(Kind::File),
        opaque: flags & OPAQUE != 0,
        mode: u32::from(u16::from_le_bytes([record[22], record[23]])),
        uid: u32_at(record, 24),
        gid: u32_at(record, 28),
        size: u64_at(record, 32),
        mtime: Mtime { secs: u64_at(record, 40).cast_signed(), nanos: u32_at(record, 48) },
        link,
        device: (u32_at(numbers, 0), u32_at(numbers, 4)),
        xattrs,
        digest,
    }
}

fn nothing<'a>() -> EntryRef<'a> {
    read(&[0; RECORD], &[])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn entry(path: &str, kind: Kind) -> Entry {
        Entry { mode: 0o4755, uid: 3, gid: 70_000, ..Entry::new(path.as_bytes().to_vec(), kind) }
    }

    fn sample() -> Vec<Entry> {
        vec![
            Entry { opaque: true, ..entry("", Kind::Dir) },
            entry("a", Kind::Dir),
            Entry { size: 5, digest: Some([9; 32]), ..entry("a-b", Kind::File) },
            Entry {
                size: u64::MAX >> 20,
                xattrs: vec![(b"user.a".to_vec(), vec![0, 1]), (b"user.b".to_vec(), Vec::new())],
                mtime: Mtime { secs: -5, nanos: 999_999_999 },
                ..entry("a/b", Kind::File)
            },
            entry("a/b-c", Kind::Dir),
            entry("a/b-c/x", Kind::Dir),
            entry("a/b-c/x/y", Kind::Fifo),
            Entry { link: b"a/b".to_vec(), ..entry("a/c", Kind::Hardlink) },
            Entry { device: (8, 300), digest: Some([1; 32]), ..entry("a/d", Kind::BlockDevice) },
            entry("a0", Kind::Whiteout),
            Entry { link: b"../x".to_vec(), ..entry("b", Kind::Symlink) },
        ]
    }

    fn names<'a>(list: impl Iterator<Item = EntryRef<'a>>) -> Vec<String> {
        list.map(|entry| String::from_utf8_lossy(entry.path).into_owned()).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("index");
        Index::write(&sample(), &path).unwrap();
        let index = Index::open(&path).unwrap();
        assert_eq!(index.iter().map(|entry| entry.to_entry()).collect::<Vec<_>>(), sample());
        assert_eq!(index.len(), 11);
        assert_eq!(index.file_count(), 10);
        assert_eq!(index.file_bytes(), (u64::MAX >> 20) + 5);
        assert_eq!(index.get(b"a/d").unwrap().device, (8, 300));
        assert!(index.get(b"a/e").is_none());
        assert_eq!(index.get(b"a/b").unwrap().xattrs.get(b"user.a"), Some(&[0, 1][..]));
    }

    #[test]
    fn children_are_direct() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("index");
        Index::write(&sample(), &path).unwrap();
        let index = Index::open(&path).unwrap();
        assert_eq!(names(index.children(b"")), ["a", "a-b", "a0", "b"]);
        assert_eq!(names(index.children(b"a")), ["a/b", "a/b-c", "a/c", "a/d"]);
        assert_eq!(names(index.children(b"a/b-c")), ["a/b-c/x"]);
        assert_eq!(names(index.children(b"a/b")), Vec::<String>::new());
        assert_eq!(names(index.children(b"zzz")), Vec::<String>::new());
        let beginning = |dir: &str, begin: &str| {
            names(index.children_beginning(dir.as_bytes(), begin.as_bytes())).join(" ")
        };
        assert_eq!(beginning("", "a"), "a a-b a0");
        assert_eq!(beginning("", "a-"), "a-b");
        assert_eq!(beginning("a", "b"), "a/b a/b-c");
        assert_eq!(beginning("a", "b-c"), "a/b-c");
        assert_eq!(beginning("a", "e"), "");
        assert_eq!(beginning("a/b-c", "x"), "a/b-c/x");
    }

    #[test]
    fn disorder_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("index");
        let list = [entry("b", Kind::File), entry("a", Kind::File)];
        assert!(matches!(Index::write(&list, &path), Err(Error::Order { .. })));
        let list = [entry("a", Kind::File), entry("a", Kind::File)];
        assert!(matches!(Index::write(&list, &path), Err(Error::Order { .. })));
    }

    #[test]
    fn a_cut_or_foreign_file_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("index");
        Index::write(&sample(), &path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 7, 40, 48, 100, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(matches!(Index::open(&path), Err(Error::Damaged { .. })), "{cut}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn damage_never_panics(at in 0_usize..1100, value: u8) {
            let place = tempfile::tempdir().unwrap();
            let path = place.path().join("index");
            Index::write(&sample(), &path).unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            let at = at % bytes.len();
            bytes[at] = value;
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(index) = Index::open(&path) {
                let _ = index.iter().map(|entry| entry.to_entry()).collect::<Vec<_>>();
                let _ = index.children(b"a").count();
                let _ = index.get(b"a/b");
            }
        }
    }
}
