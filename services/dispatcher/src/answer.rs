//! What an answer, or the lack of one, means.

use std::time::SystemTime;

use domain::{retry, webhook::Trigger};
use egress::{AmbiguousKind, ExchangeError, HeaderMap, NotSentKind, Response, StatusCode, header::RETRY_AFTER};
use jiff::{SignedDuration, Timestamp};
use store::deliveries::Verdict;

/// Of the receiver's answer this much is kept.
const HEAD_BYTES: usize = 1_024;

/// The longest wait that a receiver can ask for.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// How an attempt ended. A closed set: it is a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// 2xx.
    Delivered,
    /// 3xx: never followed, or a receiver could send us anywhere.
    Redirected,
    /// 410: it wants nothing any more.
    Gone,
    /// 429.
    Throttled,
    /// Any other 4xx.
    Rejected,
    /// 5xx.
    ServerError,
    /// The address guard or the form of the URL forbids it.
    Blocked,
    /// No name, no connection, no TLS.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The connection ended early, or what came was not HTTP.
    Broken,
    /// The event is no longer kept.
    Expired,
}

impl Outcome {
    pub(crate) const ALL: [Self; 11] = [
        Self::Delivered,
        Self::Redirected,
        Self::Gone,
        Self::Throttled,
        Self::Rejected,
        Self::ServerError,
        Self::Blocked,
        Self::Unreachable,
        Self::TimedOut,
        Self::Broken,
        Self::Expired,
    ];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Redirected => "redirected",
            Self::Gone => "gone",
            Self::Throttled => "throttled",
            Self::Rejected => "rejected",
            Self::ServerError => "server_error",
            Self::Blocked => "blocked",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Broken => "broken",
            Self::Expired => "expired",
        }
    }

    /// The status decides as soon as it has arrived, whatever becomes of the body.
    fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            200..=299 => Self::Delivered,
            300..=399 => Self::Redirected,
            410 => Self::Gone,
            429 => Self::Throttled,
            400..=499 => Self::Rejected,
            500.. => Self::ServerError,
            _ => Self::Broken,
        }
    }

    fn of_error(error: &ExchangeError) -> Self {
        match error {
            ExchangeError::Ambiguous { status: Some(status), .. } => Self::of_status(*status),
            ExchangeError::Ambiguous { kind: AmbiguousKind::Timeout, .. } => Self::TimedOut,
            ExchangeError::Ambiguous { .. } => Self::Broken,
            ExchangeError::NotSent { kind, .. } => match kind {
                NotSentKind::Url | NotSentKind::Request | NotSentKind::Guard => Self::Blocked,
                NotSentKind::Dns | NotSentKind::Connect | NotSentKind::Tls => Self::Unreachable,
                NotSentKind::Deadline => Self::TimedOut,
            },
        }
    }

    /// What becomes of the delivery after attempt `number`. Jitter is from -1 to 1.
    ///
    /// A receiver may ask for a longer wait than the schedule's and never for a shorter one: ten attempts in ten
    /// seconds would give an event up that the schedule carries over three days.
    pub(crate) fn verdict(self, number: i32, trigger: Trigger, asked: Option<SignedDuration>, jitter: f64) -> Verdict {
        match self {
            Self::Delivered => Verdict::Delivered,
            Self::Gone | Self::Expired => Verdict::Failed,
            // A test answers "does it work now", and an answer hours later would only surprise.
            _ if trigger == Trigger::Test => Verdict::Failed,
            _ => match retry::after_webhook(number, jitter) {
                Some(wait) => Verdict::Retry(asked.map_or(wait, |asked| asked.max(wait))),
                None => Verdict::Failed,
            },
        }
    }
}

/// An attempt's end, as far as the other side is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    pub(crate) status_code: Option<i32>,
    pub(crate) error: Option<String>,
    pub(crate) response_head: Option<String>,
    /// The wait it asks for.
    pub(crate) asked: Option<SignedDuration>,
}

impl Answer {
    pub(crate) fn of(result: Result<Response, ExchangeError>, now: Timestamp) -> Self {
        match result {
            Ok(response) => Self {
                outcome: Outcome::of_status(response.status),
                status_code: Some(response.status.as_u16().into()),
                error: None,
                response_head: head(&response.body),
                asked: asked_wait(response.status, &response.headers, now),
            },
            Err(error) => {
                let outcome = Outcome::of_error(&error);
                let status = match &error {
                    ExchangeError::Ambiguous { status, .. } => *status,
                    ExchangeError::NotSent { .. } => None,
                };
                Self { status_code: status.map(|status| status.as_u16().into()), ..Self::unsent(outcome, &error) }
            }
        }
    }

