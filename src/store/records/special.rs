//! Special parts: made once for a chain of layers and kept for as long as an image has it, such as the mount points
//! between an image and its containers.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::layers::{self, Leftover};
use super::{Failure, values};
use crate::oci::{ChainId, DiffId};
use crate::store::{Error, PartId, Store};

impl Store {
    /// The part that is kept as `kind` for images of these layers; `None` stands for no layer at all.
    ///
    /// # Errors
    /// The records' own.
    pub fn special_part(&self, kind: &str, chain: Option<ChainId>) -> Result<Option<PartId>, Error> {
        self.inner().read(|database| find(database, kind, &key_of(chain)))
    }

    /// Keeps a complete part as `kind` for images of these layers. If another process was first, its part is returned
    /// and ours should be removed; a part whose directory has vanished is replaced.
    ///
    /// # Errors
    /// [`Error::MissingPart`], and the records' own.
    pub fn put_special_part(
        &self,
        kind: &str,
        chain: Option<ChainId>,
        part: &PartId,
    ) -> Result<PartId, Error> {
        let key = key_of(chain);
        self.inner().write(|database| {
            if let Some(present) = find(database, kind, &key)?
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
}

/// How a chain stands in the column.
fn key_of(chain: Option<ChainId>) -> String {
    chain.map_or_else(|| "scratch".to_owned(), |chain| chain.to_string())
}

pub(in crate::store) fn find(
    database: &Connection,
    kind: &str,
    key: &str,
) -> Result<Option<PartId>, Failure> {
    let mut statement = database.prepare_cached("SELECT part FROM special WHERE kind = ?1 AND key = ?2")?;
    Ok(statement.query_row([kind, key], |row| values::part(row, 0)).optional()?)
}

pub(in crate::store) fn remove(database: &Connection, kind: &str, key: &str) -> Result<(), Failure> {
    database.prepare_cached("DELETE FROM special WHERE kind = ?1 AND key = ?2")?.execute([kind, key])?;
    Ok(())
}

/// An image with these layers has gone: its special parts go too, unless another image has the same layers.
pub(super) fn release(
    database: &Connection,
    diff_ids: &[DiffId],
    leftover: &mut Leftover,
) -> Result<(), Failure> {
    let chain = ChainId::of(diff_ids);
    let mut kinds = database.prepare_cached("SELECT kind FROM special WHERE key = ?1")?;
    let kinds = kinds.query_map([key_of(chain)], |row| row.get::<_, String>(0))?;
    let kinds = kinds.collect::<rusqlite::Result<Vec<_>>>()?;
    if kinds.is_empty() || super::image_rows::has_layers(database, diff_ids)? {
        return Ok(());
    }
    kinds.iter().try_for_each(|kind| forget(database, kind, &key_of(chain), leftover))
}

/// Forgets the special parts of chains that no image has.
pub(in crate::store) fn remove_unneeded(
    database: &Connection,
    leftover: &mut Leftover,
) -> Result<(), Failure> {
    let special = all(database)?;
    if special.is_empty() {
        return Ok(());
    }
    let needed: HashSet<String> = super::image_rows::all(database)?
        .iter()
        .map(|image| key_of(ChainId::of(&image.record.diff_ids)))
        .collect();
    special
        .iter()
        .filter(|(_, key, _)| !needed.contains(key))
        .try_for_each(|(kind, key, _)| forget(database, kind, key, leftover))
}

fn forget(database: &Connection, kind: &str, key: &str, leftover: &mut Leftover) -> Result<(), Failure> {
    let part = find(database, kind, key)?;
    remove(database, kind, key)?;
    if let Some(part) = part
        && !layers::is_needed(database, &part)?
    {
        leftover.parts.push(part);
    }
    Ok(())
}

/// All special parts: kind, key, part.
pub(in crate::store) fn all(database: &Connection) -> Result<Vec<(String, String, PartId)>, Failure> {
    let mut statement = database.prepare_cached("SELECT kind, key, part FROM special")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, values::part(row, 2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
