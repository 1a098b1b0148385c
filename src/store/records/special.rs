//! Special parts: made once for something and kept, such as the mount points below every container.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Failure, images, values};
use crate::oci::{ChainId, DiffId};
use crate::store::{Error, PartId, Store};

impl Store {
    /// The part that is kept as `kind` for `key`.
    ///
    /// # Errors
    /// The records' own.
    pub fn special_part(&self, kind: &str, key: &str) -> Result<Option<PartId>, Error> {
        self.inner().read(|database| find(database, kind, key))
    }

    /// Keeps a complete part as `kind` for `key`. If another process was first, its part is returned and ours
    /// should be removed; a part whose directory has vanished is replaced.
    ///
    /// # Errors
    /// [`Error::MissingPart`], and the records' own.
    pub fn put_special_part(&self, kind: &str, key: &str, part: &PartId) -> Result<PartId, Error> {
        self.inner().write(|database| {
            if let Some(present) = find(database, kind, key)?
                && self.part_fs(&present).exists()
            {
                return Ok(present);
            }
            self.inner().require_part(part)?;
            database
                .prepare_cached("INSERT OR REPLACE INTO special (kind, key, part) VALUES (?1, ?2, ?3)")?
                .execute(params![kind, key, part.as_str()])?;
            Ok(part.clone())
        })
    }

    /// Forgets what is kept as `kind` for `key`, and removes its part.
    ///
    /// # Errors
    /// The records' own.
    pub fn remove_special_part(&self, kind: &str, key: &str) -> Result<(), Error> {
        let part = self.inner().write(|database| {
            let part = find(database, kind, key)?;
            remove(database, kind, key)?;
            match part {
                Some(part) if !super::layers::is_needed(database, &part)? => Ok(Some(part)),
                _ => Ok(None),
            }
        })?;
        part.map_or(Ok(()), |part| self.remove_part(&part))
    }
}

fn find(database: &Connection, kind: &str, key: &str) -> Result<Option<PartId>, Failure> {
    let mut statement = database.prepare_cached("SELECT part FROM special WHERE kind = ?1 AND key = ?2")?;
    Ok(statement.query_row([kind, key], |row| values::part(row, 0)).optional()?)
}

pub(in crate::store) fn remove(database: &Connection, kind: &str, key: &str) -> Result<(), Failure> {
    database.prepare_cached("DELETE FROM special WHERE kind = ?1 AND key = ?2")?.execute([kind, key])?;
    Ok(())
}

/// The kind of the mount points below every container of an image; its keys are the images' chains.
pub const CHAIN_KIND: &str = "init";

/// Forgets what is kept for the chain of an image that was just removed, unless another image has that chain; gives
/// the part, if nothing needs it any more.
pub(in crate::store) fn remove_chain(
    database: &Connection,
    layers: &[DiffId],
) -> Result<Option<PartId>, Failure> {
    let Some(chain) = ChainId::of(layers) else { return Ok(None) };
    let key = chain.to_string();
    match find(database, CHAIN_KIND, &key)? {
        Some(part) if !images::have_chain(database, layers)? => forget(database, &key, part),
        _ => Ok(None),
    }
}

/// The same for all chains that no image has.
pub(in crate::store) fn remove_unneeded(database: &Connection) -> Result<Vec<PartId>, Failure> {
    let is_chain = |kind: &str, key: &str| kind == CHAIN_KIND && key.parse::<ChainId>().is_ok();
    let mut kept = all(database)?;
    kept.retain(|(kind, key, _)| is_chain(kind, key));
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let needed = images::chains(database)?;
    let mut parts = Vec::new();
    for (_, key, part) in kept {
        if !needed.contains(&key) {
            parts.extend(forget(database, &key, part)?);
        }
    }
    Ok(parts)
}

fn forget(database: &Connection, key: &str, part: PartId) -> Result<Option<PartId>, Failure> {
    remove(database, CHAIN_KIND, key)?;
    Ok(if super::layers::is_needed(database, &part)? { None } else { Some(part) })
}

/// All special parts: kind, key, part.
pub(in crate::store) fn all(database: &Connection) -> Result<Vec<(String, String, PartId)>, Failure> {
    let mut statement = database.prepare_cached("SELECT kind, key, part FROM special")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, values::part(row, 2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
