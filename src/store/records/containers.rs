//! Containers. Whatever changes one needs its lock.

use rusqlite::{Connection, OptionalExtension as _, Row, ffi, params};

use super::{Failure, images, layers, lookup, values};
use crate::oci::{DiffId, Digest};
use crate::store::random::hex;
use crate::store::{ContainerLock, Error, Noun, PartId, Store, names};

/// What a container is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Made, and never run.
    Created,
    /// A living process is running it.
    Running,
    /// Its last run has ended.
    Exited,
}

/// A container, as it was when it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerRecord {
    /// Its number in this store; never used again.
    pub row: i64,
    /// 64 hexadecimal digits.
    pub id: String,
    /// Unique in this store.
    pub name: String,
    /// The image it is made of.
    pub image: Option<Digest>,
    /// The image as the author called it.
    pub image_reference: String,
    /// Whatever the makers of containers want to keep.
    pub config: serde_json::Value,
    /// When it was made, in nanoseconds since 1970.
    pub created: i64,
    /// What it does.
    pub status: Status,
    /// Whether the process that ran it died without recording an end; the status is `Exited`, without a code.
    pub died: bool,
    /// Of the last run that ended.
    pub exit_code: Option<i32>,
    /// When the last run began, in nanoseconds since 1970.
    pub started: Option<i64>,
    /// When the last run ended.
    pub finished: Option<i64>,
    /// The container's first process, while it runs.
    pub pid: Option<u32>,
    /// Its own parts, lowest first. Unless `top_frozen` the last is its writable directory.
    pub parts: Vec<PartId>,
    /// Whether the last part is frozen too, so that the next run needs a new one.
    pub top_frozen: bool,
    /// The layer that holds all of its parts, if it was committed and has not been written to since.
    pub committed: Option<DiffId>,
}

/// A container to be made.
#[derive(Debug, Clone, Default)]
pub struct NewContainer {
    /// Its name; without one it gets one such as `calm_otter`.
    pub name: Option<String>,
    /// See [`ContainerRecord::image`].
    pub image: Option<Digest>,
    /// See [`ContainerRecord::image_reference`].
    pub image_reference: String,
    /// See [`ContainerRecord::config`].
    pub config: serde_json::Value,
    /// See [`ContainerRecord::parts`]; all but a writable last one are frozen ones of other records.
    pub parts: Vec<PartId>,
    /// See [`ContainerRecord::top_frozen`].
    pub top_frozen: bool,
    /// Whether it runs from the beginning; saves a transaction.
    pub running: bool,
    /// See [`ContainerRecord::committed`].
    pub committed: Option<DiffId>,
}

pub(super) const COLUMNS: &str = "row, id, name, image, image_reference, config, created, status, exit_code, started, finished, \
                       parts, top_frozen, committed";

impl Store {
    /// Records a container, and takes its lock before anybody can see it.
    ///
    /// # Errors
    /// [`Error::InvalidName`], [`Error::NameInUse`], [`Error::NotFound`] or [`Error::Damaged`] for its image,
    /// [`Error::MissingPart`], and the records' own.
    pub fn create_container(&self, new: &NewContainer) -> Result<(ContainerRecord, ContainerLock), Error> {
        if let Some(name) = new.name.as_ref().filter(|name| !names::is_valid(name)) {
            return Err(Error::InvalidName { name: name.clone() });
        }
        let inner = self.inner();
        let id: [u8; 32] = inner.random.bytes()?;
        let config = new.config.to_string();
        let mut slots = Some(inner.locks.prepare()?);
        let shared = frozen_among(&new.parts, new.top_frozen);
        inner.write(|database| {
            if let Some(image) = &new.image {
                images::require_whole(database, image)?;
            }
            for part in shared {
                if !layers::is_needed(database, part)? {
                    return Err(Error::MissingPart { part: part.clone() }.into());
                }
            }
            let created = values::now();
            let status = if new.running { Status::Running } else { Status::Created };
            let mut record = ContainerRecord {
                row: 0,
                id: hex(&id),
                name: String::new(),
                image: new.image,
                image_reference: new.image_reference.clone(),
                config: new.config.clone(),
                created,
                status,
                died: false,
                exit_code: None,
                started: new.running.then_some(created),
                finished: None,
                pid: None,
                parts: new.parts.clone(),
                top_frozen: new.top_frozen,
                committed: new.committed,
            };
            let mut attempt = 0;
            loop {
                record.name = match &new.name {
                    Some(name) => name.clone(),
                    None => names::suggest(&inner.random, attempt)?,
                };
                match insert(database, &record, &id, &config) {
                    Err(error) if is_taken(&error) => {
                        if let Some(name) = &new.name {
                            return Err(name_in_use(database, name)?);
                        }
                        attempt += 1;
                    }
                    result => break result?,
                }
            }
            record.row = database.last_insert_rowid();
            for part in shared {
                set_frozen(database, part, record.row)?;
            }
            let lock = match slots.take() {
                Some(file) => inner.locks.take(file, record.row)?,
                None => None,
            };
            // Nobody knows this row, so nobody can have its slot.
            let lock = lock.ok_or_else(|| Error::Busy { container: record.name.clone(), pid: 0 })?;
            Ok((record, lock))
        })
    }

