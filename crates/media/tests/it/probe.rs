//! What a file is, by its content.

use image::ImageFormat;
use media::{Format, Kind, MediaError, Probe, ProbeCaps, probe};

use crate::pictures::{animated_png, animated_webp, encoded, gif, halves, jpeg, noise, png, turned_jpeg, webp};

fn told(bytes: &[u8]) -> Probe {
    probe(bytes, None, &ProbeCaps::default()).unwrap()
}

fn refused(bytes: &[u8], declared: Option<&str>) -> MediaError {
    probe(bytes, declared, &ProbeCaps::default()).unwrap_err()
}

#[test]
fn pictures_are_told_by_content_with_their_size() {
    let cases = [
        (jpeg(30, 20), Format::Jpeg, Kind::Image, false),
        (png(30, 20), Format::Png, Kind::Image, false),
        (webp(30, 20), Format::Webp, Kind::Image, false),
        (gif(30, 20, 1), Format::Gif, Kind::Image, false),
        (gif(30, 20, 3), Format::Gif, Kind::Gif, true),
    ];
    for (bytes, format, kind, animated) in cases {
        let expected = Probe { format, kind, width: Some(30), height: Some(20), animated };
        assert_eq!(told(&bytes), expected);
    }
    assert!(told(&animated_png(2)).animated && !told(&animated_png(1)).animated);
    assert!(told(&animated_webp()).animated);
    assert_eq!(told(&animated_webp()).kind, Kind::Image);
}

#[test]
fn a_turned_photograph_has_the_size_that_a_person_sees() {
    for (orientation, size) in [(1, (30, 20)), (3, (30, 20)), (6, (20, 30)), (8, (20, 30)), (5, (20, 30))] {
        let found = told(&turned_jpeg(&noise(30, 20), orientation, b"RGB "));
        assert_eq!((found.width, found.height), (Some(size.0), Some(size.1)), "orientation {orientation}");
    }
}

#[test]
fn videos_are_told_without_a_size() {
    let cases: [(&[u8], Format); 7] = [
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41", Format::Mp4),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", Format::Mp4),
        (b"\0\0\0\x1cftypM4V \0\0\0\0", Format::Mp4),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Format::Quicktime),
        (b"\0\0\0\x08wide\0\0\0\0mdat", Format::Quicktime),
        (b"\0\0\x10\0moov\0\0\0\x6cmvhd", Format::Quicktime),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82\x84webm", Format::Webm),
    ];
    for (bytes, format) in cases {
        let expected = Probe { format, kind: Kind::Video, width: None, height: None, animated: false };
        assert_eq!(told(bytes), expected);
    }
}

#[test]
fn what_is_not_supported_is_named() {
    let cases: [(&[u8], &str); 12] = [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF"),
        (b"BM\x8a\0\0\0", "BMP"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04", "ZIP"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "Matroska"),
        (b"\n <!DOCTYPE html><title>404</title>", "HTML"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<svg/>", "SVG"),
    ];
    for (bytes, name) in cases {
        let error = refused(bytes, None);
        assert!(matches!(error, MediaError::Unsupported { .. }) && error.to_string().contains(name), "{error}");
    }
    for bytes in [&b"hello"[..], b"\0", b"RIFF", b"RIFF\0\0\0\0????", b"{\"error\": 1}", b"\xff\xd8"] {
        assert!(matches!(refused(bytes, None), MediaError::Unrecognised), "{bytes:?}");
    }
    assert!(matches!(refused(b"", None), MediaError::Empty));
}

#[test]
fn a_declared_type_must_agree_or_say_nothing() {
    let picture = jpeg(8, 8);
    let caps = ProbeCaps::default();
    for declared in
        ["image/jpeg", "IMAGE/JPG", "image/jpeg; charset=binary", "image/pjpeg", "application/octet-stream", ""]
    {
        assert!(probe(&picture, Some(declared), &caps).is_ok(), "{declared}");
    }
    for declared in ["image/png", "video/mp4", "text/html", "image/*", "jpeg"] {
        let error = refused(&picture, Some(declared));
        assert!(matches!(error, MediaError::Mismatch { .. }), "{declared}");
        assert!(error.to_string().contains("image/jpeg"), "{error}");
    }
    let movie = b"\0\0\0\x14ftypqt  \0\0\0\0qt  ";
    assert!(probe(movie, Some("video/mp4"), &caps).is_ok());
    assert!(matches!(refused(movie, Some("video/webm")), MediaError::Mismatch { .. }));
}

#[test]
fn a_file_cut_short_is_said_to_be() {
    let files = [
        jpeg(64, 64),
        png(64, 64),
        gif(64, 64, 2),
        webp(64, 64),
        animated_webp(),
        turned_jpeg(&halves(64, 64), 6, b"RGB "),
    ];
    for file in files {
        for share in [30, 50, 80, 99] {
            let cut = &file[..file.len() * share / 100];
            let error = refused(cut, None);
            assert!(matches!(error, MediaError::Truncated { .. }), "{share} %: {error}");
        }
    }
}

#[test]
fn what_follows_the_end_does_not_matter() {
    for mut file in [jpeg(8, 8), png(8, 8), gif(8, 8, 1), webp(8, 8)] {
        file.extend_from_slice(b"a camera's own notes");
        assert_eq!(told(&file).width, Some(8));
    }
}

#[test]
fn a_gif_without_its_trailer_is_taken() {
    let mut file = gif(8, 8, 2);
    assert_eq!(file.pop(), Some(0x3b));
    assert!(told(&file).animated);
}

#[test]
fn caps_bound_pixels_and_bytes() {
    let picture = encoded(&noise(100, 50), ImageFormat::Png);
    let caps = |max_pixels, max_picture_bytes| ProbeCaps { max_pixels, max_picture_bytes };
    let exact = caps(5_000, picture.len() as u64);
    assert!(probe(&picture, None, &exact).is_ok());
    let error = probe(&picture, None, &ProbeCaps { max_pixels: 4_999, ..exact }).unwrap_err();
    assert!(matches!(error, MediaError::TooManyPixels { width: 100, height: 50, max_pixels: 4_999 }));
    let error = probe(&picture, None, &caps(5_000, picture.len() as u64 - 1)).unwrap_err();
    assert!(matches!(error, MediaError::TooLarge { .. }));
}
