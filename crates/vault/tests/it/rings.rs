//! Rings of keys: how they are written and how one key takes over from another.

use domain::sealed::{Pile, Place};
use secrecy::ExposeSecret as _;
use uuid::Uuid;
use vault::{Context, KeyPair, PrivateRing, PublicRing, VaultError, generate, key_id};

const HERE: Context<'_> = Context { table: "account_tokens", column: "sealed", row: Uuid::nil(), project: Uuid::max() };

fn public(pairs: &[&KeyPair]) -> PublicRing {
    pairs.iter().map(|pair| pair.public.as_str()).collect::<Vec<_>>().join(",").parse().unwrap()
}

fn private(pairs: &[&KeyPair]) -> PrivateRing {
    pairs.iter().map(|pair| pair.private.expose_secret()).collect::<Vec<_>>().join(" \n").parse().unwrap()
}

#[test]
fn the_first_key_seals_and_every_key_opens() {
    let (old, new) = (generate(), generate());
    let before = public(&[&old]).seal(b"token", &HERE).unwrap();
    let rotated = public(&[&new, &old]);
    let after = rotated.seal(b"token", &HERE).unwrap();

    assert!(!before.starts_with(&rotated.head()) && after.starts_with(&rotated.head()));
    let both = private(&[&new, &old]);
    assert_eq!(*both.open(&before, &HERE).unwrap(), b"token");
    assert_eq!(*both.open(&after, &HERE).unwrap(), b"token");

    let only_old = private(&[&old]);
    let id = rotated.key_ids().swap_remove(0);
    assert_eq!(only_old.open(&after, &HERE).unwrap_err(), VaultError::UnknownKey { id });
}

#[test]
fn a_private_ring_gives_its_public_one() {
    let (one, two) = (generate(), generate());
    assert_eq!(private(&[&one, &two]).public().key_ids(), public(&[&one, &two]).key_ids());
}

#[test]
fn a_public_ring_shows_the_text_it_parses_from() {
    let pairs = [&generate(), &generate()];
    let ring = public(&pairs);
    assert_eq!(ring.to_string(), format!("{},{}", pairs[0].public, pairs[1].public));
    assert_eq!(ring.to_string().parse::<PublicRing>().unwrap().key_ids(), ring.key_ids());
}

#[test]
fn neither_a_ring_nor_a_pair_shows_a_private_key() {
    let pair = generate();
    let secret = pair.private.expose_secret();
    for shown in [format!("{pair:?}"), format!("{:?}", private(&[&pair]))] {
        assert!(!shown.contains(&secret[5..]) && !shown.contains("fsk1_"), "{shown}");
    }
}

#[test]
fn keys_that_are_not_are_refused_by_their_place_without_repeating_them() {
    let pair = generate();
    let mut slip = pair.public.clone();
    let last = if slip.ends_with('A') { "B" } else { "A" };
    slip.replace_range(20..21, if &slip[20..21] == "A" { "B" } else { "A" });
    let long = format!("{}{last}", pair.public);
    let two = format!("{}, {slip}", pair.public);
    for (ring, position, problem) in [
        (slip.as_str(), 1, "its checksum is wrong: a letter was changed"),
        (&two, 2, "its checksum is wrong: a letter was changed"),
        ("fpk1_", 1, "it has the wrong length"),
        ("fpk1_!!!", 1, "it is not base64url"),
        ("hello", 1, "a key begins with fpk1_ (public) or fsk1_ (private)"),
        ("fünf1_", 1, "a key begins with fpk1_ (public) or fsk1_ (private)"),
        (pair.private.expose_secret(), 1, "it is a private key where a public one (fpk1_) belongs"),
    ] {
        assert_eq!(ring.parse::<PublicRing>().unwrap_err(), VaultError::BadKey { position, problem });
    }
    assert!(long.parse::<PublicRing>().is_err());
    for ring in ["", " , \n"] {
        assert_eq!(ring.parse::<PublicRing>().unwrap_err(), VaultError::EmptyRing);
        assert_eq!(ring.parse::<PrivateRing>().unwrap_err(), VaultError::EmptyRing);
    }
    let problem = "it is a public key where a private one (fsk1_) belongs";
    assert_eq!(pair.public.parse::<PrivateRing>().unwrap_err(), VaultError::BadKey { position: 1, problem });
}

