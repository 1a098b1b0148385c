//! Signal masks and dispositions.

use std::ffi::c_int;
use std::ptr;

use nix::errno::Errno;

/// The kernel's signal set: 64 bits on every Linux architecture.
const SET: usize = 8;

/// All signals of this thread are blocked while this lives, those the C library hides included: a
/// handler must not run in a child that shares our memory.
#[derive(Debug)]
pub struct AllBlocked {
    before: u64,
}

impl AllBlocked {
    /// Blocks them.
    #[must_use]
    pub fn new() -> Self {
        let mut before = 0u64;
        mask(libc::SIG_SETMASK, u64::MAX, Some(&mut before));
        Self { before }
    }
}

impl Default for AllBlocked {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for AllBlocked {
    fn drop(&mut self) {
        mask(libc::SIG_SETMASK, self.before, None);
    }
}

/// Unblocks every signal of this thread; for a child just before it executes a program.
pub fn unblock_all() {
    mask(libc::SIG_SETMASK, 0, None);
}

fn mask(how: c_int, set: u64, before: Option<&mut u64>) {
    let before = before.map_or(ptr::null_mut(), ptr::from_mut);
    // SAFETY: both sets are eight bytes, as the size says. It cannot fail with these arguments.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, &raw const set, before, SET) };
}

/// `struct sigaction` as the kernel has it.
#[repr(C)]
#[derive(Clone, Copy)]
struct KernelAction {
    handler: usize,
    flags: u64,
    restorer: usize,
    mask: u64,
}

/// Gives every signal its default disposition; for a child, whose program must not inherit that we ignore
/// SIGPIPE, or what our own parent ignored.
pub fn reset_dispositions() {
    let default = KernelAction { handler: libc::SIG_DFL, flags: 0, restorer: 0, mask: 0 };
    for signal in 1..=64 {
        // SAFETY: a default action needs no restorer; SIGKILL and SIGSTOP answer EINVAL, as they may.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                &raw const default,
                ptr::null_mut::<KernelAction>(),
                SET,
            )
        };
    }
}

/// Makes the ends of children known to this process: with SIGCHLD ignored (inherited from some parents)
/// the kernel would reap them itself and their status would be lost.
pub fn await_children() {
    let mut action = KernelAction { handler: 0, flags: 0, restorer: 0, mask: 0 };
    // SAFETY: reads the present action into memory of the right size.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            libc::SIGCHLD,
            ptr::null::<KernelAction>(),
            &raw mut action,
            SET,
        )
    };
    if action.handler == libc::SIG_IGN {
        // SAFETY: a default action.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    }
}

/// Keeps SIGPIPE from ending the process while this thread writes to a pipe whose reader may be gone.
#[derive(Debug)]
pub struct PipesMayBreak {
    before: u64,
}

impl PipesMayBreak {
    /// Blocks SIGPIPE in this thread.
    #[must_use]
    pub fn new() -> Self {
        let mut before = 0u64;
        mask(libc::SIG_BLOCK, pipe_bit(), Some(&mut before));
        Self { before }
    }
}

impl Default for PipesMayBreak {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for PipesMayBreak {
    fn drop(&mut self) {
        if self.before & pipe_bit() != 0 {
            return;
        }
        let (set, now) = (pipe_bit(), libc::timespec { tv_sec: 0, tv_nsec: 0 });
        loop {
            // SAFETY: takes a pending SIGPIPE of this thread, without waiting.
            let taken = unsafe {
                libc::syscall(
                    libc::SYS_rt_sigtimedwait,
                    &raw const set,
                    ptr::null_mut::<libc::siginfo_t>(),
                    &raw const now,
                    SET,
                )
            };
            if taken > 0 || (taken < 0 && Errno::last() == Errno::EINTR) {
                continue;
            }
            break;
        }
        mask(libc::SIG_SETMASK, self.before, None);
    }
}

fn pipe_bit() -> u64 {
    1 << (libc::SIGPIPE - 1)
}

/// Sends a signal to a process group.
///
/// # Errors
/// ESRCH when it has no member any more.
pub fn kill_group(leader: i32, signal: c_int) -> nix::Result<()> {
    // SAFETY: sends a signal, no memory involved.
    Errno::result(unsafe { libc::kill(-leader, signal) }).map(drop)
}
