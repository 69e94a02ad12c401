//! What can go wrong with a secret.

/// Why something was not sealed or opened. The texts say nothing of a secret or a private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A ring's text holds no key.
    #[error("reading a key ring: it holds no key")]
    EmptyRing,
    /// A ring's text holds something that is not a key of the expected kind.
    #[error("reading key {position} of a key ring: {problem}")]
    BadKey {
        /// Its place in the ring, counted from 1.
        position: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It could not be sealed.
    #[error("sealing a secret")]
    Seal,
    /// These bytes were never the result of sealing.
    #[error("opening a secret: the stored bytes are malformed")]
    Malformed,
    /// No key of the ring can open it.
    #[error("opening a secret: it was sealed to the key {id}, which is not in the ring")]
    UnknownKey {
        /// The key's id, 16 hex digits.
        id: String,
    },
    /// It was changed, or it belongs to another row, column, table or project.
    #[error("opening a secret: it was tampered with or moved from where it belongs")]
    DoesNotOpen,
    /// Something that is stored was sealed to keys that are not in the ring.
    #[error("a key is missing that something stored was sealed to: {keys}")]
    MissingKeys {
        /// `0123456789abcdef (3 of account_tokens.sealed)`, and so on for each.
        keys: String,
    },
    /// Everything that is stored was sealed to keys that are not in the ring.
    #[error("none of its keys sealed anything that is stored, which these did: {keys}")]
    ForeignKeys {
        /// As in [`VaultError::MissingKeys`].
        keys: String,
    },
    /// It was opened and is not UTF-8, where text was asked for.
    #[error("opening a secret: it is not text")]
    NotText,
}
