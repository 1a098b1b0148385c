//! Snapshots: states of containers that stay until they are removed, whatever the container does.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::containers::{self, ContainerRecord, is_taken};
use super::{Failure, lookup, values};
use crate::oci::{DiffId, Digest};
use crate::store::random::hex;
use crate::store::session::Session;
use crate::store::{ContainerLock, Error, Noun, PartId, Store, names};

/// A container's state at one moment. It never changes.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotRecord {
    /// Its number in this store; never used again.
    pub row: i64,
    /// 64 hexadecimal digits.
    pub id: String,
    /// Unique among the snapshots of this store.
    pub name: String,
    /// The id of the container that it was taken of, which may be gone.
    pub container: String,
    /// The name that the container had.
    pub container_name: String,
    /// The container's image.
    pub image: Option<Digest>,
    /// The image as the container's author called it.
    pub image_reference: String,
    /// See [`ContainerRecord::config`].
    pub config: serde_json::Value,
    /// When it was taken, in nanoseconds since 1970.
    pub created: i64,
    /// What its author said.
    pub message: Option<String>,
    /// The container's own parts, lowest first; all are frozen.
    pub parts: Vec<PartId>,
    /// See [`ContainerRecord::committed`].
    pub committed: Option<DiffId>,
}

/// What the author of a snapshot chooses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewSnapshot {
    /// Its name; without one it gets one such as `calm_otter`.
    pub name: Option<String>,
    /// See [`SnapshotRecord::message`].
    pub message: Option<String>,
    /// It is nobody's but this session's: no listing has it, and it goes when the session ends.
    pub passing: bool,
}

const COLUMNS: &str = "row, id, name, container, container_name, image, image_reference, config, created, message, \
                       parts, committed";

impl Store {
    /// Takes a snapshot of a container that nobody runs. With `with_top` its writable part is frozen and belongs to
    /// the state; without, it stays the container's own: it is empty.
    ///
    /// # Errors
    /// [`Error::InvalidName`], [`Error::NameInUse`], [`Error::NotFound`], and the records' own.
    pub fn take_snapshot(
        &self,
        lock: &ContainerLock,
        new: &NewSnapshot,
        with_top: bool,
    ) -> Result<SnapshotRecord, Error> {
        self.insert_snapshot(new, |database| {
            let mut record = container(database, lock.row())?;
            if !record.top_frozen {
                if !with_top {
                    record.parts.pop();
                } else if let Some(top) = record.parts.last() {
                    containers::set_frozen(database, top, record.row)?;
                    database
                        .prepare_cached("UPDATE containers SET top_frozen = 1 WHERE row = ?1")?
                        .execute([record.row])?;
                }
            }
            Ok(record)
        })
    }

    /// Takes a snapshot of a container that somebody runs: `copy` is a complete part that shows what the container's
    /// writable one did, or nothing where that was empty. `record` is the container as it was when it was copied.
    ///
    /// # Errors
    /// [`Error::Changed`] if the container is not that any more, and as [`Self::take_snapshot`].
    pub fn take_snapshot_of_copy(
        &self,
        record: &ContainerRecord,
        copy: Option<&PartId>,
        new: &NewSnapshot,
    ) -> Result<SnapshotRecord, Error> {
        let inner = self.inner();
        self.insert_snapshot(new, |database| {
            let mut now = container(database, record.row)?;
            if now.parts != record.parts || now.top_frozen != record.top_frozen || now.top_frozen {
                return Err(Error::Changed { container: now.name }.into());
            }
            now.parts.pop();
            now.parts.extend(copy.cloned());
            // What it was committed as, it is not any more.
            now.committed = None;
            copy.map_or(Ok(()), |copy| inner.require_part(copy))?;
            Ok(now)
        })
    }

