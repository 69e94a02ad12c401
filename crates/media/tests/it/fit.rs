//! Rules kept, and nothing changed without need.

use bytes::Bytes;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use media::{Fitted, Fitter, Format, Kind, MediaError, ProbeCaps, Rules};

use crate::pictures::{
    animated_png, animated_webp, disc, encoded, gif, halves, jpeg, noise, png, profile, turned_jpeg, webp,
};

const ALL: [Format; 4] = [Format::Jpeg, Format::Png, Format::Gif, Format::Webp];

fn rules(max_bytes: u64, side: Option<u32>, formats: &[Format]) -> Rules {
    Rules { max_bytes, max_width: side, max_height: side, formats: formats.to_vec() }
}

async fn fit(file: Vec<u8>, rules: &Rules) -> Result<Fitted, MediaError> {
    Fitter::new(ProbeCaps::default()).fit(Bytes::from(file), rules).await
}

fn decoded(file: &[u8]) -> DynamicImage {
    image::load_from_memory(file).unwrap()
}

#[tokio::test]
async fn a_file_that_keeps_the_rules_is_returned_as_it_is() {
    for file in [
        jpeg(30, 20),
        png(30, 20),
        gif(30, 20, 3),
        webp(30, 20),
        animated_png(2),
        turned_jpeg(&noise(30, 20), 6, b"RGB "),
    ] {
        let fitted = fit(file.clone(), &rules(file.len() as u64, Some(30), &ALL)).await.unwrap();
        assert!(!fitted.changed);
        assert_eq!(fitted.bytes, file);
    }
    let movie = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    let fitted = fit(movie.clone(), &rules(100, Some(1), &[Format::Mp4])).await.unwrap();
    assert_eq!((fitted.bytes, fitted.probe.kind), (Bytes::from(movie), Kind::Video));
}

#[tokio::test]
async fn a_large_picture_is_scaled_in_proportion() {
    for file in [jpeg(600, 300), png(600, 300), webp(600, 300)] {
        let fitted = fit(file, &rules(1 << 20, Some(100), &ALL)).await.unwrap();
        assert!(fitted.changed);
        assert_eq!((fitted.probe.width, fitted.probe.height), (Some(100), Some(50)));
        let picture = decoded(&fitted.bytes);
        assert_eq!((picture.width(), picture.height()), (100, 50));
    }
}

#[tokio::test]
async fn only_one_side_may_be_limited() {
    let wide = Rules { max_height: None, ..rules(1 << 20, Some(60), &ALL) };
    let fitted = fit(jpeg(120, 90), &wide).await.unwrap();
    assert_eq!((fitted.probe.width, fitted.probe.height), (Some(60), Some(45)));
}

#[tokio::test]
async fn a_strip_keeps_its_last_row() {
    let fitted = fit(png(2_000, 2), &rules(1 << 20, Some(100), &ALL)).await.unwrap();
    assert_eq!((fitted.probe.width, fitted.probe.height), (Some(100), Some(1)));
}

#[tokio::test]
async fn bytes_are_saved_until_they_fit() {
    for (file, formats) in [
        (jpeg(500, 500), &ALL[..1]),
        (png(500, 500), &ALL[1..2]),
        (png(500, 500), &ALL[..]),
        (webp(500, 500), &ALL[3..]),
    ] {
        let fitted = fit(file, &rules(60_000, None, formats)).await.unwrap();
        assert!(fitted.bytes.len() <= 60_000);
        assert!(formats.contains(&fitted.probe.format));
        let picture = decoded(&fitted.bytes);
        assert_eq!((Some(picture.width()), Some(picture.height())), (fitted.probe.width, fitted.probe.height));
        assert!(picture.width() > 64);
    }
}

#[tokio::test]
async fn a_format_that_is_not_taken_is_replaced() {
    let fitted = fit(webp(40, 40), &rules(1 << 20, None, &[Format::Jpeg, Format::Png])).await.unwrap();
    assert_eq!(fitted.probe.format, Format::Jpeg);
    let fitted = fit(gif(40, 40, 1), &rules(1 << 20, None, &[Format::Jpeg, Format::Png])).await.unwrap();
    assert_eq!(fitted.probe.format, Format::Png);
    let fitted =
        fit(encoded(&disc(40), ImageFormat::WebP), &rules(1 << 20, None, &[Format::Jpeg, Format::Png])).await.unwrap();
    assert_eq!(fitted.probe.format, Format::Png, "what is transparent stays so");
    assert_eq!(decoded(&fitted.bytes).to_rgba8().get_pixel(0, 0).0[3], 0);
}

