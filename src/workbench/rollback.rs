//! `rollback`: a container goes on from an earlier state.

use super::branch::unnamed;
use super::{Container, Error, ErrorKind, Result, Snapshot, Workbench};

impl Workbench {
    /// Lets `container` go on from `snapshot`: what it did afterwards goes, unless a snapshot, a branch or an image
    /// needs it. The snapshot stays.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] while somebody has the container; [`ErrorKind::Invalid`] for a snapshot upon another image.
    pub fn rollback(&self, container: &Container, snapshot: &Snapshot) -> Result<Container> {
        self.go_on_from(container, snapshot, true)
    }

    /// The same; the prompt's own going back is no change that it could take back.
    pub(super) fn go_on_from(
        &self,
        container: &Container,
        snapshot: &Snapshot,
        noted: bool,
    ) -> Result<Container> {
        let store = self.store()?;
        let row = self.container_record(container)?.row;
        let lock = store.lock_container(row, false).map_err(|error| {
            let error = Error::from(error);
            match error.kind {
                ErrorKind::Busy => error.with_hint(
                    "wait for it to end; `branch(snapshot)` gives another container of that state at once",
                ),
                _ => error,
            }
        })?;
        let mut record = self.container_record(container)?;
        let state = self.snapshot_record(snapshot)?;
        if state.image != record.image {
            return Err(Error::invalid(format!(
                "snapshot `{}` is of another image (`{}`) than container `{}` (`{}`)",
                state.name, state.image_reference, record.name, record.image_reference
            ))
            .with_hint(
                "`branch(snapshot)` makes a container of it; `snapshots(c)` lists the container's own",
            ));
        }
        let config = if state.container == record.id {
            state.config.clone()
        } else {
            unnamed(&state.config, &state.container)
        };
        if noted {
            self.note_change(&mut record, &lock)?;
        }
        store.rollback_container(&lock, &state, &config)?;
        Ok(self.container_value(&self.container_record(container)?))
    }
}
