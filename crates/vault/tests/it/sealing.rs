//! Properties of sealing, for any secret in any place.

use std::sync::LazyLock;

use proptest::prelude::*;
use secrecy::ExposeSecret as _;
use uuid::Uuid;
use vault::{Context, PrivateRing, PublicRing, VaultError, generate};

static RINGS: LazyLock<(PublicRing, PrivateRing)> = LazyLock::new(|| {
    let pair = generate();
    (pair.public.parse().unwrap(), pair.private.expose_secret().parse().unwrap())
});

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    table: String,
    column: String,
    row: u128,
    project: u128,
}

impl Place {
    fn context(&self) -> Context<'_> {
        Context {
            table: &self.table,
            column: &self.column,
            row: Uuid::from_u128(self.row),
            project: Uuid::from_u128(self.project),
        }
    }
}

/// From few values, so that two places often differ in one part only.
fn place() -> impl Strategy<Value = Place> {
    ("[ab]{0,2}", "[ab]{0,2}", 0..2_u128, 0..2_u128).prop_map(|(table, column, row, project)| Place {
        table,
        column,
        row,
        project,
    })
}

fn secret() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..200)
}

proptest! {
    #[test]
    fn what_was_sealed_opens_in_its_place(secret in secret(), place in place()) {
        let (public, private) = &*RINGS;
        let sealed = public.seal(&secret, &place.context()).unwrap();
        prop_assert_eq!(sealed.len(), secret.len() + 57);
        prop_assert!(sealed.starts_with(&public.head()));
        prop_assert_eq!(&*private.open(&sealed, &place.context()).unwrap(), &secret);
    }

    #[test]
    fn nothing_opens_in_another_place(secret in secret(), here in place(), there in place()) {
        prop_assume!(here != there);
        let (public, private) = &*RINGS;
        let sealed = public.seal(&secret, &here.context()).unwrap();
        prop_assert_eq!(private.open(&sealed, &there.context()).unwrap_err(), VaultError::DoesNotOpen);
    }

    #[test]
    fn nothing_opens_after_a_bit_was_flipped(secret in secret(), place in place(), bit in any::<prop::sample::Index>()) {
        let (public, private) = &*RINGS;
        let mut sealed = public.seal(&secret, &place.context()).unwrap();
        let bit = bit.index(sealed.len() * 8);
        sealed[bit / 8] ^= 1 << (bit % 8);
        let error = private.open(&sealed, &place.context()).unwrap_err();
        match bit / 8 {
            0 => prop_assert_eq!(error, VaultError::Malformed),
            1..9 => prop_assert!(matches!(error, VaultError::UnknownKey { .. }), "{}", error),
            // X25519 ignores the encapsulated key's top bit (RFC 7748), but HPKE hashes the key as it was sent.
            _ => prop_assert_eq!(error, VaultError::DoesNotOpen),
        }
    }

    #[test]
    fn cut_or_invented_bytes_are_an_error_and_nothing_worse(bytes in prop::collection::vec(any::<u8>(), 0..120), place in place()) {
        let (_, private) = &*RINGS;
        prop_assert!(private.open(&bytes, &place.context()).is_err());
    }
}

#[test]
fn the_same_secret_is_never_sealed_to_the_same_bytes() {
    let (public, _) = &*RINGS;
    let place = Place { table: String::new(), column: String::new(), row: 0, project: 0 };
    assert_ne!(public.seal(b"token", &place.context()), public.seal(b"token", &place.context()));
}

#[test]
fn text_comes_back_as_text_and_nothing_else_does() {
    let (public, private) = &*RINGS;
    let place = Place { table: "t".into(), column: "c".into(), row: 0, project: 0 };
    let sealed = public.seal("grüße".as_bytes(), &place.context()).unwrap();
    assert_eq!(private.open_text(&sealed, &place.context()).unwrap().expose_secret(), "grüße");
    let sealed = public.seal(&[0xff], &place.context()).unwrap();
    assert_eq!(private.open_text(&sealed, &place.context()).unwrap_err(), VaultError::NotText);
}
