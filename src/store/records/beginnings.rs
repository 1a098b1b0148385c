//! Names by how they begin: what completion asks. Each is one look into an index, however much there is.

use rusqlite::{Connection, ToSql};

use super::{Failure, values};
use crate::oci::Reference;
use crate::store::{Error, Store};

/// What Docker leaves out of the names that people see.
const LEFT_OUT: [&str; 3] = ["", "docker.io/", "docker.io/library/"];

impl Store {
    /// At most `most` references that begin with `begin`, whole or as people write them, sorted. Where none does,
    /// those that have it somewhere else.
    ///
    /// # Errors
    /// The records' own.
    pub fn references_beginning(&self, begin: &str, most: usize) -> Result<Vec<Reference>, Error> {
        let limit = values::signed(most as u64);
        let mut found = self.inner().read(|database| {
            let mut found = Vec::new();
            for lead in LEFT_OUT {
                let low = format!("{lead}{begin}");
                found.extend(texts(
                    database,
                    "SELECT reference FROM refs WHERE reference >= ?1 AND reference < ?2 ORDER BY reference LIMIT ?3",
                    &[&low, &after(&low), &limit],
                )?);
            }
            if found.is_empty() {
                found = texts(
                    database,
                    "SELECT reference FROM refs WHERE instr(reference, ?1) > 0 ORDER BY reference LIMIT ?2",
                    &[&begin, &limit],
                )?;
            }
            Ok(found.iter().filter_map(|name| name.parse().ok()).collect::<Vec<Reference>>())
        })?;
        found.sort_by_cached_key(ToString::to_string);
        found.dedup();
        found.truncate(most);
        Ok(found)
    }

    /// At most `most` names of containers that begin with `begin`, sorted.
    ///
    /// # Errors
    /// The records' own.
    pub fn containers_beginning(&self, begin: &str, most: usize) -> Result<Vec<String>, Error> {
        let limit = values::signed(most as u64);
        let sql = "SELECT name FROM containers WHERE name >= ?1 AND name < ?2 ORDER BY name LIMIT ?3";
        self.inner().read(|database| texts(database, sql, &[&begin, &after(begin), &limit]))
    }

    /// At most `most` names of snapshots that begin with `begin`, sorted; none of those that go with their session.
    ///
    /// # Errors
    /// The records' own.
    pub fn snapshots_beginning(&self, begin: &str, most: usize) -> Result<Vec<String>, Error> {
        let limit = values::signed(most as u64);
        let sql = "SELECT name FROM snapshots WHERE name >= ?1 AND name < ?2 AND session IS NULL ORDER BY name LIMIT ?3";
        self.inner().read(|database| texts(database, sql, &[&begin, &after(begin), &limit]))
    }
}

/// What comes after everything that begins so.
fn after(begin: &str) -> String {
    format!("{begin}{}", char::MAX)
}

fn texts(database: &Connection, sql: &str, given: &[&dyn ToSql]) -> Result<Vec<String>, Failure> {
    let mut statement = database.prepare_cached(sql)?;
    let rows = statement.query_map(given, |row| row.get::<_, String>(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
