//! Pins: what a living session has stored and no image names yet.
//!
//! A pull stores layer after layer, and the image last. Its layers and blobs must not be pruned by somebody else
//! meanwhile, so each gets a pin with the session's name. Pins of dead sessions mean nothing.

use rusqlite::{Connection, params};

use super::Failure;
use crate::oci::Digest;
use crate::store::session::Session;

/// Keeps `digest` (a layer's or a blob's) until an image names it or the session ends.
pub(in crate::store) fn add(
    database: &Connection,
    session: &Session,
    digest: &Digest,
) -> Result<(), Failure> {
    session.set_pinned();
    database
        .prepare_cached("INSERT OR IGNORE INTO pins (session, digest) VALUES (?1, ?2)")?
        .execute(params![session.name(), digest.as_bytes()])?;
    Ok(())
}

/// An image names `digest` now.
pub(in crate::store) fn remove(database: &Connection, session: &str, digest: &Digest) -> Result<(), Failure> {
    database
        .prepare_cached("DELETE FROM pins WHERE session = ?1 AND digest = ?2")?
        .execute(params![session, digest.as_bytes()])?;
    Ok(())
}

/// The session has ended.
pub(in crate::store) fn remove_all(database: &Connection, session: &str) -> Result<(), Failure> {
    database.prepare_cached("DELETE FROM pins WHERE session = ?1")?.execute([session])?;
    Ok(())
}

/// All pins, with the session that set each.
pub(in crate::store) fn all(database: &Connection) -> Result<Vec<(String, Digest)>, Failure> {
    let mut statement = database.prepare_cached("SELECT session, digest FROM pins")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, super::values::digest(row, 1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The sessions that have a pin on `digest`.
pub(in crate::store) fn sessions_of(database: &Connection, digest: &Digest) -> Result<Vec<String>, Failure> {
    let mut statement = database.prepare_cached("SELECT session FROM pins WHERE digest = ?1")?;
    let rows = statement.query_map([digest.as_bytes()], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
