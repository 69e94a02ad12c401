//! A walk over a picture's outer structure: is it animated, does it end where it says? No pixel is decoded.

use crate::format::Format;

/// What the walk found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Structure {
    pub(crate) animated: bool,
    /// Whether the file reaches its own end.
    pub(crate) complete: bool,
}

pub(crate) fn walk(format: Format, bytes: &[u8]) -> Structure {
    match format {
        Format::Jpeg => Structure { animated: false, complete: jpeg_ends(bytes) },
        Format::Png => png(bytes),
        Format::Gif => gif(bytes),
        Format::Webp => webp(bytes),
        Format::Mp4 | Format::Quicktime | Format::Webm => Structure { animated: false, complete: true },
    }
}

/// Whether an end marker follows the start of the scan; an embedded thumbnail has one of its own before it. Walks the
/// marker segments of ITU T.81, annex B.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker]) = bytes.get(at..at + 2) {
        match marker {
            0xff => at += 1,
            0x01 | 0xd0..=0xd7 => at += 2,
            0xd9 => return true,
            0xda => return bytes[at..].windows(2).any(|pair| pair == [0xff, 0xd9]),
            _ => {
                let Some(&[high, low]) = bytes.get(at + 2..at + 4) else {
                    return false;
                };
                at += 2 + usize::from(u16::from_be_bytes([high, low]).max(2));
            }
        }
    }
    // Not at a marker: either cut off, or damaged in a way the decoder will name.
    at < bytes.len()
}

/// Chunks of length, type, data and checksum; `acTL` before the first `IDAT` makes it an animation of `n` frames.
fn png(bytes: &[u8]) -> Structure {
    let (mut at, mut animated) = (8, false);
    while let Some((length, rest)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk::<4>) {
        let length = u32::from_be_bytes(*length) as usize;
        match rest.get(..4) {
            Some(b"acTL") => {
                let frames = rest.get(4..8).and_then(|count| count.try_into().ok()).map_or(0, u32::from_be_bytes);
                animated = frames > 1;
            }
            Some(b"IEND") => {
                return Structure { animated, complete: true };
            }
            Some(_) => {}
            None => break,
        }
        at = at.saturating_add(length).saturating_add(12);
    }
    Structure { animated, complete: false }
}

/// Blocks of GIF89a. More than one image descriptor is an animation. Some writers leave the trailer out, so an end
/// between two blocks counts as one.
fn gif(bytes: &[u8]) -> Structure {
    let mut images = 0_u32;
    let end = |images, complete| Structure { animated: images > 1, complete };
    let Some(flags) = bytes.get(10) else {
        return end(0, false);
    };
    let mut at = 13 + color_table(*flags);
    loop {
        match bytes.get(at) {
            None => return end(images, images > 0 && at == bytes.len()),
            Some(0x3b) => return end(images, true),
            Some(0x21) => at += 2,
            Some(0x2c) => {
                images += 1;
                let Some(flags) = bytes.get(at + 9) else {
                    return end(images, false);
                };
                // Descriptor, local colours, the code size of LZW.
                at += 10 + color_table(*flags) + 1;
            }
            // Decoders stop at what they do not know, and show what they have.
            Some(_) => return end(images, images > 0),
        }
        loop {
            let Some(length) = bytes.get(at) else {
                return end(images, false);
            };
            at += 1 + usize::from(*length);
            if *length == 0 {
                break;
            }
        }
    }
}

fn color_table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// RIFF: the length in the header, and the animation bit of the `VP8X` chunk.
fn webp(bytes: &[u8]) -> Structure {
    let length = bytes.get(4..8).and_then(|size| size.try_into().ok()).map_or(0, u32::from_le_bytes);
    let animated = bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 0x02 != 0);
    Structure { animated, complete: bytes.len() as u64 >= u64::from(length) + 8 }
}
