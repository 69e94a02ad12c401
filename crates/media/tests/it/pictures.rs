//! Files to test with.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, Frame, ImageEncoder, ImageFormat, Rgba, RgbaImage};

/// A picture that compresses badly: every pixel its own colour, by a small generator.
pub(crate) fn noise(width: u32, height: u32) -> DynamicImage {
    let mut state = 0x2545_f491_u32;
    let image = RgbaImage::from_fn(width, height, |_, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let [red, green, blue, _] = state.to_le_bytes();
        Rgba([red, green, blue, 255])
    });
    DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(image).into_rgb8())
}

/// Red on the left half, blue on the right.
pub(crate) fn halves(width: u32, height: u32) -> DynamicImage {
    let color = |x| {
        if x < width / 2 { [255, 0, 0, 255] } else { [0, 0, 255, 255] }
    };
    let image = RgbaImage::from_fn(width, height, |x, _| Rgba(color(x)));
    DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(image).into_rgb8())
}

/// A green disc with nothing around it.
pub(crate) fn disc(size: u32) -> DynamicImage {
    let middle = f64::from(size) / 2.0;
    let image = RgbaImage::from_fn(size, size, |x, y| {
        let inside = (f64::from(x) - middle).hypot(f64::from(y) - middle) < middle;
        Rgba(if inside { [0, 200, 0, 255] } else { [0, 0, 0, 0] })
    });
    DynamicImage::ImageRgba8(image)
}

pub(crate) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encoded(&noise(width, height), ImageFormat::Jpeg)
}

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(&noise(width, height), ImageFormat::Png)
}

pub(crate) fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    noise(width, height).write_with_encoder(WebPEncoder::new_lossless(&mut out)).unwrap();
    out
}

pub(crate) fn gif(width: u32, height: u32, frames: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new(&mut out);
    for _ in 0..frames {
        encoder.encode_frame(Frame::new(noise(width, height).into_rgba8())).unwrap();
    }
    drop(encoder);
    out
}

/// EXIF with the one tag that turns a picture, as a camera held upright writes it (6: a quarter turn clockwise).
fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
    tiff
}

/// Stored `width` by `height`, to be shown turned. With a colour profile of the given space.
pub(crate) fn turned_jpeg(picture: &DynamicImage, orientation: u8, space: &[u8; 4]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 95);
    encoder.set_exif_metadata(exif(orientation)).unwrap();
    encoder.set_icc_profile(profile(space)).unwrap();
    picture.write_with_encoder(encoder).unwrap();
    out
}

/// As much of an ICC profile as anybody here looks at.
pub(crate) fn profile(space: &[u8; 4]) -> Vec<u8> {
    let mut profile = vec![0; 128];
    profile[16..20].copy_from_slice(space);
    profile
}

/// A PNG of any claimed size whose data are a few bytes.
pub(crate) fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend_from_slice(&width.to_be_bytes());
    header.extend_from_slice(&height.to_be_bytes());
    header.extend_from_slice(&[8, 6, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &header);
    chunk(&mut out, b"IDAT", &[0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1]);
    chunk(&mut out, b"IEND", &[]);
    out
}

/// The same picture with an `acTL` chunk in front of its data.
pub(crate) fn animated_png(frames: u32) -> Vec<u8> {
    let still = png(8, 8);
    let mut out = still[..33].to_vec();
    let mut control = frames.to_be_bytes().to_vec();
    control.extend_from_slice(&[0; 4]);
    chunk(&mut out, b"acTL", &control);
    out.extend_from_slice(&still[33..]);
    out
}

/// The extended header of an animated WebP around one frame.
pub(crate) fn animated_webp() -> Vec<u8> {
    let still = webp(8, 8);
    let image = &still[12..];
    let mut frame = vec![0, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 100, 0, 0, 0];
    frame.extend_from_slice(image);
    let mut body = b"WEBP".to_vec();
    riff(&mut body, b"VP8X", &[0x02, 0, 0, 0, 7, 0, 0, 7, 0, 0]);
    riff(&mut body, b"ANIM", &[0, 0, 0, 0, 0, 0]);
    riff(&mut body, b"ANMF", &frame);
    riff(&mut body, b"ANMF", &frame);
    let mut out = b"RIFF".to_vec();
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(&body);
    out
}

/// A JPEG whose frame header claims another size.
pub(crate) fn jpeg_bomb(width: u16, height: u16) -> Vec<u8> {
    let mut out = jpeg(8, 8);
    let frame = out.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    out[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    out[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    out
}

/// A GIF whose screen claims another size.
pub(crate) fn gif_bomb(width: u16, height: u16) -> Vec<u8> {
    let mut out = gif(8, 8, 1);
    out[6..8].copy_from_slice(&width.to_le_bytes());
    out[8..10].copy_from_slice(&height.to_le_bytes());
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let body = [&kind[..], data].concat();
    out.extend_from_slice(&body);
    out.extend_from_slice(&crc32(&body).to_be_bytes());
}

fn riff(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend_from_slice(kind);
    out.extend_from_slice(&(data.len() as u32).to_le_bytes());
    out.extend_from_slice(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}
