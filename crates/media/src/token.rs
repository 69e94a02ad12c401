//! Signed, expiring permission to upload or download one object, for URLs that carry no API key.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// What a token permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `PUT` of the bytes.
    Upload,
    /// `GET` of the bytes.
    Download,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Not a token, one for something else, or changed on the way.
    #[error("the link is not valid")]
    Invalid,
    /// It was right once.
    #[error("the link has expired")]
    Expired,
}

/// A token for `verb` on `media_id` until `expires_at` (whole seconds): letters, digits, `-`, `_` and one `.`, so it
/// goes into a URL as it is. `key` should be 32 random bytes.
#[must_use]
pub fn sign(key: &[u8], media_id: &str, verb: Verb, expires_at: Timestamp) -> String {
    let seconds = expires_at.as_second();
    let mac = mac(key, media_id, verb, seconds).finalize().into_bytes();
    let mut token = seconds.to_string();
    // Writing to a string cannot fail.
    let _ = write!(token, ".{}", URL_SAFE_NO_PAD.encode(mac));
    token
}

/// Checks `token` in constant time, the signature before the clock: only who holds a true token learns that it has
/// expired.
///
/// # Errors
/// [`TokenFault`].
pub fn verify(key: &[u8], media_id: &str, verb: Verb, token: &str, now: Timestamp) -> Result<(), TokenFault> {
    let (seconds, signature) = token.split_once('.').ok_or(TokenFault::Invalid)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenFault::Invalid)?;
    let expires_at: i64 = seconds.parse().map_err(|_| TokenFault::Invalid)?;
    // "+5" and "05" parse as well, and would be other tokens with the same signature.
    if expires_at.to_string() != seconds {
        return Err(TokenFault::Invalid);
    }
    mac(key, media_id, verb, expires_at).verify_slice(&signature).map_err(|_| TokenFault::Invalid)?;
    if now.as_second() >= expires_at {
        return Err(TokenFault::Expired);
    }
    Ok(())
}

fn mac(key: &[u8], media_id: &str, verb: Verb, seconds: i64) -> Hmac<Sha256> {
    let verb = match verb {
        Verb::Upload => "upload",
        Verb::Download => "download",
    };
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    // The id comes last, since it is the only part that might hold a separator.
    mac.update(format!("fanfare-media-v1\n{verb}\n{seconds}\n{media_id}").as_bytes());
    mac
}
