//! A container's state as parts that nobody writes to: what snapshots, branches and commits are made of.
//!
//! Of a container that nobody runs the writable part itself is frozen: one record, nothing is copied. Of one that
//! runs, in another process or in another thread of this one, the writable part is copied while its processes are
//! paused.

use std::time::{Duration, Instant};

use super::{Container, Error, ErrorKind, Result, Workbench, index_of, tree_of};
use crate::container;
use crate::layer::{self, Index, Kind};
use crate::store::{self, ContainerLock, ContainerRecord, PartId, Status};

/// A container that goes on with more frozen parts than this gets them merged into one.
///
/// Each costs a lookup in every directory that is read, and overlayfs takes 500, an image's layers among them.
const MOST_PARTS: usize = 64;

/// A file in a frozen part's directory that says: no file here has several names. A frozen part never changes.
const UNLINKED: &str = "unlinked";

/// How long somebody else's short work on a container (a write, a commit) is waited for.
const MOMENT: Duration = Duration::from_millis(200);

/// How long a container may take to start, or to be caught while it begins and ends runs.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running container's state at one moment.
pub(super) struct Copied {
    /// As it was then.
    pub record: ContainerRecord,
    /// A new part that shows what the writable one did; nothing where that was empty.
    pub top: Option<PartId>,
}

impl Copied {
    /// The parts of the state, lowest first: frozen ones, and the copy.
    pub(super) fn parts(&self) -> Vec<PartId> {
        let below = self.record.parts.split_last().map_or(&[][..], |(_, below)| below);
        below.iter().chain(&self.top).cloned().collect()
    }
}