#[test]
fn a_public_key_that_nothing_can_be_sealed_to_is_refused() {
    // The point of order 1: 32 zero bytes and their checksum.
    let zero = "fpk1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADyRhMP";
    let problem = "nothing can be sealed to it";
    assert_eq!(zero.parse::<PublicRing>().unwrap_err(), VaultError::BadKey { position: 1, problem });
}

const TOKENS: Place = Place { table: "account_tokens", column: "sealed" };
const SECRETS: Place = Place { table: "webhook_secrets", column: "sealed" };

fn pile(place: Place, head: &[u8], rows: i64) -> Pile {
    Pile { place, head: head.to_vec(), rows }
}

#[test]
fn a_private_ring_says_which_keys_it_lacks_and_what_only_they_open() {
    // given
    let (mine, lost, worse) = (generate(), generate(), generate());
    let head = |pair: &KeyPair| public(&[pair]).head();
    let id = |pair: &KeyPair| key_id(&head(pair)).unwrap();
    let ring = private(&[&mine]);
    // then: what opens, and what was never sealed, is no reason to refuse
    assert_eq!(ring.check(&[]), Ok(()));
    let fine = [pile(TOKENS, &head(&mine), 7), pile(SECRETS, b"", 1), pile(SECRETS, &[0], 1), pile(TOKENS, &[9; 9], 1)];
    assert_eq!(ring.check(&fine), Ok(()));
    // when: something else is stored
    let stored = [
        pile(TOKENS, &head(&mine), 7),
        pile(TOKENS, &head(&lost), 3),
        pile(SECRETS, &head(&lost), 1),
        pile(SECRETS, &head(&worse), 2),
    ];
    // then: each key is named once
    let said = ring.check(&stored).unwrap_err().to_string();
    assert!(
        said.contains(&format!("{} (3 of account_tokens.sealed, 1 of webhook_secrets.sealed)", id(&lost))),
        "{said}"
    );
    assert!(said.contains(&format!("{} (2 of webhook_secrets.sealed)", id(&worse))), "{said}");
    assert!(!said.contains(&id(&mine)), "{said}");
    // and: with all of them it opens everything
    assert_eq!(private(&[&worse, &mine, &lost]).check(&stored), Ok(()));
}

#[test]
fn a_public_ring_is_anothers_when_none_of_its_keys_sealed_anything() {
    let (mine, old, other) = (generate(), generate(), generate());
    let head = |pair: &KeyPair| public(&[pair]).head();
    let stored = [pile(TOKENS, &head(&old), 3), pile(SECRETS, &head(&mine), 1)];
    // A ring in the middle of a rotation, whichever key is first.
    for ring in [public(&[&mine]), public(&[&old]), public(&[&mine, &old]), public(&[&other, &old])] {
        assert_eq!(ring.check(&stored), Ok(()), "{ring}");
        assert_eq!(ring.check(&[]), Ok(()));
        assert_eq!(ring.check(&[pile(TOKENS, b"", 1)]), Ok(()));
    }
    let said = public(&[&other]).check(&stored).unwrap_err().to_string();
    assert!(said.contains(&key_id(&head(&old)).unwrap()) && said.contains("3 of account_tokens.sealed"), "{said}");
}

#[test]
fn only_what_was_sealed_has_a_key() {
    let ring = public(&[&generate()]);
    let sealed = ring.seal(b"token", &HERE).unwrap();
    assert_eq!(key_id(&sealed).as_deref(), Some(ring.key_ids()[0].as_str()));
    assert_eq!(key_id(&ring.head()), key_id(&sealed));
    for odd in [&b""[..], &[1], &sealed[..8], &[2, 1, 1, 1, 1, 1, 1, 1, 1]] {
        assert_eq!(key_id(odd), None);
    }
}
