//! LinkedIn's names for things.

use super::LinkedIn;
use super::error;
use crate::answer::Refusal;
use crate::call::Call;

pub(super) fn person(id: &str) -> String {
    format!("urn:li:person:{id}")
}

pub(super) fn organization(id: u64) -> String {
    format!("urn:li:organization:{id}")
}

pub(super) fn comment(activity: u64, id: u64) -> String {
    format!("urn:li:comment:(urn:li:activity:{activity},{id})")
}

/// The last part of `urn:li:<kind>:<part>`.
pub(super) fn part<'a>(urn: &'a str, kind: &str) -> Option<&'a str> {
    let part = urn.strip_prefix("urn:li:")?.strip_prefix(kind)?.strip_prefix(':')?;
    (!part.is_empty()).then_some(part)
}

/// The number in `urn:li:<kind>:<number>`.
pub(super) fn number(urn: &str, kind: &str) -> Option<u64> {
    part(urn, kind)?.parse().ok()
}

/// The comment's number in `urn:li:comment:(urn:li:activity:1,2)`.
pub(super) fn comment_number(urn: &str) -> Option<u64> {
    let inside = part(urn, "comment")?.strip_prefix('(')?.strip_suffix(')')?;
    inside.rsplit_once(',')?.1.parse().ok()
}

/// Refuses a path in which a URN stands as it is: Rest.li wants it percent encoded (section 5.1).
pub(super) fn must_be_encoded(call: &Call<LinkedIn>) -> Result<(), Refusal> {
    if call.request().uri().path().contains("urn:") {
        return Err(error::bad_request("ILLEGAL_ARGUMENT", "Syntax exception in path variables"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(number("urn:li:share:7", "share"), Some(7));
        assert_eq!(number("urn:li:shareholder:7", "share"), None);
        assert_eq!(number("urn:li:share:", "share"), None);
        assert_eq!(part("urn:li:person:a-B_1", "person"), Some("a-B_1"));
        assert_eq!(comment_number("urn:li:comment:(urn:li:activity:9,8)"), Some(8));
        assert_eq!(comment_number("urn:li:comment:(urn:li:activity:9"), None);
    }
}
