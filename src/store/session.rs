//! A process that writes to the store, and what a dead one left behind.
//!
//! A session is a file in `sessions/` that its process keeps locked. What the session makes carries its name, so that
//! work in progress needs no record: when the lock is free the process is dead, and what no record names is garbage.
//!
//! What is written for somebody else is staged beside its place, on the same file system. Beside the session's file
//! is then one, `NAME.outside`, that tells in which folders.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::random::{Random, hex};
use super::{Error, remove};
use crate::sys::lock;

/// Length of a session's name: 16 hexadecimal digits.
pub(super) const NAME_LENGTH: usize = 16;

/// This process's session.
#[derive(Debug)]
pub(super) struct Session {
    name: String,
    path: PathBuf,
    counter: AtomicU64,
    /// Whether something of ours could not be removed, so that a later process must find us dead and try again.
    leftovers: AtomicBool,
    /// Whether pins were written, which the end must delete.
    pinned: AtomicBool,
    /// Whether there are snapshots that go with it.
    passing: AtomicBool,
    /// The folders that were noted.
    outside: Mutex<HashSet<PathBuf>>,
    _locked: File,
}

impl Session {
    /// Begins one below `folder` (the store's `sessions`).
    pub(super) fn begin(folder: &Path, random: &Random) -> Result<Self, Error> {
        loop {
            let name = hex(&random.bytes::<{ NAME_LENGTH / 2 }>()?);
            let path = folder.join(&name);
            let fail = |source| Error::io("create", &path, source);
            let file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(fail)?;
            lock::wait_whole(&file).map_err(fail)?;
            // Between creation and lock another process may have taken us for dead and removed the file.
            if file.metadata().map_err(fail)?.nlink() > 0 {
                return Ok(Self {
                    name,
                    path,
                    counter: AtomicU64::new(0),
                    leftovers: AtomicBool::new(false),
                    pinned: AtomicBool::new(false),
                    passing: AtomicBool::new(false),
                    outside: Mutex::default(),
                    _locked: file,
                });
            }
        }
    }

    /// The name, 16 hexadecimal digits.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A name that nothing else has or will have: `SESSION-N`.
    pub(super) fn fresh_name(&self) -> String {
        format!("{}-{:x}", self.name, self.counter.fetch_add(1, Ordering::Relaxed))
    }

    /// What the names begin with that this session gives to what it stages outside the store.
    pub(super) fn outside_prefix(&self) -> String {
        outside_prefix(&self.name)
    }

    /// Notes that something of ours will be staged in `folder`, an absolute path outside the store.
    pub(super) fn note_outside(&self, folder: PathBuf) {
        let mut line = folder.as_os_str().as_bytes().to_vec();
        line.push(0);
        let mut noted = self.outside.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.insert(folder) {
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(outside(&self.path));
            // The store's disk may be full and the other one not: then what is killed leaves its traces there.
            let _ = file.and_then(|mut file| file.write_all(&line));
        }
    }

    /// Something stays behind; the session's file will too.
    pub(super) fn leave_traces(&self) {
        self.leftovers.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_pinned(&self) {
        self.pinned.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_passing(&self) {
        self.passing.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_passing(&self) -> bool {
        self.passing.load(Ordering::Relaxed)
    }

    pub(super) fn is_pinned(&self) -> bool {
        self.pinned.load(Ordering::Relaxed)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.leftovers.load(Ordering::Relaxed) {
            // If it fails, the next process sweeps an empty session.
            let _ = fs::remove_file(outside(&self.path));
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Where the session whose file is `session` tells of folders outside.
fn outside(session: &Path) -> PathBuf {
    session.with_extension("outside")
}

fn outside_prefix(session: &str) -> String {
    format!(".plywood-{session}-")
}

/// The session that staged something under this name.
pub(super) fn stager(name: &str) -> Option<&str> {
    let (session, _) = name.strip_prefix(".plywood-")?.split_once('-')?;
    is_name(session).then_some(session)
}

fn is_name(session: &str) -> bool {
    session.len() == NAME_LENGTH && is_hex(session)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The session that a name in `parts/` or `tmp/` belongs to.
pub(super) fn owner(name: &str) -> Option<&str> {
    let (session, counter) = name.split_once('-')?;
    (is_name(session) && !counter.is_empty() && is_hex(counter)).then_some(session)
}

/// A dead process's session, locked by us so that nobody else sweeps it.
#[derive(Debug)]
pub(super) struct Dead {
    pub(super) name: String,
    path: PathBuf,
    _locked: File,
}

impl Dead {
    /// Removes what it was staging outside the store; false if something could not be removed.
    pub(super) fn sweep_outside(&self) -> bool {
        let folders = fs::read(outside(&self.path)).unwrap_or_default();
        let prefix = outside_prefix(&self.name);
        let mut clean = true;
        // What follows the last zero is half a name: its process died before it staged anything there.
        let whole = folders.split_inclusive(|byte| *byte == 0).filter_map(|line| line.strip_suffix(&[0]));
        for folder in whole.map(|line| Path::new(OsStr::from_bytes(line))) {
            let staged = super::store::names(folder).into_iter().filter(|name| name.starts_with(&prefix));
            for name in staged {
                let count = std::cell::Cell::new(0);
                let fresh = || {
                    count.set(count.get() + 1);
                    format!("{prefix}swept-{}", count.get())
                };
                clean &= remove::remove(folder, &name, &fresh).is_ok();
            }
        }
        clean
    }

    /// All of it is swept: its file goes.
    pub(super) fn bury(self) {
        let _ = fs::remove_file(outside(&self.path));
        let _ = fs::remove_file(&self.path);
    }
}

/// The sessions below `folder` whose process is dead.
pub(super) fn dead_sessions(folder: &Path) -> Result<Vec<Dead>, Error> {
    let fail = |source| Error::io("list", folder, source);
    let mut dead = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let Ok(name) = entry.map_err(fail)?.file_name().into_string() else { continue };
        if name.len() != NAME_LENGTH {
            continue;
        }
        let path = folder.join(&name);
        if let Some(locked) = take_if_dead(&path)? {
            dead.push(Dead { name, path, _locked: locked });
        }
    }
    Ok(dead)
}

fn take_if_dead(path: &Path) -> Result<Option<File>, Error> {
    let fail = |source| Error::io("lock", path, source);
    match File::open(path) {
        Ok(file) => Ok(lock::try_whole(&file).map_err(fail)?.then_some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fail(error)),
    }
}

/// Answers whether sessions are alive, each looked at once.
#[derive(Debug)]
pub(super) struct Living<'a> {
    folder: &'a Path,
    seen: HashMap<String, bool>,
}

impl<'a> Living<'a> {
    pub(super) fn new(folder: &'a Path) -> Self {
        Self { folder, seen: HashMap::new() }
    }

    /// Whether `session` has a process. When in doubt it has.
    pub(super) fn is_alive(&mut self, session: &str) -> bool {
        if let Some(&alive) = self.seen.get(session) {
            return alive;
        }
        let path = self.folder.join(session);
        let alive = match take_if_dead(&path) {
            Ok(Some(_)) => false,
            Ok(None) => path.exists(),
            Err(_) => true,
        };
        self.seen.insert(session.to_owned(), alive);
        alive
    }
}
