//! Special parts: made once for something and kept, such as the mount points below every container.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Failure, values};
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

/// All special parts: kind, key, part.
pub(in crate::store) fn all(database: &Connection) -> Result<Vec<(String, String, PartId)>, Failure> {
    let mut statement = database.prepare_cached("SELECT kind, key, part FROM special")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, values::part(row, 2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