    /// A run begins. With `top`, a fresh part becomes the writable directory, above those that there are.
    ///
    /// # Errors
    /// [`Error::NotFound`], and the records' own.
    pub fn set_running(&self, lock: &ContainerLock, top: Option<&PartId>) -> Result<(), Error> {
        self.inner().write(|database| {
            if let Some(top) = top {
                push(database, lock, top)?;
            }
            let changed = database
                .prepare_cached(
                    "UPDATE containers SET status = 1, started = ?2, finished = NULL, exit_code = NULL,
                         committed = NULL WHERE row = ?1",
                )?
                .execute(params![lock.row(), values::now()])?;
            expect_one(changed, lock)
        })
    }

    /// Keeps another [`ContainerRecord::config`].
    ///
    /// # Errors
    /// [`Error::NotFound`], and the records' own.
    pub fn set_config(&self, lock: &ContainerLock, config: &serde_json::Value) -> Result<(), Error> {
        let config = config.to_string();
        self.inner().write(|database| {
            let changed = database
                .prepare_cached("UPDATE containers SET config = ?2 WHERE row = ?1")?
                .execute(params![lock.row(), config])?;
            expect_one(changed, lock)
        })
    }

    /// A run has ended; `None` if it is not known how.
    ///
    /// # Errors
    /// [`Error::NotFound`], and the records' own.
    pub fn set_exited(&self, lock: &ContainerLock, exit_code: Option<i32>) -> Result<(), Error> {
        self.inner().write(|database| {
            let changed = database
                .prepare_cached(
                    "UPDATE containers SET status = 2, exit_code = ?2, finished = ?3 WHERE row = ?1",
                )?
                .execute(params![lock.row(), exit_code, values::now()])?;
            expect_one(changed, lock)
        })
    }

    /// A run has ended, and with `remove` the container goes at once: one transaction either way.
    ///
    /// # Errors
    /// As [`Self::set_exited`] and [`Self::remove_container`].
    pub fn finish(&self, lock: &ContainerLock, exit_code: Option<i32>, remove: bool) -> Result<(), Error> {
        if remove { self.remove_container(lock) } else { self.set_exited(lock, exit_code) }
    }

    /// Removes a container with its writable part, and those frozen ones that nothing else needs.
    ///
    /// # Errors
    /// [`Error::NotFound`], and the records' own.
    pub fn remove_container(&self, lock: &ContainerLock) -> Result<(), Error> {
        let unneeded = self.inner().write_removal(|database| {
            let (parts, top_frozen) = parts_of(database, lock)?;
            database.prepare_cached("DELETE FROM containers WHERE row = ?1")?.execute([lock.row()])?;
            release_parts(database, lock.row(), &parts, top_frozen, &[])
        })?;
        unneeded.iter().try_for_each(|part| self.remove_part(part))
    }

