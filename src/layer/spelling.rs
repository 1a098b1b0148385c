//! The one reversible spelling of paths in text, scripts and JSON.
//!
//! UTF-8 stands as it is, except: `\\` is a backslash, `\xNN` any other byte that is not UTF-8 or
//! is a control character (C0, DEL, C1). Each path has exactly one spelling that
//! [`escape_path`] gives; [`unescape_path`] also accepts needless `\xNN`.

use std::fmt::Write as _;

use super::Error;

/// `path` as text that [`unescape_path`] turns back into the same bytes.
#[must_use]
pub fn escape_path(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                letter if letter.is_control() => {
                    let mut bytes = [0; 4];
                    letter.encode_utf8(&mut bytes).bytes().for_each(|byte| push_byte(&mut text, byte));
                }
                letter => text.push(letter),
            }
        }
        chunk.invalid().iter().for_each(|&byte| push_byte(&mut text, byte));
    }
    text
}

fn push_byte(text: &mut String, byte: u8) {
    // Writing to a string cannot fail.
    let _ = write!(text, "\\x{byte:02x}");
}

/// The bytes that `text` spells.
///
/// # Errors
/// [`Error::Spelling`] for a backslash that begins neither `\\` nor `\xNN`, and for NUL, which no
/// path can hold.
pub fn unescape_path(text: &str) -> Result<Vec<u8>, Error> {
    let fail = |reason| Error::Spelling { text: text.escape_debug().to_string(), reason };
    let mut path = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            path.push(byte);
            continue;
        }
        match rest {
            [b'\\', after @ ..] => {
                path.push(b'\\');
                rest = after;
            }
            [b'x', high, low, after @ ..] => {
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                let (Some(high), Some(low)) = (digit(high), digit(low)) else {
                    return Err(fail("after `\\x` come two hexadecimal digits"));
                };
                path.extend(u8::try_from(high << 4 | low));
                rest = after;
            }
            _ => return Err(fail("a backslash is written `\\\\`, another byte `\\xNN`")),
        }
    }
    if path.contains(&0) {
        return Err(fail("a path cannot hold the byte 0"));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_plain_stays_plain() {
        for (path, text) in [
            (&b"/usr/bin/wget"[..], "/usr/bin/wget"),
            ("/ü/日本".as_bytes(), "/ü/日本"),
            (b"a\\b", "a\\\\b"),
            (b"a\nb\x1b[31m\x7f", "a\\x0ab\\x1b[31m\\x7f"),
            (b"\xff\xc3", "\\xff\\xc3"),
            ("\u{85}".as_bytes(), "\\xc2\\x85"),
        ] {
            assert_eq!(escape_path(path), text);
            assert_eq!(unescape_path(text).unwrap(), path);
        }
    }

    #[test]
    fn what_is_no_spelling_is_refused() {
        for text in ["\\", "a\\b", "\\x", "\\x0", "\\xzz", "\\n", "a\0b", "\\x00"] {
            assert!(unescape_path(text).is_err(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn spelling_round_trips(path in proptest::collection::vec(1_u8.., 0..64)) {
            let text = escape_path(&path);
            prop_assert!(!text.chars().any(char::is_control));
            prop_assert_eq!(unescape_path(&text).unwrap(), path);
        }
    }
}
