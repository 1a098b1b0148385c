//! `snapshot`, `snapshots`, and `rm` of a snapshot.

use super::time::rfc3339;
use super::{Container, Error, ErrorKind, Result, Snapshot, SnapshotOptions, Workbench};
use crate::store::{self, NewSnapshot, SnapshotRecord};

impl Workbench {
    /// Names what `container` shows now, so that one can go on from there at any later time.
    ///
    /// Nothing is copied, unless the container runs: then it is paused for as long as its writable directory is
    /// copied. The snapshot outlives the container.
    ///
    /// # Errors
    /// [`ErrorKind::NameInUse`]; [`ErrorKind::Busy`] while another process does something else with it than run it.
    pub fn snapshot(&self, container: &Container, options: SnapshotOptions) -> Result<Snapshot> {
        let store = self.store()?;
        let new = NewSnapshot { name: options.name, message: options.message, passing: false };
        loop {
            let Some((record, lock)) = self.hold(container)? else {
                let Some(copied) = self.copy_running(container, true)? else { continue };
                let taken = store.take_snapshot_of_copy(&copied.record, copied.top.as_ref(), &new);
                if let (Err(_), Some(copy)) = (&taken, &copied.top) {
                    store.remove_part(copy)?;
                }
                match taken {
                    Err(store::Error::Changed { .. }) => continue,
                    taken => return Ok(value(&taken?)),
                }
            };
            let with_top = self.has_content(&record)?;
            return Ok(value(&store.take_snapshot(&lock, &new, with_top)?));
        }
    }

    /// The snapshots of the store, newest first; of one container where it is given.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn snapshots(&self, container: Option<&Container>) -> Result<Vec<Snapshot>> {
        let all = self.store()?.snapshots()?;
        let of =
            |record: &&SnapshotRecord| container.is_none_or(|container| record.container == container.id);
        Ok(all.iter().filter(of).map(value).collect())
    }

    /// The snapshot called `name`: its name, its id, or the beginning of its id.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] with the nearest name; [`ErrorKind::Ambiguous`].
    pub fn snapshot_named(&self, name: &str) -> Result<Snapshot> {
        let store = self.store()?;
        match store.snapshot(name) {
            Ok(record) => Ok(value(&record)),
            Err(store::Error::NotFound { .. }) => {
                let known: Vec<String> = store.snapshots()?.into_iter().map(|record| record.name).collect();
                let error = Error::new(ErrorKind::NotFound, format!("no snapshot `{name}`"));
                Err(match super::lookup::nearest(name, &known) {
                    Some(near) => {
                        error.with_hint(format!("did you mean `{near}`? `snapshots()` lists what is there"))
                    }
                    None => error.with_hint("`snapshots()` lists what is there; `snapshot(c)` makes one"),
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a snapshot; what no container, image or other snapshot needs of it goes.
    ///
    /// # Errors
    /// When it is gone already.
    pub fn rm_snapshot(&self, snapshot: &Snapshot) -> Result<()> {
        let record = self.snapshot_record(snapshot)?;
        Ok(self.store()?.remove_snapshot(record.row)?)
    }

    /// The record behind a snapshot value.
    pub(super) fn snapshot_record(&self, snapshot: &Snapshot) -> Result<SnapshotRecord> {
        self.store()?.snapshot(&snapshot.id).map_err(|error| match error {
            store::Error::NotFound { .. } => {
                Error::not_found(format!("snapshot `{}` is no longer in the store", snapshot.name))
                    .with_hint("it was removed meanwhile: `snapshots()` lists what is there")
            }
            error => error.into(),
        })
    }
}

/// A snapshot value from its record.
fn value(record: &SnapshotRecord) -> Snapshot {
    Snapshot {
        id: record.id.clone(),
        name: record.name.clone(),
        container: record.container.clone(),
        image: record.image_reference.clone(),
        created: rfc3339(record.created),
        parts: record.parts.len() as u64,
        message: record.message.clone(),
    }
}
