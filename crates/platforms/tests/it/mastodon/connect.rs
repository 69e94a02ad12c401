use platforms::{Network, mastodon::Mastodon};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::bed::{Bed, message, refusal};

const VERIFY: &str = "/api/v1/accounts/verify_credentials";

fn profile() -> Value {
    json!({"id": "109", "username": "alice", "acct": "alice", "display_name": "Alice", "avatar": "https://m.example/a.png",
        "url": "https://m.example/@alice", "bot": false, "source": {"privacy": "public"}})
}

fn instance(version: &str) -> Value {
    json!({"domain": "m.example", "version": version, "configuration": {
        "statuses": {"max_characters": 1000, "characters_reserved_per_url": 23, "max_media_attachments": 4},
        "media_attachments": {"supported_mime_types": ["image/png"], "description_limit": 1500}}})
}

async fn nodeinfo(bed: &Bed, software: &str) {
    let href = format!("{}/nodeinfo/2.0", bed.uri());
    let links = json!({"links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": href}]});
    bed.on("GET", "/.well-known/nodeinfo", 200, links).await;
    let info = json!({"version": "2.0", "software": {"name": software, "version": "4.3.1"}});
    bed.on("GET", "/nodeinfo/2.0", 200, info).await;
}

fn given(bed: &Bed) -> Value {
    json!({"instance": format!("{}/", bed.uri()), "access_token": "token-1"})
}

#[tokio::test]
async fn a_token_says_whose_it_is_and_what_the_instance_allows() {
    // given
    let bed = Bed::new().await;
    bed.on("GET", VERIFY, 200, profile()).await;
    bed.on("GET", "/api/v2/instance", 200, instance("4.3.1")).await;
    nodeinfo(&bed, "mastodon").await;
    // when
    let identity = Mastodon.identify(&bed.cx(), &given(&bed)).await.expect("identified");
    // then
    assert_eq!(identity.realm, bed.uri().trim_start_matches("http://"));
    assert_eq!((identity.network_unique_id.as_str(), identity.username.as_str()), ("109", "alice"));
    assert_eq!(identity.profile_url.as_deref(), Some("https://m.example/@alice"));
    assert_eq!(identity.account_type, "person");
    assert_eq!(identity.facts["max_characters"], json!(1000));
    assert_eq!((&identity.facts["genuine"], &identity.facts["software"]), (&json!(true), &json!("mastodon")));
    let tokens: Value = serde_json::from_str(identity.tokens.sealed_json.expose_secret()).expect("tokens are JSON");
    assert_eq!(tokens, json!({"base": bed.uri(), "access_token": "token-1"}));
    assert_eq!(identity.tokens.expires_at, None);
    assert_eq!(bed.seen().await[0], json!({"call": format!("GET {VERIFY}"), "authorization": "Bearer token-1"}));
    let others = bed.seen().await;
    assert!(others[1..].iter().all(|call| call["authorization"].is_null()), "the token goes where it is needed only");
}

#[tokio::test]
async fn what_is_not_mastodon_itself_is_told_apart() {
    for (software, version, expected) in [
        (Some("mastodon"), "4.3.1", true),
        (Some("gotosocial"), "4.3.1", false),
        (None, "4.3.1", true),
        (None, "2.7.2 (compatible; Pleroma 2.5.0)", false),
        (None, "0.17.3", false),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", VERIFY, 200, profile()).await;
        // no v2: an older server
        bed.on("GET", "/api/v1/instance", 200, instance(version)).await;
        if let Some(software) = software {
            nodeinfo(&bed, software).await;
        }
        let identity = Mastodon.identify(&bed.cx(), &given(&bed)).await.expect("identified");
        assert_eq!(identity.facts["genuine"], json!(expected), "{software:?} {version}");
    }
}

#[tokio::test]
async fn nodeinfo_on_another_host_is_not_followed() {
    let bed = Bed::new().await;
    bed.on("GET", VERIFY, 200, profile()).await;
    bed.on("GET", "/api/v2/instance", 200, instance("0.1")).await;
    let elsewhere = Bed::new().await;
    nodeinfo(&elsewhere, "mastodon").await;
    let href = format!("{}/nodeinfo/2.0", elsewhere.uri());
    let links = json!({"links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": href}]});
    bed.on("GET", "/.well-known/nodeinfo", 200, links).await;
    let identity = Mastodon.identify(&bed.cx(), &given(&bed)).await.expect("identified");
    assert_eq!(identity.facts["genuine"], json!(false));
    assert_eq!(elsewhere.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn faults_of_credentials_are_named_before_anything_is_sent() {
    let bed = Bed::new().await;
    for (given, says) in [
        (json!({}), "`instance` is missing; `access_token` is missing"),
        (
            json!({"instance": "m.example", "access_token": "a\nb", "more": 1}),
            "`more` is not known here; `access_token` holds",
        ),
        (json!({"instance": "http://m.example", "access_token": "a"}), "`instance`: "),
        (json!({"instance": "https://192.168.0.1", "access_token": "a"}), "`instance`: "),
        (json!({"instance": "not a host", "access_token": "a"}), "`instance`: "),
    ] {
        let error = Mastodon.identify(&bed.cx(), &given).await.expect_err("refused");
        assert!(message(&error).starts_with(says), "{given}: {}", message(&error));
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_the_instance_says_of_the_token_is_passed_on() {
    for (status, body, expected) in [
        (401, json!({"error": "The access token is invalid"}), "auth token_revoked"),
        (403, json!({"error": "This action is outside the authorized scopes"}), "rejected permission_missing"),
        (404, json!("<html>"), "not_now"),
        (200, json!("<html>"), "not_now"),
        (200, json!({"id": "../1", "username": "a"}), "not_now"),
        (200, json!({"id": [1], "username": "a"}), "not_now"),
        (301, json!({}), "not_now"),
        (502, json!({}), "not_now"),
        (400, json!({"error": "bad token-1"}), "rejected content_rejected"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", VERIFY, status, body.clone()).await;
        let error = Mastodon.identify(&bed.cx(), &given(&bed)).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{body}");
        assert!(!message(&error).contains("token-1"), "{error:?}");
    }
}
