//! PAX records that somebody else wrote.

use super::parse::id;
use super::segment::Segment;
use crate::layer::entry::Mtime;
use crate::layer::xattr::{self, PAX_PREFIX};

/// What a PAX header says of the next entry. What it says wins over the ustar header.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) mtime: Option<Mtime>,
    /// The kept ones, by name; the last of a name counts.
    pub(super) xattrs: std::collections::BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) sparse: SparseRecords,
}

/// The records of GNU tar's PAX forms of sparse files, versions 0.0, 0.1 and 1.0.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct SparseRecords {
    pub(super) name: Option<Vec<u8>>,
    pub(super) real_size: Option<u64>,
    pub(super) version: Option<(u64, u64)>,
    pub(super) map: Option<Vec<Segment>>,
    /// Version 0.0 gives each segment in two records; this is the first.
    offset: Option<u64>,
}

const BAD: &str = "a PAX header is malformed";

/// Reads a whole PAX header. Unknown keys say nothing.
pub(super) fn parse(mut rest: &[u8], most_segments: usize) -> Result<Pax, &'static str> {
    let mut pax = Pax::default();
    while !rest.is_empty() {
        let (key, value, after) = next_record(rest)?;
        pax.take(key, value, most_segments)?;
        rest = after;
    }
    Ok(pax)
}

/// Key and value of a record, and what follows it.
type Record<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// The record that `rest` begins with.
pub(in crate::layer) fn next_record(rest: &[u8]) -> Result<Record<'_>, &'static str> {
    let blank = rest.iter().position(|&byte| byte == b' ').ok_or(BAD)?;
    let length = decimal(&rest[..blank]).and_then(|length| usize::try_from(length).ok()).ok_or(BAD)?;
    let record = rest.get(blank + 1..length).ok_or(BAD)?;
    let record = record.strip_suffix(b"\n").ok_or(BAD)?;
    let equals = record.iter().position(|&byte| byte == b'=').ok_or(BAD)?;
    let (key, value) = (&record[..equals], &record[equals + 1..]);
    if key.is_empty() || key.contains(&0) { Err(BAD) } else { Ok((key, value, &rest[length..])) }
}

impl Pax {
    /// An empty value takes back what an earlier record said.
    fn take(&mut self, key: &[u8], value: &[u8], most_segments: usize) -> Result<(), &'static str> {
        let number = || decimal(value).ok_or("a PAX record is not a number");
        let owner = || {
            let id = std::str::from_utf8(value).ok().and_then(|text| id(text.parse().ok()?));
            id.ok_or("a PAX record is not an owner's number")
        };
        let path = || {
            if value.contains(&0) { Err("a PAX path holds a NUL") } else { Ok(value.to_vec()) }
        };
        let sparse = &mut self.sparse;
        match key {
            b"path" => self.path = given(value, path)?,
            b"linkpath" => self.link = given(value, path)?,
            b"size" => self.size = given(value, number)?,
            b"uid" => self.uid = given(value, owner)?,
            b"gid" => self.gid = given(value, owner)?,
            b"mtime" => self.mtime = given(value, || time(value).ok_or("a PAX time is not a number"))?,
            b"GNU.sparse.name" => sparse.name = given(value, path)?,
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => sparse.real_size = given(value, number)?,
            b"GNU.sparse.major" => sparse.version = Some((number()?, sparse.version.map_or(0, |it| it.1))),
            b"GNU.sparse.minor" => sparse.version = Some((sparse.version.map_or(0, |it| it.0), number()?)),
            b"GNU.sparse.numblocks" => {
                sparse.map.get_or_insert_default();
            }
            b"GNU.sparse.offset" => sparse.offset = Some(number()?),
            b"GNU.sparse.numbytes" => {
                let offset = sparse.offset.take().ok_or("a sparse file's map is malformed")?;
                push(
                    sparse.map.get_or_insert_default(),
                    Segment { offset, length: number()? },
                    most_segments,
                )?;
            }
            b"GNU.sparse.map" => {
                let mut map = Vec::new();
                let mut numbers = value.split(|&byte| byte == b',').map(decimal);
                while let Some(offset) = numbers.next() {
                    let pair = offset.zip(numbers.next().flatten());
                    let (offset, length) = pair.ok_or("a sparse file's map is malformed")?;
                    push(&mut map, Segment { offset, length }, most_segments)?;
                }
                sparse.map = Some(map);
            }
            key => {
                if let Some(name) = key.strip_prefix(PAX_PREFIX).filter(|name| xattr::is_kept(name)) {
                    self.xattrs.insert(name.to_vec(), xattr::portable(name, value.to_vec()));
                }
            }
        }
        Ok(())
    }
}

fn given<T>(value: &[u8], read: impl FnOnce() -> Result<T, &'static str>) -> Result<Option<T>, &'static str> {
    if value.is_empty() { Ok(None) } else { read().map(Some) }
}

/// The name in the error is the one of the limit.
pub(super) const TOO_MANY_SEGMENTS: &str = "sparse_segments";

fn push(map: &mut Vec<Segment>, segment: Segment, most: usize) -> Result<(), &'static str> {
    if map.len() >= most {
        return Err(TOO_MANY_SEGMENTS);
    }
    map.push(segment);
    Ok(())
}

/// Digits and nothing else.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    if !text.first()?.is_ascii_digit() {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Seconds with a fraction, possibly negative: `-1.5` is half a second after -2.
fn time(text: &[u8]) -> Option<Mtime> {
    let text = std::str::from_utf8(text).ok()?;
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let secs = i64::try_from(decimal(whole.as_bytes())?).ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = nanos.fold(0_u32, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    Some(match (negative, nanos) {
        (false, _) => Mtime { secs, nanos },
        (true, 0) => Mtime { secs: -secs, nanos },
        (true, _) => Mtime { secs: -secs - 1, nanos: 1_000_000_000 - nanos },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times() {
        for (text, secs, nanos) in [
            ("0", 0, 0),
            ("1.5", 1, 500_000_000),
            ("-1.5", -2, 500_000_000),
            ("-3", -3, 0),
            ("7.1234567899", 7, 123_456_789),
            ("7.", 7, 0),
        ] {
            assert_eq!(time(text.as_bytes()), Some(Mtime { secs, nanos }), "{text}");
        }
        for text in ["", "-", "x", "1.x", "+1", "1e3", "99999999999999999999"] {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn malformed_records_are_refused() {
        for text in [
            &b"5 a=b"[..],
            b"6 a=b\n7",
            b"x a=b\n",
            b"-1 a=b\n",
            b"99 a=b\n",
            b"0 a=b\n",
            b"2 a=b\n",
            b"5 ab\n",
            b"5 =b\n",
            b"18446744073709551616 a=b\n",
            b"9 path=\0\n\n",
            b"9 size=x\n",
            b"10 size=-1\n",
            b"9 path=a\0\n",
        ] {
            assert!(parse(text, 10).is_err(), "{:?}", String::from_utf8_lossy(text));
        }
        assert_eq!(parse(b"6 a=b\n", 10), Ok(Pax::default()));
        assert_eq!(parse(b"10 path=a\n8 path=\n", 10).unwrap().path, None);
    }
}
