//! `containers`, `container`, `last`, `rm` of a container, and `prune`.

use super::{Container, Error, ErrorKind, PruneReport, Result, Workbench};
use crate::container;
use crate::store::Status;

impl Workbench {
    /// All containers, newest first.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn containers(&self) -> Result<Vec<Container>> {
        Ok(self.store()?.containers()?.iter().map(|record| self.container_value(record)).collect())
    }

    /// The container called `name`: its name, its id, or the beginning of its id.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] with the nearest name; [`ErrorKind::Ambiguous`].
    pub fn container(&self, name: &str) -> Result<Container> {
        if let Some(record) = self.find_container(name)? {
            return Ok(self.container_value(&record));
        }
        let known: Vec<String> = self.store()?.containers()?.into_iter().map(|record| record.name).collect();
        let error = Error::new(ErrorKind::NotFound, format!("no container `{name}`"));
        Err(match super::lookup::nearest(name, &known) {
            Some(near) => {
                error.with_hint(format!("did you mean `{near}`? `containers()` lists what is there"))
            }
            None => error.with_hint("`containers()` lists what is there; `last()` is the one created last"),
        })
    }

    /// The container that this workbench ran last, or else the one created last in the store.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none.
    pub fn last(&self) -> Result<Container> {
        let remembered = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(id) = remembered
            && let Some(record) = self.find_container(&id)?
        {
            return Ok(self.container_value(&record));
        }
        match self.store()?.last()? {
            Some(record) => Ok(self.container_value(&record)),
            None => Err(Error::not_found("there is no container yet")
                .with_hint("`run(base())` starts one; one that ran with `rm: true` is gone")),
        }
    }

    pub(super) fn remember_last(&self, id: &str) {
        *self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(id.to_owned());
    }

    /// Removes a container and its writable parts; frozen ones stay while a snapshot, a branch or an image
    /// needs them.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] while it runs.
    pub fn rm_container(&self, container: &Container, force: bool) -> Result<()> {
        let store = self.store()?;
        let record = self.container_record(container)?;
        if force && let (Status::Running, Some(pid)) = (record.status, record.pid) {
            container::kill(pid);
        }
        let lock = store.lock_container(record.row, force).map_err(|error| {
            let error = Error::from(error);
            match error.kind {
                ErrorKind::Busy => {
                    error.with_hint("wait for it to end, or stop it too with `rm(c, #{ force: true })`")
                }
                _ => error,
            }
        })?;
        store.remove_container(&lock)?;
        Ok(())
    }

    /// Removes what no image, container, snapshot or running process needs.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn prune(&self) -> Result<PruneReport> {
        let report = self.store()?.prune(false)?;
        let count = |length: usize| length as u64;
        Ok(PruneReport {
            parts: count(report.parts.len()),
            blobs: count(report.blobs.len()),
            layers: count(report.layers.len()),
            bytes: report.bytes,
        })
    }
}