    /// Freezes the writable part: from now on nobody writes to it, and others may use it.
    ///
    /// Nobody may have it mounted. Done twice it changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], and the records' own.
    pub fn freeze_top(&self, lock: &ContainerLock) -> Result<(), Error> {
        self.inner().write(|database| {
            let (parts, _) = parts_of(database, lock)?;
            if let Some(top) = parts.last() {
                set_frozen(database, top, lock.row())?;
            }
            database
                .prepare_cached("UPDATE containers SET top_frozen = 1 WHERE row = ?1")?
                .execute([lock.row()])?;
            Ok(())
        })
    }

    /// Puts a fresh, writable part on top of those that there are.
    ///
    /// # Errors
    /// [`Error::NotFound`], and the records' own.
    pub fn push_part(&self, lock: &ContainerLock, part: &PartId) -> Result<(), Error> {
        self.inner().write(|database| push(database, lock, part))
    }

    /// Gives the container other parts, such as one merged of many; those that nothing needs any more go.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::MissingPart`], and the records' own.
    pub fn replace_parts(
        &self,
        lock: &ContainerLock,
        parts: &[PartId],
        top_frozen: bool,
    ) -> Result<(), Error> {
        let inner = self.inner();
        let unneeded = inner.write(|database| {
            let (before, before_frozen) = parts_of(database, lock)?;
            parts.iter().try_for_each(|part| inner.require_part(part))?;
            set_parts(database, lock, parts, top_frozen)?;
            let unneeded = release_parts(database, lock.row(), &before, before_frozen, parts)?;
            for part in frozen_among(parts, top_frozen) {
                set_frozen(database, part, lock.row())?;
            }
            Ok(unneeded)
        })?;
        unneeded.iter().try_for_each(|part| self.remove_part(part))
    }

    /// Notes that a layer holds all of the container's parts.
    ///
    /// # Errors
    /// [`Error::NotFound`], and the records' own.
    pub fn set_committed(&self, lock: &ContainerLock, layer: Option<&DiffId>) -> Result<(), Error> {
        self.inner().write(|database| {
            let changed = database
                .prepare_cached("UPDATE containers SET committed = ?2 WHERE row = ?1")?
                .execute(params![lock.row(), layer.map(|layer| layer.0.as_bytes())])?;
            expect_one(changed, lock)
        })
    }

    /// Gives a container another name.
    ///
    /// # Errors
    /// [`Error::InvalidName`], [`Error::NameInUse`], [`Error::NotFound`], and the records' own.
    pub fn rename_container(&self, lock: &ContainerLock, name: &str) -> Result<(), Error> {
        if !names::is_valid(name) {
            return Err(Error::InvalidName { name: name.to_owned() });
        }
        self.inner().write(|database| {
            let mut statement = database.prepare_cached("UPDATE containers SET name = ?2 WHERE row = ?1")?;
            match statement.execute(params![lock.row(), name]) {
                Err(error) if is_taken(&error) => Err(name_in_use(database, name)?),
                changed => expect_one(changed?, lock),
            }
        })
    }

    /// A container by id, by name, or by the beginning of its id, in this order.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Ambiguous`], and the records' own.
    pub fn container(&self, query: &str) -> Result<ContainerRecord, Error> {
        let row = self.inner().read(|database| find(database, query))?;
        self.container_by_row(row)?.ok_or_else(|| not_found(query))
    }

    /// A container by its number.
    ///
    /// # Errors
    /// The records' own.
    pub fn container_by_row(&self, row: i64) -> Result<Option<ContainerRecord>, Error> {
        let mut known: Option<ContainerRecord> = None;
        loop {
            let read = self.inner().read(|database| {
                let mut statement =
                    database.prepare_cached(&format!("SELECT {COLUMNS} FROM containers WHERE row = ?1"))?;
                Ok(statement.query_row([row], from_row).optional()?)
            })?;
            let Some(mut record) = read else { return Ok(None) };
            if record.status != Status::Running {
                return Ok(Some(record));
            }
            // Running but unlocked, with the same record before and after looking: its process has died. Otherwise
            // the run ended, or a new one began, just between.
            if known.as_ref().is_some_and(|known| known.started == record.started) {
                record.died = true;
                record.status = Status::Exited;
                return Ok(Some(record));
            }
            match self.inner().locks.holder(row)? {
                Some(holder) => {
                    record.pid = holder.pid;
                    return Ok(Some(record));
                }
                None => known = Some(record),
            }
        }
    }

