//! Record keys: timestamp identifiers (atproto.com/specs/tid).

use jiff::Timestamp;
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 13;

/// A record key for the part `key`, composed at `now`.
///
/// Two parts of one account that are composed in the same millisecond must not meet: putting a record on a key replaces
/// what is there. So the microseconds within the millisecond and the clock id come from the part's own name, which
/// leaves one chance in a million even on a clock that stands still.
pub(super) fn choose(now: Timestamp, key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let clock_id = u64::from(u16::from_be_bytes([digest[0], digest[1]]) & 0x3FF);
    let within = u64::from(u32::from_be_bytes([digest[2], digest[3], digest[4], digest[5]]) % 1_000);
    let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
    encode(((millis * 1_000 + within) << 10 | clock_id) & (u64::MAX >> 1))
}

fn encode(mut number: u64) -> String {
    let mut letters = [b'2'; LENGTH];
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET[(number & 0x1F) as usize];
        number >>= 5;
    }
    letters.iter().map(|letter| char::from(*letter)).collect()
}

/// Whether `text` may be a record key of a post.
pub(super) fn is_tid(text: &str) -> bool {
    text.len() == LENGTH
        && text.bytes().all(|letter| ALPHABET.contains(&letter))
        && text.bytes().next().is_some_and(|first| ALPHABET[..16].contains(&first))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).expect("a time of tests is in range")
    }

    #[test]
    fn keys_sort_by_time() {
        assert_eq!(encode(0), "2222222222222");
        assert!(choose(at(1_700_000_000_000), "a") < choose(at(1_700_000_000_001), "a"));
    }

    #[test]
    fn parts_of_one_moment_have_keys_of_their_own() {
        let now = at(1_700_000_000_000);
        let keys: HashSet<String> = (0..100).map(|part| choose(now, &format!("tgt_1/{part}"))).collect();
        assert_eq!(keys.len(), 100);
        assert_eq!(choose(now, "tgt_1/0"), choose(now, "tgt_1/0"));
    }

    proptest! {
        #[test]
        fn every_key_is_one_the_network_takes(millis in 0i64..253_402_300_799_000, key in ".*") {
            prop_assert!(is_tid(&choose(at(millis), &key)));
        }
    }
}
