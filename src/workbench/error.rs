//! The one error that crosses the facade.

use super::Container;

/// What kind of failure it is; scripts compare [`as_str`](Self::as_str).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Nothing has that name.
    NotFound,
    /// Another process holds it.
    Busy,
    /// Something else needs it.
    InUse,
    /// An argument is not what it should be.
    Invalid,
    /// The store or an archive is damaged.
    Corrupt,
    /// The system refused.
    Denied,
    /// This machine or this build cannot do it.
    Unsupported,
    /// A command ended non-zero.
    Exit,
    /// The disk is full.
    NoSpace,
    /// Reading or writing failed.
    Io,
    /// Ctrl-C.
    Interrupted,
    /// A container could not be set up.
    Engine,
    /// A container has that name already.
    NameInUse,
    /// A name means several things.
    Ambiguous,
    /// The script said so.
    Fail,
}

impl ErrorKind {
    /// The word that scripts and JSON see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Busy => "busy",
            Self::InUse => "in_use",
            Self::Invalid => "invalid",
            Self::Corrupt => "corrupt",
            Self::Denied => "denied",
            Self::Unsupported => "unsupported",
            Self::Exit => "exit",
            Self::NoSpace => "no_space",
            Self::Io => "io",
            Self::Interrupted => "interrupted",
            Self::Engine => "engine",
            Self::NameInUse => "name_in_use",
            Self::Ambiguous => "ambiguous",
            Self::Fail => "fail",
        }
    }
}

/// What went wrong, and what to do next.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Which kind.
    pub kind: ErrorKind,
    /// Lower case, things named in back-ticks.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// A command's exit code, where one ended non-zero.
    pub exit_code: Option<i32>,
    /// Its standard error.
    pub stderr: Option<String>,
    /// The container it ran in.
    pub container: Option<Container>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, exit_code: None, stderr: None, container: None }
    }

    /// The same with what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
