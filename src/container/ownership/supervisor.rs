//! The thread that answers.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::thread::JoinHandle;

use nix::errno::Errno;

use super::super::{Error, Spec, seccomp};
use super::credentials::{Change, Credentials, Program};
use super::files::View;
use super::owner::Records;
use super::reply::Reply;
use super::request::{Kind, Place, Request};
use crate::sys::notify::{self, Answer, Call, Listener};

/// So many different credentials one container may have had; beyond, becoming somebody new is EAGAIN.
const MOST_CREDENTIALS: usize = 65_536;
/// And so many groups in all of them.
const MOST_GROUPS: usize = 1 << 20;

/// Answers the calls of one container until it has ended.
#[derive(Debug)]
pub struct Supervisor(JoinHandle<()>);

impl Supervisor {
    /// Starts answering what arrives at `listener` for the container of `spec`, whose first process is `init`.
    ///
    /// # Errors
    /// When directories cannot be opened, or no thread can be had.
    pub fn start(spec: &Spec, records: Records, listener: OwnedFd, init: i32) -> Result<Self, Error> {
        let view = View::new(init).map_err(Error::setup("look into the container"))?;
        let supervision = Supervision {
            listener: Listener::new(listener),
            calls: calls(),
            known: Known::new(Credentials::new(spec.uid, spec.gid, &spec.groups)),
            records,
            view,
        };
        std::thread::Builder::new()
            .name("owners".to_owned())
            .spawn(move || supervision.run())
            .map(Self)
            .map_err(|error| Error::setup("start a thread")(notify::errno_of(&error)))
    }

    /// Waits for its end, which comes with the container's.
    pub fn join(self) {
        // A panic in it has been told of; the container saw its calls fail.
        let _ = self.0.join();
    }
}

fn calls() -> Arc<HashMap<(u32, u32), &'static str>> {
    static CALLS: std::sync::LazyLock<Arc<HashMap<(u32, u32), &'static str>>> =
        std::sync::LazyLock::new(|| Arc::new(seccomp::handed_over()));
    Arc::clone(&CALLS)
}

/// What the thread knows.
struct Supervision {
    listener: Listener,
    calls: Arc<HashMap<(u32, u32), &'static str>>,
    known: Known,
    records: Records,
    view: View,
}

impl Supervision {
    fn run(mut self) {
        // Without a view of its own the thread would look for the container's files on the host.
        let is_inside = self.view.enter().is_ok();
        while let Ok(Some(call)) = self.listener.next() {
            let answer = match self.calls.get(&(call.arch, call.number)) {
                Some(name) if is_inside => Request::of(name, call.arguments)
                    .map_or(Ok(Reply::Answer(Answer::Continue)), |request| self.reply(&call, request)),
                _ => Ok(Reply::Answer(Answer::Continue)),
            };
            let answer = match answer {
                Ok(Reply::Answer(answer)) => answer,
                Ok(Reply::Sent) => continue,
                Err(errno) => Answer::Error(errno),
            };
            if self.listener.answer(&call, answer).is_err() {
                return;
            }
        }
    }