impl Workbench {
    /// Takes the container's lock, so that nobody can run it; `None` if somebody does.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when another process has it for something else than a run.
    pub(super) fn hold(&self, container: &Container) -> Result<Option<(ContainerRecord, ContainerLock)>> {
        let store = self.store()?;
        let until = Instant::now() + MOMENT;
        loop {
            let row = self.container_record(container)?.row;
            let busy = match store.lock_container(row, false) {
                // What was read before the lock may be stale.
                Ok(lock) => return Ok(Some((self.container_record(container)?, lock))),
                Err(busy @ store::Error::Busy { .. }) => busy,
                Err(error) => return Err(error.into()),
            };
            if self.container_record(container)?.status == Status::Running {
                return Ok(None);
            }
            if Instant::now() > until {
                return Err(Error::from(busy).with_hint("wait for that process to end, then try again"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Copies what a running container has written, with `pause` as it is at one moment. `None` if the run has ended.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when it cannot be paused.
    pub(super) fn copy_running(&self, container: &Container, pause: bool) -> Result<Option<Copied>> {
        let store = self.store()?;
        let until = Instant::now() + PATIENCE;
        loop {
            let record = self.container_record(container)?;
            if record.status != Status::Running {
                return Ok(None);
            }
            let runner = store.runner(record.row)?;
            // Between two tries it may be starting, ending, or beginning anew.
            if Instant::now() > until {
                let writer = runner.map_or(0, |(writer, _)| writer);
                return Err(Error::new(
                    ErrorKind::Busy,
                    format!("container `{}` runs in process {writer} and cannot be paused", record.name),
                )
                .with_hint("wait for it to end, or try where that process can be seen"));
            }
            if let Some((writer, Some(pid))) = runner
                && let Some(top) = self.copy_top(container, &record, (writer, pid), pause)?
            {
                return Ok(Some(Copied { record, top }));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// One try of [`Self::copy_running`]; `None` if the container is not that any more.
    fn copy_top(
        &self,
        container: &Container,
        record: &ContainerRecord,
        (writer, pid): (u32, u32),
        pause: bool,
    ) -> Result<Option<Option<PartId>>> {
        let store = self.store()?;
        let same = || -> Result<bool> {
            let now = self.container_record(container)?;
            Ok(now.status == Status::Running
                && (now.started, &now.parts) == (record.started, &record.parts)
                && store.runner(now.row)? == Some((writer, Some(pid))))
        };
        let paused = if pause {
            let paused = container::pause(pid, writer).map_err(|error| {
                Error::new(ErrorKind::Denied, error.to_string())
                    .with_hint("as the user that runs it, or wait for its end; `commit` takes `pause: false`")
            })?;
            if paused.is_none() {
                return Ok(None);
            }
            paused
        } else {
            None
        };
        let Some(top) = record.parts.last().filter(|_| same().is_ok_and(|same| same)) else {
            return Ok(None);
        };
        if self.is_apart(top)? {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "container `{}` runs without overlayfs, so what it has written is known at its end",
                    record.name
                ),
            )
            .with_hint("wait for its end; `plywood doctor` says why there is no overlayfs"));
        }
        let tree = self.tree(top)?;
        let copy = if is_empty(&tree)? { None } else { Some(self.new_part()?) };
        let copied = match &copy {
            Some(copy) => layer::copy_tree(&tree, &self.tree(copy)?, self.format()?),
            None => Ok(()),
        };
        let same = same()?;
        drop(paused);
        if same && copied.is_ok() {
            return Ok(Some(copy));
        }
        if let Some(copy) = &copy {
            store.remove_part(copy)?;
        }
        // A copy of what is being changed or removed may fail for that alone.
        if same { copied.map(|()| None).map_err(Error::from) } else { Ok(None) }
    }

    /// Freezes the state of a container that nobody runs; its parts, lowest first. An empty part is none of it.
    pub(super) fn frozen_parts(&self, record: &ContainerRecord, lock: &ContainerLock) -> Result<Vec<PartId>> {
        let mut parts = record.parts.clone();
        if !self.has_content(record)? {
            parts.pop();
        } else if !record.top_frozen {
            self.store()?.freeze_top(lock)?;
        }
        Ok(parts)
    }

    /// Whether the uppermost part belongs to the container's state: a writable one only if something is in it.
    pub(super) fn has_content(&self, record: &ContainerRecord) -> Result<bool> {
        match record.parts.last() {
            Some(top) if !record.top_frozen => Ok(!is_empty(&self.tree(top)?)?),
            _ => Ok(true),
        }
    }

    /// The part that the container writes to next; a new one where the last is frozen.
    pub(super) fn writable_part(&self, record: &mut ContainerRecord, lock: &ContainerLock) -> Result<PartId> {
        let store = self.store()?;
        if let Some(top) = record.parts.last().filter(|_| !record.top_frozen) {
            // An empty one is not frozen by a commit, so it may be the top of what was committed.
            if record.committed.take().is_some() {
                store.set_committed(lock, None)?;
            }
            return Ok(top.clone());
        }
        let links = match record.parts.last() {
            Some(top) => self.may_have_links(record, top)?,
            None => false,
        };
        if record.parts.len() >= MOST_PARTS {
            self.merge_parts(record, lock)?;
        }
        let part = self.new_part()?;
        if let Some(top) = record.parts.last() {
            let known = if links { None } else { Some(Vec::new()) };
            let carried = layer::carry_links(&self.tree(top)?, known, &self.tree(&part)?, self.format()?)?;
            if links && carried == 0 {
                // It only saves time, so it may fail.
                let _ = std::fs::File::create(store.part_dir(top).join(UNLINKED));
            }
        }
        store.push_part(lock, &part)?;
        record.parts.push(part.clone());
        record.top_frozen = false;
        record.committed = None;
        Ok(part)
    }

    /// Whether the uppermost part, `top`, may have files of several names. Where it is a layer its index tells.
    fn may_have_links(&self, record: &ContainerRecord, top: &PartId) -> Result<bool> {
        let store = self.store()?;
        if store.part_dir(top).join(UNLINKED).exists() {
            return Ok(false);
        }
        let Some(layer) = record.committed else { return Ok(true) };
        match store.layer(&layer)? {
            Some(layer) if layer.part == *top => {
                let index = Index::open(&index_of(&store.part_dir(top)))?;
                Ok(index.iter().any(|entry| entry.kind == Kind::Hardlink))
            }
            _ => Ok(true),
        }
    }

    /// Merges the frozen parts into one that shows the same.
    fn merge_parts(&self, record: &mut ContainerRecord, lock: &ContainerLock) -> Result<()> {
        let store = self.store()?;
        let lowers = self.prepare_container(record)?.chain.view()?;
        // A container goes on after an interrupt too.
        let merged = self.merge(&record.parts, &layer::never)?;
        let tree = self.tree(&merged)?;
        layer::settle(&tree, &lowers, &layer::never)?;
        // Everything that was made may have been removed again.
        let parts = if is_empty(&tree)? { Vec::new() } else { vec![merged.clone()] };
        store.replace_parts(lock, &parts, true)?;
        if parts.is_empty() {
            store.remove_part(&merged)?;
        }
        record.parts = parts;
        record.top_frozen = true;
        Ok(())
    }

    /// A part that shows what `parts` (lowest first) show together.
    pub(super) fn merge(&self, parts: &[PartId], stop: layer::Stop<'_>) -> Result<PartId> {
        let store = self.store()?;
        let trees: Vec<_> = parts.iter().rev().map(|part| tree_of(&store.part_dir(part))).collect();
        let merged = self.new_part()?;
        let done = self.tree(&merged).and_then(|tree| Ok(layer::merge(&trees, &tree, self.format()?, stop)?));
        self.or_remove(&merged, done)?;
        Ok(merged)
    }

    /// What was made in a part that nobody else has; after a failure the part goes.
    pub(super) fn or_remove<T>(&self, part: &PartId, made: Result<T>) -> Result<T> {
        if made.is_err() {
            // The failure is what counts; what cannot be removed now is garbage for `prune`.
            let _ = self.store()?.remove_part(part);
        }
        made
    }
}

pub(super) fn is_empty(tree: &std::path::Path) -> Result<bool> {
    let mut entries =
        std::fs::read_dir(tree).map_err(|error| Error::io("reading the container's directory", &error))?;
    Ok(entries.next().is_none())
}