    fn insert_snapshot(
        &self,
        new: &NewSnapshot,
        state: impl FnOnce(&Connection) -> Result<ContainerRecord, Failure>,
    ) -> Result<SnapshotRecord, Error> {
        if let Some(name) = new.name.as_ref().filter(|name| !names::is_valid(name)) {
            return Err(Error::InvalidName { name: name.clone() });
        }
        let inner = self.inner();
        let id: [u8; 32] = inner.random.bytes()?;
        let session = if new.passing { Some(inner.session()?) } else { None };
        if let Some(session) = &session {
            session.set_passing();
        }
        inner.write(|database| {
            let state = state(database)?;
            let mut record = SnapshotRecord {
                row: 0,
                id: hex(&id),
                name: String::new(),
                container: state.id,
                container_name: state.name,
                image: state.image,
                image_reference: state.image_reference,
                config: state.config,
                created: values::now(),
                message: new.message.clone(),
                parts: state.parts,
                committed: state.committed,
            };
            let mut attempt = 0;
            loop {
                record.name = match &new.name {
                    Some(name) => name.clone(),
                    None => names::suggest(&inner.random, attempt)?,
                };
                match insert(database, &record, &id, session.as_deref().map(Session::name)) {
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
            for part in &record.parts {
                containers::set_frozen(database, part, -record.row)?;
            }
            Ok(record)
        })
    }

    /// A snapshot by id, by name, or by the beginning of its id, in this order.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Ambiguous`], and the records' own.
    pub fn snapshot(&self, query: &str) -> Result<SnapshotRecord, Error> {
        self.inner().read(|database| find(database, query))
    }

    /// All snapshots but the passing ones, newest first.
    ///
    /// # Errors
    /// The records' own.
    pub fn snapshots(&self) -> Result<Vec<SnapshotRecord>, Error> {
        self.inner().read(|database| select(database, "session IS NULL"))
    }

    /// Removes a snapshot, and those of its parts that nothing else needs.
    ///
    /// # Errors
    /// [`Error::NotFound`], and the records' own.
    pub fn remove_snapshot(&self, row: i64) -> Result<(), Error> {
        let unneeded = self.inner().write_removal(|database| {
            let mut statement = database.prepare_cached("SELECT parts FROM snapshots WHERE row = ?1")?;
            let parts = statement.query_row([row], |row| values::parts(row, 0)).optional()?;
            let Some(parts) = parts else { return Err(not_found(&row.to_string()).into()) };
            database.prepare_cached("DELETE FROM snapshots WHERE row = ?1")?.execute([row])?;
            // All are frozen: the container's writable part is none of a snapshot's.
            containers::release_parts(database, -row, &parts, true, &[])
        })?;
        unneeded.iter().try_for_each(|part| self.remove_part(part))
    }

    /// Lets a container go on from a snapshot, with this [`ContainerRecord::config`]; those of its parts that nothing
    /// else needs go.
    ///
    /// # Errors
    /// [`Error::NotFound`] for either, and the records' own.
    pub fn rollback_container(
        &self,
        lock: &ContainerLock,
        snapshot: &SnapshotRecord,
        config: &serde_json::Value,
    ) -> Result<(), Error> {
        let unneeded = self.inner().write(|database| {
            let snapshot = find(database, &snapshot.id)?;
            let (before, before_frozen) = containers::parts_of(database, lock)?;
            containers::set_parts(database, lock, &snapshot.parts, true)?;
            database
                .prepare_cached("UPDATE containers SET config = ?2, committed = ?3 WHERE row = ?1")?
                .execute(params![
                    lock.row(),
                    config.to_string(),
                    snapshot.committed.as_ref().map(|layer| layer.0.as_bytes()),
                ])?;
            let unneeded =
                containers::release_parts(database, lock.row(), &before, before_frozen, &snapshot.parts)?;
            for part in &snapshot.parts {
                containers::set_frozen(database, part, lock.row())?;
            }
            Ok(unneeded)
        })?;
        unneeded.iter().try_for_each(|part| self.remove_part(part))
    }
}

fn container(database: &Connection, row: i64) -> Result<ContainerRecord, Failure> {
    let mut statement =
        database.prepare_cached(&format!("SELECT {} FROM containers WHERE row = ?1", containers::COLUMNS))?;
    let found = statement.query_row([row], containers::from_row).optional()?;
    found.ok_or_else(|| Error::NotFound { noun: Noun::Container, name: row.to_string() }.into())
}

fn insert(
    database: &Connection,
    record: &SnapshotRecord,
    id: &[u8; 32],
    session: Option<&str>,
) -> Result<(), rusqlite::Error> {
    let mut container = [0_u8; 32];
    for (byte, digits) in container.iter_mut().zip(record.container.as_bytes().chunks(2)) {
        *byte =
            std::str::from_utf8(digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
    }
    database
        .prepare_cached(
            "INSERT INTO snapshots (id, name, container, container_name, image, image_reference, config, created,
                 message, parts, committed, session) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            id,
            record.name,
            container,
            record.container_name,
            record.image.as_ref().map(Digest::as_bytes),
            record.image_reference,
            record.config.to_string(),
            record.created,
            record.message,
            values::join(&record.parts),
            record.committed.as_ref().map(|layer| layer.0.as_bytes()),
            session,
        ])
        .map(drop)
}

fn name_in_use(database: &Connection, name: &str) -> Result<Failure, Failure> {
    let mut statement = database.prepare_cached("SELECT id FROM snapshots WHERE name = ?1")?;
    let holder = statement.query_row([name], |row| row.get::<_, [u8; 32]>(0))?;
    Ok(Error::NameInUse { noun: Noun::Snapshot, name: name.to_owned(), holder: hex(&holder) }.into())
}

fn not_found(name: &str) -> Error {
    Error::NotFound { noun: Noun::Snapshot, name: name.to_owned() }
}

fn find(database: &Connection, query: &str) -> Result<SnapshotRecord, Failure> {
    let range = lookup::range(query);
    if query.len() < 64 || range.is_none() {
        let mut by_name =
            database.prepare_cached(&format!("SELECT {COLUMNS} FROM snapshots WHERE name = ?1"))?;
        if let Some(record) = by_name.query_row([query], from_row).optional()? {
            return Ok(record);
        }
    }
    let Some((low, high)) = range else { return Err(not_found(query).into()) };
    let mut by_id = database.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM snapshots WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 10"
    ))?;
    let found = by_id.query_map([low, high], from_row)?.collect::<rusqlite::Result<Vec<_>>>()?;
    match <[SnapshotRecord; 1]>::try_from(found) {
        Ok([record]) => Ok(record),
        Err(found) if found.is_empty() => Err(not_found(query).into()),
        Err(found) => {
            let matches = found.iter().map(|record| record.id.chars().take(12).collect()).collect();
            Err(Error::Ambiguous { noun: Noun::Snapshot, prefix: query.to_owned(), matches }.into())
        }
    }
}

