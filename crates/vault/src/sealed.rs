//! The stored form: version (1 byte), key id (8), encapsulated key (32), ciphertext, tag (16).

use domain::sealed::HEAD_BYTES;

use crate::{VaultError, key::KeyId};

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 8;
const ENCAPSULATED_BYTES: usize = 32;
const TAG_BYTES: usize = 16;

const _: () = assert!(HEAD_BYTES == 1 + KEY_ID_BYTES, "the head is the version and the key's id");

/// Sealed bytes, taken apart.
pub(crate) struct Sealed<'a> {
    pub(crate) key: KeyId,
    pub(crate) encapsulated: &'a [u8],
    pub(crate) ciphertext: &'a [u8],
    pub(crate) tag: &'a [u8],
}

impl<'a> Sealed<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, VaultError> {
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES).ok_or(VaultError::Malformed)?;
        let key = key_of(head).ok_or(VaultError::Malformed)?;
        let (encapsulated, rest) = rest.split_at_checked(ENCAPSULATED_BYTES).ok_or(VaultError::Malformed)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(VaultError::Malformed)?;
        Ok(Self { key, encapsulated, ciphertext, tag })
    }
}

/// Puts the stored form together; `ciphertext` ends in its tag.
pub(crate) fn assemble(key: KeyId, encapsulated: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    [&head(key)[..], encapsulated, ciphertext].concat()
}

/// What everything that was sealed to a key begins with.
pub(crate) fn head(key: KeyId) -> [u8; HEAD_BYTES] {
    let mut head = [VERSION; HEAD_BYTES];
    head[1..].copy_from_slice(&key.0);
    head
}

/// The key in a head; `None` when it is none.
pub(crate) fn key_of(head: &[u8]) -> Option<KeyId> {
    match head.split_first()? {
        (&VERSION, id) => id.try_into().ok().map(KeyId),
        _ => None,
    }
}
