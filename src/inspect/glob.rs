//! Several patterns of paths, as [`Glob`] reads them, and alternatives between braces: `{a,b}`.

use hashbrown::HashMap;

use crate::layer::Glob;

/// More alternatives are no pattern that anybody means.
const MOST: usize = 1000;

/// Several patterns. Of many only those are tried that a name of the path speaks for.
#[derive(Debug, Clone, Default)]
pub struct Globs {
    globs: Vec<Glob>,
    /// For each: which of the patterns that were given it comes from.
    given: Vec<usize>,
    /// Whether what is in a directory that fits does too.
    around: bool,
    /// Positions by a name without which the pattern does not fit; ascending.
    by_name: HashMap<Vec<u8>, Vec<usize>>,
    /// Those that have no such name.
    others: Vec<usize>,
}

impl Globs {
    /// Patterns from the root of a tree; a leading `/` says nothing. One without any `/` fits a name anywhere, and
    /// one that fits a directory fits what is in it.
    ///
    /// # Errors
    /// The pattern that is none, and why.
    pub fn of_ignored<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Result<Self, String> {
        Self::read(patterns, true)
    }

    /// Exactly these, each from the root.
    ///
    /// # Errors
    /// The pattern that is none, and why.
    pub fn new<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Result<Self, String> {
        Self::read(patterns, false)
    }

    fn read<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>, around: bool) -> Result<Self, String> {
        let mut read = Self { around, ..Self::default() };
        for (number, pattern) in patterns.into_iter().enumerate() {
            let pattern = pattern.as_ref();
            let no = |reason: String| format!("`{pattern}` is no pattern: {reason}");
            let is_name = around && !pattern.trim_end_matches('/').contains('/');
            let lead = if is_name { "**/" } else { "" };
            for one in alternatives(pattern).map_err(|reason| no(reason.to_owned()))? {
                let glob = Glob::new(&format!("{lead}{one}")).map_err(|error| no(error.to_string()))?;
                if glob.has_open_set() {
                    return Err(no("a `[` is not closed".to_owned()));
                }
                let at = read.globs.len();
                match glob.literal() {
                    Some(name) => read.by_name.entry(name.to_vec()).or_default().push(at),
                    None => read.others.push(at),
                }
                read.globs.push(glob);
                read.given.push(number);
            }
        }
        Ok(read)
    }

    /// Whether one of them fits `path`, which has no leading `/`.
    #[must_use]
    pub fn fits(&self, path: &[u8]) -> bool {
        self.first(path).is_some()
    }

    /// The position of the first that fits.
    #[must_use]
    pub fn first(&self, path: &[u8]) -> Option<usize> {
        let names: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        let of =
            |places: &[usize]| places.iter().copied().find(|at| self.globs[*at].fits(&names, self.around));
        let known = names.iter().filter_map(|name| self.by_name.get(*name));
        let first = known.chain([&self.others]).filter_map(|places| of(places)).min()?;
        self.given.get(first).copied()
    }
}

/// `a{b,c}` as `ab` and `ac`, groups within groups too. A brace that is not closed stands for itself.
fn alternatives(pattern: &str) -> Result<Vec<String>, &'static str> {
    let mut done = Vec::new();
    let mut pending = vec![pattern.to_owned()];
    while let Some(one) = pending.pop() {
        if done.len() + pending.len() > MOST {
            return Err("it has too many alternatives");
        }
        match group(&one) {
            // Last in, first out: the alternatives come in their order.
            Some((open, choices, close)) => pending.extend(
                choices.iter().rev().map(|choice| format!("{}{choice}{}", &one[..open], &one[close + 1..])),
            ),
            None => done.push(one),
        }
    }
    Ok(done)
}

/// The first whole group: where it opens, its alternatives, and where it closes.
fn group(pattern: &str) -> Option<(usize, Vec<&str>, usize)> {
    pattern.match_indices('{').find_map(|(open, _)| {
        let (mut depth, mut choices, mut from) = (0, Vec::new(), open + 1);
        for (at, letter) in pattern[open..].char_indices().map(|(at, letter)| (open + at, letter)) {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => {
                    choices.push(&pattern[from..at]);
                    from = at + 1;
                }
                _ => {}
            }
            if depth == 0 {
                choices.push(&pattern[from..at]);
                return Some((open, choices, at));
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_ignored() {
        let globs = Globs::of_ignored(["/var/log", "*.pyc", "etc/*.conf", "/top", "x{1,2}"]).unwrap();
        for path in ["var/log", "var/log/a/b", "x/y/z.pyc", "z.pyc", "etc/a.conf", "top", "top/x", "a/x2/b"] {
            assert!(globs.fits(path.as_bytes()), "{path}");
        }
        for path in ["var/logs", "x/var/log", "etc/a/b.conf", "z.py", "x/top", "x3"] {
            assert!(!globs.fits(path.as_bytes()), "{path}");
        }
        assert!(Globs::of_ignored(["a\\q", "b"]).unwrap_err().starts_with("`a\\q`"));
        assert!(Globs::of_ignored(["a[", "b"]).unwrap_err().starts_with("`a[`"));
        assert!(Globs::of_ignored(["a[]x]", "[!a]"]).is_ok());
        assert!(Globs::of_ignored(["/"]).unwrap_err().starts_with("`/`"));
        assert!(globs.fits(b"\xff\xfe.pyc"));
        assert_eq!(Globs::new(["a", "b{c,d}", "e"]).unwrap().first(b"e"), Some(2));
    }

    #[test]
    fn braces_are_alternatives() {
        for (pattern, all) in [
            ("a{b,c}d", &["abd", "acd"][..]),
            ("{a,b{c,d}}", &["a", "bc", "bd"]),
            ("{a,b}{c,d}", &["ac", "ad", "bc", "bd"]),
            ("a{b", &["a{b"]),
            ("a{b{c,d}", &["a{bc", "a{bd"]),
            ("a}b", &["a}b"]),
            ("{,x}y", &["y", "xy"]),
            ("{}", &[""]),
        ] {
            assert_eq!(alternatives(pattern).unwrap(), all, "{pattern}");
        }
        assert!(alternatives(&"{a,b}".repeat(40)).is_err());
    }
}
