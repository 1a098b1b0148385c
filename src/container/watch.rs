//! The watch over a running program.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use nix::poll::PollTimeout;

use super::process::Running;
use crate::sys::{Interrupt, pidfd, signal};

/// How long a program that handles SIGTERM may take to end after a timeout.
const TERM_GRACE: Duration = Duration::from_secs(2);
/// After which an interrupt that ended nothing is passed on once more: one that comes while a shell forks reaches
/// a child that still has the shell's handler, and is lost.
const REPEAT: Duration = Duration::from_secs(1);
/// How long the processes of a container may take to end when process 1 does not handle the signal.
const SHORT_GRACE: Duration = Duration::from_millis(300);
/// How often the interrupt count is looked at: a signal may have come to another thread.
const TICK: Duration = Duration::from_millis(100);

/// Looks after a running program: its end, the user's interrupts, its time.
#[derive(Debug)]
pub struct Watch<'a> {
    child: &'a Running,
    deadline: Option<Instant>,
    interrupt: Interrupt,
    /// Interrupts dealt with.
    seen: usize,
    kill_at: Option<Instant>,
    /// When the interrupt is passed on once more.
    repeat_at: Option<Instant>,
    timed_out: bool,
}

impl<'a> Watch<'a> {
    pub fn new(child: &'a Running, timeout: Option<Duration>, interrupt: Interrupt) -> Self {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Self { child, deadline, interrupt, seen: 0, kill_at: None, repeat_at: None, timed_out: false }
    }

    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.child.pidfd()
    }

    pub fn interrupted(&self) -> bool {
        self.seen > 0
    }

    pub fn timed_out(&self) -> bool {
        self.timed_out
    }

    /// How long to wait for events at most.
    pub fn patience(&self) -> PollTimeout {
        let now = Instant::now();
        let next = [self.deadline, self.kill_at, self.repeat_at]
            .into_iter()
            .flatten()
            // A millisecond more: the kernel's are whole ones.
            .map(|when| when.saturating_duration_since(now) + Duration::from_millis(1))
            .chain([TICK])
            .min();
        next.and_then(|wait| PollTimeout::try_from(wait).ok()).unwrap_or(PollTimeout::ZERO)
    }

    /// Sends what is due.
    pub fn act(&mut self) {
        let count = self.interrupt.count();
        if count > self.seen {
            if self.seen > 0 || count > 1 {
                self.send(libc::SIGKILL);
            } else {
                self.ask(libc::SIGINT, None);
                self.repeat_at = Instant::now().checked_add(REPEAT);
            }
            self.seen = count;
        }
        let now = Instant::now();
        if self.repeat_at.is_some_and(|when| when <= now) {
            self.repeat_at = None;
            self.ask(libc::SIGINT, None);
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            self.timed_out = true;
            self.ask(libc::SIGTERM, Some(TERM_GRACE));
        }
        if self.kill_at.is_some_and(|when| when <= now) {
            self.kill_at = None;
            self.send(libc::SIGKILL);
        }
    }

    /// Asks the program to end; the kernel keeps signals from a process 1 that does not handle them.
    fn ask(&mut self, signal: libc::c_int, grace: Option<Duration>) {
        let handled = handles(self.child.pid(), signal);
        // Its session's first group, as a key press at a terminal would: the shell's children, too.
        if signal::kill_group(self.child.pid(), signal).is_err() {
            self.send(signal);
        }
        let grace = if handled { grace } else { Some(SHORT_GRACE) };
        if let Some(when) = grace.and_then(|grace| Instant::now().checked_add(grace)) {
            self.kill_at = Some(self.kill_at.map_or(when, |before| before.min(when)));
        }
    }

    fn send(&self, signal: libc::c_int) {
        // It may have ended in between; then nothing is left to do.
        let _ = pidfd::send_signal(self.pidfd(), signal);
    }
}

/// Whether the process has a handler for the signal (`SigCgt` of `/proc/PID/status`).
fn handles(pid: i32, signal: libc::c_int) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| catches(&status, signal))
}

fn catches(status: &str, signal: libc::c_int) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
    let mask = mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}

#[cfg(test)]
mod tests {
    use super::catches;

    #[test]
    fn status_tells_which_signals_are_caught() {
        let status = "Name:\tsh\nSigIgn:\t0000000000000004\nSigCgt:\t0000000000010002\nCapInh:\t0\n";
        assert!(catches(status, libc::SIGINT));
        assert!(!catches(status, libc::SIGTERM));
        assert!(!catches("", libc::SIGINT));
    }
}
