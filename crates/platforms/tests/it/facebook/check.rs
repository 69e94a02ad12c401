use domain::{media::MediaKind, post::Role};
use platforms::{DraftMedia, DraftPart, Network, TargetDraft, facebook::Facebook};
use serde_json::{Value, json};

fn file(kind: MediaKind, content_type: &'static str, pixels: (u32, u32)) -> DraftMedia<'static> {
    let dimensions = Some(pixels);
    DraftMedia { kind: Some(kind), content_type: Some(content_type), size: Some(1_000), dimensions, alt_text: None }
}

fn picture() -> DraftMedia<'static> {
    file(MediaKind::Image, "image/jpeg", (800, 600))
}

fn film() -> DraftMedia<'static> {
    file(MediaKind::Video, "video/mp4", (1_920, 1_080))
}

fn faults(parts: Vec<DraftPart<'_>>, options: Value) -> Vec<(Option<usize>, String, &'static str)> {
    let draft = TargetDraft { parts, options };
    let faults = Facebook.check(&draft, &Value::Null);
    faults.into_iter().map(|fault| (fault.part, fault.pointer, fault.code)).collect()
}

fn main<'a>(content: &'a str, media: Vec<DraftMedia<'a>>) -> DraftPart<'a> {
    DraftPart { role: Role::Main, content, media }
}

fn one(part: DraftPart<'_>) -> Vec<(String, &'static str)> {
    faults(vec![part], Value::Null).into_iter().map(|(_, pointer, code)| (pointer, code)).collect()
}

#[test]
fn text_is_counted_in_utf_16_units() {
    let fits = "👋".repeat(31_603);
    assert_eq!(one(main(&fits, vec![])), []);
    let long = format!("{fits}a");
    assert_eq!(one(main(&long, vec![])), [("/content".to_owned(), "text_too_long")]);
    let comment = "x".repeat(8_001);
    let parts = vec![main("hi", vec![]), DraftPart { role: Role::FirstComment, content: &comment, media: vec![] }];
    assert_eq!(faults(parts, Value::Null), [(Some(1), "/content".to_owned(), "text_too_long")]);
}

/// The rows of the seed's two tables.
#[test]
fn files_keep_the_documented_rules() {
    for content_type in ["image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/webp"] {
        assert_eq!(one(main("", vec![file(MediaKind::Image, content_type, (100, 4_096))])), [], "{content_type}");
    }
    for content_type in
        ["video/mp4", "video/quicktime", "video/x-msvideo", "video/x-ms-wmv", "video/x-flv", "video/webm"]
    {
        assert_eq!(one(main("", vec![file(MediaKind::Video, content_type, (10, 10))])), [], "{content_type}");
    }
    let media = |code| vec![("/media".to_owned(), code)];
    let first = |code| vec![("/media/0".to_owned(), code)];
    for (files, expected) in [
        (vec![file(MediaKind::Image, "image/svg+xml", (100, 100))], first("media_type")),
        (vec![file(MediaKind::Image, "image/png", (99, 500))], first("media_too_small")),
        (vec![file(MediaKind::Video, "video/ogg", (100, 100))], first("media_type")),
        (vec![DraftMedia { size: Some(4 * 1024 * 1024 * 1024 + 1), ..film() }], first("media_too_large")),
        (vec![film(), film()], media("too_many_media")),
        (vec![film(), picture()], media("media_mixed")),
        ((0..11).map(|_| picture()).collect(), media("too_many_media")),
        ((0..10).map(|_| picture()).collect(), vec![]),
    ] {
        assert_eq!(one(main("hi", files.clone())), expected, "{files:?}");
    }
}

#[test]
fn comments_are_words() {
    let comment = |content, media| DraftPart { role: Role::Thread, content, media };
    let at = |pointer: &str, code| (Some(1), pointer.to_owned(), code);
    assert_eq!(
        faults(vec![main("hi", vec![]), comment("c", vec![picture()])], Value::Null),
        [at("/media", "media_kind")]
    );
    assert_eq!(faults(vec![main("hi", vec![]), comment(" ", vec![])], Value::Null), [at("/content", "text_missing")]);
}

#[test]
fn options_go_with_what_they_are_for() {
    let link = || json!({"link": "https://a.example"});
    let at = |pointer: &str| vec![(None, pointer.to_owned(), "conflicting_options")];
    assert_eq!(faults(vec![main("hi", vec![picture()])], link()), at("/link"));
    assert_eq!(faults(vec![main("hi", vec![])], link()), []);
    assert_eq!(faults(vec![main("hi", vec![picture()])], json!({"title": "A film"})), at("/title"));
    assert_eq!(faults(vec![main("hi", vec![film()])], json!({"title": "A film"})), []);
}
