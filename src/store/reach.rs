//! What the records reach.

use std::collections::HashSet;

use rusqlite::Connection;

use super::records::{Failure, pins, values};
use super::session::Living;
use crate::oci::Digest;

/// The names of all parts that a record names.
pub(super) fn parts(database: &Connection) -> Result<HashSet<String>, Failure> {
    let mut reached = HashSet::new();
    for sql in ["SELECT part FROM layers", "SELECT part FROM special", "SELECT part FROM frozen"] {
        let mut statement = database.prepare_cached(sql)?;
        for part in statement.query_map([], |row| row.get::<_, String>(0))? {
            reached.insert(part?);
        }
    }
    let mut statement = database.prepare_cached("SELECT parts FROM containers")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let names = row.get_ref(0)?.as_str().unwrap_or_default();
        reached.extend(names.split_ascii_whitespace().map(str::to_owned));
    }
    Ok(reached)
}

/// The digests that sessions with a living process have pinned.
pub(super) fn pinned(database: &Connection, living: &mut Living<'_>) -> Result<HashSet<Digest>, Failure> {
    let pins = pins::all(database)?;
    Ok(pins.into_iter().filter(|(session, _)| living.is_alive(session)).map(|(_, digest)| digest).collect())
}

/// All blobs that an image or a layer names.
pub(super) fn blobs(database: &Connection) -> Result<HashSet<Digest>, Failure> {
    let mut statement = database.prepare_cached(
        "SELECT blob FROM image_layers WHERE blob IS NOT NULL UNION SELECT blob FROM layers WHERE blob IS NOT NULL",
    )?;
    let rows = statement.query_map([], |row| values::digest(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
