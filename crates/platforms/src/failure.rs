//! What an exchange without success means. Networks only add their own table from error code to class.

use domain::target::{ErrorCode, Outcome, Probe, Refusal};
use egress::ExchangeError;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use crate::exchange::Answer;

/// A repeatable call without an answer.
pub(crate) fn not_now(error: ExchangeError) -> Refusal {
    let (message, http_status) = match error {
        ExchangeError::NotSent { message, .. } => (message, None),
        ExchangeError::Ambiguous { message, status, .. } => (message, status.map(|status| status.as_u16())),
    };
    Refusal::NotNow { message, http_status, after: None }
}

/// The irreversible call without an answer.
pub(crate) fn unanswered(error: ExchangeError) -> Outcome {
    match error {
        not_sent @ ExchangeError::NotSent { .. } => Outcome::Refused(not_now(not_sent)),
        ExchangeError::Ambiguous { message, status, .. } => {
            Outcome::Ambiguous { message, http_status: status.map(|status| status.as_u16()) }
        }
    }
}

/// An answer to the irreversible call that leaves open whether it was carried out.
pub(crate) fn open(answer: &Answer, what: &str) -> Outcome {
    Outcome::Ambiguous { message: what.to_owned(), http_status: Some(answer.status) }
}

/// Any answer to the irreversible call but an understood success. A 5xx may hide a success, and so may a redirect
/// (post, then look) or a success nobody can read; only a 4xx says that nothing happened, and what kind of "no" it is
/// says `classify`.
pub(crate) fn refused(answer: &Answer, classify: impl FnOnce(&Answer) -> Refusal) -> Outcome {
    match answer.status {
        // A server that gave up on reading may still have read enough.
        408 => open(answer, "the network timed out while reading the request"),
        400..=499 => Outcome::Refused(classify(answer)),
        200..=299 => open(answer, "the network answered success without saying what was published"),
        300..=399 => open(answer, "the network answered with a redirect"),
        _ => open(answer, &format!("the network answered {}", answer.status)),
    }
}

/// A composed part that was not written by this network's `compose`. Nothing is sent of it.
pub(crate) fn unreadable() -> Refusal {
    Refusal::Rejected { code: ErrorCode::PlatformError, message: UNREADABLE.to_owned(), http_status: None }
}

/// What is said of such a part where nothing else can be said.
pub(crate) const UNREADABLE: &str = "the stored form of the part cannot be read";

/// A probe that could not ask.
pub(crate) fn unknown(refusal: &Refusal) -> Probe {
    Probe::Unknown { message: refusal.message().to_owned() }
}

/// A repeatable call that did not succeed.
pub(crate) fn failed(now: Timestamp, answer: &Answer, classify: impl FnOnce(&Answer) -> Refusal) -> Refusal {
    match answer.status {
        400..=499 if answer.status != 408 => classify(answer),
        200..=299 => not_understood(answer, "the network answered success in a form that is not understood"),
        300..=399 => not_understood(answer, "the network answered with a redirect"),
        _ => {
            let after = retry_after(now, answer).map(|until| until.duration_since(now));
            Refusal::NotNow {
                message: format!("the network answered {}", answer.status),
                http_status: Some(answer.status),
                after,
            }
        }
    }
}

/// An answer that is not the network's API speaking: a proxy's page, a parked domain, another product. Nothing was
/// carried out, and it may be different later.
pub(crate) fn not_understood(answer: &Answer, what: &str) -> Refusal {
    Refusal::NotNow {
        message: format!("{what} (HTTP {})", answer.status),
        http_status: Some(answer.status),
        after: None,
    }
}

/// How long to wait where a network says "too much" and not until when.
const THROTTLE_DEFAULT: SignedDuration = SignedDuration::from_secs(60);
/// No quota of these networks is longer than a day; a reset beyond that is a mistake or malice.
const THROTTLE_MAX: SignedDuration = SignedDuration::from_hours(25);

/// A throttled call: until the reset that `named` says, else until `Retry-After`, within reason.
pub(crate) fn throttled(now: Timestamp, answer: &Answer, named: Option<Timestamp>, message: String) -> Refusal {
    let until = named.or_else(|| retry_after(now, answer)).unwrap_or(now + THROTTLE_DEFAULT);
    Refusal::Throttled { until: until.clamp(now + SignedDuration::from_secs(1), now + THROTTLE_MAX), message }
}

/// `Retry-After`, as seconds or as a date (RFC 9110 10.2.3).
fn retry_after(now: Timestamp, answer: &Answer) -> Option<Timestamp> {
    let value = answer.header("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return now.checked_add(SignedDuration::from_secs(seconds.into())).ok();
    }
    rfc2822::parse(value).ok().map(|date| date.timestamp())
}

/// A header that holds a moment in Unix seconds.
pub(crate) fn unix_reset(answer: &Answer, name: &str) -> Option<Timestamp> {
    answer.header(name)?.trim().parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok())
}

/// A header that holds a moment in RFC 3339.
pub(crate) fn iso_reset(answer: &Answer, name: &str) -> Option<Timestamp> {
    answer.header(name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time of tests is in range")
    }

    fn until(named: Option<Timestamp>, headers: &[(&'static str, &str)]) -> i64 {
        let answer = Answer::canned(429, headers, "");
        match throttled(at(1_000_000), &answer, named, String::new()) {
            Refusal::Throttled { until, .. } => until.as_second() - 1_000_000,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_reset_is_believed_within_reason() {
        assert_eq!(until(None, &[]), 60);
        assert_eq!(until(None, &[("retry-after", "7")]), 7);
        assert_eq!(until(None, &[("retry-after", "soon")]), 60);
        assert_eq!(until(None, &[("retry-after", "-7")]), 60);
        assert_eq!(until(None, &[("retry-after", "Mon, 12 Jan 1970 13:47:40 GMT")]), 60);
        assert_eq!(until(None, &[("retry-after", "Mon, 12 Jan 1970 13:47:10 GMT")]), 30);
        assert_eq!(until(Some(at(1_000_090)), &[("retry-after", "7")]), 90);
        assert_eq!(until(Some(at(5)), &[]), 1);
        assert_eq!(until(Some(at(999_999_999)), &[]), 25 * 3600);
    }

    #[test]
    fn only_a_plain_no_means_not_live() {
        let classify = |_: &Answer| Refusal::NotNow { message: String::new(), http_status: None, after: None };
        for status in [100, 200, 201, 204, 302, 303, 408, 500, 502, 503, 504, 599] {
            let outcome = refused(&Answer::canned(status, &[], ""), classify);
            assert!(
                matches!(outcome, Outcome::Ambiguous { http_status: Some(seen), .. } if seen == status),
                "{status}"
            );
        }
        for status in [400, 401, 403, 404, 409, 422, 429] {
            assert!(matches!(refused(&Answer::canned(status, &[], ""), classify), Outcome::Refused(_)), "{status}");
        }
    }
}
