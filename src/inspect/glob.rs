//! Patterns of paths: `*` and `?` within one name, `**` over any number of names, `[…]`, `{a,b}`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Several patterns, matched at once.
#[derive(Debug, Clone)]
pub struct Globs(GlobSet);

impl Globs {
    /// Patterns from the root of a tree; a leading `/` says nothing. One without any `/` fits a name anywhere, and
    /// one that fits a directory fits what is in it.
    ///
    /// # Errors
    /// The pattern that is none, and why.
    pub fn of_ignored<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Result<Self, String> {
        let mut all = Vec::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let anywhere = if pattern.trim_end_matches('/').contains('/') { "" } else { "**/" };
            let plain = pattern.trim_matches('/');
            Self::new([pattern])?;
            all.push(format!("{anywhere}{plain}"));
            all.push(format!("{anywhere}{plain}/**"));
        }
        Self::new(all)
    }

    /// Exactly these, each from the root.
    ///
    /// # Errors
    /// The pattern that is none, and why.
    pub fn new<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            set.add(glob.map_err(|error| format!("`{pattern}` is no pattern: {}", error.kind()))?);
        }
        set.build().map(Self).map_err(|error| error.to_string())
    }

    /// Whether one of them fits `path`, which has no leading `/`.
    #[must_use]
    pub fn fits(&self, path: &[u8]) -> bool {
        self.0.is_match(OsStr::from_bytes(path))
    }

    /// The position of the first that fits.
    #[must_use]
    pub fn first(&self, path: &[u8]) -> Option<usize> {
        self.0.matches(OsStr::from_bytes(path)).first().copied()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_ignored() {
        let globs = Globs::of_ignored(["/var/log", "*.pyc", "etc/*.conf", "/top"]).unwrap();
        for path in ["var/log", "var/log/a/b", "x/y/z.pyc", "z.pyc", "etc/a.conf", "top", "top/x"] {
            assert!(globs.fits(path.as_bytes()), "{path}");
        }
        for path in ["var/logs", "x/var/log", "etc/a/b.conf", "z.py", "x/top"] {
            assert!(!globs.fits(path.as_bytes()), "{path}");
        }
        assert!(Globs::of_ignored(["a[", "b"]).unwrap_err().starts_with("`a[`"));
        assert!(globs.fits(b"\xff\xfe.pyc"));
    }
}
