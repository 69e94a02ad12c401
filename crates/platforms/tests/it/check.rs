//! The rules a draft can break, and what would be sent.

use domain::{media::MediaKind, platform::Platform, post::Role};
use platforms::{Account, Bases, DraftMedia, DraftPart, RuleFault, TargetDraft, network};
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};

fn file(kind: MediaKind, content_type: &'static str) -> DraftMedia<'static> {
    DraftMedia {
        kind: Some(kind),
        content_type: Some(content_type),
        size: Some(1_000),
        dimensions: Some((1_000, 1_000)),
        alt_text: None,
    }
}

fn draft<'a>(content: &'a str, media: Vec<DraftMedia<'a>>) -> TargetDraft<'a> {
    TargetDraft { parts: vec![DraftPart { role: Role::Main, content, media }], options: Value::Null }
}

fn check(platform: Platform, draft: &TargetDraft<'_>, facts: &Value) -> Vec<RuleFault> {
    network(platform).check(draft, facts)
}

fn codes(platform: Platform, draft: &TargetDraft<'_>) -> Vec<(String, &'static str)> {
    check(platform, draft, &Value::Null).into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn the_length_is_told_with_its_limit() {
    let detail = |platform, text: &str, facts: Value| {
        let faults = check(platform, &draft(text, vec![]), &facts);
        faults.iter().map(|fault| fault.detail.clone()).collect::<Vec<_>>().join("; ")
    };
    let long = "x".repeat(301);
    assert_eq!(detail(Platform::X, &long, Value::Null), "X allows 280 weighted characters; this has 301");
    assert_eq!(detail(Platform::X, &long, json!({"subscription_type": "Premium"})), "");
    assert_eq!(
        detail(Platform::X, &long, json!({"subscription_type": "None"})),
        "X allows 280 weighted characters; this has 301"
    );
    assert_eq!(detail(Platform::Bluesky, &long, Value::Null), "Bluesky allows 300 graphemes; this has 301");
    assert_eq!(detail(Platform::Bluesky, &"👨‍👩‍👧‍👦".repeat(121), Value::Null), "Bluesky allows 3000 bytes; this has 3025");
    assert_eq!(detail(Platform::Bluesky, &"e\u{301}".repeat(300), Value::Null), "");
    let longer = "x".repeat(501);
    assert_eq!(detail(Platform::Mastodon, &longer, Value::Null), "Mastodon allows 500 characters; this has 501");
    assert_eq!(detail(Platform::Mastodon, &longer, json!({"max_characters": 1000})), "");
    assert_eq!(
        detail(Platform::Mastodon, &long, json!({"max_characters": 300})),
        "Mastodon allows 300 characters; this has 301"
    );
}

#[test]
fn a_warning_counts_in_every_part() {
    let text = "x".repeat(499);
    let part = |role| DraftPart { role, content: &text, media: vec![] };
    let draft =
        TargetDraft { parts: vec![part(Role::Main), part(Role::FirstComment)], options: json!({"spoiler_text": "cw"}) };
    let parts: Vec<_> = check(Platform::Mastodon, &draft, &Value::Null).into_iter().map(|fault| fault.part).collect();
    assert_eq!(parts, [Some(0), Some(1)]);
}

#[test]
fn a_part_needs_something_to_show() {
    for platform in Platform::all() {
        assert_eq!(codes(platform, &draft(" \n", vec![])), [("/content".to_owned(), "text_missing")]);
        assert_eq!(codes(platform, &draft("", vec![file(MediaKind::Image, "image/png")])), []);
    }
    let card =
        TargetDraft { options: json!({"external": {"uri": "https://a.example", "title": "A"}}), ..draft("", vec![]) };
    assert_eq!(codes(Platform::Bluesky, &card), []);
}

#[test]
fn files_are_counted_by_kind() {
    let image = || file(MediaKind::Image, "image/png");
    let gif = || file(MediaKind::Gif, "image/gif");
    let video = || file(MediaKind::Video, "video/mp4");
    let unknown = || DraftMedia { kind: None, content_type: None, ..image() };
    let media = |code| vec![("/media".to_owned(), code)];
    for (platform, files, expected) in [
        (Platform::X, vec![image(), image(), image(), image()], vec![]),
        (Platform::X, vec![image(), image(), image(), image(), image()], media("too_many_media")),
        (Platform::X, vec![gif(), gif()], media("too_many_media")),
        (Platform::X, vec![video()], vec![]),
        (Platform::X, vec![video(), image()], media("media_mixed")),
        (Platform::X, vec![unknown(), unknown(), unknown(), unknown(), unknown()], media("too_many_media")),
        (Platform::Bluesky, vec![gif()], media("media_kind")),
        (Platform::Bluesky, vec![video()], media("media_kind")),
        (Platform::Mastodon, vec![video(), image()], media("media_mixed")),
    ] {
        assert_eq!(codes(platform, &draft("hi", files.clone())), expected, "{platform} {files:?}");
    }
}

#[test]
fn each_file_is_looked_at() {
    let large = |size| DraftMedia { size: Some(size), ..file(MediaKind::Image, "image/png") };
    let alt = "x".repeat(2_001);
    for (platform, file, pointer, code) in [
        (Platform::X, file(MediaKind::Image, "image/tiff"), "/media/0", "media_type"),
        (Platform::X, file(MediaKind::Video, "video/avi"), "/media/0", "media_type"),
        (
            Platform::X,
            DraftMedia { size: Some(15 * 1024 * 1024 + 1), ..file(MediaKind::Gif, "image/gif") },
            "/media/0",
            "media_too_large",
        ),
        (
            Platform::Mastodon,
            DraftMedia { size: Some(103_809_025), ..file(MediaKind::Video, "video/mp4") },
            "/media/0",
            "media_too_large",
        ),
        (
            Platform::X,
            DraftMedia { alt_text: Some(&alt[..1_001]), ..large(1) },
            "/media/0/alt_text",
            "alt_text_too_long",
        ),
        (Platform::Bluesky, DraftMedia { alt_text: Some(&alt), ..large(1) }, "/media/0/alt_text", "alt_text_too_long"),
        (
            Platform::Mastodon,
            DraftMedia { alt_text: Some(&alt[..1_501]), kind: None, ..large(1) },
            "/media/0/alt_text",
            "alt_text_too_long",
        ),
    ] {
        assert_eq!(
            codes(platform, &draft("hi", vec![file.clone()])),
            [(pointer.to_owned(), code)],
            "{platform} {file:?}"
        );
    }
    for platform in Platform::all() {
        assert_eq!(codes(platform, &draft("hi", vec![large(90_000_000)])), [], "{platform}: an image is made to fit");
    }
    let small = json!({"image_max_bytes": 1_000_000});
    let faults = check(Platform::Mastodon, &draft("hi", vec![large(1_000_001)]), &small);
    assert_eq!(faults[0].detail, "Mastodon allows 1000000 bytes for this kind of file; this has 1000001");
    let facts = json!({"mime_types": ["image/jpeg"], "image_max_pixels": 99});
    let faults = check(Platform::Mastodon, &draft("hi", vec![file(MediaKind::Image, "image/png")]), &facts);
    assert_eq!(faults.len(), 2, "an instance's own types and pixels: {faults:?}");
}

#[test]
fn what_excludes_each_other_is_said() {
    let image = file(MediaKind::Image, "image/png");
    for (platform, options, expected) in [
        (Platform::X, json!({"poll": {"options": ["a", "b"], "duration_minutes": 5}}), "/poll"),
        (Platform::X, json!({"quote_tweet_id": "1"}), "/quote_tweet_id"),
        (Platform::Bluesky, json!({"external": {"uri": "https://a.example", "title": "A"}}), "/external"),
        (Platform::Mastodon, json!({"poll": {"options": ["a", "b"], "expires_in": 300}}), "/media"),
    ] {
        let draft = TargetDraft { options, ..draft("hi", vec![image.clone()]) };
        assert_eq!(codes(platform, &draft), [(expected.to_owned(), "conflicting_options")]);
    }
    let tagged = TargetDraft { options: json!({"tagged_user_ids": ["1"]}), ..draft("hi", vec![]) };
    assert_eq!(codes(Platform::X, &tagged), [("/tagged_user_ids".to_owned(), "conflicting_options")]);
}

#[test]
fn x_has_rules_of_its_own() {
    assert_eq!(codes(Platform::X, &draft("$AAPL and $MSFT", vec![])), [("/content".to_owned(), "too_many_cashtags")]);
    assert_eq!(codes(Platform::X, &draft("$AAPL", vec![])), []);
    assert_eq!(codes(Platform::X, &draft("a\u{fffe}", vec![])), [("/content".to_owned(), "invalid_character")]);
}

#[test]
fn a_preview_shows_every_request_and_no_secret() {
    // given
    let options = [
        (Platform::X, json!({"reply_settings": "following"})),
        (Platform::Facebook, json!({})),
        (Platform::Instagram, json!({"location_id": "213385402"})),
        (Platform::Bluesky, json!({"langs": ["en"]})),
        (Platform::Mastodon, json!({"visibility": "unlisted"})),
    ];
    let facts = json!({"pds": "https://pds.example", "base": "https://m.example"});
    let tokens = SecretString::from("top secret");
    let account = Account { network_unique_id: "did:plc:alice", username: "alice", facts: &facts, tokens: &tokens };
    for (platform, options) in options {
        let image = DraftMedia { alt_text: Some("a dot"), ..file(MediaKind::Image, "image/png") };
        let part = |role, content, media| DraftPart { role, content, media };
        let draft = TargetDraft {
            parts: vec![
                part(Role::Main, "Hi @bob.example", vec![image]),
                part(Role::FirstComment, "first", vec![]),
                part(Role::Thread, "next", vec![]),
            ],
            options,
        };
        // when
        let requests = network(platform).preview(&draft, &account, &Bases::default());
        // then
        insta::assert_json_snapshot!(format!("preview_{platform}"), requests);
        assert!(!format!("{requests:?}").contains("secret"));
    }
}

fn any_draft() -> impl Strategy<Value = (String, Vec<Option<&'static str>>, Value)> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,10}".prop_map(Value::from),
        proptest::collection::vec("\\PC{0,4}", 0..5).prop_map(Value::from),
        Just(json!({"options": ["a", 1], "uri": [], "expires_in": -1})),
    ];
    let name = prop_oneof![
        Just("poll"),
        Just("langs"),
        Just("labels"),
        Just("external"),
        Just("visibility"),
        Just("spoiler_text"),
        Just("tagged_user_ids"),
        Just("quote_tweet_id"),
        Just("~/"),
        Just("language"),
        Just("link"),
        Just("title"),
        Just("placement"),
        Just("user_tags"),
        Just("collaborators"),
        Just("thumb_offset"),
    ];
    let options = proptest::collection::btree_map(name.prop_map(str::to_owned), value, 0..4)
        .prop_map(|map| Value::Object(map.into_iter().collect()));
    let kinds =
        proptest::collection::vec(prop_oneof![Just(None), Just(Some("image/png")), Just(Some("nonsense"))], 0..6);
    ("(\\PC|@a\\.example|https://a\\.example|#|\\$A){0,60}", kinds, options)
}

proptest! {
    #[test]
    fn no_draft_makes_checking_panic((content, kinds, options) in any_draft(), facts in prop_oneof![Just(Value::Null), Just(json!({"max_characters": 0, "subscription_type": 7})), Just(json!([]))]) {
        let media = kinds
            .iter()
            .map(|kind| DraftMedia { kind: kind.map(|_| MediaKind::Image), content_type: *kind, size: Some(u64::MAX), dimensions: Some((u32::MAX, u32::MAX)), alt_text: Some(&content) })
            .collect();
        let draft = TargetDraft { parts: vec![DraftPart { role: Role::Main, content: &content, media }], options };
        let tokens = SecretString::from("");
        let account = Account { network_unique_id: "", username: "", facts: &facts, tokens: &tokens };
        for platform in Platform::all() {
            check(platform, &draft, &facts);
            network(platform).preview(&draft, &account, &Bases::default());
        }
    }
}