#[tokio::test]
async fn transparency_becomes_white_where_only_jpeg_is_taken() {
    let fitted = fit(encoded(&disc(80), ImageFormat::Png), &rules(1 << 20, None, &[Format::Jpeg])).await.unwrap();
    let picture = decoded(&fitted.bytes).to_rgb8();
    assert!(picture.get_pixel(0, 0).0.iter().all(|channel| *channel > 245), "{:?}", picture.get_pixel(0, 0));
    assert!(picture.get_pixel(40, 40).0[1] > 180);
}

#[tokio::test]
async fn a_turned_photograph_comes_out_upright_and_only_once() {
    // given: red left of blue as stored; a quarter turn clockwise puts red on top
    let file = turned_jpeg(&halves(200, 100), 6, b"RGB ");

    // when
    let fitted = fit(file, &rules(1 << 20, Some(50), &ALL)).await.unwrap();

    // then
    assert_eq!((fitted.probe.width, fitted.probe.height), (Some(25), Some(50)));
    let mut decoder =
        ImageReader::with_format(std::io::Cursor::new(&fitted.bytes), ImageFormat::Jpeg).into_decoder().unwrap();
    assert_eq!(decoder.orientation().unwrap(), image::metadata::Orientation::NoTransforms);
    assert!(decoder.exif_metadata().unwrap().is_some(), "the rest of what the camera wrote stays");
    assert_eq!(decoder.icc_profile().unwrap(), Some(profile(b"RGB ")));
    let picture = decoded(&fitted.bytes).to_rgb8();
    let (top, bottom) = (picture.get_pixel(12, 5).0, picture.get_pixel(12, 45).0);
    assert!(top[0] > 200 && top[2] < 60 && bottom[2] > 200 && bottom[0] < 60, "{top:?} {bottom:?}");
}

#[tokio::test]
async fn a_profile_for_other_channels_is_left_out() {
    let file = turned_jpeg(&halves(200, 100), 1, b"CMYK");
    let fitted = fit(file, &rules(1 << 20, Some(50), &ALL)).await.unwrap();
    let mut decoder =
        ImageReader::with_format(std::io::Cursor::new(&fitted.bytes), ImageFormat::Jpeg).into_decoder().unwrap();
    assert_eq!(decoder.icc_profile().unwrap(), None);
}

#[tokio::test]
async fn grey_and_deep_pictures_are_written_with_eight_bits() {
    let deep = DynamicImage::ImageRgb16(noise(60, 60).into_rgb16());
    let grey = DynamicImage::ImageLuma8(noise(60, 60).into_luma8());
    let grey_alpha = DynamicImage::ImageLumaA16(noise(60, 60).into_luma_alpha16());
    for picture in [deep, grey, grey_alpha] {
        for format in [Format::Jpeg, Format::Png, Format::Webp] {
            let fitted = fit(encoded(&picture, ImageFormat::Png), &rules(1 << 20, Some(30), &[format])).await.unwrap();
            assert_eq!((fitted.probe.format, decoded(&fitted.bytes).width()), (format, 30));
        }
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_said() {
    let movie = || b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec();
    let cases = [
        (gif(40, 40, 2), rules(1 << 20, Some(20), &ALL), "animated"),
        (animated_png(2), rules(1 << 20, None, &[Format::Jpeg]), "animated"),
        (animated_webp(), rules(10, None, &ALL), "animated"),
        (movie(), rules(10, None, &[Format::Mp4]), "video"),
        (movie(), rules(1 << 20, None, &ALL), "does not take video/mp4"),
        (jpeg(40, 40), rules(1 << 20, None, &[Format::Mp4]), "no picture format"),
        (png(200, 200), rules(100, None, &ALL), "larger than 100 bytes"),
    ];
    for (file, rules, words) in cases {
        let error = fit(file, &rules).await.unwrap_err();
        assert!(matches!(error, MediaError::CannotFit(_)) && error.to_string().contains(words), "{error}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn pixels_over_the_cap_are_not_decoded() {
    let caps = ProbeCaps { max_pixels: 10_000, ..ProbeCaps::default() };
    let fitted = Fitter::new(caps).fit(Bytes::from(jpeg(101, 100)), &rules(1 << 20, Some(10), &ALL)).await;
    assert!(matches!(fitted, Err(MediaError::TooManyPixels { .. })));
}

#[tokio::test]
async fn many_at_once_all_come_through() {
    let fitter = Fitter::new(ProbeCaps::default());
    let file = Bytes::from(jpeg(300, 300));
    let rules = rules(1 << 20, Some(50), &ALL);
    let fitted = futures::future::join_all((0..8).map(|_| fitter.fit(file.clone(), &rules))).await;
    assert!(fitted.iter().all(|one| one.as_ref().is_ok_and(|one| one.changed)));
}
