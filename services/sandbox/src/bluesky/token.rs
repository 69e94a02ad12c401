//! Session tokens: JWTs as the reference PDS signs them (HS256). Callers may read the expiry, nothing else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Lifetime of an access token in the reference PDS.
pub(super) const ACCESS_LIFE: SignedDuration = SignedDuration::from_mins(120);
/// Lifetime of a refresh token in the reference PDS.
pub(super) const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);
/// How long a refresh token still works once it has been used.
pub(super) const REFRESH_GRACE: SignedDuration = SignedDuration::from_hours(2);

pub(super) const ACCESS_SCOPE: &str = "com.atproto.appPass";
pub(super) const REFRESH_SCOPE: &str = "com.atproto.refresh";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) scope: String,
    pub(super) sub: String,
    pub(super) aud: String,
    pub(super) jti: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
    /// Grows whenever all of the account's tokens end at once.
    pub(super) generation: u32,
    /// The OAuth session of the token, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<String>,
    /// The key that the token is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cnf: Option<Confirmation>,
}

/// A key by its thumbprint (RFC 9449, section 6.1).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Confirmation {
    pub(super) jkt: String,
}

impl Claims {
    pub(super) fn expired(&self, now: Timestamp) -> bool {
        self.exp <= now.as_second()
    }
}

fn signature(key: &[u8], signed: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(signed.as_bytes());
    Some(mac)
}

/// A signed token.
pub(super) fn sign(key: &[u8], claims: &Claims) -> String {
    let kind = if claims.scope == REFRESH_SCOPE { "refresh+jwt" } else { "at+jwt" };
    let head = URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"{kind}","alg":"HS256"}}"#));
    let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap_or_default());
    let signed = format!("{head}.{body}");
    let mac = signature(key, &signed).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// The claims of a token that `key_of` its subject has signed.
pub(super) fn open(token: &str, key_of: impl FnOnce(&str) -> Option<Vec<u8>>) -> Option<Claims> {
    let (signed, mac) = token.rsplit_once('.')?;
    let (_, body) = signed.split_once('.')?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
    let key = key_of(&claims.sub)?;
    signature(&key, signed)?.verify_slice(&URL_SAFE_NO_PAD.decode(mac).ok()?).ok()?;
    Some(claims)
}
