//! Composing one entry's header blocks.

use super::{BLOCK, padding};
use crate::layer::entry::{EntryRef, Kind, Mtime};
use crate::layer::xattr::PAX_PREFIX;

/// The name of every PAX header; no reader shows it, so it need not differ.
const PAX_NAME: &[u8] = b"././@PaxHeader";
const NAME: usize = 100;
const PREFIX: usize = 155;
/// Octal digits and the terminator in the short fields and in the long ones.
const SHORT_MAX: u64 = 0o7_777_777;
const LONG_MAX: u64 = 0o77_777_777_777;

/// What goes into one ustar header; names may be too long for it.
struct Fields<'a> {
    name: &'a [u8],
    mode: u32,
    uid: u64,
    gid: u64,
    size: u64,
    mtime: i64,
    kind: u8,
    link: &'a [u8],
    device: Option<(u32, u32)>,
}

/// Appends the header of `entry` to `out`, with a PAX header before it where ustar does not suffice.
pub(super) fn compose(entry: &EntryRef<'_>, mtime: Mtime, out: &mut Vec<u8>) {
    let mut name = Vec::with_capacity(entry.path.len() + 5);
    name.extend_from_slice(entry.path);
    let (kind, device) = match entry.kind {
        Kind::File => (b'0', None),
        Kind::Hardlink => (b'1', None),
        Kind::Symlink => (b'2', None),
        Kind::CharDevice => (b'3', Some(entry.device)),
        Kind::BlockDevice => (b'4', Some(entry.device)),
        Kind::Dir => {
            name.push(b'/');
            (b'5', None)
        }
        Kind::Fifo => (b'6', None),
        Kind::Whiteout => return whiteout(entry.path, out),
        // Tar has no sockets; `scan` leaves them out.
        Kind::Socket => return,
    };
    let link = if matches!(kind, b'1' | b'2') { entry.link } else { &[] };
    let size = if entry.kind == Kind::File { entry.size } else { 0 };
    let mut pax = Vec::new();
    if entry.kind != Kind::Hardlink {
        for (attribute, value) in entry.xattrs.iter() {
            record(&mut pax, &[PAX_PREFIX, attribute].concat(), value);
        }
    }
    let mut number = |key: &[u8], value: u64, most: u64| {
        if value <= most {
            return value;
        }
        record(&mut pax, key, value.to_string().as_bytes());
        0
    };
    // Keys in byte order, as everything canonical: SCHILY… above, then gid, linkpath, mtime, path, size, uid.
    let gid = number(b"gid", entry.gid.into(), SHORT_MAX);
    if link.len() > NAME {
        record(&mut pax, b"linkpath", link);
    }
    let mut secs = mtime.secs;
    if !u64::try_from(secs).is_ok_and(|secs| secs <= LONG_MAX) {
        record(&mut pax, b"mtime", secs.to_string().as_bytes());
        secs = 0;
    }
    if split(&name).is_none() {
        record(&mut pax, b"path", &name);
    }
    let mut number = |key: &[u8], value: u64, most: u64| {
        if value <= most {
            return value;
        }
        record(&mut pax, key, value.to_string().as_bytes());
        0
    };
    let short_size = number(b"size", size, LONG_MAX);
    let uid = number(b"uid", entry.uid.into(), SHORT_MAX);
    if !pax.is_empty() {
        let fields = Fields {
            name: PAX_NAME,
            mode: 0o644,
            uid: 0,
            gid: 0,
            size: pax.len() as u64,
            mtime: 0,
            kind: b'x',
            link: &[],
            device: None,
        };
        block(&fields, out);
        out.extend_from_slice(&pax);
        out.resize(out.len() + padding(pax.len() as u64), 0);
    }
    let fields =
        Fields { name: &name, mode: entry.mode, uid, gid, size: short_size, mtime: secs, kind, link, device };
    block(&fields, out);
}

/// The mark of a deletion. Nothing in it depends on when or by whom the file was deleted.
fn whiteout(path: &[u8], out: &mut Vec<u8>) {
    let (dir, name) = crate::layer::entry::split_path(path);
    let mut marked = dir.to_vec();
    if !marked.is_empty() {
        marked.push(b'/');
    }
    marked.extend_from_slice(b".wh.");
    marked.extend_from_slice(name);
    mark(&marked, out);
}

