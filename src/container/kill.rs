//! Ending a container from another process.

use nix::sys::signal::{Signal, kill as send};
use nix::unistd::Pid;

/// Kills the container whose first process is `pid`, and with it everything in it.
///
/// A process that is not there any more is none the worse for it.
pub fn kill(pid: u32) {
    if let Ok(pid) = i32::try_from(pid) {
        // The only failures are "gone" and "somebody else's": the caller's lock tells which.
        let _ = send(Pid::from_raw(pid), Signal::SIGKILL);
    }
}
