//! Those who may read a secret.

use std::{fmt, str::FromStr};

use domain::sealed::Pile;
use hpke::{Deserializable as _, Kem as _, OpModeR, aead::AeadTag};
use secrecy::{SecretString, zeroize::Zeroizing};

use crate::{
    Aead, Context, INFO, Kdf, Kem, PublicRing, VaultError,
    key::{self, KeyId, PrivateKey},
    sealed::Sealed,
    stored,
};

/// Private keys: all of them open, and the first one's public half seals.
///
/// Parses from `fsk1_...` keys separated by commas or white space.
#[derive(Clone)]
pub struct PrivateRing {
    /// Never empty.
    keys: Vec<(KeyId, PrivateKey)>,
}

impl PrivateRing {
    /// Opens what was sealed for this place.
    pub fn open(&self, sealed: &[u8], context: &Context<'_>) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let sealed = Sealed::parse(sealed)?;
        let (_, key) = self
            .keys
            .iter()
            .find(|(id, _)| *id == sealed.key)
            .ok_or_else(|| VaultError::UnknownKey { id: sealed.key.to_string() })?;
        let encapsulated =
            <Kem as hpke::Kem>::EncappedKey::from_bytes(sealed.encapsulated).map_err(|_| VaultError::Malformed)?;
        let tag = AeadTag::<Aead>::from_bytes(sealed.tag).map_err(|_| VaultError::Malformed)?;
        let mut opened = Zeroizing::new(sealed.ciphertext.to_vec());
        hpke::single_shot_open_inout_detached::<Aead, Kdf, Kem>(
            &OpModeR::Base,
            key,
            &encapsulated,
            INFO,
            opened.as_mut_slice().into(),
            &context.associated_data(),
            &tag,
        )
        .map_err(|_| VaultError::DoesNotOpen)?;
        Ok(opened)
    }

    /// Opens a secret that is text.
    pub fn open_text(&self, sealed: &[u8], context: &Context<'_>) -> Result<SecretString, VaultError> {
        let opened = self.open(sealed, context)?;
        std::str::from_utf8(&opened).map(Into::into).map_err(|_| VaultError::NotText)
    }

    /// Looks whether everything that is stored was sealed to a key of this ring. Rows that were never sealed are no key's
    /// fault and are passed over.
    ///
    /// # Errors
    /// [`VaultError::MissingKeys`] with the ids of the keys that are not here, and what only they open.
    pub fn check(&self, stored: &[Pile]) -> Result<(), VaultError> {
        let missing = stored::other_than(stored, |id| self.keys.iter().any(|(own, _)| *own == id));
        if missing.piles == 0 { Ok(()) } else { Err(VaultError::MissingKeys { keys: missing.keys }) }
    }

    /// The public halves, in the same order.
    pub fn public(&self) -> PublicRing {
        PublicRing::of(self.keys.iter().map(|(_, key)| Kem::sk_to_pk(key)))
    }
}

impl FromStr for PrivateRing {
    type Err = VaultError;

    fn from_str(ring: &str) -> Result<Self, Self::Err> {
        let keys = key::parse_private(ring)?;
        Ok(Self { keys: keys.into_iter().map(|key| (KeyId::of(&Kem::sk_to_pk(&key)), key)).collect() })
    }
}

impl fmt::Debug for PrivateRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}
