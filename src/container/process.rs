//! The parent's side: starts a plan and understands its failure.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;

use super::Error;
use super::enter::{self, Reason, Report, Trouble};
use super::fuse::Served;
use super::ownership::Supervisor;
use super::plan::{Plan, Step};
use crate::sys::clone::{self, Child, Stack};
use crate::sys::pidfd::{self, Ended};
use crate::sys::{identity, signal};

/// Stacks of ended set-ups, to be used again.
static STACKS: Mutex<Vec<Stack>> = Mutex::new(Vec::new());

/// A program in a container. Dropped before its end was waited for, it is killed: a panic on the way out must not
/// leave it behind.
#[derive(Debug)]
pub struct Running {
    child: Child,
    waited: bool,
    supervisor: Option<Supervisor>,
    served: Option<Served>,
}

impl Running {
    /// Its id on the host.
    pub fn pid(&self) -> i32 {
        self.child.pid
    }

    /// Readable when it has ended.
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.child.pidfd.as_fd()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Result<Ended, Error> {
        self.waited = true;
        let ended = pidfd::wait(self.pidfd()).map_err(Error::setup("wait for the program"));
        // All other processes ended before the first one could be waited for.
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.join();
        }
        // With them went the mount.
        match (ended, self.served.take()) {
            (Ok(ended), Some(served)) => served.finish().map(|()| ended),
            (ended, _) => ended,
        }
    }

    /// What its root is served by.
    pub fn serve(&mut self, served: Served) {
        self.served = Some(served);
    }

    /// Has this answer the calls that the program hands over.
    pub fn supervise(&mut self, supervisor: Supervisor) {
        self.supervisor = Some(supervisor);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.waited {
            let _ = pidfd::send_signal(self.pidfd(), libc::SIGKILL);
            let _ = pidfd::wait(self.pidfd());
        }
    }
}

/// Keeps other processes out of our memory while a child that shares it already is another user. That state belongs to
/// the memory, so it is put back only when the last such child has got memory of its own.
struct Closed;

/// How many there are, and whether the process was open before the first.
static CLOSED: Mutex<(usize, bool)> = Mutex::new((0, false));

impl Closed {
    fn new() -> Self {
        let mut closed = CLOSED.lock().unwrap_or_else(PoisonError::into_inner);
        if closed.0 == 0 {
            closed.1 = identity::is_dumpable();
        }
        closed.0 += 1;
        Self
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        let mut closed = CLOSED.lock().unwrap_or_else(PoisonError::into_inner);
        closed.0 -= 1;
        if closed.0 == 0 && closed.1 {
            let _ = identity::set_dumpable(true);
        }
    }
}

/// Starts the plan's program and returns when it is executing.
pub fn start(plan: &Plan<'_>) -> Result<Running, Error> {
    signal::await_children();
    let spare = STACKS.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut stack = match spare {
        Some(stack) => stack,
        None => Stack::new().map_err(Error::setup("make a stack"))?,
    };
    let report = Report::default();
    let changes_user = plan.steps.iter().any(|step| matches!(step, Step::User(1..) | Step::Group(1..)));
    let closed = changes_user.then(Closed::new);
    let started = clone::vfork(plan.namespaces, &mut stack, &mut || enter::carry_out(plan, &report));
    drop(closed);
    STACKS.lock().unwrap_or_else(PoisonError::into_inner).push(stack);
    let child = started.map_err(Error::setup("make the container's namespaces"))?;
    let running = Running { child, waited: false, supervisor: None, served: None };
    let Some((index, trouble)) = report.failure() else { return Ok(running) };
    // It ends by itself; only its entry is left to be taken.
    let ended = running.wait();
    debug_assert!(
        matches!(ended, Ok(Ended::Exited(super::exit::ENGINE) | Ended::Killed(libc::SIGKILL)) | Err(_)),
        "it shares our memory, so it must not abort: {ended:?}"
    );
    Err(plan.steps.get(index).map_or_else(
        || Error::Setup { step: "start".into(), errno: trouble.errno },
        |step| explain(step, trouble),
    ))
}

fn explain(step: &Step<'_>, trouble: Trouble) -> Error {
    let Trouble { errno, reason } = trouble;
    let hostile = |path: String, reason| Error::HostileRoot { path, reason };
    let text = |name: &CStr| name.to_string_lossy().into_owned();
    let at = match step {
        Step::Mount { at, .. } => format!("/{}", text(at)),
        Step::Sysfs => "/sys".into(),
        Step::Dev { .. } => "/dev".into(),
        other => other.to_string(),
    };
    match (reason, step) {
        (Reason::Link, _) => hostile(at, "a symbolic link"),
        (Reason::NotDirectory, _) => hostile(at, "not a directory"),
        (Reason::Elsewhere, _) => hostile(at, "not what was mounted there"),
        (Reason::Engine, _) => Error::NotExecutable { program: "/proc/self/exe".into(), errno },
        (Reason::Outside, _) => hostile("working directory".into(), "outside its root"),
        (Reason::IntoProc, Step::Volume { target, .. }) => hostile(target.to_string(), "a link into /proc"),
        (Reason::Source, Step::Volume { source, .. }) => {
            Error::VolumeSource { path: PathBuf::from(text(source)), errno }
        }
        (_, Step::Execute { searched, arguments, .. }) => {
            let program = arguments.as_slice().first().map_or_else(String::new, |name| text(name));
            match reason {
                Reason::Missing => Error::NotFound { program, searched: *searched },
                Reason::Interpreter => Error::InterpreterMissing { program },
                _ => Error::NotExecutable { program, errno },
            }
        }
        (_, Step::User(uid)) if errno == Errno::EINVAL => unmapped("user", *uid),
        (_, Step::Group(gid)) if errno == Errno::EINVAL => unmapped("group", *gid),
        (_, step) => Error::Setup { step: step.to_string(), errno },
    }
}

fn unmapped(what: &'static str, id: u32) -> Error {
    Error::Invalid {
        what,
        value: id.to_string(),
        reason: "does not exist here: this account has no range of subordinate ids (/etc/subuid, /etc/subgid)",
    }
}
