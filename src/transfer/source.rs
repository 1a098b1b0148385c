//! How sources and targets are written: `oci:DIR[:tag]` and its like.
//!
//! Source of the spellings: containers/image `containers-transports(5)`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::Error;
use crate::oci::Reference;

/// Where images come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `oci:DIR[:tag]`: an OCI image layout.
    Oci(Place),
    /// `oci-archive:FILE[:tag]`: a tar of one.
    OciArchive(Place),
    /// `docker-archive:FILE[:reference]`: what `docker save` writes.
    DockerArchive(Place),
    /// `dir:PATH`: one image's files side by side, as skopeo writes them.
    Dir(PathBuf),
    /// `docker://REFERENCE`: a registry. See [`registry`](super::registry).
    Registry(Reference),
    /// `docker-daemon:REFERENCE` or `docker-daemon:ID`: Docker or podman on this machine. See [`daemon`](super::daemon).
    Daemon(String),
    /// A path, whose content says what it is.
    Path(PathBuf),
}

/// Where an image goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `oci:DIR[:tag]`; added to what is there already.
    Oci(Place),
    /// `oci-archive:FILE[:tag]`.
    OciArchive(Place),
    /// `docker-archive:FILE[:reference]`.
    DockerArchive(Place),
    /// `dir:PATH`, which must be new, empty, or one such.
    Dir(PathBuf),
    /// `docker://REFERENCE`.
    Registry(Reference),
    /// `docker-daemon:REFERENCE`.
    Daemon(Reference),
}

/// A path and perhaps the name of one image there, as written: `PATH[:name]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

/// Transports of other tools that a person may well try.
const FOREIGN: [&str; 6] = ["docker:", "containers-storage:", "ostree:", "sif:", "atomic:", "tarball:"];

/// The transports, as a text begins that names one.
const SPELLED: [&str; 6] = ["oci:", "oci-archive:", "docker-archive:", "dir:", "docker://", "docker-daemon:"];

impl Source {
    /// Does `text` begin with a transport, so that it is no image reference?
    #[must_use]
    pub fn is_spelled(text: &str) -> bool {
        SPELLED.iter().any(|scheme| text.starts_with(scheme))
    }

    /// Does `text` look like a path rather than like a reference? Whether anything is there is another question.
    #[must_use]
    pub fn looks_like_path(text: &str) -> bool {
        const ENDS: [&str; 6] = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2"];
        text.starts_with(['/', '.']) || ENDS.iter().any(|end| text.ends_with(end))
    }
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match Transport::of(text)? {
            Some(Transport::Oci(place)) => Self::Oci(place),
            Some(Transport::OciArchive(place)) => Self::OciArchive(place),
            Some(Transport::DockerArchive(place)) => Self::DockerArchive(place),
            Some(Transport::Dir(path)) => Self::Dir(path),
            Some(Transport::Registry(reference)) => Self::Registry(reference),
            Some(Transport::Daemon(name)) => Self::Daemon(daemon_name(name)?),
            None => Self::Path(PathBuf::from(text)),
        })
    }
}

impl Target {
    /// A docker-archive at `path`, whatever that has in its name.
    #[must_use]
    pub fn archive(path: &Path) -> Self {
        Self::DockerArchive(Place::path_only(&path.to_string_lossy()))
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match Transport::of(text)? {
            Some(Transport::Oci(place)) => Self::Oci(place),
            Some(Transport::OciArchive(place)) => Self::OciArchive(place),
            Some(Transport::DockerArchive(place)) => Self::DockerArchive(place),
            Some(Transport::Dir(path)) => Self::Dir(path),
            Some(Transport::Registry(reference)) => Self::Registry(reference),
            Some(Transport::Daemon(name)) => Self::Daemon(reference(name)?),
            // What people type after `docker save -o`.
            None if Path::new(text).extension().is_some_and(|end| end.eq_ignore_ascii_case("tar")) => {
                Self::DockerArchive(Place::path_only(text))
            }
            None => {
                return Err(Error::Name {
                    text: text.to_owned(),
                    reason: "says not what to write: begin it with `docker-archive:`, `oci-archive:`, `oci:`, `dir:`, `docker-daemon:` or `docker://`"
                        .to_owned(),
                });
            }
        })
    }
}

/// What a text names that begins with a transport.
enum Transport<'a> {
    Oci(Place),
    OciArchive(Place),
    DockerArchive(Place),
    Dir(PathBuf),
    Registry(Reference),
    /// What a daemon is asked for, or told: each has its own names.
    Daemon(&'a str),
}

/// What is made of a path, and perhaps a name, after these.
type MakePlace = fn(Place) -> Transport<'static>;
const PLACES: [(&str, MakePlace); 3] = [
    ("oci:", Transport::Oci),
    ("oci-archive:", Transport::OciArchive),
    ("docker-archive:", Transport::DockerArchive),
];

