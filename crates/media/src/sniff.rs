//! What the first bytes say. Names and declared types are never asked.

use crate::error::MediaError;
use crate::format::Format;

/// Enough of a file for [`sniff`].
pub(crate) const HEAD_BYTES: usize = 4096;

pub(crate) fn sniff(bytes: &[u8]) -> Result<Format, MediaError> {
    let unsupported = |found| Err(MediaError::Unsupported { found });
    match bytes {
        [] => Err(MediaError::Empty),
        [0xff, 0xd8, 0xff, ..] => Ok(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Format::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Format::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, kind @ ..] => match kind.get(..4) {
            Some(b"WEBP") => Ok(Format::Webp),
            Some(b"AVI ") => unsupported("an AVI video"),
            Some(b"WAVE") => unsupported("a WAV recording"),
            _ => Err(MediaError::Unrecognised),
        },
        [_, _, _, _, b'f', b't', b'y', b'p', brands @ ..] => container(brands),
        // QuickTime files from before 2003 have no `ftyp`.
        [_, _, _, _, b'm', b'o', b'o', b'v', ..] | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => Ok(Format::Quicktime),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => {
            let head = &bytes[..bytes.len().min(64)];
            if head.windows(4).any(|window| window == b"webm") {
                Ok(Format::Webm)
            } else {
                unsupported("a Matroska video")
            }
        }
        [b'B', b'M', ..] => unsupported("a BMP picture"),
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => unsupported("a TIFF picture"),
        [0xff, 0x0a, ..] => unsupported("a JPEG XL picture"),
        [b'%', b'P', b'D', b'F', ..] => unsupported("a PDF document"),
        [b'P', b'K', 3, 4, ..] => unsupported("a ZIP archive"),
        [b'I', b'D', b'3', ..] => unsupported("an MP3 recording"),
        _ => markup(bytes),
    }
}

/// The `ftyp` box of ISO 14496-12: major brand, version, compatible brands.
fn container(brands: &[u8]) -> Result<Format, MediaError> {
    match brands.get(..4) {
        Some(b"qt  ") => Ok(Format::Quicktime),
        Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => {
            Err(MediaError::Unsupported { found: "a HEIC picture" })
        }
        Some(b"avif" | b"avis") => Err(MediaError::Unsupported { found: "an AVIF picture" }),
        Some(b"M4A " | b"M4B ") => Err(MediaError::Unsupported { found: "an M4A recording" }),
        Some(_) => Ok(Format::Mp4),
        None => Err(MediaError::Truncated { content_type: "video/mp4" }),
    }
}

/// Pages are what a link to a picture often leads to, so they get a name of their own.
fn markup(bytes: &[u8]) -> Result<Format, MediaError> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).to_ascii_lowercase();
    let text = head.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if text.starts_with('<') && text.contains("<svg") {
        Err(MediaError::Unsupported { found: "an SVG picture" })
    } else if text.starts_with("<!doctype html") || text.starts_with("<html") || text.starts_with("<head") {
        Err(MediaError::Unsupported { found: "an HTML page" })
    } else if text.starts_with("<?xml") {
        Err(MediaError::Unsupported { found: "an XML document" })
    } else {
        Err(MediaError::Unrecognised)
    }
}
