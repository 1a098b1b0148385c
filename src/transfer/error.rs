//! What can go wrong while images come in or go out.

use std::io;
use std::path::{Path, PathBuf};

use crate::oci::{DiffId, Digest};

/// A source that cannot be read, an image in it that cannot be trusted, or a target that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text names no source or target.
    #[error("`{text}` {reason}")]
    Name {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing there that holds images.
    #[error("`{}` holds no image: {reason}", path.display())]
    NoImages {
        /// The file or directory.
        path: PathBuf,
        /// What was looked for.
        reason: String,
    },
    /// The source has no image of that name.
    #[error("`{}` has no image `{name}`; it has {}", path.display(), listed(present))]
    NoSuchImage {
        /// The file or directory.
        path: PathBuf,
        /// What was asked for.
        name: String,
        /// What is there.
        present: Vec<String>,
    },
    /// An index has several images, and none for this machine.
    #[error("{name} has no image for {wanted}; {}", platforms(present))]
    NoPlatform {
        /// The index, as messages name it.
        name: String,
        /// This machine's platform.
        wanted: String,
        /// The platforms that there are.
        present: Vec<String>,
    },
    /// An archive that is damaged, or breaks the rules for archives.
    #[error("the archive `{}` is damaged at byte {offset}: {reason}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// A file that an image's documents name is not there.
    #[error("`{member}` is missing from `{}`", path.display())]
    Missing {
        /// The archive or directory.
        path: PathBuf,
        /// The file in it.
        member: String,
    },
    /// A document that is not what it should be.
    #[error("`{document}` is refused: {reason}")]
    Document {
        /// The file, or the digest, of the document.
        document: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// Bytes are not what the document that names them says.
    #[error("`{name}` has the digest {found}, not {expected}")]
    Digest {
        /// What was read.
        name: String,
        /// What was promised.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// A blob has another size than the document that names it says.
    #[error("`{name}` has {found} bytes, not {expected}")]
    Size {
        /// What was read.
        name: String,
        /// What was promised.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// The layer as stored does not give the tar that it came as, or was committed as.
    #[error("layer `{expected}` gives {found} when it is written out; `plywood fsck` says more")]
    Rebuilt {
        /// What the store promises.
        expected: DiffId,
        /// What came out.
        found: DiffId,
    },
    /// More than the caller allows.
    #[error("`{name}` exceeds the limit `{limit}` of {allowed}")]
    Limit {
        /// What exceeds it.
        name: String,
        /// The name of the field of [`Limits`](super::Limits).
        limit: &'static str,
        /// Its value.
        allowed: u64,
    },
    /// A registry or a daemon did not do what was asked.
    #[error("{registry}: {what}: {fault}")]
    Registry {
        /// Its name, as in references.
        registry: String,
        /// What was asked for.
        what: String,
        /// What it did instead.
        fault: RegistryFault,
    },
    /// A file with settings says something that cannot be.
    #[error("`{}` cannot be used: {reason}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A password cannot be had or kept.
    #[error("`{registry}`: {reason}")]
    Login {
        /// The registry or credential helper.
        registry: String,
        /// Why not.
        reason: String,
    },
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// The operating system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A layer's own trouble.
    #[error(transparent)]
    Layer(#[from] crate::layer::Error),
    /// The same, of one of several layers.
    #[error("`{name}`: {source}")]
    LayerFile {
        /// The file that the layer came as.
        name: String,
        /// What is wrong with it.
        source: crate::layer::Error,
    },
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The starter image's own trouble.
    #[error(transparent)]
    Base(#[from] super::base::Error),
}

/// How a registry fails us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryFault {
    /// Nobody answers there.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It does not let us.
    #[error("access is denied{}", and_said(.0))]
    Denied(String),
    /// It has no such thing.
    #[error("it is not there")]
    NotFound,
    /// Too many requests.
    #[error("the registry wants fewer requests (429)")]
    Busy,
    /// Another status.
    #[error("status {code}{}", and_said(said))]
    Status {
        /// The number.
        code: u16,
        /// What the registry says of it.
        said: String,
    },
    /// The connection broke, again and again.
    #[error("the connection fails: {0}")]
    Broken(String),
    /// An answer that breaks the rules.
    #[error("refused: {0}")]
    Refused(String),
}

/// What a stranger said, made harmless for messages.
fn and_said(said: &str) -> String {
    if said.is_empty() {
        return String::new();
    }
    let plain: String = said.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    format!(" ({plain})")
}

impl Error {
    /// For `map_err`: names the file and what was tried with it.
    pub(super) fn io<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> Self + 'a {
        move |source| match Self::carried(source) {
            Ok(error) => error,
            Err(source) => Self::Io { action, path: path.to_owned(), source },
        }
    }

    /// What our own readers and writers say travels inside an `io::Error`, through other rooms.
    pub(super) fn carried(source: io::Error) -> Result<Self, io::Error> {
        if source.get_ref().is_some_and(|inner| inner.is::<Self>()) {
            return source.downcast::<Self>();
        }
        Err(source)
    }

    /// A layer's error; if it is one of ours that passed through, that one.
    pub(super) fn layer(error: crate::layer::Error) -> Self {
        match error {
            crate::layer::Error::Io { action, path, source } => match Self::carried(source) {
                Ok(error) => error,
                Err(source) => Self::Layer(crate::layer::Error::Io { action, path, source }),
            },
            other => Self::Layer(other),
        }
    }

    /// The same error, with the name of the layer's file where it does not have one.
    pub(super) fn of_layer(self, name: &str) -> Self {
        match self {
            Self::Layer(source) => Self::LayerFile { name: name.to_owned(), source },
            other => other,
        }
    }

    /// A document that breaks a rule.
    pub(super) fn document(document: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Document { document: document.into(), reason: reason.into() }
    }
}

fn platforms(present: &[String]) -> String {
    match present {
        [] => "none of them says for which machine it is".to_owned(),
        present => format!("it has {}", listed(present)),
    }
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 10;
    if names.is_empty() {
        return "none with a name".to_owned();
    }
    let mut text = names.iter().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        text.push_str(&format!(" and {} more", names.len() - MOST));
    }
    text
}
