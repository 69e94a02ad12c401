//! Names that nobody can guess, and what is kept sealed between sending a browser away and its coming back.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::ids::ProjectId;
use rand::Rng as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vault::{Context, PrivateRing, PublicRing, VaultError};

/// Characters of a state, a verifier and a session's name: 256 bits.
const LENGTH: usize = 43;

/// A new one: 43 characters that need no escaping anywhere, which is also what RFC 7636 asks of a verifier at least.
pub(crate) fn unguessable() -> SecretString {
    let mut bytes = [0; 32];
    rand::rng().fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes).into()
}

/// Whether it can be one at all.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What [`platforms::Consent::complete`] is given of the beginning.
pub(crate) struct Kept {
    pub(crate) verifier: SecretString,
    /// The network's own.
    pub(crate) kept: SecretString,
}

/// Its sealed form.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    verifier: &'a str,
    kept: String,
}

/// Why what was kept is of no use.
#[derive(Debug)]
pub(crate) enum Unkept {
    Vault(VaultError),
    Form,
}

impl fmt::Display for Unkept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault(error) => error.fmt(f),
            Self::Form => f.write_str("what was kept is not what this version keeps"),
        }
    }
}

fn context(session: Uuid, project: ProjectId) -> Context<'static> {
    Context { table: "connect_sessions", column: "sealed", row: session, project: project.0 }
}

impl Kept {
    pub(crate) fn seal(&self, ring: &PublicRing, session: Uuid, project: ProjectId) -> Result<Vec<u8>, Unkept> {
        let stored = Stored { verifier: self.verifier.expose_secret(), kept: self.kept.expose_secret().to_owned() };
        let json = SecretString::from(serde_json::to_string(&stored).map_err(|_| Unkept::Form)?);
        ring.seal(json.expose_secret().as_bytes(), &context(session, project)).map_err(Unkept::Vault)
    }

    pub(crate) fn open(ring: &PrivateRing, sealed: &[u8], session: Uuid, project: ProjectId) -> Result<Self, Unkept> {
        let opened = ring.open_text(sealed, &context(session, project)).map_err(Unkept::Vault)?;
        let stored: Stored<'_> = serde_json::from_str(opened.expose_secret()).map_err(|_| Unkept::Form)?;
        Ok(Self { verifier: stored.verifier.into(), kept: stored.kept.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_long_plain_and_each_another() {
        let (one, other) = (unguessable(), unguessable());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert!(is_name(one.expose_secret()));
        for odd in ["", "short", &"a".repeat(44), &"é".repeat(21), &format!("{}=", "a".repeat(42))] {
            assert!(!is_name(odd), "{odd}");
        }
    }

    #[test]
    fn what_was_kept_opens_for_its_session_alone() {
        let keys: PrivateRing = vault::generate().private.expose_secret().parse().unwrap();
        let kept = Kept { verifier: unguessable(), kept: r#"{"issuer":"a \"b\""}"#.to_owned().into() };
        let (session, project) = (Uuid::from_u128(1), ProjectId(Uuid::from_u128(2)));
        let sealed = kept.seal(&keys.public(), session, project).unwrap();
        let opened = Kept::open(&keys, &sealed, session, project).unwrap();
        assert_eq!(opened.verifier.expose_secret(), kept.verifier.expose_secret());
        assert_eq!(opened.kept.expose_secret(), kept.kept.expose_secret());
        assert!(Kept::open(&keys, &sealed, Uuid::from_u128(3), project).is_err());
    }
}
