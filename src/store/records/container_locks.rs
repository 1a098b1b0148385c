//! Who may write to a container: one process at a time.

use std::fs::File;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::containers::not_found;
use crate::store::{ContainerLock, Error, Store};

/// How long a lock may outlive its holder: a container that was being set up when its runner was killed has the
/// runner's descriptors until it notices.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether no process has this number; 0 is a holder that is not known.
fn is_gone(pid: u32) -> bool {
    let pid = i32::try_from(pid).unwrap_or(0);
    pid > 0 && kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH)
}

impl Store {
    /// Takes a container's lock; with `wait` as soon as it is free. The record should be read again afterwards.
    ///
    /// # Errors
    /// [`Error::Busy`] naming the process that has it, [`Error::Interrupted`], [`Error::NotFound`].
    pub fn lock_container(&self, row: i64, wait: bool) -> Result<ContainerLock, Error> {
        let inner = self.inner();
        let until = Instant::now() + PATIENCE;
        let lock = loop {
            let file: File = inner.locks.prepare()?;
            if wait {
                break inner.locks.wait(file, row)?;
            }
            if let Some(lock) = inner.locks.take(file, row)? {
                break lock;
            }
            // If it has become free in between, another try costs nothing.
            if let Some(holder) = inner.locks.holder(row)? {
                if is_gone(holder.writer) && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                }
                let name = self.name_of(row)?.unwrap_or_else(|| row.to_string());
                return Err(Error::Busy { container: name, pid: holder.writer });
            }
        };
        match self.name_of(row)? {
            Some(_) => Ok(lock),
            None => Err(not_found(&row.to_string())),
        }
    }

    /// The process that has the container's lock, and the container's first process once there is one.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn runner(&self, row: i64) -> Result<Option<(u32, Option<u32>)>, Error> {
        Ok(self.inner().locks.holder(row)?.map(|holder| (holder.writer, holder.pid)))
    }

    /// Whether somebody has the container's lock; this process's own counts.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn is_locked(&self, row: i64) -> Result<bool, Error> {
        Ok(self.inner().locks.holder(row)?.is_some())
    }
}
