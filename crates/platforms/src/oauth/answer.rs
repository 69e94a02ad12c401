//! What a token endpoint hands out (RFC 6749 5.1).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::scopes;
use crate::exchange::Answer;

/// Longer tokens than that would not fit a header.
const MAX_TOKEN: usize = 8 * 1024;
/// A year; whoever says more means "never" or nothing.
const MAX_LIFE: i64 = 366 * 86_400;

/// A token endpoint's answer. It is not `Debug`, since all of it is secret.
pub(crate) struct TokenAnswer {
    /// Never empty, and fit for a header.
    pub(crate) access_token: String,
    /// The next one, where the network hands one out.
    pub(crate) refresh_token: Option<String>,
    /// When the access token runs out, where the network says so within reason.
    pub(crate) expires_at: Option<Timestamp>,
    /// What was granted; `None` where the network does not say, which means what was asked (RFC 6749 5.1).
    pub(crate) scopes: Option<Vec<String>>,
    rest: Map<String, Value>,
}

impl TokenAnswer {
    /// `None` unless the answer is a success with a token in it.
    pub(crate) fn read(now: Timestamp, answer: &Answer) -> Option<Self> {
        Self::of(now, answer.success()?)
    }

    /// As [`TokenAnswer::read`], of fields that were wrapped in something.
    pub(crate) fn of(now: Timestamp, fields: Map<String, Value>) -> Option<Self> {
        let token = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| is_token(text));
        let access_token = token("access_token")?.to_owned();
        let refresh_token = token("refresh_token").map(str::to_owned);
        let life = fields.get("expires_in").and_then(seconds).filter(|life| (1..=MAX_LIFE).contains(life));
        let expires_at = life.and_then(|life| now.checked_add(SignedDuration::from_secs(life)).ok());
        let scopes = fields.get("scope").and_then(Value::as_str).map(scopes::split);
        Some(Self { access_token, refresh_token, expires_at, scopes, rest: fields })
    }

    /// Another field: a string, or a number in its digits, since ids come as both.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.rest.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

fn is_token(text: &str) -> bool {
    (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Some write the number as a string.
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64)).or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(status: u16, body: &Value) -> Option<TokenAnswer> {
        TokenAnswer::read(Timestamp::UNIX_EPOCH, &Answer::canned(status, &[], &body.to_string()))
    }

    #[test]
    fn everything_but_the_token_may_be_missing() {
        let bare = read(200, &json!({"access_token": "a"})).expect("a token");
        assert_eq!((bare.refresh_token, bare.expires_at, bare.scopes), (None, None, None));
        let whole = json!({"access_token": "a", "refresh_token": "r", "expires_in": 7200, "scope": "x,y z",
            "user_id": 17_841_400_000_000_001_u64, "sub": "did:plc:a"});
        let whole = read(201, &whole).expect("a token");
        assert_eq!(whole.refresh_token.as_deref(), Some("r"));
        assert_eq!(whole.expires_at.map(Timestamp::as_second), Some(7200));
        assert_eq!(whole.scopes.as_ref().map(Vec::len), Some(3));
        assert_eq!(whole.text("user_id").as_deref(), Some("17841400000000001"));
        assert_eq!((whole.text("sub").as_deref(), whole.text("none")), (Some("did:plc:a"), None));
    }

    #[test]
    fn what_is_no_token_is_none() {
        for body in [
            json!({}),
            json!([]),
            json!(null),
            json!({"access_token": ""}),
            json!({"access_token": 7}),
            json!({"access_token": "a b"}),
            json!({"access_token": "a\u{0}"}),
            json!({"access_token": "a".repeat(9_000)}),
        ] {
            assert!(read(200, &body).is_none(), "{body}");
        }
        assert!(read(400, &json!({"access_token": "a"})).is_none());
    }

    #[test]
    fn odd_fields_beside_a_token_are_passed_over() {
        for (life, seconds) in [
            (json!("5183944"), Some(5_183_944)),
            (json!(60.5), Some(60)),
            (json!(0), None),
            (json!(-1), None),
            (json!(1e300), None),
            (json!("soon"), None),
            (json!([]), None),
        ] {
            let body = json!({"access_token": "a", "expires_in": life, "refresh_token": 7, "scope": {}});
            let answer = read(200, &body).expect("a token");
            assert_eq!(answer.expires_at.map(Timestamp::as_second), seconds, "{life}");
            assert_eq!((answer.refresh_token, answer.scopes), (None, None));
        }
    }
}
