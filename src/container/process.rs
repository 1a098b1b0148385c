//! The parent's side: starts a plan and understands its failure.

use std::ffi::CStr;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;

use super::Error;
use super::enter::{self, Reason, Report, Trouble};
use super::plan::{Plan, Step};
use crate::sys::clone::{self, Child, Stack};
use crate::sys::{identity, pidfd, signal};

/// Stacks of ended set-ups, to be used again.
static STACKS: Mutex<Vec<Stack>> = Mutex::new(Vec::new());

/// Starts the plan's program and returns when it is executing.
pub fn start(plan: &Plan<'_>) -> Result<Child, Error> {
    signal::await_children();
    let spare = STACKS.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut stack = match spare {
        Some(stack) => stack,
        None => Stack::new().map_err(Error::setup("make a stack"))?,
    };
    let report = Report::default();
    let dumpable = identity::is_dumpable();
    let started = clone::vfork(plan.namespaces, &mut stack, &mut || enter::carry_out(plan, &report));
    if dumpable && !identity::is_dumpable() {
        // A change of user in the child, whose memory was ours.
        let _ = identity::set_dumpable(true);
    }
    STACKS.lock().unwrap_or_else(PoisonError::into_inner).push(stack);
    let child = started.map_err(Error::setup("make the container's namespaces"))?;
    match report.failure() {
        None => Ok(child),
        Some((index, trouble)) => {
            // It ends by itself; only its entry is left to be taken.
            let _ = pidfd::wait(child.pidfd.as_fd());
            Err(plan.steps.get(index).map_or_else(
                || Error::Setup { step: "start".into(), errno: trouble.errno },
                |step| explain(step, trouble),
            ))
        }
    }
}

fn explain(step: &Step<'_>, trouble: Trouble) -> Error {
    let Trouble { errno, reason } = trouble;
    let hostile = |path: String, reason| Error::HostileRoot { path, reason };
    let text = |name: &CStr| name.to_string_lossy().into_owned();
    let at = match step {
        Step::Mount { at, .. } => format!("/{}", text(at)),
        Step::Sysfs => "/sys".into(),
        other => other.to_string(),
    };
    match (reason, step) {
        (Reason::Link, _) => hostile(at, "a symbolic link"),
        (Reason::NotDirectory, _) => hostile(at, "not a directory"),
        (Reason::Elsewhere, _) => hostile(at, "not what was mounted there"),
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