/// The mark of an opaque directory, to follow the directory's own header.
pub(super) fn opaque(dir: &[u8], out: &mut Vec<u8>) {
    let mut marked = dir.to_vec();
    if !marked.is_empty() {
        marked.push(b'/');
    }
    marked.extend_from_slice(b".wh..wh..opq");
    mark(&marked, out);
}

fn mark(path: &[u8], out: &mut Vec<u8>) {
    let entry = crate::layer::entry::Entry {
        mode: 0o600,
        ..crate::layer::entry::Entry::new(path.to_vec(), Kind::File)
    };
    compose(&entry.as_ref(), Mtime::default(), out);
}

/// One PAX record: its own length, a blank, `key=value`, a newline.
fn record(pax: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let body = key.len() + value.len() + 3;
    let mut length = body + 1;
    while length.to_string().len() + body != length {
        length = length.to_string().len() + body;
    }
    pax.extend_from_slice(length.to_string().as_bytes());
    pax.push(b' ');
    pax.extend_from_slice(key);
    pax.push(b'=');
    pax.extend_from_slice(value);
    pax.push(b'\n');
}

/// Prefix and name as ustar has them; `None` where no slash divides the path so that both fit.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= NAME {
        return Some((&[], path));
    }
    // The earliest slash that leaves a short enough name keeps the prefix shortest. A directory's
    // final slash belongs to its name.
    let from = path.len().checked_sub(NAME + 1)?;
    let at = (from..path.len() - 1).find(|&at| path[at] == b'/')?;
    (at > 0 && at <= PREFIX).then(|| (&path[..at], &path[at + 1..]))
}

fn block(fields: &Fields<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + BLOCK, 0);
    let header = &mut out[start..];
    let (prefix, name) = split(fields.name).unwrap_or((&[], fields.name));
    put(&mut header[..NAME], name);
    octal(&mut header[100..108], fields.mode.into());
    octal(&mut header[108..116], fields.uid);
    octal(&mut header[116..124], fields.gid);
    octal(&mut header[124..136], fields.size);
    octal(&mut header[136..148], u64::try_from(fields.mtime).unwrap_or(0));
    header[156] = fields.kind;
    put(&mut header[157..257], fields.link);
    header[257..265].copy_from_slice(b"ustar\x0000");
    if let Some((major, minor)) = fields.device {
        octal(&mut header[329..337], major.into());
        octal(&mut header[337..345], minor.into());
    }
    put(&mut header[345..500], prefix);
    // The sum is taken with its own field blank.
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
    octal(&mut header[148..155], sum);
}

/// What does not fit is cut: a PAX record then has the whole.
fn put(field: &mut [u8], bytes: &[u8]) {
    let length = bytes.len().min(field.len());
    field[..length].copy_from_slice(&bytes[..length]);
}

/// Digits with leading zeros up to a final NUL.
fn octal(field: &mut [u8], mut value: u64) {
    let Some((_, digits)) = field.split_last_mut() else { return };
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value & 7) as u8;
        value >>= 3;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_where_both_halves_fit() {
        let name = [b'n'; 100];
        let dir = [b'd'; 155];
        assert_eq!(split(&name), Some((&b""[..], &name[..])));
        let path = [&dir[..], b"/", &name].concat();
        assert_eq!(split(&path), Some((&dir[..], &name[..])));
        assert_eq!(split(&[&dir[..], b"d/", &name].concat()), None);
        assert_eq!(split(&[&dir[..], b"/n", &name].concat()), None);
        assert_eq!(split(&[b'n'; 101]), None);
        let dir_path = [&[b'n'; 100][..], b"/"].concat();
        assert_eq!(split(&dir_path), None, "the final slash cannot be the division");
        let absolute = [b"/", &[b'n'; 100][..]].concat();
        assert_eq!(split(&absolute), None, "nor the first");
    }

    #[test]
    fn a_record_counts_itself() {
        for length in 0..1200 {
            let mut pax = Vec::new();
            record(&mut pax, b"k", &vec![b'v'; length]);
            let text = String::from_utf8_lossy(&pax);
            let (number, _) = text.split_once(' ').unwrap_or_default();
            assert_eq!(number.parse(), Ok(pax.len()));
        }
    }
}
