//! How a run ended.

use std::time::Duration;

use crate::sys::pidfd::Ended;

/// Docker's exit code for a fault of the engine itself.
pub const ENGINE: i32 = 125;
/// Docker's exit code for a program that is there but cannot be executed.
pub const NOT_EXECUTABLE: i32 = 126;
/// Docker's exit code for a program that is not there.
pub const NOT_FOUND: i32 = 127;

/// What a run left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// The program's status as Docker gives it: 0 to 255; 128 + n when signal n ended it.
    pub code: i32,
    /// What it wrote to standard output; empty when it had a terminal.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error; empty when it had a terminal.
    pub stderr: Vec<u8>,
    /// From the start of the set-up to the end.
    pub duration: Duration,
    /// The user's interrupt reached it.
    pub interrupted: bool,
    /// It ran longer than it was allowed to.
    pub timed_out: bool,
}

/// Docker's number for an end.
#[must_use]
pub fn code(ended: Ended) -> i32 {
    match ended {
        Ended::Exited(status) => status,
        Ended::Killed(signal) => 128 + signal,
    }
}