    fn reply(&mut self, call: &Call, request: Request) -> Result<Reply, Errno> {
        match request {
            Request::Become(kind) => self.change(call, kind).map(Reply::value),
            Request::Who { group, effective } => {
                let who = self.known.of(call)?;
                let ids = if group { who.group } else { who.user };
                Ok(Reply::value(i64::from(if effective { ids.effective } else { ids.real })))
            }
            Request::WhoAll { group, to } => {
                let who = self.known.of(call)?;
                let ids = if group { who.group } else { who.user };
                for (address, id) in to.into_iter().zip([ids.real, ids.effective, ids.saved]) {
                    self.view.write(&self.listener, call, address, &id.to_ne_bytes())?;
                }
                Ok(Reply::value(0))
            }
            Request::Groups { room, to } => {
                let groups = self.known.of(call)?.groups;
                let count = i32::try_from(groups.len()).map_err(|_| Errno::EINVAL)?;
                if room < 0 || room > 0 && room < count {
                    return Err(Errno::EINVAL);
                }
                if room > 0 && count > 0 {
                    let bytes: Vec<u8> = groups.iter().flat_map(|group| group.to_ne_bytes()).collect();
                    self.view.write(&self.listener, call, to, &bytes)?;
                }
                Ok(Reply::value(count.into()))
            }
            Request::KeepCapabilities(keep) => {
                // The kernel's own flag as well: it can be asked for.
                self.known.change(call, Change::Keep(if keep { program(call) } else { None }))?;
                Ok(Reply::CONTINUE)
            }
            Request::Limit { old } => {
                if let Some(old) = old {
                    let unlimited = [libc::RLIM64_INFINITY; 2].map(u64::to_ne_bytes);
                    self.view.write(&self.listener, call, old, unlimited.as_flattened())?;
                }
                Ok(Reply::value(0))
            }
            Request::Root => {
                self.view.roots_differ();
                Ok(Reply::Answer(Answer::Continue))
            }
            Request::Owner { file, uid, gid } => {
                let who = self.known.of(call)?;
                self.records.own(&mut self.view, &self.listener, call, &who, file, [uid, gid])
            }
            Request::Stat { .. } | Request::Statx { .. } if !self.records.any() => {
                Ok(Reply::Answer(Answer::Continue))
            }
            Request::Stat { file, to } => {
                self.records.stat(&mut self.view, &self.listener, call, file, None, to)
            }
            Request::Statx { file, flags, mask, to } => {
                self.records.stat(&mut self.view, &self.listener, call, file, Some((flags, mask)), to)
            }
            Request::CopyUp { file, place } => {
                self.records.copy_up(&self.view, &self.listener, call, file, place)?;
                if let Some(Place::Exchanged(other)) = place {
                    let place = Some(Place::Exchanged(file));
                    self.records.copy_up(&self.view, &self.listener, call, other, place)?;
                }
                Ok(Reply::CONTINUE)
            }
            Request::Attributes { .. } if !self.records.any() => Ok(Reply::CONTINUE),
            Request::Attributes { file, to, size } => {
                self.records.list_attributes(&self.view, &self.listener, call, file, (to, size))
            }
            Request::Make { file, what, mode } => {
                let who = self.known.of(call)?;
                self.records.make(&mut self.view, &self.listener, call, &who, file, what, mode)
            }
        }
    }

    fn change(&mut self, call: &Call, kind: Kind) -> Result<i64, Errno> {
        let change = kind.read(call)?;
        if !self.listener.still_waits(call) {
            return Err(Errno::ESRCH);
        }
        self.known.change(call, change)
    }
}

/// What the caller executes. The thread's current directory is the host's `/proc`.
fn program(call: &Call) -> Option<Program> {
    let metadata = std::fs::metadata(format!("{}/exe", call.thread)).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Who every process believes to be. The kernel itself carries the number of a process's credentials along
/// ([`notify::carried`]), through forks and programs; a process may change the number, and with that whom
/// it pretends to be, which gives it nothing.
struct Known {
    all: Vec<Credentials>,
    numbers: HashMap<Credentials, u64>,
    groups: usize,
}

impl Known {
    fn new(first: Credentials) -> Self {
        Self { numbers: HashMap::from([(first.clone(), 0)]), all: vec![first], groups: 0 }
    }

    fn of(&self, call: &Call) -> Result<Credentials, Errno> {
        let number = notify::carried(call.thread)?.unwrap_or(0);
        let known = usize::try_from(number).ok().and_then(|number| self.all.get(number));
        let mut known = known.or_else(|| self.all.first()).ok_or(Errno::ESRCH)?.clone();
        if (known.keeps.is_some() || known.kept.is_some()) && program(call) != known.keeps.or(known.kept) {
            (known.keeps, known.kept) = (None, None);
        }
        Ok(known)
    }

    fn change(&mut self, call: &Call, change: Change) -> Result<i64, Errno> {
        let old = self.of(call)?;
        let mut new = old.clone();
        let value = new.change(change)?;
        if new == old {
            return Ok(value);
        }
        let number = match self.numbers.get(&new) {
            Some(number) => *number,
            None => {
                self.groups += new.groups.len();
                if self.all.len() >= MOST_CREDENTIALS || self.groups > MOST_GROUPS {
                    return Err(Errno::EAGAIN);
                }
                let number = self.all.len() as u64;
                self.all.push(new.clone());
                self.numbers.insert(new, number);
                number
            }
        };
        notify::carry(call.thread, number)?;
        Ok(value)
    }
}
