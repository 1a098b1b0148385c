//! The records: what is there, and what belongs to what.
//!
//! Writers take SQLite's write lock at the beginning of a transaction (`BEGIN IMMEDIATE`) and wait for it, so that no
//! transaction fails half-way because another process was faster.

mod beginnings;
mod container_locks;
pub(super) mod containers;
pub(super) mod image_rows;
pub(super) mod images;
pub(super) mod layers;
pub(super) mod lookup;
pub(super) mod pins;
pub(super) mod schema;
pub(super) mod snapshots;
pub(super) mod special;
pub(super) mod values;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::Error;

/// Prepared statements kept; there are about 90 in all.
const STATEMENTS: usize = 112;

/// Pages in the write-ahead log above which it is copied into the database when the store is closed.
///
/// The next process to open the store reads the log first, at about 3 µs a page, so that it must stay short; copying
/// costs two syncs of the disk, so that it must be rare.
const TIDY_AT_CLOSE: u32 = 192;

/// The same while the store is in use; by a thread, so that nobody waits.
const TIDY_IN_USE: u32 = 1024;

/// The same by the writer itself, for when the thread never finds a quiet moment.
const TIDY_AT_ONCE: u32 = 4096;

/// How long a transaction waits for another process's, in all.
const PATIENCE: Duration = Duration::from_secs(120);

/// The database, open.
#[derive(Debug)]
pub(in crate::store) struct Records {
    connection: Connection,
    path: PathBuf,
    /// Pages in the log after our last commit.
    log_pages: Arc<AtomicU32>,
}

impl Records {
    /// Opens the database at `path`, makes it where there is none.
    pub(in crate::store) fn open(path: &Path) -> Result<Self, Error> {
        let log_pages = Arc::new(AtomicU32::new(0));
        let connection = connect(path, Some(Arc::clone(&log_pages)))
            .and_then(|connection| schema::ensure(&connection, path).map(|()| connection));
        Ok(Self { connection: connection?, path: path.to_owned(), log_pages })
    }

    /// What `read` reads, all of one moment.
    pub(in crate::store) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        self.transaction("BEGIN", "COMMIT", read)
    }

    /// Does all that `write` does, or nothing.
    pub(in crate::store) fn write<T>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        self.transaction("BEGIN IMMEDIATE", "COMMIT", write)
    }

    /// As [`Self::write`], but everything is as it was afterwards.
    pub(in crate::store) fn rehearse<T>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        self.transaction("BEGIN IMMEDIATE", "ROLLBACK", write)
    }

    fn transaction<T>(
        &self,
        begin: &str,
        end: &str,
        body: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let run =
            |sql: &str| self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        if !self.connection.is_autocommit() {
            // A panic came between, and somebody caught it.
            let _ = run("ROLLBACK");
        }
        let result = (|| {
            run(begin)?;
            let value = body(&self.connection)?;
            run(end)?;
            Ok(value)
        })();
        result.map_err(|failure: Failure| {
            if !self.connection.is_autocommit() {
                // Fails only where SQLite has rolled back already.
                let _ = run("ROLLBACK");
            }
            match failure {
                Failure::Store(error) => error,
                Failure::Sqlite(error) => Error::sqlite(error, &self.path),
            }
        })
    }

    /// Whether the log has grown so much that a thread should call [`tidy`].
    pub(in crate::store) fn is_untidy(&self) -> bool {
        self.log_pages.load(Ordering::Relaxed) >= TIDY_IN_USE
    }

    /// The last thing done: leaves a short log to the next process.
    pub(in crate::store) fn close(mut self) {
        if self.log_pages.load(Ordering::Relaxed) >= TIDY_AT_CLOSE {
            self.shorten_log();
        }
    }

    /// Copies the log and gives its space back to the disk, if nobody else is using it.
    pub(in crate::store) fn shorten_log(&mut self) {
        // Copying alone would leave the log as long to read as before. Whoever uses the store now keeps its pages
        // in memory, and will end later than we; it is not worth waiting for.
        let _ = self.connection.busy_timeout(Duration::ZERO);
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let _ = self.connection.busy_handler(Some(wait_for_others));
    }

    /// SQLite's own check; each fault as one line.
    pub(in crate::store) fn faults(&self) -> Result<Vec<String>, Error> {
        let check = || {
            let mut statement = self.connection.prepare("PRAGMA integrity_check(20)")?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
            lines.collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut faults = check().map_err(|error| Error::sqlite(error, &self.path))?;
        faults.retain(|line| line != "ok");
        Ok(faults)
    }
}

/// Copies the log into the database, as far as nobody is reading or writing it.
pub(in crate::store) fn tidy(path: &Path) {
    // Nothing depends on it: the next one will try again.
    if let Ok(connection) = connect(path, None) {
        checkpoint(&connection);
    }
}

/// Passive: it waits for nobody, and nobody waits for it.
fn checkpoint(connection: &Connection) {
    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}

fn connect(path: &Path, log_pages: Option<Arc<AtomicU32>>) -> Result<Connection, Error> {
    let fail = |error| Error::sqlite(error, path);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    (|| {
        connection.busy_handler(Some(wait_for_others))?;
        // Copying the log at every exit would cost more than all the rest of a short process.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        if let Some(log_pages) = log_pages {
            connection.wal_hook(Some(move |log: &mut rusqlite::hooks::Wal, pages: i32| {
                let pages = u32::try_from(pages).unwrap_or(0);
                log_pages.store(pages, Ordering::Relaxed);
                // A log that cannot be copied just grows; the commit before it has succeeded.
                if pages >= TIDY_AT_ONCE {
                    let _ = log.checkpoint();
                }
                Ok(())
            }))?;
        }
        // In WAL mode this loses nothing when a process dies, and the last moments when the power does.
        connection.execute_batch("PRAGMA synchronous = NORMAL")
    })()
    .map_err(fail)?;
    Ok(connection)
}

/// Called by SQLite while another process writes; transactions are far shorter than its own sleeps.
fn wait_for_others(attempt: i32) -> bool {
    let attempt = u32::try_from(attempt).unwrap_or(0);
    let pause = Duration::from_micros(u64::from((50 + 50 * attempt).min(5000)));
    std::thread::sleep(pause);
    // 100 pauses grow to 5 ms and take a quarter of a second; then each is 5 ms.
    Duration::from_millis(5) * attempt < PATIENCE
}

/// What can end a transaction: SQLite's failure, or a finding of ours.
#[derive(Debug)]
pub(in crate::store) enum Failure {
    Store(Error),
    Sqlite(rusqlite::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}
