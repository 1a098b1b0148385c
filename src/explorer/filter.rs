//! Which files are shown: words such as `size>1M` and `kind:symlink`, and a pattern for the path.

use regex::bytes::{Regex, RegexBuilder};

use crate::inspect::model::Row;
use crate::layer::Kind;

/// A pattern for paths. What is no regular expression is looked for as it is.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As it was typed.
    pub text: String,
    regex: Option<Regex>,
}

impl Pattern {
    /// Small letters stand for great ones too; one great letter says that they are meant.
    pub fn new(text: &str) -> Self {
        let build = |pattern: &str| {
            RegexBuilder::new(pattern)
                .case_insensitive(!text.chars().any(char::is_uppercase))
                .size_limit(1 << 20)
                .build()
                .ok()
        };
        Self { text: text.to_owned(), regex: build(text).or_else(|| build(&regex::escape(text))) }
    }

    /// Whether it is found in the absolute path; `buffer` saves an allocation a path.
    pub fn finds(&self, path: &[u8], buffer: &mut Vec<u8>) -> bool {
        buffer.clear();
        buffer.push(b'/');
        buffer.extend_from_slice(path);
        self.regex.as_ref().is_some_and(|regex| regex.is_match(buffer))
    }

    /// Whether it is found in the path's last name; with a `/` in it, in the whole path.
    pub fn names(&self, path: &[u8], buffer: &mut Vec<u8>) -> bool {
        if self.text.contains('/') {
            return self.finds(path, buffer);
        }
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        self.regex.as_ref().is_some_and(|regex| regex.is_match(name))
    }
}

/// A filter as it was typed, understood.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// As it was typed.
    pub text: String,
    pattern: Option<Pattern>,
    at_least: Option<u64>,
    at_most: Option<u64>,
    kinds: Vec<Kind>,
}

impl Filter {
    /// Understands `text`; words that are no size and no kind are the pattern.
    pub fn new(text: &str) -> Self {
        let mut filter = Self { text: text.to_owned(), ..Self::default() };
        let mut rest = Vec::new();
        for word in text.split_whitespace() {
            if let Some(least) = word.strip_prefix("size>").and_then(bytes) {
                filter.at_least = Some(least.saturating_add(1));
            } else if let Some(most) = word.strip_prefix("size<").and_then(bytes) {
                filter.at_most = Some(most.saturating_sub(1));
            } else if let Some(kind) = word.strip_prefix("kind:").and_then(kind) {
                filter.kinds.push(kind);
            } else {
                rest.push(word);
            }
        }
        if !rest.is_empty() {
            filter.pattern = Some(Pattern::new(&rest.join(" ")));
        }
        filter
    }

    /// Whether it lets everything through.
    pub const fn is_empty(&self) -> bool {
        self.pattern.is_none() && self.at_least.is_none() && self.at_most.is_none() && self.kinds.is_empty()
    }

    /// Whether it lets a row through for its own sake.
    pub fn accepts(&self, row: &Row<'_>, buffer: &mut Vec<u8>) -> bool {
        let is_sized = self.at_least.is_some() || self.at_most.is_some();
        // A directory has no size of its own; a hard link has its file's.
        if is_sized && !matches!(row.entry.kind, Kind::File | Kind::Hardlink) {
            return false;
        }
        let bytes = row.bytes.max(row.entry.size);
        self.at_least.is_none_or(|least| bytes >= least)
            && self.at_most.is_none_or(|most| bytes <= most)
            && (self.kinds.is_empty() || self.kinds.contains(&row.entry.kind))
            && self.pattern.as_ref().is_none_or(|pattern| pattern.finds(row.entry.path, buffer))
    }
}

/// `10`, `10k`, `1.5M`, `2G`.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(['b', 'B']);
    let (number, factor) = match digits.char_indices().last()? {
        (at, 'k' | 'K') => (&digits[..at], 1e3),
        (at, 'm' | 'M') => (&digits[..at], 1e6),
        (at, 'g' | 'G') => (&digits[..at], 1e9),
        _ => (digits, 1.0),
    };
    let number: f64 = number.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Some((number * factor) as u64)
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "file" => Kind::File,
        "dir" => Kind::Dir,
        "symlink" | "link" => Kind::Symlink,
        "hardlink" => Kind::Hardlink,
        "char_device" => Kind::CharDevice,
        "block_device" => Kind::BlockDevice,
        "fifo" => Kind::Fifo,
        "whiteout" => Kind::Whiteout,
        _ => return None,
    })
}
