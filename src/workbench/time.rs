//! Times as the documents spell them.

/// Nanoseconds since 1970.
pub(super) fn now_nanos() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// `nanos` since 1970 as RFC 3339 in UTC; 1970 for what cannot be written.
pub(super) fn rfc3339(nanos: i64) -> String {
    jiff::Timestamp::from_nanosecond(nanos.into()).unwrap_or_default().to_string()
}

/// The time that a new image is dated: now, or what the settings say.
pub(super) fn image_time(source_date_epoch: Option<i64>) -> String {
    rfc3339(source_date_epoch.map_or_else(now_nanos, |seconds| seconds.saturating_mul(1_000_000_000)))
}
