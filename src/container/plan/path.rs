//! Places in a container, ready for a walk that makes what is missing.

use std::ffi::CString;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::super::Error;

/// A path in the container's root, with every prefix as a string of its own, so that the child can make
/// missing directories without allocating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Relative to the root: `var/lib/data`; `.` for the root itself.
    pub path: CString,
    /// From the top: the directory and the name in it (`.` `var`, `var` `lib`, `var/lib` `data`).
    pub components: Vec<(CString, CString)>,
}

impl Place {
    /// The place at an absolute path; `.`, `..` and doubled slashes are resolved as text, as Docker does.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `what` for a relative path or one with a NUL byte.
    pub fn new(path: &Path, what: &'static str) -> Result<Self, Error> {
        let invalid = |reason| Error::Invalid { what, value: path.to_string_lossy().into_owned(), reason };
        let bytes = path.as_os_str().as_bytes();
        if bytes.first() != Some(&b'/') {
            return Err(invalid("is not an absolute path"));
        }
        let mut names: Vec<&[u8]> = Vec::new();
        for name in bytes.split(|byte| *byte == b'/') {
            match name {
                b"" | b"." => {}
                b".." => drop(names.pop()),
                name => names.push(name),
            }
        }
        let string = |bytes: &[u8]| CString::new(bytes).map_err(|_| invalid("contains a NUL byte"));
        let mut components = Vec::with_capacity(names.len());
        let mut prefix = Vec::with_capacity(bytes.len());
        for name in names {
            let directory = if prefix.is_empty() { CString::from(c".") } else { string(&prefix)? };
            components.push((directory, string(name)?));
            if !prefix.is_empty() {
                prefix.push(b'/');
            }
            prefix.extend_from_slice(name);
        }
        let path = if prefix.is_empty() { CString::from(c".") } else { string(&prefix)? };
        Ok(Self { path, components })
    }

    /// Whether it is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.components.is_empty()
    }

    /// Whether it is the directory `name` of the root or below it, by its text.
    #[must_use]
    pub fn is_below(&self, name: &str) -> bool {
        self.components.first().is_some_and(|(_, first)| first.as_bytes() == name.as_bytes())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() { write!(f, "/") } else { write!(f, "/{}", self.path.to_string_lossy()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_place_is_cleaned_as_text() {
        let place = Place::new(Path::new("//var/./lib/../lib//data/"), "volume").unwrap();
        assert_eq!(place.to_string(), "/var/lib/data");
        assert_eq!(place.components.len(), 3);
        assert_eq!(place.components[2], (c"var/lib".into(), c"data".into()));
        assert_eq!(place.components[0].0.as_c_str(), c".");
        assert!(place.is_below("var") && !place.is_below("va"));
    }

    #[test]
    fn nothing_climbs_above_the_root() {
        let place = Place::new(Path::new("/../../etc/.."), "volume").unwrap();
        assert!(place.is_root());
        assert_eq!(place.to_string(), "/");
    }

    #[test]
    fn a_relative_place_is_refused() {
        let error = Place::new(Path::new("data"), "volume target").unwrap_err();
        assert_eq!(error.to_string(), "volume target `data` is not an absolute path");
    }
}
