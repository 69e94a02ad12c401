//! TIDs: 13 characters, 53 bits of microseconds since 1970 and 10 bits of clock id, sorting as text.

use jiff::Timestamp;

const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";

/// The TID of a moment.
pub(super) fn at(moment: Timestamp, clock_id: u16) -> String {
    let micros = u64::try_from(moment.as_microsecond()).unwrap_or(0) & ((1 << 53) - 1);
    let value = micros << 10 | u64::from(clock_id & 0x3FF);
    (0..13).rev().map(|place| char::from(ALPHABET[(value >> (place * 5)) as usize & 31])).collect()
}

/// Whether a record key can be one: 13 of the alphabet, the first without its highest bit.
pub(super) fn is_tid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 13 && bytes.iter().all(|byte| ALPHABET.contains(byte)) && ALPHABET[..16].contains(&bytes[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_make_keys_that_sort() {
        let early = at(Timestamp::from_microsecond(1_700_000_000_000_000).expect("in range"), 3);
        let late = at(Timestamp::from_microsecond(1_700_000_000_000_001).expect("in range"), 0);
        assert!(is_tid(&early) && is_tid(&late) && early < late);
    }

    #[test]
    fn other_keys_are_not_tids() {
        for text in ["", "self", "3lsandbox2k2", "3lsandbox2k2aa", "zlsandbox2k2a", "3lsandbox2k21", "3LSANDBOX2K2A"] {
            assert!(!is_tid(text), "{text}");
        }
        assert!(is_tid("3jzfcijpj2z2a"));
    }
}
