//! What stands before an entry's content, as its bytes are.

use std::collections::BTreeMap;

use crate::layer::tar::{BLOCK, next_record, number, padding, text};

/// An extended header and what it carries.
#[derive(Debug)]
pub(super) struct Extension<'a> {
    pub(super) kind: u8,
    pub(super) block: &'a [u8],
    pub(super) data: &'a [u8],
}

/// The header of an entry, with the extended ones before it.
#[derive(Debug)]
pub(super) struct Heads<'a> {
    pub(super) extensions: Vec<Extension<'a>>,
    pub(super) block: &'a [u8],
    /// A sparse file's map.
    pub(super) rest: &'a [u8],
}

impl<'a> Heads<'a> {
    /// Takes apart what the reader has accepted; `None` where it is shorter than it says.
    pub(super) fn of(mut raw: &'a [u8]) -> Option<Self> {
        let mut extensions = Vec::new();
        loop {
            let (block, rest) = raw.split_at_checked(BLOCK)?;
            let kind = block[156];
            if !matches!(kind, b'g' | b'x' | b'X' | b'L' | b'K') {
                return Some(Self { extensions, block, rest });
            }
            let size = u64::try_from(number(&block[124..136])?).ok()?;
            let (data, rest) = rest.split_at_checked(usize::try_from(size).ok()?)?;
            extensions.push(Extension { kind, block, data });
            raw = rest.get(padding(size)..)?;
        }
    }

    /// Which format the entry is in.
    pub(super) fn format(&self) -> String {
        let (magic, version) = (&self.block[257..263], &self.block[263..265]);
        match (magic, version) {
            (b"ustar ", _) => "GNU".to_owned(),
            (b"ustar\0", _) if self.extensions.iter().any(|it| matches!(it.kind, b'x' | b'X')) => {
                "PAX".to_owned()
            }
            (b"ustar\0", _) if &self.block[508..512] == b"tar\0" => "star".to_owned(),
            (b"ustar\0", b"00") => "ustar".to_owned(),
            (b"ustar\0", version) => format!("ustar, version {}", shown(version)),
            (b"\0\0\0\0\0\0", _) => "v7".to_owned(),
            (magic, _) => format!("magic {}", shown(magic)),
        }
    }

    /// The records of the PAX headers of a kind; the last of a key counts.
    pub(super) fn records(&self, global: bool) -> BTreeMap<&'a [u8], &'a [u8]> {
        let mut found = BTreeMap::new();
        for extension in self.extensions.iter().filter(|it| is_pax(it.kind, global)) {
            let mut rest = extension.data;
            while let Ok((key, value, after)) = next_record(rest) {
                found.insert(key, value);
                rest = after;
            }
        }
        found
    }

    /// Their keys as they come.
    pub(super) fn keys(&self) -> Vec<&'a [u8]> {
        let mut keys = Vec::new();
        for extension in self.extensions.iter().filter(|it| is_pax(it.kind, false)) {
            let mut rest = extension.data;
            while let Ok((key, _, after)) = next_record(rest) {
                keys.push(key);
                rest = after;
            }
        }
        keys
    }

    /// The first extended header of a kind.
    pub(super) fn extension(&self, kind: u8) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|it| it.kind == kind)
    }

    /// A text that only the newer formats have.
    pub(super) fn name_at(&self, range: std::ops::Range<usize>) -> &'a [u8] {
        if self.is_known() { text(&self.block[range]) } else { &[] }
    }

    /// Whether there are more fields than the oldest format has.
    pub(super) fn is_known(&self) -> bool {
        self.block[257..].starts_with(b"ustar")
    }
}

const fn is_pax(kind: u8, global: bool) -> bool {
    if global { kind == b'g' } else { matches!(kind, b'x' | b'X') }
}

/// Long values are cut: they are examples.
const MOST_SHOWN: usize = 120;

/// Bytes as people read them: text as it is, but for what steers a terminal.
pub(super) fn shown(bytes: &[u8]) -> String {
    let (now, is_cut) = match bytes.get(..MOST_SHOWN) {
        Some(start) => (start, bytes.len() > MOST_SHOWN),
        None => (bytes, false),
    };
    let mut out = crate::layer::escape_path(now);
    if is_cut {
        out.push('…');
    }
    out
}