impl<'a> Transport<'a> {
    /// `None` where the text begins with none.
    fn of(text: &'a str) -> Result<Option<Self>, Error> {
        let refuse = |reason: &str| Error::Name { text: text.to_owned(), reason: reason.to_owned() };
        if text.is_empty() {
            return Err(refuse("names nothing"));
        }
        if text.contains('\0') {
            return Err(refuse("has a zero byte in it"));
        }
        if let Some(name) = text.strip_prefix("docker://") {
            return Ok(Some(Self::Registry(reference(name)?)));
        }
        if let Some(name) = text.strip_prefix("docker-daemon:") {
            return Ok(Some(Self::Daemon(name)));
        }
        if let Some(path) = text.strip_prefix("dir:") {
            return if path.is_empty() {
                Err(refuse("names no path"))
            } else {
                Ok(Some(Self::Dir(path.into())))
            };
        }
        let kind = PLACES.iter().find_map(|(scheme, make)| Some((text.strip_prefix(scheme)?, make)));
        if let Some((rest, make)) = kind {
            if rest.is_empty() || rest.starts_with(':') {
                return Err(refuse("names no path"));
            }
            return Ok(Some(make(Place(rest.to_owned()))));
        }
        if let Some(scheme) = FOREIGN.iter().find(|scheme| text.starts_with(**scheme)) {
            return Err(refuse(&format!(
                "begins with `{scheme}`, which is not supported here: use `docker://`, `docker-daemon:`, `docker-archive:`, `oci-archive:`, `oci:` or `dir:`"
            )));
        }
        Ok(None)
    }
}

fn reference(text: &str) -> Result<Reference, Error> {
    let refuse = |error: crate::oci::Error| Error::Name {
        text: text.to_owned(),
        reason: format!("cannot be asked for: {error}"),
    };
    text.parse().map_err(refuse)
}

/// A reference, or `sha256:HEX`, the daemon's id of an image.
fn daemon_name(text: &str) -> Result<String, Error> {
    if text.parse::<crate::oci::Digest>().is_ok() {
        return Ok(text.to_owned());
    }
    reference(text).map(|name| name.to_string())
}

impl Place {
    /// A place that is a path and nothing else.
    #[must_use]
    pub fn path_only(path: &str) -> Self {
        // A second colon at the end: the name is empty, whatever colons the path has.
        Self(format!("{path}:"))
    }

    /// The path and the name of something that is to be read: of all ways to split the text at a
    /// colon the first whose path exists, and the whole text before those.
    #[must_use]
    pub fn find(&self) -> (PathBuf, Option<String>) {
        let text = &self.0;
        if Path::new(text).exists() {
            return (PathBuf::from(text), None);
        }
        text.match_indices(':')
            .map(|(at, _)| split(text, at))
            .find(|(path, _)| path.exists())
            .unwrap_or_else(|| self.split_first())
    }

    /// The path and the name of something that is to be written: split at the first colon, or at
    /// the last where nothing follows it.
    #[must_use]
    pub fn split_first(&self) -> (PathBuf, Option<String>) {
        let text = &self.0;
        if let Some(path) = text.strip_suffix(':') {
            return (PathBuf::from(path), None);
        }
        match text.find(':') {
            Some(at) => split(text, at),
            None => (PathBuf::from(text), None),
        }
    }
}

fn split(text: &str, at: usize) -> (PathBuf, Option<String>) {
    let name = &text[at + 1..];
    (PathBuf::from(&text[..at]), (!name.is_empty()).then(|| name.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_spellings() {
        let Source::Oci(place) = "oci:layout:v1".parse().unwrap() else { panic!() };
        assert_eq!(place.split_first(), (PathBuf::from("layout"), Some("v1".to_owned())));
        let Source::DockerArchive(place) = "docker-archive:a.tar:host:5000/b:c".parse().unwrap() else {
            panic!()
        };
        assert_eq!(place.split_first(), (PathBuf::from("a.tar"), Some("host:5000/b:c".to_owned())));
        assert_eq!("a:b.tar".parse::<Source>().unwrap(), Source::Path(PathBuf::from("a:b.tar")));
        let Target::DockerArchive(place) = "out:1.tar".parse().unwrap() else { panic!() };
        assert_eq!(place.split_first(), (PathBuf::from("out:1.tar"), None));
    }

    #[test]
    fn what_exists_decides() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a:b.tar");
        std::fs::write(&file, "").unwrap();
        let text = file.to_str().unwrap();
        assert_eq!(Place(text.to_owned()).find(), (file.clone(), None));
        assert_eq!(Place(format!("{text}:x:y")).find(), (file, Some("x:y".to_owned())));
    }

    #[test]
    fn what_is_not_understood_is_explained() {
        for (text, part) in [
            ("", "names nothing"),
            ("oci:", "names no path"),
            ("oci::tag", "names no path"),
            ("dir:", "names no path"),
            ("dir:a\0b", "zero byte"),
            ("containers-storage:x:y", "begins with `containers-storage:`"),
            ("docker:x", "begins with `docker:`"),
            ("docker://X", "cannot be asked for"),
            ("docker-daemon:", "cannot be asked for"),
        ] {
            assert!(text.parse::<Source>().unwrap_err().to_string().contains(part), "{text}");
        }
        assert!("somewhere".parse::<Target>().unwrap_err().to_string().contains("says not what to write"));
    }
}
