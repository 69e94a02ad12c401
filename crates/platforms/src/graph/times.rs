//! Times as the Graph API writes them: `2017-08-31T18:10:30+0000`.

use jiff::Timestamp;

/// `None` for what is no time.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text).ok().or_else(|| text.parse().ok())
}

/// As `since` takes it.
pub(crate) fn unix(at: Timestamp) -> String {
    at.as_second().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_an_offset_are_read() {
        for text in ["2017-08-31T18:10:30+0000", "2017-08-31T20:10:30+0200", "2017-08-31T18:10:30Z"] {
            assert_eq!(parse(text).map(Timestamp::as_second), Some(1_504_203_030), "{text}");
        }
        assert_eq!(parse("yesterday"), None);
    }
}
