//! Those who may write a secret down.

use std::{fmt, str::FromStr};

use domain::sealed::{HEAD_BYTES, Pile};
use hpke::{OpModeS, Serializable as _};

use crate::{
    Aead, Context, INFO, Kdf, Kem, VaultError,
    key::{self, KeyId, PublicKey},
    sealed, stored,
};

/// Public keys. The first seals; the others only stand for keys that older secrets were sealed to.
///
/// Parses from `fpk1_...` keys separated by commas or white space.
#[derive(Debug, Clone)]
pub struct PublicRing {
    /// Never empty.
    keys: Vec<(KeyId, PublicKey)>,
}

impl PublicRing {
    /// Seals a secret for its place. The result is 57 bytes longer and never the same twice.
    ///
    /// # Panics
    ///
    /// When the system has no randomness to give.
    pub fn seal(&self, secret: &[u8], context: &Context<'_>) -> Result<Vec<u8>, VaultError> {
        let (id, key) = &self.keys[0];
        let (encapsulated, ciphertext) =
            hpke::single_shot_seal::<Aead, Kdf, Kem>(&OpModeS::Base, key, INFO, secret, &context.associated_data())
                .map_err(|_| VaultError::Seal)?;
        Ok(sealed::assemble(*id, &encapsulated.to_bytes(), &ciphertext))
    }

    /// What all that this ring seals begins with: whatever is stored and does not is for `keys rewrap`.
    pub fn head(&self) -> [u8; HEAD_BYTES] {
        sealed::head(self.keys[0].0)
    }

    /// Looks whether this can be the ring that what is stored was sealed with. All that can be seen from here is whether
    /// any of its keys sealed any of it: those who open have the other halves, and know.
    ///
    /// # Errors
    /// [`VaultError::ForeignKeys`] when none did, and something is stored.
    pub fn check(&self, stored: &[Pile]) -> Result<(), VaultError> {
        let foreign = stored::other_than(stored, |id| self.keys.iter().any(|(own, _)| *own == id));
        let sealed = stored.iter().filter(|pile| stored::key_of(&pile.head).is_some()).count();
        if foreign.piles == 0 || foreign.piles < sealed {
            return Ok(());
        }
        Err(VaultError::ForeignKeys { keys: foreign.keys })
    }

    /// The ids of the keys in order, 16 hex digits each: not secret, for comparing rings.
    pub fn key_ids(&self) -> Vec<String> {
        self.keys.iter().map(|(id, _)| id.to_string()).collect()
    }

    pub(crate) fn of(keys: impl Iterator<Item = PublicKey>) -> Self {
        Self { keys: keys.map(|key| (KeyId::of(&key), key)).collect() }
    }
}

/// The text the ring parses from: what the gateway's settings hold.
impl fmt::Display for PublicRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<String> = self.keys.iter().map(|(_, key)| key::public_text(key).to_string()).collect();
        f.write_str(&keys.join(","))
    }
}

impl FromStr for PublicRing {
    type Err = VaultError;

    fn from_str(ring: &str) -> Result<Self, Self::Err> {
        let keys = key::parse_public(ring)?;
        for (index, key) in keys.iter().enumerate() {
            // A handful of 32-byte values are on no useful curve point; better refused now than on the first secret.
            hpke::setup_sender::<Aead, Kdf, Kem>(&OpModeS::Base, key, INFO)
                .map_err(|_| VaultError::BadKey { position: index + 1, problem: "nothing can be sealed to it" })?;
        }
        Ok(Self::of(keys.into_iter()))
    }
}
