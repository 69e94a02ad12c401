//! Times as the Graph API writes and reads them.

use jiff::Timestamp;

use super::{Params, Problem};

/// `2017-08-31T18:10:30+0000`.
pub(crate) fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

/// A bound of a listing: seconds since 1970, or a date or time as ISO 8601 writes it.
pub(crate) fn bound(params: &Params, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = params.word(name)? else {
        return Ok(None);
    };
    let by_number = text.parse::<i64>().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let by_date = || text.parse::<jiff::civil::Date>().ok()?.in_tz("UTC").ok().map(|day| day.timestamp());
    let found = by_number.or_else(|| text.replace("+0000", "Z").parse().ok()).or_else(by_date);
    found.map(Some).ok_or_else(|| Problem::invalid(format!("Param {name} must be a valid time")))
}
