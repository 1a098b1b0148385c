//! SQLite files that others wrote: read, never believed.

use std::fs::File;
use std::os::fd::AsRawFd as _;

use rusqlite::{Connection, OpenFlags};

/// Bytes that are read of one at most; no honest package database is near it.
const MOST: usize = 256 << 20;
/// Steps of SQLite's machine, in thousands, after which a query that means no good is given up.
const MOST_STEPS: u32 = 200_000;

/// The values of the column `column` of the table `table` in `file`, as far as they can be read. Nothing is written
/// beside it, and what is no database has none.
#[must_use]
pub fn blobs_in(file: &File, table: &str, column: &str) -> Vec<Vec<u8>> {
    read(file, table, column).unwrap_or_default()
}

fn read(file: &File, table: &str, column: &str) -> rusqlite::Result<Vec<Vec<u8>>> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Immutable: without looking for a journal, without locks.
    let mut database =
        Connection::open_with_flags(format!("file:/proc/self/fd/{}?immutable=1", file.as_raw_fd()), flags)?;
    database.pragma_update(None, "trusted_schema", false)?;
    database.pragma_update(None, "cell_size_check", true)?;
    let mut steps = 0;
    database.progress_handler(
        1000,
        Some(move || {
            steps += 1;
            steps > MOST_STEPS
        }),
    )?;
    // A view would be a program.
    let is_table: bool = database.query_row(
        "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = ?1 AND sql NOT LIKE '%VIRTUAL%'",
        [table],
        |row| row.get(0),
    )?;
    if !is_table {
        return Ok(Vec::new());
    }
    let mut statement = database.prepare(&format!("SELECT \"{column}\" FROM \"{table}\""))?;
    let mut rows = statement.query([])?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let Ok(blob) = row.get_ref(0)?.as_blob() else { continue };
        bytes += blob.len();
        if bytes > MOST {
            break;
        }
        found.push(blob.to_vec());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tables_are_read_and_views_are_not() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a ?%20x.sqlite");
        let made = Connection::open(&path).unwrap();
        made.execute_batch(
            "CREATE TABLE Packages(hnum INTEGER PRIMARY KEY, blob BLOB);
             INSERT INTO Packages VALUES (1, x'0102'), (2, 'text'), (3, x'ff');
             CREATE VIEW Other AS SELECT * FROM Packages",
        )
        .unwrap();
        drop(made);
        let open = || File::open(&path).unwrap();
        assert_eq!(blobs_in(&open(), "Packages", "blob"), [vec![1, 2], vec![255]]);
        assert!(blobs_in(&open(), "Other", "blob").is_empty());
        assert!(blobs_in(&open(), "Nothing", "blob").is_empty());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
        std::fs::write(&path, b"no database at all").unwrap();
        assert!(blobs_in(&open(), "Packages", "blob").is_empty());
    }
}
