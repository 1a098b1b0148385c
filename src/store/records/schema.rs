//! The tables, and their version.

use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use crate::store::Error;
use crate::sys::lock;

/// The version that this program writes, and the newest that it reads.
pub(in crate::store) const VERSION: i64 = 3;

/// "Plwd": tells `file(1)` and us whose database it is.
const APPLICATION: i64 = 0x506c_7764;

/// Ids and digests are their 32 bytes; times are nanoseconds since 1970; part lists are names with blanks between.
const TABLES: &str = "
CREATE TABLE layers (
    diff_id BLOB PRIMARY KEY, part TEXT NOT NULL, size INTEGER NOT NULL, tar_size INTEGER NOT NULL,
    file_count INTEGER NOT NULL, tar INTEGER NOT NULL, blob BLOB, media_type TEXT
) WITHOUT ROWID;
CREATE INDEX layers_by_part ON layers (part);
CREATE INDEX layers_by_blob ON layers (blob) WHERE blob IS NOT NULL;

CREATE TABLE images (
    id BLOB NOT NULL UNIQUE, manifest_digest BLOB, created INTEGER NOT NULL, damage TEXT,
    config BLOB NOT NULL, manifest BLOB
);
CREATE INDEX images_by_manifest ON images (manifest_digest) WHERE manifest_digest IS NOT NULL;

CREATE TABLE image_layers (
    image BLOB NOT NULL, position INTEGER NOT NULL, diff_id BLOB NOT NULL,
    blob BLOB, blob_size INTEGER, media_type TEXT, PRIMARY KEY (image, position)
) WITHOUT ROWID;
CREATE INDEX image_layers_by_layer ON image_layers (diff_id);
CREATE INDEX image_layers_by_blob ON image_layers (blob) WHERE blob IS NOT NULL;

CREATE TABLE refs (reference TEXT PRIMARY KEY, image BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX refs_by_image ON refs (image);

CREATE TABLE containers (
    row INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
    image BLOB, image_reference TEXT NOT NULL, created INTEGER NOT NULL, status INTEGER NOT NULL,
    exit_code INTEGER, started INTEGER, finished INTEGER,
    parts TEXT NOT NULL, top_frozen INTEGER NOT NULL, committed BLOB, config TEXT NOT NULL
);
CREATE INDEX containers_by_image ON containers (image) WHERE image IS NOT NULL;

-- Only parts that several things may need; a container's writable part is nobody else's. Whose each is: the row of a
-- container, or minus the row of a snapshot.
CREATE TABLE frozen (part TEXT NOT NULL, container INTEGER NOT NULL, PRIMARY KEY (part, container)) WITHOUT ROWID;
CREATE INDEX frozen_by_container ON frozen (container);

CREATE TABLE special (kind TEXT NOT NULL, key TEXT NOT NULL, part TEXT NOT NULL, PRIMARY KEY (kind, key))
    WITHOUT ROWID;
CREATE INDEX special_by_part ON special (part);

-- What a session has stored and no record names yet.
CREATE TABLE pins (session TEXT NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (session, digest)) WITHOUT ROWID;
CREATE INDEX pins_by_digest ON pins (digest);
";

/// What version 2 has and version 1 had not.
const SNAPSHOTS: &str = "
CREATE TABLE snapshots (
    row INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
    container BLOB NOT NULL, container_name TEXT NOT NULL, image BLOB, image_reference TEXT NOT NULL,
    created INTEGER NOT NULL, message TEXT, parts TEXT NOT NULL, committed BLOB, config TEXT NOT NULL
);
CREATE INDEX snapshots_by_image ON snapshots (image) WHERE image IS NOT NULL;
CREATE INDEX snapshots_by_container ON snapshots (container);
";

/// What version 3 has and version 2 had not: snapshots that go with the session that took them.
const PASSING: &str = "
ALTER TABLE snapshots ADD COLUMN session TEXT;
CREATE INDEX snapshots_by_session ON snapshots (session) WHERE session IS NOT NULL;
";

/// Makes the tables where there are none, adds those that an older store lacks; refuses what is not ours or from the future.
pub(super) fn ensure(connection: &Connection, path: &Path) -> Result<(), Error> {
    let fail = |error| Error::sqlite(error, path);
    let folder = path.parent().unwrap_or(path);
    match version(connection).map_err(fail)? {
        VERSION => Ok(()),
        0 => {
            // Switching to the log needs the database alone, and SQLite does not wait for that.
            let alone = File::open(folder).and_then(|file| lock::wait_whole(&file).map(|()| file));
            let _alone = alone.map_err(|source| Error::io("lock", folder, source))?;
            create(connection).map_err(fail)
        }
        1..VERSION => migrate(connection).map_err(fail),
        found => Err(Error::Newer { path: folder.to_owned(), found, known: VERSION }),
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    loop {
        let switched = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match switched {
            // Somebody reads the version at this moment.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                std::thread::sleep(std::time::Duration::from_micros(200));
            }
            other => break other.map(drop)?,
        }
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let made = match version(connection)? {
        0 => connection.execute_batch(&format!(
            "{TABLES} {SNAPSHOTS} {PASSING} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
        )),
        // Another process was first.
        _ => Ok(()),
    };
    let end = if made.is_ok() { "COMMIT" } else { "ROLLBACK" };
    made.and(connection.execute_batch(end))
}

/// From an older version to this one, all or nothing. A process of that version that has the store open goes on unharmed: it keeps what
/// `frozen` names, and that names the parts of snapshots too.
fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let made = match version(connection)? {
        1 => connection.execute_batch(&format!("{SNAPSHOTS} {PASSING} PRAGMA user_version = {VERSION};")),
        2 => connection.execute_batch(&format!("{PASSING} PRAGMA user_version = {VERSION};")),
        // Another process was first.
        _ => Ok(()),
    };
    let end = if made.is_ok() { "COMMIT" } else { "ROLLBACK" };
    made.and(connection.execute_batch(end))
}
