//! How our values stand in columns.

use rusqlite::Row;
use rusqlite::types::Type;

use crate::oci::{DiffId, Digest};
use crate::store::{Error, PartId};

/// A digest's 32 bytes.
pub(in crate::store) fn digest(row: &Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    row.get::<_, [u8; 32]>(column).map(Digest::from_bytes)
}

/// The same where there may be none.
pub(super) fn optional_digest(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Digest>> {
    Ok(row.get::<_, Option<[u8; 32]>>(column)?.map(Digest::from_bytes))
}

/// A layer's digest.
pub(super) fn diff_id(row: &Row<'_>, column: usize) -> rusqlite::Result<DiffId> {
    digest(row, column).map(DiffId)
}

/// A part's name.
pub(super) fn part(row: &Row<'_>, column: usize) -> rusqlite::Result<PartId> {
    row.get_ref(column)?.as_str()?.parse().map_err(|error| unreadable(column, error))
}

/// Several parts' names.
pub(in crate::store) fn parts(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<PartId>> {
    let names = row.get_ref(column)?.as_str()?.split_ascii_whitespace();
    names.map(|name| name.parse().map_err(|error: Error| unreadable(column, error))).collect()
}

/// Several parts' names, for a column.
pub(super) fn join(parts: &[PartId]) -> String {
    parts.iter().map(PartId::as_str).collect::<Vec<_>>().join(" ")
}

/// A column that is not what we write there.
pub(super) fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// SQLite has signed numbers only; no size comes near the limit.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// See [`signed`].
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

/// Now, in nanoseconds since 1970; good until 2262.
pub(super) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
