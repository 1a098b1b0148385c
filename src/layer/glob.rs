//! Patterns for the paths of a layer.

use super::error::Error;
use super::spelling::unescape_path;

/// A path of a layer, or many: `*` is any text in one name, `?` one character, `[a-z]` one of some and `[!a-z]` one of
/// all others; `**` is any number of directories.
///
/// It is about names alone: `.` and `..` are taken away as they are written, symbolic links lead nowhere, and nothing
/// is above the root. What it names comes with everything in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    names: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// This very name.
    Name(Vec<u8>),
    /// Names that are like this.
    Like(Vec<u8>),
    /// Any number of names, also none.
    Any,
}

impl Glob {
    /// Reads `text`, which is spelled as paths are ([`unescape_path`]); with or without a leading `/`.
    ///
    /// # Errors
    /// [`Error::Spelling`]; [`Error::Path`] for what names the root itself.
    pub fn new(text: &str) -> Result<Self, Error> {
        let bytes = unescape_path(text)?;
        let mut names: Vec<Piece> = Vec::new();
        for name in bytes.split(|byte| *byte == b'/') {
            match name {
                b"" | b"." => {}
                b".." => drop(names.pop()),
                // Several are one.
                b"**" if names.last() == Some(&Piece::Any) => {}
                b"**" => names.push(Piece::Any),
                _ if name.iter().any(|byte| b"*?[".contains(byte)) => names.push(Piece::Like(name.to_vec())),
                _ => names.push(Piece::Name(name.to_vec())),
            }
        }
        let is_all = names.iter().all(|piece| *piece == Piece::Any);
        if is_all {
            return Err(Error::Path { path: text.to_owned(), reason: "is the root itself" });
        }
        Ok(Self { text: text.to_owned(), names })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The last name that stands in it as it is: a path that does not have it is none that the pattern names.
    #[must_use]
    pub fn literal(&self) -> Option<&[u8]> {
        self.names.iter().rev().find_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_slice()),
            _ => None,
        })
    }

    /// Whether a `[` in it is not closed, and so stands for itself.
    #[must_use]
    pub fn has_open_set(&self) -> bool {
        self.names.iter().any(|piece| {
            let Piece::Like(pattern) = piece else { return false };
            let mut at = 0;
            while let Some(next) =
                pattern.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'['))
            {
                let Some((_, end)) = set(&pattern[at + next..]) else { return true };
                at += next + end;
            }
            false
        })
    }

    /// Whether it names `path` itself, which has no leading `/`.
    #[must_use]
    pub fn is_match(&self, path: &[u8]) -> bool {
        self.fits(&names_of(path), false)
    }

    /// The same for a path of these names; with `around` a directory that it is in will do.
    #[must_use]
    pub fn fits(&self, path: &[&[u8]], around: bool) -> bool {
        fits(&self.names, path, around)
    }

    /// Whether one of `globs` names `path` or a directory that it is in.
    #[must_use]
    pub fn any_covers(globs: &[Self], path: &[u8]) -> bool {
        if globs.is_empty() {
            return false;
        }
        let path = names_of(path);
        globs.iter().any(|glob| glob.fits(&path, true))
    }
}

fn names_of(path: &[u8]) -> Vec<&[u8]> {
    path.split(|byte| *byte == b'/').collect()
}

/// Pieces against names, or against the first of them; on a mismatch the last `**` takes one name more. Never more steps than pieces times names.
fn fits(pieces: &[Piece], names: &[&[u8]], beginning: bool) -> bool {
    let (mut piece, mut name) = (0, 0);
    let mut again: Option<(usize, usize)> = None;
    loop {
        let fits = match (pieces.get(piece), names.get(name)) {
            (None, None) => return true,
            (None, Some(_)) if beginning => return true,
            (Some(Piece::Any), _) => {
                again = Some((piece + 1, name));
                piece += 1;
                continue;
            }
            (Some(Piece::Name(wanted)), Some(found)) => wanted == found,
            (Some(Piece::Like(pattern)), Some(found)) => is_like(found, pattern),
            _ => false,
        };
        if fits {
            (piece, name) = (piece + 1, name + 1);
            continue;
        }
        match again {
            Some((after, taken)) if taken < names.len() => {
                again = Some((after, taken + 1));
                (piece, name) = (after, taken + 1);
            }
            _ => return false,
        }
    }
}

/// One name against a pattern; on a mismatch the last star takes one character more.
fn is_like(name: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut again: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(at) {
            None if place == name.len() => return true,
            Some(b'*') => {
                again = Some((at + 1, place));
                at += 1;
                continue;
            }
            None => None,
            Some(b'?') => character(&name[place..]).map(|(_, length)| (1, length)),
            Some(b'[') if set(&pattern[at..]).is_some() => set(&pattern[at..])
                .zip(character(&name[place..]))
                .and_then(|((set, end), (found, length))| set.has(found).then_some((end, length))),
            Some(byte) => (name.get(place) == Some(byte)).then_some((1, 1)),
        };
        if let Some((taken, length)) = step {
            (at, place) = (at + taken, place + length);
            continue;
        }
        match again {
            Some((after, from)) if from < name.len() => {
                let length = character(&name[from..]).map_or(1, |(_, length)| length);
                again = Some((after, from + length));
                (at, place) = (after, from + length);
            }
            _ => return false,
        }
    }
}