/// All snapshots as recorded, newest first.
pub(in crate::store) fn all(database: &Connection) -> Result<Vec<SnapshotRecord>, Failure> {
    select(database, "1")
}

/// A session has ended: its passing snapshots go. The parts that nothing needs any more.
pub(in crate::store) fn remove_passing(database: &Connection, session: &str) -> Result<Vec<PartId>, Failure> {
    let mut statement =
        database.prepare_cached("DELETE FROM snapshots WHERE session = ?1 RETURNING row, parts")?;
    let removed = statement
        .query_map([session], |row| Ok((row.get::<_, i64>(0)?, values::parts(row, 1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut unneeded = Vec::new();
    for (row, parts) in removed {
        unneeded.extend(containers::release_parts(database, -row, &parts, true, &[])?);
    }
    Ok(unneeded)
}

fn select(database: &Connection, condition: &str) -> Result<Vec<SnapshotRecord>, Failure> {
    let mut statement = database
        .prepare_cached(&format!("SELECT {COLUMNS} FROM snapshots WHERE {condition} ORDER BY row DESC"))?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SnapshotRecord> {
    let config = row.get_ref(7)?.as_str()?;
    Ok(SnapshotRecord {
        row: row.get(0)?,
        id: hex(&row.get::<_, [u8; 32]>(1)?),
        name: row.get(2)?,
        container: hex(&row.get::<_, [u8; 32]>(3)?),
        container_name: row.get(4)?,
        image: values::optional_digest(row, 5)?,
        image_reference: row.get(6)?,
        config: serde_json::from_str(config).map_err(|error| values::unreadable(7, error))?,
        created: row.get(8)?,
        message: row.get(9)?,
        parts: values::parts(row, 10)?,
        committed: values::optional_digest(row, 11)?.map(DiffId),
    })
}
