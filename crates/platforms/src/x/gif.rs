//! Whether a GIF moves (GIF89a, section 27: a grammar of blocks).

/// Whether the file holds a second frame. What is no GIF does not move.
pub(super) fn is_animated(bytes: &[u8]) -> bool {
    frames(bytes, 2) > 1
}

/// Counts frames up to `enough`; stops early where the file is broken.
fn frames(bytes: &[u8], enough: usize) -> usize {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 0x07) + 1) };
    let mut found = 0;
    let Some(flags) = bytes.get(10).filter(|_| bytes.starts_with(b"GIF8")) else { return 0 };
    let mut at = 13 + table(*flags);
    while found < enough {
        match bytes.get(at) {
            // An extension: a label, then data.
            Some(0x21) => at = after_data(bytes, at + 2),
            // A frame: its place, maybe a table of colours, a code size, then data.
            Some(0x2C) => {
                let Some(flags) = bytes.get(at + 9) else { break };
                found += 1;
                at = after_data(bytes, at + 10 + table(*flags) + 1);
            }
            _ => break,
        }
    }
    found
}

/// Data comes in runs with their length in front, and ends with a run of none.
fn after_data(bytes: &[u8], mut at: usize) -> usize {
    while let Some(length) = bytes.get(at) {
        at += 1 + usize::from(*length);
        if *length == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FRAME: &[u8] = &[0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];

    fn gif(frames: usize) -> Vec<u8> {
        let mut bytes = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
        bytes.extend(b"\x21\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0");
        for _ in 0..frames {
            bytes.extend(FRAME);
        }
        bytes.push(0x3B);
        bytes
    }

    #[test]
    fn a_gif_moves_from_its_second_frame_on() {
        assert!(!is_animated(&gif(0)));
        assert!(!is_animated(&gif(1)));
        assert!(is_animated(&gif(2)));
        assert!(!is_animated(b"\x89PNG"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(cut in 0usize..60, noise in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = gif(3);
            bytes.truncate(cut);
            bytes.extend(noise);
            is_animated(&bytes);
        }
    }
}
