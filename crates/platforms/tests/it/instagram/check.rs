use domain::{media::MediaKind, post::Role};
use platforms::{DraftMedia, DraftPart, Network, TargetDraft, instagram::Instagram};
use proptest::prelude::*;
use serde_json::{Value, json};

fn picture(width: u32, height: u32) -> DraftMedia<'static> {
    DraftMedia {
        kind: Some(MediaKind::Image),
        content_type: Some("image/jpeg"),
        size: Some(1_000),
        dimensions: Some((width, height)),
        alt_text: None,
    }
}

fn film() -> DraftMedia<'static> {
    DraftMedia { kind: Some(MediaKind::Video), content_type: Some("video/mp4"), ..picture(1_080, 1_920) }
}

fn faults(content: &str, media: Vec<DraftMedia<'_>>, options: Value) -> Vec<(String, &'static str)> {
    let part = DraftPart { role: Role::Main, content, media };
    let faults = Instagram.check(&TargetDraft { parts: vec![part], options }, &Value::Null);
    faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

fn at(pointer: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(pointer.to_owned(), code)]
}

#[test]
fn a_post_has_one_to_ten_files_of_any_kind() {
    let square = || picture(1_000, 1_000);
    assert_eq!(faults("hi", vec![], json!({})), at("/media", "media_missing"));
    assert_eq!(faults("", vec![square()], json!({})), []);
    assert_eq!(faults("hi", vec![film(), square()], json!({})), [], "a carousel mixes");
    assert_eq!(faults("hi", (0..10).map(|_| square()).collect(), json!({})), []);
    assert_eq!(faults("hi", (0..11).map(|_| square()).collect(), json!({})), at("/media", "too_many_media"));
    let both: Vec<_> = (0..6).map(|_| square()).chain((0..5).map(|_| film())).collect();
    assert_eq!(faults("hi", both, json!({})), at("/media", "too_many_media"));
    let gif = DraftMedia { kind: Some(MediaKind::Gif), content_type: Some("image/gif"), ..square() };
    assert_eq!(faults("hi", vec![gif], json!({}))[0], ("/media".to_owned(), "media_kind"));
}

#[test]
fn pictures_of_the_feed_have_a_shape() {
    for (width, height, expected) in [
        (800, 1_000, vec![]),
        (1_910, 1_000, vec![]),
        (320, 320, vec![]),
        (700, 1_000, at("/media/0", "media_ratio")),
        (2_000, 1_000, at("/media/0", "media_ratio")),
        (319, 319, at("/media/0", "media_too_small")),
    ] {
        assert_eq!(faults("hi", vec![picture(width, height)], json!({})), expected, "{width} by {height}");
    }
    assert_eq!(faults("", vec![picture(1_080, 1_920)], json!({"placement": "stories"})), []);
    let png = DraftMedia { content_type: Some("image/png"), ..picture(1_000, 1_000) };
    assert_eq!(faults("hi", vec![png], json!({})), [], "what is not JPEG is made into it");
    let tiff = DraftMedia { content_type: Some("image/tiff"), ..picture(1_000, 1_000) };
    assert_eq!(faults("hi", vec![tiff], json!({})), at("/media/0", "media_type"));
}

#[test]
fn captions_have_their_limits() {
    let one = || vec![picture(1_000, 1_000)];
    assert_eq!(faults(&"é".repeat(2_200), one(), json!({})), []);
    assert_eq!(faults(&"x".repeat(2_201), one(), json!({})), at("/content", "text_too_long"));
    assert_eq!(faults(&"#a ".repeat(30), one(), json!({})), []);
    assert_eq!(faults(&"#a ".repeat(31), one(), json!({})), at("/content", "too_many_tags"));
    assert_eq!(faults(&"@a ".repeat(20), one(), json!({})), []);
    assert_eq!(faults(&"@a ".repeat(21), one(), json!({})), at("/content", "too_many_tags"));
    assert_eq!(faults(&"a@b.example # 1# ".repeat(40), one(), json!({})), [], "neither mentions nor tags");
}

#[test]
fn stories_and_reels_have_rules_of_their_own() {
    let story = || json!({"placement": "stories"});
    assert_eq!(faults("hi", vec![film()], story()), at("/content", "text_not_shown"));
    assert_eq!(faults("", vec![film(), film()], story()), at("/media", "too_many_media"));
    for name in ["location_id", "collaborators"] {
        let value = if name == "location_id" { json!("1") } else { json!(["acme"]) };
        let options = json!({"placement": "stories", name: value});
        assert_eq!(faults("", vec![film()], options), at(&format!("/{name}"), "conflicting_options"));
    }
    let reel = || json!({"placement": "reels"});
    assert_eq!(faults("hi", vec![film()], reel()), []);
    assert_eq!(faults("hi", vec![picture(1_000, 1_000)], reel()), at("/media", "media_kind"));
    assert_eq!(faults("hi", vec![film(), film()], reel()), at("/media", "media_kind"));
    for options in [json!({"share_to_feed": true}), json!({"thumb_offset": 1}), json!({"trial_reel": "manual"})] {
        assert_eq!(faults("hi", vec![film()], options.clone()), [], "a single video is a reel");
        assert_eq!(faults("hi", vec![picture(1_000, 1_000)], options)[0].1, "conflicting_options");
    }
    let tagged = json!({"user_tags": [{"username": "bob"}]});
    assert_eq!(faults("hi", vec![film()], tagged), []);
    let placed = json!({"user_tags": [{"username": "bob", "x": 0, "y": 0}]});
    assert_eq!(faults("hi", vec![film()], placed), at("/user_tags", "invalid_option"));
}

#[test]
fn comments_are_words() {
    let comment = |content, media| {
        let main = DraftPart { role: Role::Main, content: "hi", media: vec![film()] };
        let parts = vec![main, DraftPart { role: Role::FirstComment, content, media }];
        let faults = Instagram.check(&TargetDraft { parts, options: Value::Null }, &Value::Null);
        faults.into_iter().map(|fault| (fault.part, fault.code)).collect::<Vec<_>>()
    };
    assert_eq!(comment("c", vec![]), []);
    assert_eq!(comment("c", vec![film()]), [(Some(1), "media_kind")]);
    assert_eq!(comment(" ", vec![]), [(Some(1), "text_missing")]);
}

proptest! {
    #[test]
    fn no_more_tags_are_counted_than_there_are_signs(content in "[#@a_ é👋]{0,80}") {
        let signs = content.matches('#').count();
        let found = faults(&content, vec![film()], json!({}));
        prop_assert!(signs > 30 || !found.iter().any(|(_, code)| *code == "too_many_tags") || content.matches('@').count() > 20);
    }
}
