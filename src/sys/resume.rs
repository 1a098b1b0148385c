//! Processes that are stopped for a moment, and never for longer than their stopper lives.
//!
//! A process that dies between SIGSTOP and SIGCONT would leave the others stopped for ever. So a small child does the
//! continuing: it is told of every process before that is stopped, and continues them all when its pipe is closed,
//! whether on purpose or by the stopper's death.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;

use super::signal::AllBlocked;

/// How many processes can be stopped by one stopper.
const MOST: usize = 1 << 16;

/// Continues every process that was stopped through it, when it is dropped or this process dies.
#[derive(Debug)]
pub struct Stopper {
    /// Closing it lets the child begin.
    pipe: Option<OwnedFd>,
    child: libc::pid_t,
    count: usize,
}

impl Stopper {
    /// Starts the child; nothing is stopped yet.
    ///
    /// # Errors
    /// Those of `pipe(2)` and `fork(2)`.
    pub fn new() -> io::Result<Self> {
        let mut ends = [0; 2];
        // SAFETY: room for two descriptors.
        Errno::result(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
        // SAFETY: the kernel has just made both for us.
        let (reader, writer) = unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) };
        // Made before the fork: the child must not allocate. The pages are touched only where they are needed.
        let mut pids: Vec<libc::pid_t> = vec![0; MOST];
        let blocked = AllBlocked::new();
        // SAFETY: other threads may hold locks, so the child makes system calls on its own copy of memory only.
        let child = Errno::result(unsafe { libc::fork() })?;
        if child == 0 {
            continue_all(&reader, &writer, &mut pids);
        }
        drop(blocked);
        Ok(Self { pipe: Some(writer), child, count: 0 })
    }

    /// Stops a process. False if it has ended.
    ///
    /// # Errors
    /// EPERM for somebody else's; ENOSPC beyond 65,536 processes.
    pub fn stop(&mut self, pid: i32) -> io::Result<bool> {
        if self.count == MOST {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        if let Some(pipe) = &self.pipe {
            // A write of four bytes to a pipe is done whole.
            nix::unistd::write(pipe, &pid.to_ne_bytes())?;
            self.count += 1;
        }
        // SAFETY: no memory involved.
        match Errno::result(unsafe { libc::kill(pid, libc::SIGSTOP) }) {
            Ok(_) => Ok(true),
            Err(Errno::ESRCH) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl Drop for Stopper {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let mut status = 0;
        // SAFETY: `status` is writable; the child is ours and nobody else waits for it by its id.
        while unsafe { libc::waitpid(self.child, &raw mut status, 0) } < 0 && Errno::last() == Errno::EINTR {}
    }
}

/// The child: reads ids until the end, then continues them, the last stopped first, so that no parent ever sees a
/// stopped child.
fn continue_all(reader: &OwnedFd, writer: &OwnedFd, pids: &mut [libc::pid_t]) -> ! {
    // Its own session: what ends the terminal's group must not end it. Then only the reading end stays open,
    // so that no lock or pipe of the parent lives on with it.
    // SAFETY: plain numbers; in a child that has one thread and owns its descriptors.
    unsafe {
        libc::setsid();
        libc::close(writer.as_raw_fd());
        if libc::dup2(reader.as_raw_fd(), 0) == 0 {
            libc::syscall(libc::SYS_close_range, 1, u32::MAX, 0);
        }
    }
    let (mut count, mut have) = (0, 0);
    let mut bytes = [0_u8; 4];
    while count < pids.len() {
        // SAFETY: the rest of a live buffer.
        let got = unsafe { libc::read(0, bytes.as_mut_ptr().add(have).cast(), bytes.len() - have) };
        match got {
            0 => break,
            1.. => have += got as usize,
            _ if Errno::last() == Errno::EINTR => {}
            _ => break,
        }
        if have == bytes.len() {
            pids[count] = libc::pid_t::from_ne_bytes(bytes);
            count += 1;
            have = 0;
        }
    }
    for pid in pids[..count].iter().rev() {
        // SAFETY: no memory involved.
        unsafe { libc::kill(*pid, libc::SIGCONT) };
    }
    // SAFETY: ends this process without running the parent's handlers.
    unsafe { libc::_exit(0) }
}
