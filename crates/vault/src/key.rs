//! Keys as text: `fpk1_...` is public, `fsk1_...` private, each 32 bytes and a checksum in base64url.
//!
//! The checksum is there because any 32 bytes are a valid public key: without it a slip of the pen would seal secrets
//! to a key that nobody holds.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hpke::{Deserializable, Kem as _, Serializable};
use secrecy::{SecretString, zeroize::Zeroizing};
use sha2::{Digest as _, Sha256};

use crate::{Kem, VaultError};

pub(crate) type PublicKey = <Kem as hpke::Kem>::PublicKey;
pub(crate) type PrivateKey = <Kem as hpke::Kem>::PrivateKey;

const PUBLIC_PREFIX: &str = "fpk1_";
const PRIVATE_PREFIX: &str = "fsk1_";
const KEY_BYTES: usize = 32;
const CHECK_BYTES: usize = 4;

/// A new pair, as text for the settings of those who seal and those who open.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// For `PublicRing`.
    pub public: String,
    /// For `PrivateRing`.
    pub private: SecretString,
}

/// Makes a new pair.
///
/// # Panics
///
/// When the system has no randomness to give.
pub fn generate() -> KeyPair {
    let (private, public) = Kem::gen_keypair();
    KeyPair {
        public: public_text(&public).to_string(),
        private: to_text(PRIVATE_PREFIX, &Zeroizing::new(<[u8; KEY_BYTES]>::from(private.to_bytes()))[..])
            .as_str()
            .into(),
    }
}

/// A public key as text.
pub(crate) fn public_text(key: &PublicKey) -> Zeroizing<String> {
    to_text(PUBLIC_PREFIX, &key.to_bytes())
}

/// Names a key in front of what is sealed to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyId(pub(crate) [u8; 8]);

impl KeyId {
    pub(crate) fn of(key: &PublicKey) -> Self {
        let digest = Sha256::new().chain_update(b"fanfare vault key id").chain_update(key.to_bytes()).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The public keys of a ring's text, in order.
pub(crate) fn parse_public(ring: &str) -> Result<Vec<PublicKey>, VaultError> {
    parse(ring, PUBLIC_PREFIX)
}

/// The private keys of a ring's text, in order.
pub(crate) fn parse_private(ring: &str) -> Result<Vec<PrivateKey>, VaultError> {
    parse(ring, PRIVATE_PREFIX)
}

fn parse<K: Deserializable>(ring: &str, prefix: &'static str) -> Result<Vec<K>, VaultError> {
    let texts = ring.split(|c: char| c == ',' || c.is_whitespace()).filter(|text| !text.is_empty());
    let keys = texts.enumerate().map(|(index, text)| {
        let bad = |problem| VaultError::BadKey { position: index + 1, problem };
        let bytes = from_text(text, prefix).map_err(bad)?;
        K::from_bytes(&bytes).map_err(|_| bad("it is not a key"))
    });
    let keys = keys.collect::<Result<Vec<K>, VaultError>>()?;
    if keys.is_empty() { Err(VaultError::EmptyRing) } else { Ok(keys) }
}

fn to_text(prefix: &str, key: &[u8]) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(key.to_vec());
    // Room first: growing would leave a copy behind.
    bytes.reserve_exact(CHECK_BYTES);
    bytes.extend_from_slice(&checksum(prefix, key));
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(&*bytes));
    Zeroizing::new(format!("{prefix}{}", *encoded))
}

fn from_text(text: &str, prefix: &'static str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let Some(encoded) = text.strip_prefix(prefix) else {
        return Err(match text.get(..PUBLIC_PREFIX.len()) {
            Some(PRIVATE_PREFIX) => "it is a private key where a public one (fpk1_) belongs",
            Some(PUBLIC_PREFIX) => "it is a public key where a private one (fsk1_) belongs",
            _ => "a key begins with fpk1_ (public) or fsk1_ (private)",
        });
    };
    let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| "it is not base64url")?);
    if bytes.len() != KEY_BYTES + CHECK_BYTES {
        return Err("it has the wrong length");
    }
    let (key, check) = bytes.split_at(KEY_BYTES);
    if checksum(prefix, key) != check {
        return Err("its checksum is wrong: a letter was changed");
    }
    bytes.truncate(KEY_BYTES);
    Ok(bytes)
}

fn checksum(prefix: &str, key: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Sha256::new().chain_update(prefix).chain_update(key).finalize();
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&digest[..CHECK_BYTES]);
    check
}
