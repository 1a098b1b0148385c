//! Removal in the background, so that nobody waits for a tree to go.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use nix::sys::signal::SigSet;

use super::remove;
use super::session::{self, Session};

/// One thing that the thread has to do.
type Job = Box<dyn FnOnce() + Send>;

/// The thread that removes; started by the first job, joined when dropped.
#[derive(Default)]
pub(super) struct Trash {
    worker: Mutex<Option<Worker>>,
    closing: Arc<AtomicBool>,
}

struct Worker {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

impl Trash {
    /// Does `job` in the thread, or here where no thread can be had.
    pub(super) fn push(&self, job: Job) {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            let (jobs, todo) = channel::<Job>();
            let builder = std::thread::Builder::new().name("trash".to_owned());
            let work = move || {
                // Signals are for threads that wait for something.
                let _ = SigSet::all().thread_block();
                todo.into_iter().for_each(|job| job());
            };
            match builder.spawn(work) {
                Ok(thread) => *worker = Some(Worker { jobs, thread }),
                Err(_) => return job(),
            }
        }
        let refused = match worker.as_ref() {
            Some(worker) => worker.jobs.send(job).err().map(|error| error.0),
            None => Some(job),
        };
        drop(worker);
        if let Some(job) = refused {
            job();
        }
    }

    /// Becomes true when the store is being closed: what can wait for another process should.
    pub(super) fn closing(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.closing)
    }

    /// Waits until all is done that was pushed.
    pub(super) fn finish(&self) {
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Worker { jobs, thread }) = worker {
            drop(jobs);
            let _ = thread.join();
        }
    }

    /// Waits, and cuts short what need not be done now.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.finish();
    }
}

/// Removes a tree or file of the store, which no record names.
///
/// What carries our own session's name goes where it is: whoever finds our session dead goes on with it. Anything
/// else moves into `tmp` first and gets such a name there.
pub(super) fn discard(temporary: &Path, path: &Path, session: &Session) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return;
    };
    let fresh = || session.fresh_name();
    let removed = if session::owner(name) == Some(session.name()) {
        remove::remove(folder, name, &fresh)
    } else {
        let (old, name) = (name, fresh());
        match std::fs::rename(path, temporary.join(&name)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            // A full disk may have no room for one more name: then it goes where it is. Who finds it half gone takes
            // it for what it is, since no record names it.
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                remove::remove(folder, old, &fresh)
            }
            Err(error) => Err(error),
            Ok(()) => remove::remove(temporary, &name, &fresh),
        }
    };
    if removed.is_err() {
        session.leave_traces();
    }
}
