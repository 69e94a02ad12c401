//! Signing, by Standard Webhooks 1.0.0: `v1,` and the Base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use vault::Zeroizing;

const PREFIX: &[u8] = b"whsec_";

/// Callers bring secrets of their own, with padding and without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A secret, as the bytes that sign.
pub(crate) struct SigningKey(Zeroizing<Vec<u8>>);

impl SigningKey {
    /// From the text that the caller was shown: behind `whsec_` it is Base64, anything else signs as it is.
    pub(crate) fn from_text(text: Zeroizing<Vec<u8>>) -> Self {
        let decoded = text.strip_prefix(PREFIX).and_then(|encoded| LENIENT.decode(encoded).ok());
        Self(decoded.map_or(text, Zeroizing::new))
    }

    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(****)")
    }
}

/// The `webhook-signature` header: one signature for each live secret, separated by spaces.
pub(crate) fn signatures(keys: &[SigningKey], id: &str, timestamp: i64, body: &[u8]) -> String {
    keys.iter().map(|key| key.sign(id, timestamp, body)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> SigningKey {
        SigningKey::from_text(Zeroizing::new(text.as_bytes().to_vec()))
    }

    /// The example of the specification's reference libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_reference_vector_is_met() {
        assert_eq!(signatures(&[key(SECRET)], ID, TIMESTAMP, BODY), SIGNATURE);
    }

    #[test]
    fn every_live_secret_signs() {
        let both = signatures(&[key("whsec_AAAA"), key(SECRET)], ID, TIMESTAMP, BODY);
        assert!(both.ends_with(&format!(" {SIGNATURE}")), "{both}");
        assert_eq!(both.split(' ').count(), 2);
    }

    #[test]
    fn padding_makes_no_difference_and_other_text_signs_as_it_is() {
        let signed = |text| signatures(&[key(text)], ID, TIMESTAMP, BODY);
        assert_eq!(signed("whsec_c2VjcmV0MQ=="), signed("whsec_c2VjcmV0MQ"));
        assert_eq!(signed("secret1"), signed("whsec_c2VjcmV0MQ=="));
        assert_ne!(signed("whsec_!"), signed("!"));
    }
}
