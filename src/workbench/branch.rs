//! `branch`: a new container that goes on from another one's state.

use serde_json::Value;

use super::run::RunConfig;
use super::{BranchPoint, Container, Result, Workbench};
use crate::store::{self, NewContainer};

impl Workbench {
    /// A new container that shows what `origin` does, and goes on from there by itself. It has not run yet; image,
    /// variables, user, working directory and volumes are the origin's.
    ///
    /// Nothing is copied, unless the origin is a container that runs: then it is paused for as long as its writable
    /// directory is copied.
    ///
    /// # Errors
    /// [`super::ErrorKind::NameInUse`]; [`super::ErrorKind::Busy`] while another process does something else with the
    /// container than run it.
    pub fn branch(&self, origin: &BranchPoint, name: Option<String>) -> Result<Container> {
        let new = match origin {
            BranchPoint::Snapshot(snapshot) => {
                let record = self.snapshot_record(snapshot)?;
                NewContainer {
                    image: record.image,
                    config: unnamed(&record.config, &record.container),
                    image_reference: record.image_reference,
                    parts: record.parts,
                    top_frozen: true,
                    committed: record.committed,
                    ..NewContainer::default()
                }
            }
            BranchPoint::Container(container) => self.branch_of(container)?,
        };
        let store = self.store()?;
        let made = store.create_container(&NewContainer { name, ..new.clone() });
        if let (Err(_), false, Some(copy)) = (&made, new.top_frozen, new.parts.last()) {
            store.remove_part(copy)?;
        }
        match (made, origin) {
            // What the snapshot had has gone with it.
            (Err(store::Error::MissingPart { part }), BranchPoint::Snapshot(snapshot)) => {
                self.snapshot_record(snapshot)?;
                Err(store::Error::MissingPart { part }.into())
            }
            (made, _) => Ok(self.container_value(&made?.0)),
        }
    }

    fn branch_of(&self, container: &Container) -> Result<NewContainer> {
        loop {
            let (record, parts, top_frozen) = match self.hold(container)? {
                Some((record, lock)) => {
                    let parts = self.frozen_parts(&record, &lock)?;
                    (record, parts, true)
                }
                None => {
                    let Some(copied) = self.copy_running(container, true)? else { continue };
                    // The copy is nobody else's: it becomes the new container's writable part.
                    let (parts, top_frozen) = (copied.parts(), copied.top.is_none());
                    (copied.record, parts, top_frozen)
                }
            };
            return Ok(NewContainer {
                image: record.image,
                config: unnamed(&record.config, &record.id),
                image_reference: record.image_reference,
                parts,
                top_frozen,
                committed: record.committed.filter(|_| top_frozen),
                ..NewContainer::default()
            });
        }
    }
}

/// A container's configuration without the host name that it had by its own id.
pub(super) fn unnamed(config: &Value, id: &str) -> Value {
    let mut config: RunConfig = serde_json::from_value(config.clone()).unwrap_or_default();
    if id.get(..12) == Some(&config.hostname) {
        config.hostname.clear();
    }
    config.to_value()
}
