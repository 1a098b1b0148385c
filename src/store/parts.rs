//! Parts: directory trees with a permanent name.
//!
//! Making one is three `mkdir`s, which a loop of runs feels. So from the second part on a thread makes some ahead.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use nix::sys::signal::SigSet;

use super::Error;
use super::session::{self, Session};

/// How many parts are kept ready. A run takes many times longer than making one.
const AHEAD: usize = 2;

/// The name of a part: `SESSION-N`, where the session is that of the process that made it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartId(String);

impl PartId {
    /// The name, as its directory is called.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The session that made it.
    pub(super) fn session(&self) -> &str {
        &self.0[..session::NAME_LENGTH]
    }
}

impl fmt::Display for PartId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for PartId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for PartId {
    type Err = Error;

    /// Anything else than a part's name is refused: names become paths.
    fn from_str(name: &str) -> Result<Self, Error> {
        match session::owner(name) {
            Some(_) => Ok(Self(name.to_owned())),
            None => {
                Err(Error::BadRecord { table: "parts", detail: format!("`{name}` is not a part's name") })
            }
        }
    }
}

/// Makes parts, the later ones ahead of need.
#[derive(Debug)]
pub(super) struct PartMaker {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    ready: Mutex<Ready>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Ready {
    parts: VecDeque<PartId>,
    asked: usize,
    stop: bool,
}

impl PartMaker {
    /// Makes them below `folder` (the store's `parts`).
    pub(super) fn new(folder: PathBuf) -> Self {
        let shared = Shared { folder, ready: Mutex::default(), changed: Condvar::new() };
        Self { shared: Arc::new(shared), thread: Mutex::default() }
    }

    /// A fresh part with empty `fs` and `work`.
    pub(super) fn take(&self, session: &Arc<Session>) -> Result<PartId, Error> {
        let (ready, asked) = {
            let mut ready = self.shared.lock();
            ready.asked += 1;
            let part = ready.parts.pop_front();
            self.shared.changed.notify_one();
            (part, ready.asked)
        };
        // One run in a process needs one part; who asks twice will ask again.
        if asked == 2 {
            self.start(session);
        }
        match ready {
            Some(part) => Ok(part),
            None => make(&self.shared.folder, session),
        }
    }

    fn start(&self, session: &Arc<Session>) {
        let (shared, session) = (Arc::clone(&self.shared), Arc::clone(session));
        let builder = std::thread::Builder::new().name("parts".to_owned());
        // Without the thread parts are made when they are needed: slower, nothing else.
        if let Ok(thread) = builder.spawn(move || shared.keep_ready(&session)) {
            *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_ready(&self, session: &Session) {
        // Signals are for threads that wait for something.
        let _ = SigSet::all().thread_block();
        let mut ready = self.lock();
        loop {
            ready = self
                .changed
                .wait_while(ready, |ready| ready.parts.len() >= AHEAD && !ready.stop)
                .unwrap_or_else(PoisonError::into_inner);
            if ready.stop {
                return;
            }
            drop(ready);
            // Who asks next gets the error, from making it there.
            let Ok(part) = make(&self.folder, session) else { return };
            ready = self.lock();
            ready.parts.push_back(part);
        }
    }
}

impl PartMaker {
    /// Stops the thread and removes the parts that nobody asked for.
    pub(super) fn close(&self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        for part in self.shared.lock().parts.drain(..) {
            discard(&self.shared.folder.join(part.as_str()));
        }
    }
}

fn make(folder: &Path, session: &Session) -> Result<PartId, Error> {
    let part = PartId(session.fresh_name());
    let path = folder.join(part.as_str());
    let made = fill(&path);
    if made.is_err() {
        discard(&path);
    }
    made.map(|()| part)
}

fn fill(path: &Path) -> Result<(), Error> {
    let make = |path: &Path, mode| {
        let made = DirBuilder::new().mode(mode).create(path);
        made.map_err(|source| Error::io("create", path, source))
    };
    make(path, 0o700)?;
    make(&path.join("work"), 0o700)?;
    let tree = path.join("fs");
    make(&tree, 0o755)?;
    // It becomes the root of a file system, whose mode must not depend on our umask.
    fs::set_permissions(&tree, Permissions::from_mode(0o755))
        .map_err(|source| Error::io("create", &tree, source))
}

/// Removes a part that nobody has used.
fn discard(path: &Path) {
    for inner in ["fs", "work"] {
        let _ = fs::remove_dir(path.join(inner));
    }
    let _ = fs::remove_dir(path);
}