    /// Nothing left this process.
    pub(crate) fn unsent(outcome: Outcome, why: &impl ToString) -> Self {
        let error = Some(storable(&why.to_string()));
        Self { outcome, status_code: None, error, response_head: None, asked: None }
    }
}

/// RFC 9110, 10.2.3: seconds or a date. Heeded where the status gives it a meaning.
fn asked_wait(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_or(LONGEST_WAIT, SignedDuration::from_secs)
    } else {
        let until: SystemTime = httpdate::parse_http_date(text).ok()?;
        Timestamp::try_from(until).ok()?.duration_since(now)
    };
    Some(wait.clamp(SignedDuration::ZERO, LONGEST_WAIT))
}

/// The beginning of a body as text.
fn head(body: &[u8]) -> Option<String> {
    let text = storable(&String::from_utf8_lossy(&body[..body.len().min(HEAD_BYTES)]));
    (!text.is_empty()).then_some(text)
}

/// At most [`HEAD_BYTES`] long and without U+0000, which PostgreSQL refuses.
fn storable(text: &str) -> String {
    let mut kept = String::new();
    for character in text.chars().filter(|character| *character != '\0') {
        if kept.len() + character.len_utf8() > HEAD_BYTES {
            break;
        }
        kept.push(character);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(status: u16, value: &str) -> Option<i64> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        let now = Timestamp::from_second(784_111_777).unwrap();
        asked_wait(StatusCode::from_u16(status).unwrap(), &headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_seconds_or_any_of_the_three_dates() {
        assert_eq!(wait(503, "120"), Some(120));
        // 30 s after the clock above.
        assert_eq!(wait(429, "Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(wait(503, "Sunday, 06-Nov-94 08:50:07 GMT"), Some(30));
        assert_eq!(wait(503, "Sun Nov  6 08:50:07 1994"), Some(30));
    }

    #[test]
    fn retry_after_stays_between_now_and_a_day() {
        assert_eq!(wait(503, "Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(wait(503, "604800"), Some(86_400));
        assert_eq!(wait(503, "99999999999999999999999"), Some(86_400));
    }

    #[test]
    fn retry_after_elsewhere_or_in_other_words_says_nothing() {
        assert_eq!(wait(500, "120"), None);
        for value in ["", "-5", "soon", "1.5"] {
            assert_eq!(wait(503, value), None, "{value}");
        }
    }

    #[test]
    fn a_receiver_can_lengthen_a_wait_and_not_shorten_it() {
        let verdict = |asked| Outcome::Throttled.verdict(2, Trigger::Auto, Some(SignedDuration::from_secs(asked)), 0.0);
        assert_eq!(verdict(1), Verdict::Retry(SignedDuration::from_secs(300)));
        assert_eq!(verdict(3_000), Verdict::Retry(SignedDuration::from_secs(3_000)));
    }

    #[test]
    fn the_tenth_attempt_is_the_last_and_a_test_has_one() {
        let verdict = |number, trigger| Outcome::ServerError.verdict(number, trigger, None, 0.0);
        assert_eq!(verdict(9, Trigger::Auto), Verdict::Retry(SignedDuration::from_hours(24)));
        assert_eq!(verdict(10, Trigger::Auto), Verdict::Failed);
        assert_eq!(verdict(1, Trigger::Test), Verdict::Failed);
        assert_eq!(Outcome::Gone.verdict(1, Trigger::Auto, None, 0.0), Verdict::Failed);
    }

    #[test]
    fn a_body_is_kept_as_short_text_without_nul() {
        assert_eq!(head(b"a\0b\xff"), Some("ab\u{fffd}".to_owned()));
        assert_eq!(head(b""), None);
        let binary = head(&[0xff; 20_000]).unwrap();
        assert!(binary.len() <= HEAD_BYTES, "{}", binary.len());
        let umlauts = head("a\u{e4}".repeat(700).as_bytes()).unwrap();
        assert!(umlauts.len() <= HEAD_BYTES && umlauts.starts_with("a\u{e4}a"));
    }
}