    /// All containers, newest first.
    ///
    /// # Errors
    /// The records' own.
    pub fn containers(&self) -> Result<Vec<ContainerRecord>, Error> {
        let records = self.inner().read(all)?;
        let mut containers = Vec::with_capacity(records.len());
        for record in records {
            if record.status == Status::Running {
                containers.extend(self.container_by_row(record.row)?);
            } else {
                containers.push(record);
            }
        }
        Ok(containers)
    }

    /// The container made last.
    ///
    /// # Errors
    /// The records' own.
    pub fn last(&self) -> Result<Option<ContainerRecord>, Error> {
        let row = self.inner().read(|database| {
            let mut statement = database.prepare_cached("SELECT max(row) FROM containers")?;
            Ok(statement.query_row([], |row| row.get::<_, Option<i64>>(0))?)
        })?;
        row.map_or(Ok(None), |row| self.container_by_row(row))
    }

    pub(super) fn name_of(&self, row: i64) -> Result<Option<String>, Error> {
        self.inner().read(|database| {
            let mut statement = database.prepare_cached("SELECT name FROM containers WHERE row = ?1")?;
            Ok(statement.query_row([row], |row| row.get(0)).optional()?)
        })
    }
}

fn insert(
    database: &Connection,
    record: &ContainerRecord,
    id: &[u8; 32],
    config: &str,
) -> rusqlite::Result<()> {
    database
        .prepare_cached(
            "INSERT INTO containers (id, name, image, image_reference, config, created, status, started, parts,
                 top_frozen, committed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            id,
            record.name,
            record.image.as_ref().map(Digest::as_bytes),
            record.image_reference,
            config,
            record.created,
            i64::from(record.status == Status::Running),
            record.started,
            values::join(&record.parts),
            record.top_frozen,
            record.committed.as_ref().map(|layer| layer.0.as_bytes()),
        ])
        .map(drop)
}

/// Ids are random; only names collide.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE)
}

fn name_in_use(database: &Connection, name: &str) -> Result<Failure, Failure> {
    let mut statement = database.prepare_cached("SELECT id FROM containers WHERE name = ?1")?;
    let holder = statement.query_row([name], |row| row.get::<_, [u8; 32]>(0))?;
    Ok(Error::NameInUse { noun: Noun::Container, name: name.to_owned(), holder: hex(&holder) }.into())
}

/// Those of a container's parts that are not its writable one.
fn frozen_among(parts: &[PartId], top_frozen: bool) -> &[PartId] {
    match parts.split_last() {
        Some((_, below)) if !top_frozen => below,
        _ => parts,
    }
}

pub(super) fn set_frozen(database: &Connection, part: &PartId, owner: i64) -> Result<(), Failure> {
    database
        .prepare_cached("INSERT OR IGNORE INTO frozen (part, container) VALUES (?1, ?2)")?
        .execute(params![part.as_str(), owner])?;
    Ok(())
}

/// Puts a writable part on top; what was the top is frozen now.
fn push(database: &Connection, lock: &ContainerLock, part: &PartId) -> Result<(), Failure> {
    let (mut parts, top_frozen) = parts_of(database, lock)?;
    if let Some(top) = parts.last().filter(|_| !top_frozen) {
        set_frozen(database, top, lock.row())?;
    }
    parts.push(part.clone());
    set_parts(database, lock, &parts, false)
}

pub(super) fn set_parts(
    database: &Connection,
    lock: &ContainerLock,
    parts: &[PartId],
    top_frozen: bool,
) -> Result<(), Failure> {
    let changed = database
        .prepare_cached("UPDATE containers SET parts = ?2, top_frozen = ?3, committed = NULL WHERE row = ?1")?
        .execute(params![lock.row(), values::join(parts), top_frozen])?;
    expect_one(changed, lock)
}

