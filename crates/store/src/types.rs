//! Short names for SQL types and the few conversions between stored and domain values.

pub(crate) use diesel::sql_types as sql;
pub(crate) use diesel::sql_types::{Array, Nullable};
use jiff::Timestamp;
pub(crate) use jiff_diesel::Timestamp as Stamp;

use crate::StoreError;

pub(crate) type SqlStamp = sql::Timestamptz;

/// For binds.
pub(crate) fn stamp(at: Timestamp) -> Stamp {
    Stamp::from(at)
}

/// For binds that may be absent.
pub(crate) fn stamp_opt(at: Option<Timestamp>) -> Option<Stamp> {
    at.map(Stamp::from)
}

/// For columns.
pub(crate) fn time(at: Stamp) -> Timestamp {
    at.to_jiff()
}

/// Reads a stored word.
pub(crate) fn word<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt(format!("`{text}` is not a word this build knows")))
}
