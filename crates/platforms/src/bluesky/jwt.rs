//! What an access token says of itself. It is not verified: nothing is decided by it but when to renew it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;

/// Claims that are looked at.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Claims {
    exp: Option<f64>,
    scope: Option<String>,
}

impl Claims {
    /// None of them where the token is not a JWT: servers may hand out what they like.
    pub(super) fn read(token: &str) -> Self {
        let payload = token.split('.').nth(1).unwrap_or_default().trim_end_matches('=');
        let bytes = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// When it runs out.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        self.exp.and_then(|seconds| Timestamp::from_second(seconds as i64).ok())
    }

    /// What it may do: `com.atproto.appPass` for an app password.
    pub(super) fn scopes(&self) -> Vec<String> {
        let scope = self.scope.as_deref().unwrap_or_default();
        scope.split_ascii_whitespace().map(crate::words::clean).take(20).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn expiry_and_scope_are_read() {
        let claims = Claims::read(&token(r#"{"exp":1700000000,"scope":"com.atproto.appPass","sub":"did:plc:a"}"#));
        assert_eq!(claims.expires_at().map(Timestamp::as_second), Some(1_700_000_000));
        assert_eq!(claims.scopes(), ["com.atproto.appPass"]);
    }

    #[test]
    fn what_is_no_jwt_says_nothing() {
        for text in ["", "abc", "a.b.c", "..", &token("[]"), &token(r#"{"exp":"soon"}"#), &token(r#"{"exp":1e300}"#)] {
            assert_eq!(Claims::read(text).expires_at(), None, "{text}");
        }
    }
}
