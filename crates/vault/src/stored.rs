//! What can be seen of sealed bytes without opening them: the key that they were sealed to.

use std::collections::BTreeMap;

use domain::sealed::{HEAD_BYTES, Pile};

use crate::{key::KeyId, sealed};

/// The id of the key that something was sealed to, 16 hex digits. Its head is enough; `None` for what was never sealed.
pub fn key_id(sealed: &[u8]) -> Option<String> {
    key_of(sealed).map(|id| id.to_string())
}

pub(crate) fn key_of(sealed: &[u8]) -> Option<KeyId> {
    sealed.get(..HEAD_BYTES).and_then(sealed::key_of)
}

/// Piles that were sealed to other keys than known ones.
pub(crate) struct Others {
    pub(crate) piles: usize,
    /// In words.
    pub(crate) keys: String,
}

pub(crate) fn other_than(stored: &[Pile], is_known: impl Fn(KeyId) -> bool) -> Others {
    let mut by_key: BTreeMap<KeyId, Vec<String>> = BTreeMap::new();
    for pile in stored {
        if let Some(key) = key_of(&pile.head).filter(|key| !is_known(*key)) {
            by_key.entry(key).or_default().push(format!("{} of {}", pile.rows, pile.place));
        }
    }
    let keys: Vec<_> = by_key.iter().map(|(key, piles)| format!("{key} ({})", piles.join(", "))).collect();
    Others { piles: by_key.values().map(Vec::len).sum(), keys: keys.join(", ") }
}