/// The first character and its bytes; what is not UTF-8 counts byte for byte.
fn character(text: &[u8]) -> Option<(u32, usize)> {
    let first = *text.first()?;
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let letter = text.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()?.chars().next());
    Some(letter.map_or((u32::from(first) + 0x11_0000, 1), |letter| (u32::from(letter), length)))
}

/// What stands between brackets.
struct Set<'a> {
    members: &'a [u8],
    others: bool,
}

/// The set at the beginning of `pattern` and its length; `None` where no bracket closes it.
fn set(pattern: &[u8]) -> Option<(Set<'_>, usize)> {
    let others = matches!(pattern.get(1), Some(b'!' | b'^'));
    let start = if others { 2 } else { 1 };
    // One that comes first is a member.
    let end = start + 1 + pattern.get(start + 1..)?.iter().position(|byte| *byte == b']')?;
    Some((Set { members: &pattern[start..end], others }, end + 1))
}

impl Set<'_> {
    fn has(&self, letter: u32) -> bool {
        let mut rest = self.members;
        let mut found = false;
        while let Some((low, length)) = character(rest) {
            rest = &rest[length..];
            let mut high = low;
            if let Some((last, length)) = rest.strip_prefix(b"-").and_then(character) {
                high = last;
                rest = &rest[1 + length..];
            }
            found |= (low..=high).contains(&letter);
        }
        found != self.others
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn is(pattern: &str, path: &str) -> bool {
        Glob::new(pattern).unwrap().is_match(path.as_bytes())
    }

    #[test]
    fn names_stars_and_sets() {
        for (pattern, path) in [
            ("/etc/passwd", "etc/passwd"),
            ("etc//./passwd/", "etc/passwd"),
            ("/etc/x/../passwd", "etc/passwd"),
            ("../../etc", "etc"),
            ("/var/lib/apt/lists/*", "var/lib/apt/lists/lock"),
            ("/var/**/*.log", "var/x.log"),
            ("/var/**/*.log", "var/a/b/x.log"),
            ("**/__pycache__", "usr/lib/python3/__pycache__"),
            ("/a/**", "a"),
            ("/a/**/b/**/c", "a/b/b/x/c"),
            ("/lib[a-c][!x]?", "libbyz"),
            ("/[]]", "]"),
            ("/[a-]", "-"),
            ("/?", "é"),
            ("/[é-ü]", "ö"),
            ("/[*]", "*"),
            ("/x[", "x["),
            ("/\\x41*", "Abc"),
            ("/a*b*c", "aXbYbZc"),
        ] {
            assert!(is(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/etc/passwd", "etc/passwd-"),
            ("/etc/*", "etc"),
            ("/etc/*", "etc/a/b"),
            ("*.log", "var/x.log"),
            ("/var/**/*.log", "var/log"),
            ("/[!a]", "a"),
            ("/?", "ab"),
            ("/[a-c]", "d"),
            ("/a*b", "abc"),
        ] {
            assert!(!is(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_inside_is_covered() {
        let glob = |text: &str| Glob::new(text).unwrap();
        let covers = |path: &str| Glob::any_covers(&[glob("/none"), glob("/var/lib/a*")], path.as_bytes());
        assert!(covers("var/lib/apt") && covers("var/lib/apt/lists/x"));
        assert!(!covers("var/lib") && !covers("var/lib/b/a") && !covers("var"));
        let caches = [glob("**/__pycache__")];
        assert!(Glob::any_covers(&caches, b"a/__pycache__/b/c") && !Glob::any_covers(&caches, b"a/b"));
    }

    #[test]
    fn the_root_is_no_pattern() {
        for text in ["", "/", "..", "/a/..", "**", "/**/", "./.", "**/**"] {
            assert!(Glob::new(text).is_err(), "{text}");
        }
        assert!(Glob::new("/\\q").is_err());
        assert!(Glob::new("/*").is_ok());
    }

    #[test]
    fn hard_patterns_end() {
        let name = "a".repeat(200);
        assert!(!is(&format!("/{}b", "*a".repeat(60)), &name));
        let path = vec!["a"; 100].join("/");
        assert!(!is(&format!("{}/b", "**/a/".repeat(40)), &path));
        for bytes in [&b"\xff"[..], b"\xc3", b"\xf0\x90"] {
            assert!(Glob::new("/*").unwrap().is_match(bytes));
            assert_eq!(Glob::new("/?").unwrap().is_match(bytes), bytes.len() == 1);
            assert!(!Glob::new("/[a-z]").unwrap().is_match(bytes));
        }
    }
}
