//! The server that an account's calls go to.

use domain::platform::Platform;
use platforms::{Bases, Origins, network};
use serde_json::{Value, json};
use url::Url;

fn origin(platform: Platform, bases: &Bases, facts: &Value) -> String {
    network(platform).origin(bases, facts).to_owned()
}

#[test]
fn an_account_s_server_is_known_without_a_call() {
    let home = Bases::default();
    for (platform, facts, named) in [
        (Platform::X, json!(null), "https://api.x.com"),
        (Platform::Facebook, json!(null), "https://graph.facebook.com"),
        (Platform::Instagram, json!({"login": "instagram"}), "https://graph.instagram.com"),
        (Platform::Instagram, json!({"login": "facebook"}), "https://graph.facebook.com"),
        (
            Platform::Bluesky,
            json!({"service": "https://bsky.social", "pds": "https://pds.example"}),
            "https://pds.example",
        ),
        (Platform::Bluesky, json!(null), "https://bsky.social"),
        (Platform::Mastodon, json!({"base": "https://m.example/mastodon"}), "https://m.example/mastodon"),
    ] {
        assert_eq!(origin(platform, &home, &facts), named, "{platform} with {facts}");
    }
    let sandbox = Bases::in_sandbox(&Url::parse("http://127.0.0.1:8090").expect("a URL"));
    assert_eq!(origin(Platform::X, &sandbox, &json!(null)), "http://127.0.0.1:8090/x");
}

#[test]
fn where_there_is_one_server_facts_do_not_change_it() {
    let (home, facts) = (Bases::default(), json!({"base": "https://a.example", "pds": "https://b.example"}));
    for platform in Platform::all() {
        let same = origin(platform, &home, &facts) == origin(platform, &home, &json!(null));
        assert_eq!(same, network(platform).spec().origins == Origins::One, "{platform}");
    }
}
