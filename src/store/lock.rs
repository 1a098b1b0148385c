//! One writer for each container.
//!
//! The file `locks` has a slot of eight bytes for each container's row: the writer locks the slot and puts its own
//! process id into the first half and the container's into the second. The ids count only while the slot is locked.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Error;
use crate::sys::{Interrupt, lock};

const SLOT: u64 = 8;

/// The right to write to one container, until it is dropped or its process dies.
#[derive(Debug)]
pub struct ContainerLock {
    row: i64,
    /// An opening of its own: such locks exclude each other within a process too.
    file: File,
}

impl ContainerLock {
    /// The container's row.
    #[must_use]
    pub const fn row(&self) -> i64 {
        self.row
    }

    /// Tells everybody which process the container's first one is.
    pub fn set_pid(&self, pid: u32) {
        // It only informs; on a full disk it is missing.
        let _ = self.file.write_all_at(&pid.to_ne_bytes(), offset(self.row) + SLOT / 2);
    }
}

impl Drop for ContainerLock {
    fn drop(&mut self) {
        // Closing would do, but for a child between fork and exec that has the descriptor too.
        let _ = lock::release_range(&self.file, offset(self.row), SLOT);
    }
}

/// The file of slots.
#[derive(Debug)]
pub(super) struct Locks {
    path: PathBuf,
    /// For looking only.
    shared: Mutex<Option<File>>,
}

/// Who has a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holder {
    /// The process that writes.
    pub(super) writer: u32,
    /// The container's first process, once there is one.
    pub(super) pid: Option<u32>,
}

impl Locks {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, shared: Mutex::default() }
    }

    /// Opens the file before it is known which slot is wanted.
    pub(super) fn prepare(&self) -> Result<File, Error> {
        open(&self.path)
    }

    /// Takes the slot; `None` if somebody has it.
    pub(super) fn take(&self, file: File, row: i64) -> Result<Option<ContainerLock>, Error> {
        match lock::try_range(&file, offset(row), SLOT) {
            Ok(true) => Ok(Some(taken(file, row))),
            Ok(false) => Ok(None),
            Err(source) => Err(self.fail(source)),
        }
    }

    /// Takes the slot soon after it is free; Ctrl-C ends the waiting.
    ///
    /// It asks again and again: a blocked `fcntl` would not end when the signal reaches another thread.
    pub(super) fn wait(&self, file: File, row: i64) -> Result<ContainerLock, Error> {
        let mut pause = Duration::from_millis(1);
        while !lock::try_range(&file, offset(row), SLOT).map_err(|source| self.fail(source))? {
            if Interrupt.raised() {
                return Err(Error::Interrupted { container: row.to_string() });
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(16));
        }
        Ok(taken(file, row))
    }

    /// Who has the slot; this process's own locks count too.
    pub(super) fn holder(&self, row: i64) -> Result<Option<Holder>, Error> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.is_none() {
            *shared = Some(open(&self.path)?);
        }
        let Some(file) = shared.as_ref() else { return Ok(None) };
        if !lock::is_range_taken(file, offset(row), SLOT).map_err(|source| self.fail(source))? {
            return Ok(None);
        }
        let mut slot = [0; 8];
        let read = file.read_at(&mut slot, offset(row)).unwrap_or(0);
        let [a, b, c, d, e, f, g, h] = if read == slot.len() { slot } else { [0; 8] };
        let pid = u32::from_ne_bytes([e, f, g, h]);
        Ok(Some(Holder { writer: u32::from_ne_bytes([a, b, c, d]), pid: (pid != 0).then_some(pid) }))
    }

    fn fail(&self, source: io::Error) -> Error {
        Error::io("lock", &self.path, source)
    }
}

fn taken(file: File, row: i64) -> ContainerLock {
    let mut slot = [0; 8];
    slot[..4].copy_from_slice(&std::process::id().to_ne_bytes());
    // It only informs; on a full disk it is missing.
    let _ = file.write_all_at(&slot, offset(row));
    ContainerLock { row, file }
}

fn open(path: &Path) -> Result<File, Error> {
    let options = || {
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(0o600);
        options
    };
    match options().open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => options()
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|source| Error::io("create", path, source)),
        result => result.map_err(|source| Error::io("open", path, source)),
    }
}

/// Rows are counted from 1 and never used again, so that slots never change their meaning.
fn offset(row: i64) -> u64 {
    u64::try_from(row).unwrap_or(0).saturating_mul(SLOT)
}
