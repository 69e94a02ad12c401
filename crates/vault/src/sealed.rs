//! The stored form: version (1 byte), key id (8), encapsulated key (32), ciphertext, tag (16).

use crate::{VaultError, key::KeyId};

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 8;
const ENCAPSULATED_BYTES: usize = 32;
const TAG_BYTES: usize = 16;

/// Sealed bytes, taken apart.
pub(crate) struct Sealed<'a> {
    pub(crate) key: KeyId,
    pub(crate) encapsulated: &'a [u8],
    pub(crate) ciphertext: &'a [u8],
    pub(crate) tag: &'a [u8],
}

impl<'a> Sealed<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, VaultError> {
        let (&[VERSION], rest) = bytes.split_first_chunk::<1>().ok_or(VaultError::Malformed)? else {
            return Err(VaultError::Malformed);
        };
        let (key, rest) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(VaultError::Malformed)?;
        let (encapsulated, rest) = rest.split_at_checked(ENCAPSULATED_BYTES).ok_or(VaultError::Malformed)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(VaultError::Malformed)?;
        Ok(Self { key: KeyId(*key), encapsulated, ciphertext, tag })
    }
}

/// Puts the stored form together; `ciphertext` ends in its tag.
pub(crate) fn assemble(key: KeyId, encapsulated: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    [&[VERSION], &key.0[..], encapsulated, ciphertext].concat()
}
