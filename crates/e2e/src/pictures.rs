//! Pictures, made here.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// A PNG of this size with a pattern that no compression makes vanish.
///
/// # Panics
/// Never: it is written to memory.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let shade = |value: u32| u8::try_from(value % 256).unwrap_or(0);
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([shade(x * 7), shade(y * 5), shade(x * y)]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).expect("a PNG in memory");
    bytes.into_inner()
}
