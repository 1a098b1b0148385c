//! Words and numbers as the screen has them. Nothing that comes from an image can steer the terminal.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::layer::{Kind, escape_path};

/// Bytes of a name or a path, escaped as everywhere.
pub fn name(bytes: &[u8]) -> String {
    turned(&escape_path(bytes))
}

/// An absolute path.
pub fn path(bytes: &[u8]) -> String {
    format!("/{}", name(bytes))
}

/// A text from an image, on one line.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\t' | '\n' | '\r' => out.push(' '),
            char if char.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\x{:02x}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    turned(&out)
}

/// A command without what builders write before every one, which says nothing.
pub fn plain(command: &str) -> &str {
    let command = command.strip_prefix("/bin/sh -c ").unwrap_or(command);
    command.strip_prefix("#(nop) ").unwrap_or(command).trim_start()
}

/// The marks that turn the direction of what follows are spelled.
fn turned(text: &str) -> String {
    let is_turning = |char: char| matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}');
    if !text.contains(is_turning) {
        return text.to_owned();
    }
    let spell = |char: char| {
        if is_turning(char) { format!("\\u{{{:x}}}", u32::from(char)) } else { char.to_string() }
    };
    text.chars().map(spell).collect()
}

/// Bytes with a unit, at most seven columns: `812 B`, `1.4 MB`.
#[allow(clippy::cast_precision_loss)]
pub fn size(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        // What would be rounded to 1000 is one of the next unit.
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if value < 99.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// `drwxr-xr-x`, as `ls` has it.
pub fn mode(kind: Kind, mode: u32) -> String {
    let mut text = String::with_capacity(10);
    text.push(match kind {
        Kind::Dir => 'd',
        Kind::Symlink => 'l',
        Kind::CharDevice => 'c',
        Kind::BlockDevice => 'b',
        Kind::Fifo => 'p',
        Kind::Socket => 's',
        Kind::Hardlink => 'h',
        Kind::Whiteout => 'w',
        Kind::File => '-',
    });
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// At most `columns` wide; what is cut off is an ellipsis.
pub fn fit(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut used = 0;
    let mut out = String::new();
    for char in text.chars() {
        let width = char.width().unwrap_or(0);
        if used + width + 1 > columns {
            break;
        }
        used += width;
        out.push(char);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

/// At most `columns` wide; of what is too long the end, where a path says most.
pub fn tail(text: &str, columns: usize) -> String {
    let width = text.width();
    if width <= columns {
        return text.to_owned();
    }
    format!("…{}", skip(text, width - columns.saturating_sub(1)))
}

/// Exactly `columns` wide, on the left.
pub fn left(text: &str, columns: usize) -> String {
    let text = fit(text, columns);
    let pad = columns.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(pad))
}

/// Exactly `columns` wide, on the right.
pub fn right(text: &str, columns: usize) -> String {
    let text = fit(text, columns);
    format!("{}{text}", " ".repeat(columns.saturating_sub(text.width())))
}

/// Without the first `columns` columns.
pub fn skip(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, char) in text.char_indices() {
        if used >= columns {
            return &text[at..];
        }
        used += char.width().unwrap_or(0);
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_fit_their_column() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (99_949, "99.9 kB"),
            (99_950, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (1_220_598, "1.2 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), text);
            assert!(size(bytes).len() <= 7);
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(name(b"a\x1b[31m\xff\\"), "a\\x1b[31m\\xff\\\\");
        assert_eq!(name("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        assert_eq!(line("RUN a\t&&\n b\x1b]0;x\x07"), "RUN a && b\\x1b]0;x\\x07".replace("&& b", "&&  b"));
    }

    #[test]
    fn modes_are_those_of_ls() {
        assert_eq!(mode(Kind::Dir, 0o1777), "drwxrwxrwt");
        assert_eq!(mode(Kind::File, 0o4755), "-rwsr-xr-x");
        assert_eq!(mode(Kind::Symlink, 0o777), "lrwxrwxrwx");
        assert_eq!(mode(Kind::File, 0o2640), "-rw-r-S---");
    }

    #[test]
    fn columns_are_counted_not_letters() {
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(left("日", 4), "日  ");
        assert_eq!(right("abc", 2), "a…");
        assert_eq!(skip("abc", 2), "c");
        assert_eq!(tail("/usr/lib/big.so", 8), "…/big.so");
    }
}
