//! Standard Webhooks, checked from the specification: `v1,` + base64 of HMAC-SHA256 over `id.timestamp.body`, keyed with
//! the base64 after `whsec_`. Several signatures may stand in the header, separated by spaces; one right one is enough.

use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// Seconds that the time stamp may be away from the receiver's clock.
const TOLERANCE_S: i64 = 300;

/// A signing secret, opened.
#[derive(Clone)]
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    /// `whsec_` and base64 of 24 to 64 bytes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let key = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
        (24..=64).contains(&key.len()).then_some(Self(key))
    }
}

/// Whether the headers sign this body with this secret, at about this (real) time.
pub(crate) fn verify(secret: &Secret, headers: &HeaderMap, body: &[u8], now: Timestamp) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(stamp), Some(signatures)) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"))
    else {
        return false;
    };
    let Ok(seconds) = stamp.parse::<i64>() else {
        return false;
    };
    if now.as_second().abs_diff(seconds) > TOLERANCE_S.unsigned_abs() {
        return false;
    }
    signatures.split(' ').filter_map(|each| STANDARD.decode(each.strip_prefix("v1,")?).ok()).any(|signature| {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&secret.0) else {
            return false;
        };
        mac.update(id.as_bytes());
        mac.update(b".");
        mac.update(stamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac.verify_slice(&signature).is_ok()
    })
}
