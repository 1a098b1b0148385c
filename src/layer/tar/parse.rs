//! One header block that somebody else wrote.

use super::BLOCK;

/// What a header says, before PAX and GNU extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mtime: i64,
    pub(super) device: (u32, u32),
}

/// Reads a header as Go's `archive/tar` does: V7, ustar, star and GNU forms; numbers in octal or
/// base 256; the checksum by unsigned or signed bytes.
pub(super) fn parse(block: &[u8; BLOCK]) -> Result<Header, &'static str> {
    let told = number(&block[148..156]).ok_or("a header's checksum is not a number")?;
    // All bytes, with those of the checksum itself taken as blanks. Few old writers summed signed bytes.
    let sum = |of: fn(&[u8]) -> i64| of(block) - of(&block[148..156]) + 8 * i64::from(b' ');
    if told != sum(unsigned) && told != sum(signed) {
        return Err("a header's checksum is wrong");
    }
    let field = |range: std::ops::Range<usize>| number(&block[range]);
    let size =
        field(124..136).and_then(|size| u64::try_from(size).ok()).ok_or("a header's size is not a number")?;
    let mut name = text(&block[..100]).to_vec();
    let is_ustar = &block[257..263] == b"ustar\0";
    let is_known = is_ustar || &block[257..265] == b"ustar  \0";
    if is_ustar {
        let end = if &block[508..512] == b"tar\0" { 476 } else { 500 };
        let prefix = text(&block[345..end]);
        if !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
    }
    let kind = block[156];
    let mut device = (0, 0);
    if is_known && matches!(kind, b'3' | b'4') {
        let half = |range| field(range).and_then(|number| u32::try_from(number).ok());
        device = half(329..337).zip(half(337..345)).ok_or("a header's device is not a number")?;
    }
    Ok(Header {
        kind,
        name,
        link: text(&block[157..257]).to_vec(),
        size,
        mode: field(100..108).map(|mode| (mode & 0o7777) as u32).ok_or("a header's mode is not a number")?,
        uid: field(108..116).and_then(id).ok_or("a header's owner is not a number")?,
        gid: field(116..124).and_then(id).ok_or("a header's group is not a number")?,
        mtime: field(136..148).ok_or("a header's time is not a number")?,
        device,
    })
}

fn unsigned(bytes: &[u8]) -> i64 {
    let (words, rest) = bytes.as_chunks::<8>();
    // Bytes two by two in the four lanes of a word: a block's 64 words fit.
    let lanes = words.iter().fold(0_u64, |lanes, word| {
        let word = u64::from_le_bytes(*word);
        lanes + (word & 0x00ff_00ff_00ff_00ff) + (word >> 8 & 0x00ff_00ff_00ff_00ff)
    });
    let words: u64 = (0..4).map(|lane| lanes >> (16 * lane) & 0xffff).sum();
    words.cast_signed() + rest.iter().map(|&byte| i64::from(byte)).sum::<i64>()
}

fn signed(bytes: &[u8]) -> i64 {
    bytes.iter().map(|&byte| i32::from(byte.cast_signed())).sum::<i32>().into()
}

/// Some writers give -1 or -2 for "nobody".
pub(super) fn id(number: i64) -> Option<u32> {
    u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

/// A field up to its first NUL.
pub(in crate::layer) fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or(field)
}

/// Octal digits among blanks and NULs, or base 256 where the first bit is set; empty is 0.
pub(in crate::layer) fn number(field: &[u8]) -> Option<i64> {
    let (&first, rest) = field.split_first()?;
    // Nearly always: digits, then nothing more. Twelve of them are 36 bits.
    let digits = field.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    if (1..=12).contains(&digits) && field[digits..].iter().all(blank_byte) {
        return Some(field[..digits].iter().fold(0, |value, digit| value << 3 | i64::from(digit - b'0')));
    }
    if first & 0x80 != 0 {
        // Two's complement, whose sign is the second bit.
        let negative = first & 0x40 != 0;
        let mut value: i64 = if negative { i64::from(first | 0x80) - 256 } else { i64::from(first & 0x7f) };
        for &byte in rest {
            value = value.checked_mul(256)?.checked_add(byte.into())?;
        }
        return Some(value);
    }
    let blank = |byte: &u8| matches!(byte, b' ' | 0);
    let from = field.iter().position(|byte| !blank(byte)).unwrap_or(field.len());
    let digits = field[from..].split(blank_byte).next()?;
    // What follows the digits may only be blank.
    if !field[from + digits.len()..].iter().all(blank) {
        return None;
    }
    digits.iter().try_fold(0_i64, |value, &digit| {
        matches!(digit, b'0'..=b'7').then(|| value.checked_mul(8)?.checked_add((digit - b'0').into()))?
    })
}

const fn blank_byte(byte: &u8) -> bool {
    matches!(byte, b' ' | 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"77777777", Some(0o77_777_777)),
            (b"12x\0", None),
            (b"8\0", None),
            (b"-1\0", None),
            (b"1 2\0", None),
            (b"\x80\0\0\0\0\0\0\x01\0\0\0\0", Some(1 << 32)),
            (b"\xff\xff\xff\xff", Some(-1)),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ] {
            assert_eq!(number(field), value, "{field:?}");
        }
    }

    #[test]
    fn nobody() {
        assert_eq!(id(-2), Some(u32::MAX - 1));
        assert_eq!(id(1 << 32), None);
        assert_eq!(id(i64::MIN), None);
    }
}
