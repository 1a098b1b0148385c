//! A file's content as lines: text, bytes, or the difference from another version.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::text;
use crate::inspect::model::NodeId;

/// Of a longer file the beginning is shown.
pub const MOST: u64 = 4 << 20;

/// How content is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Lines of text.
    Text,
    /// Sixteen bytes a line.
    Hex,
    /// What differs from the version before, line by line.
    Diff,
    /// The same, the versions beside each other.
    Beside,
}

/// A version of a file as it was read.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// Its bytes, or why there are none.
    pub bytes: Vec<u8>,
    /// Why there are none.
    pub error: Option<String>,
    /// The file is longer than what was read.
    pub is_cut: bool,
}

/// What a line of a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// In both.
    Same,
    /// In the new version only.
    Added,
    /// In the old version only.
    Removed,
    /// Says where a piece is, or what could not be done.
    Note,
}

/// A file that is looked at.
#[derive(Debug, Clone)]
pub struct Content {
    /// Which.
    pub node: NodeId,
    /// As which layer has it.
    pub layer: usize,
    /// The layer that has the version before it.
    pub before: Option<usize>,
    /// How it is shown.
    pub form: Form,
    /// The file.
    pub read: Read,
    /// What is shown of it; empty for bytes, whose lines are made when they are drawn.
    pub lines: Vec<(Tag, String)>,
    /// Of versions beside each other: places in `lines`, left and right.
    pub pairs: Vec<(Option<usize>, Option<usize>)>,
    /// The first line on the screen.
    pub top: usize,
    /// The first column on the screen.
    pub left: usize,
}

impl Content {
    /// How many lines there are.
    pub const fn len(&self) -> usize {
        match self.form {
            Form::Hex => self.read.bytes.len().div_ceil(16),
            Form::Text | Form::Diff => self.lines.len(),
            Form::Beside => self.pairs.len(),
        }
    }

    /// One of them.
    pub fn line(&self, at: usize) -> Option<(Tag, String)> {
        if self.form == Form::Hex {
            let start = at.checked_mul(16)?;
            let bytes = self.read.bytes.get(start..self.read.bytes.len().min(start + 16))?;
            return (!bytes.is_empty()).then(|| (Tag::Same, hex(start, bytes)));
        }
        self.lines.get(at).cloned()
    }
}

impl Content {
    /// The first line after or before the one on top at which a piece that differs begins.
    pub fn piece(&self, forward: bool) -> Option<usize> {
        let begins = |at: &usize| {
            let at = if self.form == Form::Beside { self.pairs.get(*at)?.0? } else { *at };
            self.lines.get(at).filter(|(tag, line)| *tag == Tag::Note && line.starts_with("@@"))
        };
        if forward {
            (self.top + 1..self.len()).find(|at| begins(at).is_some())
        } else {
            (0..self.top).rev().find(|at| begins(at).is_some())
        }
    }
}

/// A difference's lines beside each other: what went is on the left, what came in its place on the right of it.
pub fn pairs(lines: &[(Tag, String)]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut found = Vec::new();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    let flush = |found: &mut Vec<_>, gone: &mut Vec<usize>, come: &mut Vec<usize>| {
        let count = gone.len().max(come.len());
        found.extend((0..count).map(|at| (gone.get(at).copied(), come.get(at).copied())));
        gone.clear();
        come.clear();
    };
    for (at, (tag, _)) in lines.iter().enumerate() {
        match tag {
            Tag::Removed => gone.push(at),
            Tag::Added => come.push(at),
            Tag::Same | Tag::Note => {
                flush(&mut found, &mut gone, &mut come);
                found.push((Some(at), Some(at)));
            }
        }
    }
    flush(&mut found, &mut gone, &mut come);
    found
}

/// Whether it is to be shown as text: no NUL, and nearly all of it UTF-8.
pub fn is_text(bytes: &[u8]) -> bool {
    let beginning = &bytes[..bytes.len().min(64 << 10)];
    let wrong: usize = beginning.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    !beginning.contains(&0) && wrong * 20 <= beginning.len()
}

