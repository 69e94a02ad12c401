//! Rings of keys: how they are written and how one key takes over from another.

use secrecy::ExposeSecret as _;
use uuid::Uuid;
use vault::{Context, KeyPair, PrivateRing, PublicRing, VaultError, generate};

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

    assert!(rotated.reseal_needed(&before) && !rotated.reseal_needed(&after));
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
