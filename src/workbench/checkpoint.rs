//! States of containers that a prompt can go back to. They go with this process.

use super::{Container, Error, ErrorKind, Result, Workbench};
use crate::store::{ContainerLock, ContainerRecord, NewSnapshot};

/// A container as it was. No listing shows it.
#[derive(Debug)]
pub struct Checkpoint {
    /// The container's id.
    pub container: String,
    /// Its name.
    pub name: String,
    snapshot: String,
    row: i64,
}

impl Workbench {
    /// From now on the journal says what containers were before they were changed.
    pub fn keep_checkpoints(&self) {
        self.with_journal(|journal| {
            journal.before.get_or_insert_default();
        });
    }

    /// A container that was there is about to be changed by whoever holds `lock`.
    pub(super) fn note_change(&self, record: &mut ContainerRecord, lock: &ContainerLock) -> Result<()> {
        let wanted = self.with_journal(|journal| {
            let known = journal.changed.contains(&record.id);
            if !known {
                journal.changed.push(record.id.clone());
            }
            !known && journal.before.is_some()
        });
        if wanted {
            let checkpoint = self.checkpoint_of(record, lock)?;
            // What was the writable part belongs to the checkpoint now, unless it was empty.
            record.top_frozen = record.top_frozen || self.has_content(record)?;
            self.with_journal(|journal| journal.before.get_or_insert_default().push(checkpoint));
        }
        Ok(())
    }

    /// What a container is now; nothing while somebody runs it, or if it is gone.
    ///
    /// # Errors
    /// The store's own.
    pub fn checkpoint(&self, container: &str) -> Result<Option<Checkpoint>> {
        let container = match self.container(container) {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
        let Some((record, lock)) = self.hold(&container)? else { return Ok(None) };
        self.checkpoint_of(&record, &lock).map(Some)
    }

    fn checkpoint_of(&self, record: &ContainerRecord, lock: &ContainerLock) -> Result<Checkpoint> {
        let with_top = self.has_content(record)?;
        let new = NewSnapshot { passing: true, ..NewSnapshot::default() };
        let taken = self.store()?.take_snapshot(lock, &new, with_top)?;
        let (container, name) = (record.id.clone(), record.name.clone());
        Ok(Checkpoint { container, name, snapshot: taken.id, row: taken.row })
    }

    /// Lets the container go on from there; `None` if it has been removed.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] while somebody has it.
    pub fn return_to(&self, checkpoint: &Checkpoint) -> Result<Option<Container>> {
        let container = match self.container(&checkpoint.container) {
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
        let snapshot = self.snapshot_named(&checkpoint.snapshot)?;
        self.go_on_from(&container, &snapshot, false).map(Some)
    }

    /// Nobody will go back there.
    ///
    /// # Errors
    /// The store's own.
    pub fn drop_checkpoint(&self, checkpoint: &Checkpoint) -> Result<()> {
        self.store()?.remove_snapshot(checkpoint.row).map_err(Error::from)
    }
}
