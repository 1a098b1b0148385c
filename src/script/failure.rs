//! A failed statement, as people and programs see it.

use std::borrow::Cow;

use serde::Serialize;

/// A place in a source text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, or what stands for it.
    pub source: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// A function call on the way to the failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallSite {
    /// What was called.
    pub function: String,
    /// Where.
    pub at: Option<Place>,
}

/// Why a statement failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// Which kind: those of the workbench, and `syntax`, `script`, `limit`, `usage`, `internal`.
    pub kind: Cow<'static, str>,
    /// What went wrong.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Where in the script.
    pub at: Option<Place>,
    /// Calls that led there, innermost first.
    pub calls: Vec<CallSite>,
    /// Of a command that ended non-zero.
    pub exit_code: Option<i32>,
    /// Its standard error.
    pub stderr: Option<String>,
    /// Id of the container it ran in.
    pub container: Option<String>,
    /// The line of the script.
    #[serde(skip)]
    pub line: Option<String>,
    /// How many characters of it are meant, from the column on.
    #[serde(skip)]
    pub width: usize,
}

impl Failure {
    /// A failure of `kind` that says `message`, nowhere in particular.
    pub fn new(kind: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            message: message.into(),
            hint: None,
            at: None,
            calls: Vec::new(),
            exit_code: None,
            stderr: None,
            container: None,
            line: None,
            width: 0,
        }
    }

    /// The process's exit code for it: 130 if it was interrupted, 2 if the program was called wrongly, else 1.
    #[must_use]
    pub fn process_code(&self) -> i32 {
        match &*self.kind {
            "interrupted" => 130,
            "usage" => 2,
            _ => 1,
        }
    }
}
