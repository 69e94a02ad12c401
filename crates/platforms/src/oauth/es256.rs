//! ES256 keys (RFC 7518 3.4) and what they sign (RFC 7515), for proofs of possession and client assertions.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::target::Refusal;
use ring::{
    rand::{SecureRandom as _, SystemRandom},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A private key. It is not `Debug`.
pub(crate) struct Es256Key {
    pair: EcdsaKeyPair,
    /// Under which the other side finds the public half: as its owner named it, else its thumbprint (RFC 7638).
    kid: String,
}

/// As far as a private key for this is read (RFC 7518 6.2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
    d: String,
    kid: Option<String>,
}

impl Es256Key {
    /// A new key, and what [`Es256Key::read`] makes it of again.
    pub(crate) fn generate() -> Result<(Self, SecretString), Refusal> {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|_| no_random())?;
        let key = Self::from_pkcs8(document.as_ref()).ok_or_else(no_random)?;
        Ok((key, SecretString::from(STANDARD.encode(document.as_ref()))))
    }

    /// A private key as its owner has it: a JWK, or PKCS #8 as PEM or its Base64 alone.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.starts_with('{') {
            return Self::from_jwk(serde_json::from_str(text).ok()?);
        }
        let base64: String = text.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
        Self::from_pkcs8(&STANDARD.decode(base64).ok()?)
    }

    fn from_pkcs8(document: &[u8]) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document, &SystemRandom::new()).ok()?;
        Some(Self::named(pair, None))
    }

    fn from_jwk(jwk: Jwk) -> Option<Self> {
        if jwk.kty != "EC" || jwk.crv != "P-256" {
            return None;
        }
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32);
        let public = [&[4][..], &bytes(&jwk.x)?, &bytes(&jwk.y)?].concat();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &bytes(&jwk.d)?,
            &public,
            &SystemRandom::new(),
        );
        let kid = jwk.kid.filter(|kid| (1..=200).contains(&kid.len()));
        Some(Self::named(pair.ok()?, kid))
    }

    fn named(pair: EcdsaKeyPair, kid: Option<String>) -> Self {
        let mut key = Self { pair, kid: String::new() };
        // The members in the order of their names and nothing else, which is how they are written here.
        let thumbprint = || URL_SAFE_NO_PAD.encode(Sha256::digest(key.public().to_string()));
        key.kid = kid.unwrap_or_else(thumbprint);
        key
    }

    /// The public half as a JWK, with what it needs only.
    pub(crate) fn public(&self) -> Value {
        // An uncompressed point: a mark, then both coordinates.
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({"crv": "P-256", "kty": "EC", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
    }

    /// Its name.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// A signed token in the compact form. `header` holds everything but `alg`.
    pub(crate) fn sign(&self, mut header: Value, claims: &Value) -> Result<String, Refusal> {
        header["alg"] = json!("ES256");
        let [header, claims] = [&header, claims].map(|half| URL_SAFE_NO_PAD.encode(half.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| no_random())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// 128 random bits as text: no two tokens have the same.
pub(crate) fn token_id() -> Result<String, Refusal> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| no_random())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn no_random() -> Refusal {
    Refusal::NotNow { message: "the system has no random numbers".to_owned(), http_status: None, after: None }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use secrecy::ExposeSecret;

    use super::*;

    /// RFC 7515, appendix A.3.1.
    const RFC: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

    fn is_signed_by(key: &Es256Key, token: &str) -> bool {
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("Base64");
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.pair.public_key().as_ref().to_vec());
        public.verify(signed.as_bytes(), &signature).is_ok()
    }

    #[test]
    fn a_jwk_is_read_and_its_public_half_told() {
        let key = Es256Key::read(RFC).expect("the RFC's key");
        let public = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
        assert_eq!(key.public(), public);
        // Computed with another library.
        assert_eq!(key.kid(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
        let named = Es256Key::read(&RFC.replace("\"kty\"", "\"kid\":\"mine\",\"kty\"")).expect("a key");
        assert_eq!(named.kid(), "mine");
    }

    #[test]
    fn what_is_signed_can_be_checked() {
        let key = Es256Key::read(RFC).expect("the RFC's key");
        let token = key.sign(json!({"typ": "x"}), &json!({"a": 1})).expect("signed");
        // {"alg":"ES256","typ":"x"} and {"a":1}
        assert!(token.starts_with("eyJhbGciOiJFUzI1NiIsInR5cCI6IngifQ.eyJhIjoxfQ."), "{token}");
        assert!(is_signed_by(&key, &token));
        assert!(!is_signed_by(&key, &token.replace("eyJhIjoxfQ", "eyJhIjoyfQ")));
    }

    #[test]
    fn a_new_key_is_the_same_when_it_is_read_again() {
        let (key, text) = Es256Key::generate().expect("a key");
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", text.expose_secret());
        for text in [text.expose_secret(), &pem] {
            let again = Es256Key::read(text).expect("the key");
            assert_eq!((again.public(), again.kid()), (key.public(), key.kid()));
        }
        let (other, _) = Es256Key::generate().expect("a key");
        assert_ne!(other.public(), key.public());
        assert_ne!(token_id().expect("an id"), token_id().expect("an id"));
    }

    #[test]
    fn what_is_no_key_is_none() {
        for text in ["", "{}", "secret", "-----BEGIN PRIVATE KEY-----", "AAAA", &RFC.replace("P-256", "P-384")] {
            assert!(Es256Key::read(text).is_none(), "{text}");
        }
        // A private half of another key.
        let wrong =
            RFC.replace("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI", "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LA");
        assert!(Es256Key::read(&wrong).is_none());
    }
}
