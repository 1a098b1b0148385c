//! Errors as scripts catch them.

use std::borrow::Cow;
use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult, Position};
use serde::Serialize;

use super::types::Handle;
use crate::workbench::{Container, Error, ErrorKind};

/// What natives give: a value, or an error on its way up through the script.
pub type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// An error as a script's `catch (e)` sees it: `e.kind`, `e.message`, `e.hint`, …
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Raised {
    /// Which kind, such as `not_found`.
    pub kind: Cow<'static, str>,
    /// What went wrong.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// A command's exit code.
    pub exit_code: Option<i32>,
    /// Its standard error.
    pub stderr: Option<String>,
    /// The container it ran in.
    pub container: Option<Container>,
    /// Where it came from, if it was caught by `attempt`.
    #[serde(skip)]
    pub origin: Origin,
}

/// The error that a caught one was, with its place and the calls that led there: what a `throw` of it
/// shows. It is not part of what the error says.
#[derive(Debug, Clone, Default)]
pub struct Origin(pub Option<Arc<EvalAltResult>>);

impl Origin {
    /// The origin of `error` itself.
    pub fn of(error: Box<EvalAltResult>) -> Self {
        Self(Some(Arc::from(error)))
    }
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Raised {
    /// An error of `kind` that says `message`.
    pub fn new(kind: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            message: message.into(),
            hint: None,
            exit_code: None,
            stderr: None,
            container: None,
            origin: Origin::default(),
        }
    }

    /// An argument is not what it should be.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid.as_str(), message)
    }

    /// The same with what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        self.hint = if hint.is_empty() { None } else { Some(hint) };
        self
    }
}

impl From<Error> for Raised {
    fn from(error: Error) -> Self {
        Self {
            kind: error.kind.as_str().into(),
            message: error.message,
            hint: error.hint,
            exit_code: error.exit_code,
            stderr: error.stderr,
            container: error.container.map(|container| *container),
            origin: Origin::default(),
        }
    }
}

impl From<Raised> for Box<EvalAltResult> {
    fn from(raised: Raised) -> Self {
        // An interrupt must not be caught by a script's `try`.
        if raised.kind == ErrorKind::Interrupted.as_str() {
            return EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE).into();
        }
        EvalAltResult::ErrorRuntime(Dynamic::from(Handle::new(raised)), Position::NONE).into()
    }
}

/// `exit(code)` on its way out. Not Rhai's own `Exit`: at the top that is a value like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitCode(pub i32);

impl From<ExitCode> for Box<EvalAltResult> {
    fn from(code: ExitCode) -> Self {
        EvalAltResult::ErrorTerminated(Dynamic::from(code), Position::NONE).into()
    }
}

impl From<Error> for Box<EvalAltResult> {
    fn from(error: Error) -> Self {
        Raised::from(error).into()
    }
}
