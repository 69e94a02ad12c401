//! What a file is, without decoding a pixel.

use std::io::Cursor;

use image::{ImageDecoder, ImageReader};

use crate::animation::walk;
use crate::error::MediaError;
use crate::format::{Format, Kind};
use crate::objects::{ObjectKey, Objects};
use crate::picture::damaged;
use crate::sniff::{HEAD_BYTES, sniff};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// By content.
    pub format: Format,
    /// How networks count it.
    pub kind: Kind,
    /// As a person sees it: after the rotation that the file asks for. `None` for a video.
    pub width: Option<u32>,
    /// As `width`.
    pub height: Option<u32>,
    /// More than one frame in a picture format.
    pub animated: bool,
}

impl Probe {
    /// The media type by content.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        self.format.content_type()
    }
}

/// How far a probe goes.
#[derive(Clone, Copy, Debug)]
pub struct ProbeCaps {
    /// The most pixels of a picture, width times height.
    pub max_pixels: u64,
    /// The most bytes of a picture; videos are known by their first bytes.
    pub max_picture_bytes: u64,
}

impl Default for ProbeCaps {
    /// 64 megapixels and 64 MiB: above what phones take and networks accept.
    fn default() -> Self {
        Self { max_pixels: 64_000_000, max_picture_bytes: 64 << 20 }
    }
}

/// Tells what `bytes` are. `declared` is the sender's content type; `None` and `application/octet-stream` say nothing.
///
/// # Errors
/// [`MediaError`] when the content is empty, unknown, unsupported, of another type than declared, cut off, damaged in
/// its head, or larger than a cap.
pub fn probe(bytes: &[u8], declared: Option<&str>, caps: &ProbeCaps) -> Result<Probe, MediaError> {
    let format = agreed(bytes, declared)?;
    let Some(decoder) = format.picture() else {
        return Ok(Probe { format, kind: Kind::Video, width: None, height: None, animated: false });
    };
    if bytes.len() as u64 > caps.max_picture_bytes {
        return Err(MediaError::TooLarge { max_bytes: caps.max_picture_bytes });
    }
    let structure = walk(format, bytes);
    let head = ImageReader::with_format(Cursor::new(bytes), decoder).into_decoder().and_then(|mut decoder| {
        let (width, height) = decoder.dimensions();
        Ok((width, height, decoder.orientation()?))
    });
    let (width, height, orientation) = match head {
        Ok(head) => head,
        Err(_) if !structure.complete => {
            return Err(MediaError::Truncated { content_type: format.content_type() });
        }
        Err(error) => return Err(damaged(format, &error)),
    };
    if width == 0 || height == 0 {
        let reason = "it has no pixels".to_owned();
        return Err(MediaError::Damaged { content_type: format.content_type(), reason });
    }
    if u64::from(width) * u64::from(height) > caps.max_pixels {
        return Err(MediaError::TooManyPixels { width, height, max_pixels: caps.max_pixels });
    }
    if !structure.complete {
        return Err(MediaError::Truncated { content_type: format.content_type() });
    }
    let (width, height) = if turns_sideways(orientation) { (height, width) } else { (width, height) };
    let animated = structure.animated;
    let kind = if animated && format == Format::Gif { Kind::Gif } else { Kind::Image };
    Ok(Probe { format, kind, width: Some(width), height: Some(height), animated })
}

/// Tells what is stored under `key`, reading a video's head only.
///
/// # Errors
/// As [`probe`], and the storage's.
pub async fn probe_stored(
    objects: &Objects,
    key: &ObjectKey,
    declared: Option<&str>,
    caps: &ProbeCaps,
) -> Result<Probe, MediaError> {
    let head = objects.get_head(key, HEAD_BYTES as u64).await?;
    if agreed(&head, declared)?.picture().is_none() {
        return probe(&head, declared, caps);
    }
    let bytes = objects.get(key, caps.max_picture_bytes).await?;
    probe(&bytes, declared, caps)
}

fn agreed(bytes: &[u8], declared: Option<&str>) -> Result<Format, MediaError> {
    let format = sniff(bytes)?;
    match declared {
        Some(declared) if !format.agrees_with(declared) => {
            Err(MediaError::Mismatch { declared: declared.to_owned(), found: format.content_type() })
        }
        _ => Ok(format),
    }
}

fn turns_sideways(orientation: image::metadata::Orientation) -> bool {
    use image::metadata::Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}
