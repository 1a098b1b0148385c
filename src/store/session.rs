//! A process that writes to the store, and what a dead one left behind.
//!
//! A session is a file in `sessions/` that its process keeps locked. What the session makes carries its name, so that
//! work in progress needs no record: when the lock is free the process is dead, and what no record names is garbage.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Error;
use super::random::{Random, hex};
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
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The session that a name in `parts/` or `tmp/` belongs to.
pub(super) fn owner(name: &str) -> Option<&str> {
    let (session, counter) = name.split_once('-')?;
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (session.len() == NAME_LENGTH && is_hex(session) && !counter.is_empty() && is_hex(counter))
        .then_some(session)
}

/// A dead process's session, locked by us so that nobody else sweeps it.
#[derive(Debug)]
pub(super) struct Dead {
    pub(super) name: String,
    path: PathBuf,
    _locked: File,
}

impl Dead {
    /// All of it is swept: its file goes.
    pub(super) fn bury(self) {
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
