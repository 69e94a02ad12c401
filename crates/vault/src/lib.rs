//! Where secrets are opened.
//!
//! A secret is sealed to a public key (HPKE, RFC 9180, base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305), so that the
//! gateway can store what it cannot read. [`PublicRing`] seals, [`PrivateRing`] opens. What is sealed is bound to its
//! place by a [`Context`]: moved to another row, column, table or project it does not open.
//!
//! Architecture invariant: no other crate knows a cipher, and nothing here keeps what it opened.

mod context;
mod error;
mod key;
mod private;
mod public;
mod sealed;
mod stored;

pub use context::Context;
pub use error::VaultError;
pub use key::{KeyPair, generate};
pub use private::PrivateRing;
pub use public::PublicRing;
/// What opened bytes come in: wiped from memory when dropped.
pub use secrecy::zeroize::Zeroizing;
pub use stored::key_id;

/// The suite. A change of it is a new version of the sealed form.
type Kem = hpke::kem::X25519HkdfSha256;
type Kdf = hpke::kdf::HkdfSha256;
type Aead = hpke::aead::ChaCha20Poly1305;

/// HPKE's `info`: keeps what is sealed here apart from any other use of the same key.
const INFO: &[u8] = b"fanfare vault v1";
