//! Processes by descriptor.

use std::ffi::c_int;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use nix::errno::Errno;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It ended itself with this status (0 to 255).
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
}

/// Waits until the child behind `pidfd` has ended and takes its status.
///
/// # Errors
/// ECHILD when somebody else has taken it.
pub fn wait(pidfd: BorrowedFd<'_>) -> nix::Result<Ended> {
    loop {
        // SAFETY: siginfo_t is plain data.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: `info` is writable and of the right type.
        let answer = unsafe {
            libc::waitid(
                libc::P_PIDFD,
                pidfd.as_raw_fd() as libc::id_t,
                &raw mut info,
                libc::WEXITED | libc::__WALL,
            )
        };
        match Errno::result(answer) {
            Err(Errno::EINTR) => {}
            Err(other) => return Err(other),
            Ok(_) => {
                // SAFETY: waitid filled it in for a child that ended.
                let status = unsafe { info.si_status() };
                return Ok(match info.si_code {
                    libc::CLD_EXITED => Ended::Exited(status),
                    _ => Ended::Killed(status),
                });
            }
        }
    }
}

/// Sends a signal to the process behind `pidfd`.
///
/// # Errors
/// ESRCH when it has ended.
pub fn send_signal(pidfd: BorrowedFd<'_>, signal: c_int) -> nix::Result<()> {
    // SAFETY: without siginfo, as kill(2) would.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal,
            ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    Errno::result(answer).map(drop)
}
