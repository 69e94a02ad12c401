//! A decoded picture: in, scaled, out.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageReader, Limits, Rgb, RgbImage, imageops};

use crate::error::MediaError;
use crate::format::Format;

/// Eight bits a channel, upright, with what belongs to it besides its pixels.
pub(crate) struct Picture {
    pixels: DynamicImage,
    icc: Option<Vec<u8>>,
    exif: Option<Vec<u8>>,
}

/// What a decoder may allocate per pixel: 16 bits in four channels, and as much again to work with.
const DECODER_BYTES_PER_PIXEL: u64 = 16;

impl Picture {
    /// Decodes the first frame and turns it as its EXIF says.
    pub(crate) fn decode(bytes: &[u8], format: Format, max_pixels: u64) -> Result<Self, MediaError> {
        let Some(decoder) = format.picture() else {
            return Err(MediaError::CannotFit("it is a video".to_owned()));
        };
        let mut limits = Limits::default();
        limits.max_alloc = Some(max_pixels.saturating_mul(DECODER_BYTES_PER_PIXEL));
        let mut reader = ImageReader::with_format(Cursor::new(bytes), decoder);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(|error| damaged(format, &error))?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let icc = decoder.icc_profile().unwrap_or_default();
        let mut exif = decoder.exif_metadata().unwrap_or_default();
        let mut pixels = DynamicImage::from_decoder(decoder).map_err(|error| damaged(format, &error))?;
        pixels.apply_orientation(orientation);
        if let Some(exif) = &mut exif {
            // The pixels are upright now; left in, the tag would turn them again.
            let _ = Orientation::remove_from_exif_chunk(exif);
        }
        let pixels = eight_bit(pixels);
        let icc = icc.filter(|profile| describes(profile, &pixels));
        Ok(Self { pixels, icc, exif })
    }

    pub(crate) fn width(&self) -> u32 {
        self.pixels.width()
    }

    pub(crate) fn height(&self) -> u32 {
        self.pixels.height()
    }

    /// Whether anything shows through; an alpha channel alone says nothing.
    pub(crate) fn is_transparent(&self) -> bool {
        match &self.pixels {
            DynamicImage::ImageRgba8(image) => image.pixels().any(|pixel| pixel.0[3] != u8::MAX),
            DynamicImage::ImageLumaA8(image) => image.pixels().any(|pixel| pixel.0[1] != u8::MAX),
            _ => false,
        }
    }

    /// Scaled down to exactly this size. A large reduction goes through a box filter first: the fine one would hold
    /// the whole width in floating point.
    pub(crate) fn scaled(&self, width: u32, height: u32) -> Self {
        let rough = (width.saturating_mul(2), height.saturating_mul(2));
        let fine = |pixels: &DynamicImage| pixels.resize_exact(width, height, imageops::FilterType::Lanczos3);
        let pixels = if self.width() > rough.0 && self.height() > rough.1 {
            fine(&self.pixels.thumbnail_exact(rough.0, rough.1))
        } else {
            fine(&self.pixels)
        };
        Self { pixels, icc: self.icc.clone(), exif: self.exif.clone() }
    }

    /// Encodes as `format`; `quality` (1-100) is for JPEG. JPEG has no transparency: white shows through.
    pub(crate) fn encode(&self, format: Format, quality: u8) -> Result<Vec<u8>, MediaError> {
        let mut out = Vec::new();
        let done = match format {
            Format::Jpeg => {
                let mut encoder = JpegEncoder::new_with_quality(&mut out, quality);
                self.describe(&mut encoder);
                match &self.pixels {
                    DynamicImage::ImageRgba8(_) | DynamicImage::ImageLumaA8(_) => {
                        on_white(&self.pixels).write_with_encoder(encoder)
                    }
                    opaque => opaque.write_with_encoder(encoder),
                }
            }
            Format::Png => {
                let mut encoder =
                    PngEncoder::new_with_quality(&mut out, CompressionType::Default, FilterType::Adaptive);
                self.describe(&mut encoder);
                self.pixels.write_with_encoder(encoder)
            }
            Format::Webp => {
                let mut encoder = WebPEncoder::new_lossless(&mut out);
                self.describe(&mut encoder);
                self.pixels.write_with_encoder(encoder)
            }
            Format::Gif | Format::Mp4 | Format::Quicktime | Format::Webm => {
                return Err(MediaError::CannotFit(format!("{} is not written here", format.content_type())));
            }
        };
        done.map_err(|error| {
            MediaError::CannotFit(format!("it cannot be written as {}: {error}", format.content_type()))
        })?;
        Ok(out)
    }

    /// Keeps colours true and what the camera wrote. A format that has no place for it goes without.
    fn describe(&self, encoder: &mut impl ImageEncoder) {
        if let Some(icc) = &self.icc {
            let _ = encoder.set_icc_profile(icc.clone());
        }
        if let Some(exif) = &self.exif {
            let _ = encoder.set_exif_metadata(exif.clone());
        }
    }
}

/// A decoder's refusal in the caller's terms.
pub(crate) fn damaged(format: Format, error: &ImageError) -> MediaError {
    let reason = match error {
        ImageError::Limits(_) => "it asks for more memory than any picture needs".to_owned(),
        error => error.to_string(),
    };
    MediaError::Damaged { content_type: format.content_type(), reason }
}

/// No network keeps more than eight bits, and encoders here write no more.
fn eight_bit(pixels: DynamicImage) -> DynamicImage {
    let color = pixels.color();
    match (color.has_color(), color.has_alpha()) {
        (true, true) => DynamicImage::ImageRgba8(pixels.into_rgba8()),
        (true, false) => DynamicImage::ImageRgb8(pixels.into_rgb8()),
        (false, true) => DynamicImage::ImageLumaA8(pixels.into_luma_alpha8()),
        (false, false) => DynamicImage::ImageLuma8(pixels.into_luma8()),
    }
}

/// Whether an ICC profile is for these channels (its header's colour space, ICC.1:2022 7.2.6). A CMYK JPEG has become
/// RGB by now, and its profile would ruin it.
fn describes(profile: &[u8], pixels: &DynamicImage) -> bool {
    let space: &[u8] = if pixels.color().has_color() { b"RGB " } else { b"GRAY" };
    profile.get(16..20) == Some(space)
}

fn on_white(pixels: &DynamicImage) -> DynamicImage {
    let rgba = pixels.to_rgba8();
    let mut flat = RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in flat.pixels_mut().zip(rgba.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let blend = |channel: u32| ((channel * alpha + 255 * (255 - alpha)) / 255) as u8;
        *to = Rgb([blend(red), blend(green), blend(blue)]);
    }
    DynamicImage::ImageRgb8(flat)
}
