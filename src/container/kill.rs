//! Ending a container from another process.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill as send};
use nix::unistd::Pid;

use super::pause::user;
use crate::sys::resume::Stopper;

/// Kills the container whose first process is `pid`, and with it everything in it.
///
/// A process that is not there any more is none the worse for it.
pub fn kill(pid: u32) {
    let Ok(pid) = i32::try_from(pid) else { return };
    // In a user namespace beside the container's we are root, yet not the root of its processes.
    if send(Pid::from_raw(pid), Signal::SIGKILL) == Err(Errno::EPERM)
        && let Ok(mut messenger) = Stopper::new()
    {
        // The only failures are "gone" and "somebody else's": the caller's lock tells which.
        let _ = messenger.send(pid, user(pid), libc::SIGKILL);
    }
}