/// The lines of `read` in `form`; `old` is what a difference is from.
pub fn lines(form: Form, read: &Read, old: Option<&Read>) -> Vec<(Tag, String)> {
    if let Some(error) = &read.error {
        return vec![(Tag::Note, text::line(error))];
    }
    let mut lines = match form {
        Form::Hex => return Vec::new(),
        Form::Text => {
            read.bytes.split_inclusive(|byte| *byte == b'\n').map(|line| (Tag::Same, shown(line))).collect()
        }
        Form::Diff | Form::Beside => diff(read, old),
    };
    if read.is_cut || old.is_some_and(|old| old.is_cut) {
        lines.push((Tag::Note, format!("… only the first {} are shown", text::size(MOST))));
    }
    lines
}

fn diff(read: &Read, old: Option<&Read>) -> Vec<(Tag, String)> {
    let note = |text: &str| vec![(Tag::Note, text.to_owned())];
    let Some(old) = old else { return note("there is no version before it to compare with") };
    if let Some(error) = &old.error {
        return note(&text::line(error));
    }
    if old.bytes == read.bytes {
        return note("the content is the same");
    }
    if !is_text(&old.bytes) || !is_text(&read.bytes) {
        return note(&format!(
            "the bytes differ, and they are no text: {} before, {} after",
            text::size(old.bytes.len() as u64),
            text::size(read.bytes.len() as u64)
        ));
    }
    let found = TextDiff::configure()
        .timeout(Duration::from_secs(2))
        .diff_lines(old.bytes.as_slice(), read.bytes.as_slice());
    let mut lines = Vec::new();
    for group in found.grouped_ops(3) {
        if let (Some(first), Some(last)) = (group.first(), group.last()) {
            lines.push((
                Tag::Note,
                format!(
                    "@@ -{},{} +{},{} @@",
                    first.old_range().start + 1,
                    last.old_range().end - first.old_range().start,
                    first.new_range().start + 1,
                    last.new_range().end - first.new_range().start
                ),
            ));
        }
        for change in group.iter().flat_map(|op| found.iter_changes(op)) {
            let (tag, sign) = match change.tag() {
                ChangeTag::Equal => (Tag::Same, ' '),
                ChangeTag::Insert => (Tag::Added, '+'),
                ChangeTag::Delete => (Tag::Removed, '-'),
            };
            lines.push((tag, format!("{sign}{}", shown(change.value()))));
        }
    }
    lines
}

/// A line without its end, tabs as spaces, whatever could steer the terminal spelled.
fn shown(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut out = String::with_capacity(line.len());
    for (at, part) in line.split(|byte| *byte == b'\t').enumerate() {
        if at > 0 {
            let columns = unicode_width::UnicodeWidthStr::width(out.as_str());
            out.push_str(&" ".repeat(8 - columns % 8));
        }
        // In text a backslash is just that.
        let spelled = text::name(part);
        out.push_str(&if part.contains(&b'\\') { spelled.replace("\\\\", "\\") } else { spelled });
    }
    out
}

fn hex(start: usize, bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = format!("{start:08x} ");
    for at in 0..16 {
        // Writing to a String cannot fail.
        let _ = match bytes.get(at) {
            Some(byte) => write!(out, " {byte:02x}"),
            None => write!(out, "   "),
        };
    }
    out.push_str("  ");
    out.extend(bytes.iter().map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' }));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Read {
        Read { bytes: bytes.to_vec(), ..Read::default() }
    }

    #[test]
    fn text_is_shown_harmless() {
        let lines = lines(Form::Text, &read(b"a\tb\r\n\x1b[31mc\\d\nend"), None);
        let lines: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(lines, ["a       b", "\\x1b[31mc\\d", "end"]);
        assert!(!is_text(b"a\0b") && is_text("grün".as_bytes()) && !is_text(b"\xff\xfe\xfd"));
    }

    #[test]
    fn bytes_are_sixteen_a_line() {
        assert_eq!(
            hex(16, b"0123456789abc\x1b"),
            "00000010  30 31 32 33 34 35 36 37 38 39 61 62 63 1b        0123456789abc."
        );
    }

    #[test]
    fn differences_are_unified() {
        let found = lines(Form::Diff, &read(b"one\nTWO\nthree\n"), Some(&read(b"one\ntwo\nthree\n")));
        let found: Vec<&str> = found.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(found, ["@@ -1,3 +1,3 @@", " one", "-two", "+TWO", " three"]);
        assert_eq!(lines(Form::Diff, &read(b"a"), Some(&read(b"a")))[0].1, "the content is the same");
        assert!(lines(Form::Diff, &read(b"a"), None)[0].1.contains("no version before it"));
    }
}
