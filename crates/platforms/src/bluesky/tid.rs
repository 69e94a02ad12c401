//! Record keys: timestamp identifiers (atproto.com/specs/tid).

use jiff::Timestamp;
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 13;

/// The hour before its time that a part's place lies in, in microseconds.
const SPREAD: u64 = 3_600_000_000;

/// A record key for the part `key` of a target that was due at `due`.
///
/// Two parts of one account must not meet: putting a record on a key replaces what is there, and thousands may be due
/// at the very same moment. So each is put somewhere within the hour before, by its own name: of 10,000 parts due at
/// once two meet with a chance of one in 70,000.
pub(super) fn choose(due: Timestamp, key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let clock_id = u64::from(u16::from_be_bytes([digest[0], digest[1]]) & 0x3FF);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[2..10]);
    let earlier = u64::from_be_bytes(bytes) % SPREAD;
    let micros = u64::try_from(due.as_microsecond()).unwrap_or_default().saturating_sub(earlier);
    encode((micros << 10 | clock_id) & (u64::MAX >> 1))
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
        let keys: HashSet<String> = (0..10_000).map(|part| choose(now, &format!("tgt_1/{part}"))).collect();
        assert_eq!(keys.len(), 10_000);
        assert_eq!(choose(now, "tgt_1/0"), choose(now, "tgt_1/0"));
    }

    proptest! {
        #[test]
        fn every_key_is_one_the_network_takes(millis in 0i64..253_402_300_799_000, key in ".*") {
            prop_assert!(is_tid(&choose(at(millis), &key)));
        }
    }
}
