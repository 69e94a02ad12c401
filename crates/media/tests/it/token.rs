//! Tokens: good for one thing, for a while.

use jiff::Timestamp;
use media::{TokenFault, Verb, sign, verify};
use proptest::prelude::*;

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn a_token_is_good_until_it_expires() {
    let token = sign(KEY, "med_1", Verb::Upload, at(1_000));
    assert_eq!(verify(KEY, "med_1", Verb::Upload, &token, at(999)), Ok(()));
    assert_eq!(verify(KEY, "med_1", Verb::Upload, &token, at(1_000)), Err(TokenFault::Expired));
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')));
}

#[test]
fn a_token_is_for_one_object_one_verb_and_one_key() {
    let token = sign(KEY, "med_1", Verb::Upload, at(1_000));
    assert_eq!(verify(KEY, "med_2", Verb::Upload, &token, at(0)), Err(TokenFault::Invalid));
    assert_eq!(verify(KEY, "med_1", Verb::Download, &token, at(0)), Err(TokenFault::Invalid));
    assert_eq!(verify(b"another", "med_1", Verb::Upload, &token, at(0)), Err(TokenFault::Invalid));
    assert_eq!(
        verify(b"another", "med_1", Verb::Upload, &token, at(2_000)),
        Err(TokenFault::Invalid),
        "signature before clock"
    );
}

#[test]
fn a_later_expiry_cannot_be_written_in() {
    let token = sign(KEY, "med_1", Verb::Download, at(1_000));
    let signature = token.split_once('.').unwrap().1;
    for seconds in ["1001", "+1000", "01000", "1000 ", " 1000", "99999999999999999999", "", "-1000", "1e3"] {
        let forged = format!("{seconds}.{signature}");
        assert_eq!(verify(KEY, "med_1", Verb::Download, &forged, at(0)), Err(TokenFault::Invalid), "{forged}");
    }
}

proptest! {
    #[test]
    fn no_changed_token_passes(at_byte in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let token = sign(KEY, "med_1", Verb::Upload, at(1_000));
        let mut bytes = token.clone().into_bytes();
        let at_byte = at_byte.index(bytes.len());
        bytes[at_byte] = byte;
        let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
        prop_assume!(changed != token);
        prop_assert_eq!(verify(KEY, "med_1", Verb::Upload, &changed, at(0)), Err(TokenFault::Invalid));
    }

    #[test]
    fn no_text_is_a_token_or_a_panic(text in "\\PC{0,80}", id in "\\PC{0,20}") {
        prop_assert!(verify(KEY, &id, Verb::Upload, &text, at(0)).is_err());
    }
}