pub(super) fn parts_of(database: &Connection, lock: &ContainerLock) -> Result<(Vec<PartId>, bool), Failure> {
    let mut statement = database.prepare_cached("SELECT parts, top_frozen FROM containers WHERE row = ?1")?;
    let parts =
        statement.query_row([lock.row()], |row| Ok((values::parts(row, 0)?, row.get(1)?))).optional()?;
    parts.ok_or_else(|| not_found(&lock.row().to_string()).into())
}

/// A container lets go of `before`; those that nobody needs now and that are not among `kept`.
pub(super) fn release_parts(
    database: &Connection,
    row: i64,
    before: &[PartId],
    top_frozen: bool,
    kept: &[PartId],
) -> Result<Vec<PartId>, Failure> {
    // The common container has one part, its own, of which no other record can know.
    if let ([own], false, []) = (before, top_frozen, kept) {
        return Ok(vec![own.clone()]);
    }
    database.prepare_cached("DELETE FROM frozen WHERE container = ?1")?.execute([row])?;
    let mut unneeded = Vec::new();
    for part in before.iter().filter(|part| !kept.contains(part)) {
        if !layers::is_needed(database, part)? {
            unneeded.push(part.clone());
        }
    }
    Ok(unneeded)
}

pub(super) fn expect_one(changed: usize, lock: &ContainerLock) -> Result<(), Failure> {
    if changed == 1 { Ok(()) } else { Err(not_found(&lock.row().to_string()).into()) }
}

pub(super) fn not_found(name: &str) -> Error {
    Error::NotFound { noun: Noun::Container, name: name.to_owned() }
}

fn find(database: &Connection, query: &str) -> Result<i64, Failure> {
    let range = lookup::range(query);
    if query.len() < 64 || range.is_none() {
        let mut by_name = database.prepare_cached("SELECT row FROM containers WHERE name = ?1")?;
        if let Some(row) = by_name.query_row([query], |row| row.get(0)).optional()? {
            return Ok(row);
        }
    }
    let Some((low, high)) = range else { return Err(not_found(query).into()) };
    let mut by_id = database
        .prepare_cached("SELECT row, id FROM containers WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 10")?;
    let found = by_id.query_map([low, high], |row| Ok((row.get(0)?, row.get::<_, [u8; 32]>(1)?)))?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    match found.as_slice() {
        [] => Err(not_found(query).into()),
        [(row, _)] => Ok(*row),
        several => {
            let matches = several.iter().map(|(_, id)| hex(&id[..6])).collect();
            Err(Error::Ambiguous { noun: Noun::Container, prefix: query.to_owned(), matches }.into())
        }
    }
}

/// All containers as recorded, newest first; whether a running one lives is not looked at.
pub(in crate::store) fn all(database: &Connection) -> Result<Vec<ContainerRecord>, Failure> {
    let mut statement =
        database.prepare_cached(&format!("SELECT {COLUMNS} FROM containers ORDER BY row DESC"))?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<ContainerRecord> {
    let config = row.get_ref(5)?.as_str()?;
    Ok(ContainerRecord {
        row: row.get(0)?,
        id: hex(&row.get::<_, [u8; 32]>(1)?),
        name: row.get(2)?,
        image: values::optional_digest(row, 3)?,
        image_reference: row.get(4)?,
        config: serde_json::from_str(config).map_err(|error| values::unreadable(5, error))?,
        created: row.get(6)?,
        status: match row.get(7)? {
            0 => Status::Created,
            1 => Status::Running,
            _ => Status::Exited,
        },
        died: false,
        exit_code: row.get(8)?,
        started: row.get(9)?,
        finished: row.get(10)?,
        pid: None,
        parts: values::parts(row, 11)?,
        top_frozen: row.get(12)?,
        committed: values::optional_digest(row, 13)?.map(DiffId),
    })
}
