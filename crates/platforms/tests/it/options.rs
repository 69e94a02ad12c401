//! The schema that callers see and the check that refuses are two texts of one rule.

use domain::{media::MediaKind, platform::Platform, post::Role};
use platforms::{DraftMedia, DraftPart, TargetDraft, network};
use serde_json::{Value, json};

fn faults(platform: Platform, options: Value) -> Vec<(String, &'static str)> {
    let is_film = |name: &str| options.get(name).is_some();
    let of_reels = ["share_to_feed", "cover_url", "thumb_offset", "audio_name", "trial_reel", "title"];
    let kind = if of_reels.into_iter().any(is_film) { MediaKind::Video } else { MediaKind::Image };
    let media = vec![DraftMedia { kind: Some(kind), content_type: None, size: None, dimensions: None, alt_text: None }];
    // Only these options go with media or without.
    let needs_media =
        platform == Platform::Instagram || options.get("tagged_user_ids").is_some() || options.get("title").is_some();
    let media = if needs_media { media } else { Vec::new() };
    let part = DraftPart { role: Role::Main, content: "hi", media };
    let draft = TargetDraft { parts: vec![part], options };
    let faults = network(platform).check(&draft, &Value::Null);
    faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

fn good() -> Vec<(Platform, &'static str, Value)> {
    vec![
        (Platform::X, "reply_settings", json!("mentionedUsers")),
        (Platform::X, "quote_tweet_id", json!("1234567890123456789")),
        (Platform::X, "poll", json!({"options": ["a", "b"], "duration_minutes": 10_080})),
        (Platform::X, "made_with_ai", json!(true)),
        (Platform::X, "paid_partnership", json!(false)),
        (Platform::X, "community_id", json!("1")),
        (Platform::X, "tagged_user_ids", json!(["1", "2"])),
        (Platform::Facebook, "link", json!("https://a.example/?b=c")),
        (Platform::Facebook, "title", json!("A film")),
        (Platform::Instagram, "placement", json!("timeline")),
        (Platform::Instagram, "share_to_feed", json!(false)),
        (Platform::Instagram, "collaborators", json!(["acme", "b.c_d"])),
        (Platform::Instagram, "location_id", json!("213385402")),
        (Platform::Instagram, "user_tags", json!([{"username": "bob", "x": 0.5, "y": 1}])),
        (Platform::Instagram, "cover_url", json!("https://a.example/a.jpg")),
        (Platform::Instagram, "thumb_offset", json!(1_500)),
        (Platform::Instagram, "audio_name", json!("Our song")),
        (Platform::Instagram, "trial_reel", json!("manual")),
        (Platform::Bluesky, "langs", json!(["en", "pt-BR", "zh-Hant-TW"])),
        (Platform::Bluesky, "labels", json!(["porn"])),
        (Platform::Bluesky, "external", json!({"uri": "https://a.example/?b", "title": "A", "description": ""})),
        (Platform::Mastodon, "visibility", json!("direct")),
        (Platform::Mastodon, "sensitive", json!(true)),
        (Platform::Mastodon, "spoiler_text", json!("cw")),
        (Platform::Mastodon, "language", json!("de")),
        (
            Platform::Mastodon,
            "poll",
            json!({"options": ["a", "b"], "expires_in": 300, "multiple": true, "hide_totals": false}),
        ),
    ]
}

#[test]
fn every_option_of_a_schema_is_taken_and_no_other() {
    for platform in Platform::all() {
        let schema = (network(platform).spec().options)();
        assert_eq!(schema["additionalProperties"], json!(false));
        let mut named: Vec<&str> =
            schema["properties"].as_object().expect("an object").keys().map(String::as_str).collect();
        let good = good();
        let mut tried: Vec<&str> = good.iter().filter(|(of, ..)| *of == platform).map(|(_, name, _)| *name).collect();
        named.sort_unstable();
        tried.sort_unstable();
        assert_eq!(named, tried, "{platform}");
        assert_eq!(faults(platform, json!({"nonsense": 1})), [("/nonsense".to_owned(), "unknown_option")]);
    }
    for (platform, name, value) in good() {
        assert_eq!(faults(platform, json!({name: value})), [], "{platform} {name}");
        assert_eq!(faults(platform, json!({name: null})), [], "{platform} {name}: null is the same as none");
    }
}

#[test]
fn a_wrong_value_is_named_by_its_pointer() {
    for (platform, options, pointer) in [
        (Platform::X, json!({"reply_settings": "everyone"}), "/reply_settings"),
        (Platform::X, json!({"quote_tweet_id": 12}), "/quote_tweet_id"),
        (Platform::X, json!({"quote_tweet_id": "12345678901234567890"}), "/quote_tweet_id"),
        (Platform::X, json!({"community_id": "a"}), "/community_id"),
        (Platform::X, json!({"made_with_ai": "yes"}), "/made_with_ai"),
        (Platform::X, json!({"poll": {"options": ["a"], "duration_minutes": 5}}), "/poll/options"),
        (Platform::X, json!({"poll": {"options": ["a", ""], "duration_minutes": 5}}), "/poll/options"),
        (Platform::X, json!({"poll": {"options": ["a", "x".repeat(26)], "duration_minutes": 5}}), "/poll/options"),
        (Platform::X, json!({"poll": {"options": ["a", "b"], "duration_minutes": 4}}), "/poll/duration_minutes"),
        (Platform::X, json!({"poll": {"options": ["a", "b"]}}), "/poll/duration_minutes"),
        (Platform::X, json!({"poll": {"options": ["a", "b"], "duration_minutes": 5, "x": 1}}), "/poll/x"),
        (Platform::X, json!({"poll": []}), "/poll"),
        (Platform::X, json!({"tagged_user_ids": ["x"]}), "/tagged_user_ids"),
        (Platform::X, json!({"tagged_user_ids": []}), "/tagged_user_ids"),
        (
            Platform::X,
            json!({"poll": {"options": ["a", "b"], "duration_minutes": 5}, "quote_tweet_id": "1"}),
            "/quote_tweet_id",
        ),
        (Platform::X, json!([]), ""),
        (Platform::Facebook, json!({"link": "a.example"}), "/link"),
        (Platform::Facebook, json!({"link": "ftp://a.example"}), "/link"),
        (Platform::Facebook, json!({"link": 7}), "/link"),
        (Platform::Facebook, json!({"link": "https://a.example", "title": "A film"}), "/link"),
        (Platform::Facebook, json!({"title": " "}), "/title"),
        (Platform::Instagram, json!({"placement": "wall"}), "/placement"),
        (Platform::Instagram, json!({"share_to_feed": "yes"}), "/share_to_feed"),
        (Platform::Instagram, json!({"collaborators": ["@acme"]}), "/collaborators"),
        (Platform::Instagram, json!({"collaborators": ["a", "b", "c", "d"]}), "/collaborators"),
        (Platform::Instagram, json!({"location_id": "Berlin"}), "/location_id"),
        (Platform::Instagram, json!({"location_id": 213_385_402}), "/location_id"),
        (Platform::Instagram, json!({"user_tags": []}), "/user_tags"),
        (Platform::Instagram, json!({"user_tags": [{"username": "bob"}]}), "/user_tags"),
        (Platform::Instagram, json!({"user_tags": [{"username": "bob", "x": 1.5, "y": 0}]}), "/user_tags"),
        (Platform::Instagram, json!({"user_tags": [{"username": "@bob", "x": 0.5, "y": 0}]}), "/user_tags"),
        (Platform::Instagram, json!({"user_tags": [{"username": "bob", "x": 0, "y": 0, "z": 0}]}), "/user_tags"),
        (Platform::Instagram, json!({"cover_url": "a.jpg"}), "/cover_url"),
        (Platform::Instagram, json!({"thumb_offset": -1}), "/thumb_offset"),
        (Platform::Instagram, json!({"cover_url": "https://a.example/a.jpg", "thumb_offset": 1}), "/thumb_offset"),
        (Platform::Instagram, json!({"audio_name": ""}), "/audio_name"),
        (Platform::Instagram, json!({"trial_reel": "yes"}), "/trial_reel"),
        (Platform::Instagram, json!({"placement": "stories", "share_to_feed": true}), "/share_to_feed"),
        (Platform::Instagram, json!({"placement": "stories", "location_id": "1"}), "/location_id"),
        (Platform::Bluesky, json!({"langs": ["english please"]}), "/langs"),
        (Platform::Bluesky, json!({"langs": ["en", "de", "fr", "es"]}), "/langs"),
        (Platform::Bluesky, json!({"labels": ["spam"]}), "/labels"),
        (Platform::Bluesky, json!({"labels": ["porn", "porn"]}), "/labels"),
        (Platform::Bluesky, json!({"external": {"uri": "javascript:x", "title": "t"}}), "/external/uri"),
        (Platform::Bluesky, json!({"external": {"uri": "https://a.example", "title": ""}}), "/external/title"),
        (Platform::Bluesky, json!({"external": {"uri": "https://a.example"}}), "/external/title"),
        (Platform::Mastodon, json!({"visibility": "secret"}), "/visibility"),
        (Platform::Mastodon, json!({"sensitive": 1}), "/sensitive"),
        (Platform::Mastodon, json!({"language": "English"}), "/language"),
        (Platform::Mastodon, json!({"poll": {"options": ["a", "b"], "expires_in": 299}}), "/poll/expires_in"),
        (Platform::Mastodon, json!({"poll": {"options": ["a", "a"], "expires_in": 300}}), "/poll/options"),
        (
            Platform::Mastodon,
            json!({"poll": {"options": ["a", "b", "c", "d", "e"], "expires_in": 300}}),
            "/poll/options",
        ),
    ] {
        let seen = faults(platform, options.clone());
        assert_eq!(seen.len(), 1, "{platform} {options}: {seen:?}");
        assert_eq!(seen[0].0, pointer, "{platform} {options}");
    }
}
