//! Things by the beginning of their id.

/// The lowest and the highest 32 bytes whose hexadecimal digits begin with `prefix`.
///
/// `None` if it is empty, too long, or has something else than lower-case digits.
pub(super) fn range(prefix: &str) -> Option<([u8; 32], [u8; 32])> {
    if prefix.is_empty() || prefix.len() > 64 {
        return None;
    }
    let (mut low, mut high) = ([0; 32], [0xff; 32]);
    for (position, digit) in prefix.bytes().enumerate() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        let shift = if position % 2 == 0 { 4 } else { 0 };
        let mask = 0x0f_u8 << shift;
        low[position / 2] |= value << shift;
        high[position / 2] = high[position / 2] & !mask | value << shift;
    }
    Some((low, high))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn odd_and_even_prefixes() {
        let (low, high) = range("abc").unwrap();
        assert_eq!((low[0], low[1], low[2]), (0xab, 0xc0, 0));
        assert_eq!((high[0], high[1], high[2]), (0xab, 0xcf, 0xff));
        let (low, high) = range(&"5".repeat(64)).unwrap();
        assert_eq!(low, high);
        for bad in ["", "ABC", "xyz", "1-", &"0".repeat(65)] {
            assert_eq!(range(bad), None, "{bad}");
        }
    }
}
