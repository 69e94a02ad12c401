//! Random words: tokens, codes, trace ids; and the proof that goes with a token.

use hmac::{Hmac, Mac};
use rand::distr::{Alphanumeric, SampleString};
use sha2::Sha256;

/// A token that begins as the network's do: `EAA`, `IGAA`, `THAA`.
pub(crate) fn token(prefix: &str) -> String {
    format!("{prefix}{}", Alphanumeric.sample_string(&mut rand::rng(), 120))
}

/// An opaque word of this many letters and digits.
pub(crate) fn opaque(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

pub(crate) fn trace() -> String {
    format!("A{}", opaque(22))
}

/// Whether `proof` is the lowercase hex HMAC-SHA256 of the token under the app's secret (section 2.1).
pub(crate) fn proves(proof: &str, app_secret: &str, token: &str) -> bool {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()) else {
        return false;
    };
    mac.update(token.as_bytes());
    proof == hex::encode(mac.finalize().into_bytes())
}

/// The short name of a post in its link, as Instagram and Threads write it: the id in base 64.
pub(crate) fn shortcode(id: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = (0..11).rev().map(|place| (id >> (6 * place)) & 63);
    digits.filter_map(|digit| LETTERS.get(usize::try_from(digit).ok()?)).map(|letter| char::from(*letter)).collect()
}
