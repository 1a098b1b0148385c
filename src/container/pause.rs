//! Holding a container still for a moment, so that its files can be copied as they are at one instant.
//!
//! Every process of the container gets SIGSTOP, parents before children, until none is left that runs; they are
//! continued in the opposite order, so that no shell sees a stopped child. What the container had stopped by itself
//! stays so. A control group's freezer would do the same at once, but containers have no group of their own.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::Error;
use crate::sys::resume::Stopper;

/// How long to wait for processes that are busy in the kernel.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a process stays in an uninterruptible wait before it is taken for one that waits for its `vfork` child.
const VFORK: Duration = Duration::from_millis(20);

/// A container whose processes are stopped; dropped, or when this process dies, they go on.
#[derive(Debug)]
pub struct Paused {
    _stopper: Stopper,
}

/// A process as `/proc/PID/stat` has it.
#[derive(Debug, Clone, Copy)]
struct Process {
    parent: i32,
    state: u8,
}

/// Stops all processes of the container whose first process is `pid`, a child of `runner`. `None` if it has ended.
///
/// # Errors
/// [`Error::Setup`] where the processes are somebody else's, or one does not stop.
pub fn pause(pid: u32, runner: u32) -> Result<Option<Paused>, Error> {
    let (Ok(first), Ok(runner)) = (i32::try_from(pid), i32::try_from(runner)) else { return Ok(None) };
    // The id was written down by another process, perhaps of another machine's view: it must be what it says.
    if process(first).is_none_or(|process| process.parent != runner) || !is_first_of_namespace(first) {
        return Ok(None);
    }
    let mut stopper = Stopper::new().map_err(|error| failed(errno(&error)))?;
    let until = Instant::now() + PATIENCE;
    let mut known: Vec<i32> = Vec::new();
    loop {
        let fresh: Vec<(i32, Process)> =
            family(first).into_iter().filter(|(pid, _)| !known.contains(pid)).collect();
        if fresh.is_empty() {
            break;
        }
        for (pid, process) in fresh {
            known.push(pid);
            if !matches!(process.state, b'T' | b'Z' | b'X') {
                stopper.stop(pid, user(pid)).map_err(|error| failed(errno(&error)))?;
            }
        }
        let began = Instant::now();
        loop {
            let restless: Vec<i32> = known.iter().copied().filter(|pid| is_outside(*pid, b"TtZXx")).collect();
            // Who waits in the kernel for a child of `vfork` cannot stop before that child goes on, nor do anything.
            let waits = |pid: &i32| !is_outside(*pid, b"TtZXxD") && has_child(*pid, &known);
            if restless.is_empty() || began.elapsed() > VFORK && restless.iter().all(waits) {
                break;
            }
            if Instant::now() > until {
                return Err(failed(Errno::ETIMEDOUT));
            }
            std::thread::sleep(Duration::from_micros(100));
        }
    }
    if process(first).is_none_or(|process| process.state == b'Z') {
        return Ok(None);
    }
    Ok(Some(Paused { _stopper: stopper }))
}

fn failed(errno: Errno) -> Error {
    Error::Setup { step: "pause the container".into(), errno }
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

/// `first` and everything that descends from it, parents before children.
///
/// Within a process id namespace orphans become children of its first process, so nothing escapes.
fn family(first: i32) -> Vec<(i32, Process)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: HashMap<i32, Process> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, process(pid)?)))
        .collect();
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for (pid, process) in &all {
        children.entry(process.parent).or_default().push(*pid);
    }
    let mut found: Vec<(i32, Process)> =
        all.get(&first).map(|process| (first, *process)).into_iter().collect();
    let mut next = 0;
    while let Some((pid, _)) = found.get(next).copied() {
        next += 1;
        for child in children.remove(&pid).unwrap_or_default() {
            found.extend(all.get(&child).map(|process| (child, *process)));
        }
    }
    found
}

fn process(pid: i32) -> Option<Process> {
    parse(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// The real user of a process, as our user namespace names it.
pub(super) fn user(pid: i32) -> u32 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    line.and_then(|ids| ids.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// `PID (NAME) STATE PARENT …`; the name may hold anything, brackets too.
fn parse(stat: &[u8]) -> Option<Process> {
    let after = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let mut words = stat[after..].split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let state = *words.next()?.first()?;
    let parent = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    Some(Process { parent, state })
}

/// Whether one of its threads is in none of `states`.
fn is_outside(pid: i32, states: &[u8]) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| parse(&fs::read(task.path().join("stat")).ok()?))
        .any(|task| !states.contains(&task.state))
}

fn has_child(pid: i32, known: &[i32]) -> bool {
    known.iter().any(|other| process(*other).is_some_and(|process| process.parent == pid))
}

/// Whether it is process 1 of a namespace below ours.
fn is_first_of_namespace(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    ids.is_some_and(|ids| {
        let ids: Vec<&str> = ids.split_whitespace().collect();
        ids.len() > 1 && ids.last() == Some(&"1")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_of_processes_may_hold_anything() {
        let process = parse(b"12 (a) S 1) R 7 12 12 0").unwrap();
        assert_eq!((process.state, process.parent), (b'R', 7));
        assert!(parse(b"12").is_none());
    }

    #[test]
    fn what_is_no_container_is_left_alone() {
        assert!(pause(std::process::id(), 1).unwrap().is_none());
        assert!(pause(u32::MAX, 1).unwrap().is_none());
    }
}
