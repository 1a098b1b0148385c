//! The one error that leaves the workbench: a kind, a message, and what to do next.

use serde::Serialize;

use super::Container;

/// What sort of thing went wrong; scripts compare its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// An image, container, path or file that is not there.
    NotFound,
    /// Another process has the container.
    Busy,
    /// Something that still needs the thing.
    InUse,
    /// A container has the name already.
    NameInUse,
    /// A short id or a name that fits several things.
    Ambiguous,
    /// An argument that cannot be right.
    Invalid,
    /// Content that is not what its digest, its format or its size says.
    Corrupt,
    /// The kernel or the file system says no.
    Denied,
    /// This machine or this version cannot do it.
    Unsupported,
    /// A command that ran and failed.
    Exit,
    /// A command that did not end in its time.
    Timeout,
    /// No room on the device.
    NoSpace,
    /// Reading or writing failed.
    Io,
    /// A registry or daemon cannot be reached, or fails.
    Network,
    /// Ctrl-C.
    Interrupted,
    /// The container could not be started or watched.
    Engine,
    /// The script said so.
    Fail,
    /// A fault of ours.
    Internal,
}

impl ErrorKind {
    /// The word that scripts and JSON see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Busy => "busy",
            Self::InUse => "in_use",
            Self::NameInUse => "name_in_use",
            Self::Ambiguous => "ambiguous",
            Self::Invalid => "invalid",
            Self::Corrupt => "corrupt",
            Self::Denied => "denied",
            Self::Unsupported => "unsupported",
            Self::Exit => "exit",
            Self::Timeout => "timeout",
            Self::NoSpace => "no_space",
            Self::Io => "io",
            Self::Network => "network",
            Self::Interrupted => "interrupted",
            Self::Engine => "engine",
            Self::Fail => "fail",
            Self::Internal => "internal",
        }
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a verb answers when it cannot do what was asked.
#[derive(Debug, Clone, Serialize)]
pub struct Error {
    /// The sort.
    pub kind: ErrorKind,
    /// What happened, naming the thing; lower case, no full stop.
    pub message: String,
    /// What to do next, where there is something.
    pub hint: Option<String>,
    /// The exit code as Docker has it, where a container is concerned.
    pub exit_code: Option<i32>,
    /// The end of what the command wrote to its standard error.
    pub stderr: Option<String>,
    /// The container it happened in.
    pub container: Option<Box<Container>>,
}

impl std::fmt::Display for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

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

    /// The same with the exit code that Docker would give.
    #[must_use]
    pub const fn with_exit_code(mut self, code: i32) -> Self {
        self.exit_code = Some(code);
        self
    }

    /// An argument that cannot be right.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// Something that is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// What the operating system said while `doing` something.
    pub fn io(doing: impl std::fmt::Display, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let plain = Self::new(io_kind(error), format!("{doing}: {}", io_text(error)));
        match error.kind() {
            Io::StorageFull | Io::QuotaExceeded => plain.with_hint(NO_SPACE_HINT),
            Io::InvalidData | Io::UnexpectedEof => plain.with_hint(CORRUPT_HINT),
            _ => plain,
        }
    }
}

/// What to do when a disk is full.
pub(super) const NO_SPACE_HINT: &str =
    "free some room (`prune()` removes what nothing needs), or use another store with `--store DIR`";

/// What to do about content that is not what it should be.
pub(super) const CORRUPT_HINT: &str = "it is damaged or was cut off: fetch or make it again";

fn io_kind(error: &std::io::Error) -> ErrorKind {
    use std::io::ErrorKind as Io;
    match error.kind() {
        Io::NotFound => ErrorKind::NotFound,
        Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::Denied,
        Io::StorageFull | Io::QuotaExceeded => ErrorKind::NoSpace,
        Io::Interrupted => ErrorKind::Interrupted,
        Io::InvalidData | Io::UnexpectedEof => ErrorKind::Corrupt,
        _ => ErrorKind::Io,
    }
}

/// The system's words without Rust's `(os error N)`.
fn io_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}
