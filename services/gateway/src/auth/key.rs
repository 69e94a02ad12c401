//! The text of an API key: `sk_live_` or `sk_test_` and 32 random bytes. Only its SHA-256 is kept.

use domain::policy::Mode;
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};

/// Characters that are kept to recognise a key by: the prefix and four more.
const HEAD: usize = 12;

/// A key that was just made.
pub struct NewKey {
    /// Shown once.
    pub text: String,
    /// Its first characters.
    pub head: String,
    /// What is stored.
    pub hash: Vec<u8>,
}

/// Makes a key for a project in this mode.
pub fn generate(mode: Mode) -> NewKey {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let text = format!("{}{}", prefix(mode), hex::encode(bytes));
    NewKey { head: text.chars().take(HEAD).collect(), hash: hash(&text).to_vec(), text }
}

/// What a key is looked up by. It needs no salt: a key is random and long.
pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Whether a text can be a key at all; anything else is not looked up.
pub(crate) fn is_key(text: &str) -> bool {
    [Mode::Live, Mode::Test].into_iter().any(|mode| {
        text.strip_prefix(prefix(mode))
            .is_some_and(|rest| rest.len() == 64 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
    })
}

const fn prefix(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "sk_live_",
        Mode::Test => "sk_test_",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_a_key_of_its_mode_and_no_other() {
        let (first, second) = (generate(Mode::Test), generate(Mode::Test));
        assert!(first.text.starts_with("sk_test_") && is_key(&first.text));
        assert_ne!(first.text, second.text);
        assert_eq!(first.hash, hash(&first.text));
        assert!(first.text.starts_with(&first.head) && first.head.len() == HEAD);
        assert!(generate(Mode::Live).text.starts_with("sk_live_"));
        for text in ["", "sk_test_", "sk_prod_00", &first.text[1..], &first.text[..70]] {
            assert!(!is_key(text), "{text}");
        }
    }
}
