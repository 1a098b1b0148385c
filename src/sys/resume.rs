//! Processes that are stopped for a moment, and never for longer than their stopper lives.
//!
//! A process that dies between SIGSTOP and SIGCONT would leave the others stopped for ever. So a small child does the
//! continuing: it is told of every process before that is stopped, and continues them all when its pipe is closed,
//! whether on purpose or by the stopper's death.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;

use super::signal::AllBlocked;

/// How many processes can be stopped by one stopper.
const MOST: usize = 1 << 16;

/// Continues every process that was stopped through it, when it is dropped or this process dies.
#[derive(Debug)]
pub struct Stopper {
    /// Closing it lets the child begin.
    orders: Option<OwnedFd>,
    answers: OwnedFd,
    child: libc::pid_t,
    count: usize,
}

/// What the child is told: process, user, signal.
const ORDER: usize = 12;

impl Stopper {
    /// Starts the child; nothing is stopped yet.
    ///
    /// # Errors
    /// Those of `pipe(2)` and `fork(2)`.
    pub fn new() -> io::Result<Self> {
        let (orders, order) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        let (answers, answer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        // Made before the fork: the child must not allocate. The pages are touched only where they are needed.
        let mut stopped: Vec<[i32; 2]> = vec![[0; 2]; MOST];
        let blocked = AllBlocked::new();
        // SAFETY: other threads may hold locks, so the child makes system calls on its own copy of memory only.
        let child = Errno::result(unsafe { libc::fork() })?;
        if child == 0 {
            serve(&orders, &answer, &mut stopped);
        }
        drop(blocked);
        Ok(Self { orders: Some(order), answers, child, count: 0 })
    }

    /// Stops a process of `user`. False if it has ended.
    ///
    /// # Errors
    /// EPERM for somebody else's; ENOSPC beyond 65,536 processes.
    pub fn stop(&mut self, pid: i32, user: u32) -> io::Result<bool> {
        if self.count == MOST {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        self.count += 1;
        self.send(pid, user, libc::SIGSTOP)
    }

    /// Sends a signal to a process of `user`, as that user: within a user namespace that need not be our own root.
    /// False if it has ended.
    ///
    /// # Errors
    /// EPERM for somebody else's.
    pub fn send(&mut self, pid: i32, user: u32, signal: i32) -> io::Result<bool> {
        let mut order = [0; ORDER];
        order[..4].copy_from_slice(&pid.to_ne_bytes());
        order[4..8].copy_from_slice(&user.to_ne_bytes());
        order[8..].copy_from_slice(&signal.to_ne_bytes());
        let Some(orders) = &self.orders else { return Ok(false) };
        // So few bytes go through a pipe whole.
        nix::unistd::write(orders, &order)?;
        let mut answer = [0; 4];
        loop {
            match nix::unistd::read(&self.answers, &mut answer) {
                Ok(4) => break,
                Err(Errno::EINTR) => {}
                Ok(_) => return Err(io::ErrorKind::BrokenPipe.into()),
                Err(errno) => return Err(errno.into()),
            }
        }
        match i32::from_ne_bytes(answer) {
            0 => Ok(true),
            libc::ESRCH => Ok(false),
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

impl Drop for Stopper {
    fn drop(&mut self) {
        drop(self.orders.take());
        let mut status = 0;
        // SAFETY: `status` is writable; the child is ours and nobody else waits for it by its id.
        while unsafe { libc::waitpid(self.child, &raw mut status, 0) } < 0 && Errno::last() == Errno::EINTR {}
    }
}

/// The child: does what it is told until the end, then continues what it stopped, the last stopped first, so that no
/// parent ever sees a stopped child.
fn serve(orders: &OwnedFd, answer: &OwnedFd, stopped: &mut [[i32; 2]]) -> ! {
    // Its own session: what ends the terminal's group must not end it. Then only two ends of pipes stay open, so that
    // no lock or pipe of the parent lives on with it.
    // SAFETY: plain numbers; in a child that has one thread and owns its descriptors.
    unsafe {
        libc::setsid();
        // Above the standard ones, which either could be.
        let orders = libc::fcntl(orders.as_raw_fd(), libc::F_DUPFD, 3);
        let answer = libc::fcntl(answer.as_raw_fd(), libc::F_DUPFD, 3);
        libc::dup2(orders, 0);
        libc::dup2(answer, 1);
        libc::syscall(libc::SYS_close_range, 2, u32::MAX, 0);
    }
    let (mut count, mut have) = (0, 0);
    let mut bytes = [0_u8; ORDER];
    loop {
        // SAFETY: the rest of a live buffer.
        let got = unsafe { libc::read(0, bytes.as_mut_ptr().add(have).cast(), ORDER - have) };
        match got {
            1.. => have += got as usize,
            _ if got < 0 && Errno::last() == Errno::EINTR => {}
            _ => break,
        }
        if have < ORDER {
            continue;
        }
        have = 0;
        let word = |at: usize| i32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (pid, user, signal) = (word(0), word(4), word(8));
        // Noted before it is done: dying in between does no harm.
        if signal == libc::SIGSTOP && count < stopped.len() {
            stopped[count] = [pid, user];
            count += 1;
        }
        let errno = send_as(pid, user, signal);
        // SAFETY: four bytes of a live value. Who does not read the answer has died.
        unsafe { libc::write(1, (&raw const errno).cast(), 4) };
    }
    for [pid, user] in stopped[..count].iter().rev() {
        send_as(*pid, *user, libc::SIGCONT);
    }
    // SAFETY: ends this process without running the parent's handlers.
    unsafe { libc::_exit(0) }
}

/// Sends a signal; where that is not permitted to us, as the user. The error's number, or 0.
fn send_as(pid: i32, user: i32, signal: i32) -> i32 {
    // SAFETY: no memory involved. Raw, since the C library's would ask all threads of a process that has none of them.
    unsafe {
        if libc::kill(pid, signal) == 0 {
            return 0;
        }
        let mut errno = Errno::last_raw();
        if errno == libc::EPERM && libc::syscall(libc::SYS_setresuid, -1, user, -1) == 0 {
            errno = if libc::kill(pid, signal) == 0 { 0 } else { Errno::last_raw() };
            libc::syscall(libc::SYS_setresuid, -1, 0, -1);
        }
        errno
    }
}
