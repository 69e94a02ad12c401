//! Files that mean harm: no panic, no flood of memory, a clear error.

use bytes::Bytes;
use media::{Fitter, Format, MediaError, ProbeCaps, Rules, probe};
use proptest::prelude::*;

use crate::pictures::{
    animated_png, animated_webp, gif, gif_bomb, halves, jpeg, jpeg_bomb, png, png_bomb, turned_jpeg, webp,
};

fn corpus() -> Vec<Vec<u8>> {
    vec![
        jpeg(16, 12),
        png(16, 12),
        gif(16, 12, 2),
        webp(16, 12),
        animated_png(2),
        animated_webp(),
        turned_jpeg(&halves(16, 12), 6, b"RGB "),
        png_bomb(16, 12),
        b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec(),
        b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm".to_vec(),
        b"<!doctype html><svg>".to_vec(),
    ]
}

fn tight_rules() -> Rules {
    Rules { max_bytes: 1 << 20, max_width: Some(5), max_height: Some(5), formats: vec![Format::Jpeg, Format::Png] }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// The decoder's thread must not have died, which would be an error of its own.
fn survives(runtime: &tokio::runtime::Runtime, file: Vec<u8>) {
    let caps = ProbeCaps { max_pixels: 1_000_000, ..ProbeCaps::default() };
    let _ = probe(&file, None, &caps);
    let fitted = runtime.block_on(Fitter::new(caps).fit(Bytes::from(file), &tight_rules()));
    assert!(!matches!(fitted, Err(MediaError::Worker(_))), "{fitted:?}");
}

#[test]
fn every_prefix_of_every_format_is_survived() {
    let runtime = runtime();
    for file in corpus() {
        for length in 0..file.len() {
            survives(&runtime, file[..length].to_vec());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_survived(which in 0_usize..11, damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut file = corpus().swap_remove(which);
        for (at, value) in damage {
            let at = at.index(file.len());
            file[at] = value;
        }
        survives(&runtime(), file);
    }

    #[test]
    fn noise_behind_a_magic_number_is_survived(which in 0_usize..11, keep in 1_usize..40, tail in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut file = corpus().swap_remove(which);
        file.truncate(keep);
        file.extend(tail);
        survives(&runtime(), file);
    }
}

#[test]
fn bombs_are_refused_by_their_header() {
    let bombs =
        [png_bomb(30_000, 30_000), jpeg_bomb(65_000, 65_000), gif_bomb(65_535, 65_535), png_bomb(1, 900_000_000)];
    for bomb in bombs {
        let before = resident_bytes();
        let error = probe(&bomb, None, &ProbeCaps::default()).unwrap_err();
        assert!(matches!(error, MediaError::TooManyPixels { .. }), "{error}");
        let error = runtime().block_on(Fitter::new(ProbeCaps::default()).fit(bomb.into(), &tight_rules())).unwrap_err();
        assert!(matches!(error, MediaError::TooManyPixels { .. }), "{error}");
        assert!(resident_bytes().saturating_sub(before) < 32 << 20, "a header took memory");
    }
}

#[test]
fn a_file_with_no_pixels_is_damaged() {
    for file in [png_bomb(0, 5), png_bomb(5, 0), gif_bomb(0, 0)] {
        let error = probe(&file, None, &ProbeCaps::default()).unwrap_err();
        assert!(matches!(error, MediaError::Damaged { .. }), "{error}");
    }
}

/// Zero where `/proc` is missing, which makes the check above pass there.
fn resident_bytes() -> usize {
    let pages =
        std::fs::read_to_string("/proc/self/statm").ok().and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}

#[test]
fn a_row_that_no_memory_holds_is_refused() {
    let error = probe(&png_bomb(u32::MAX >> 1, 1), None, &ProbeCaps::default()).unwrap_err();
    assert!(error.to_string().contains("memory"), "{error}");
}
