//! The project's policies, and the networks.

use serde_json::json;

use crate::house::{House, faults};

#[tokio::test]
async fn policies_are_read_and_changed_field_by_field() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let before = client.get("/v1/project").await.expect(200);
    assert_eq!(before["mode"], "test");
    assert_eq!(before["max_lateness"], "PT6H");
    // when
    let change = json!({
        "redirect_uris": ["https://app.example/return", "myapp://done"], "cors_origins": ["https://app.example"],
        "on_unconfirmed": "retry", "max_lateness": "P1D", "dialects": {"post_for_me": {"callback_url": "https://a.example/cb"}},
    });
    let after = client.patch("/v1/project", change.clone()).await.expect(200);
    // then
    assert_eq!(after["redirect_uris"], change["redirect_uris"]);
    assert_eq!(after["on_unconfirmed"], "retry");
    assert_eq!(after["on_auth_failure"], "hold");
    assert_eq!(after["max_lateness"], "PT24H");
    assert_eq!(client.get("/v1/project").await.expect(200), after);
    // and: another field leaves these alone
    let last = client.patch("/v1/project", json!({"on_auth_failure": "fail"})).await.expect(200);
    assert_eq!(last["redirect_uris"], change["redirect_uris"]);
}

#[tokio::test]
async fn faults_of_policies_are_told() {
    let house = House::start().await;
    let client = house.client().await;
    let body = json!({
        "name": "other", "mode": "live", "redirect_uris": ["/relative", "https://a/#x", "javascript:alert(1)"],
        "cors_origins": ["https://a.example/path"], "max_lateness": "P8D", "on_unconfirmed": "guess",
        "dialects": {"post_for_me": {"callback_url": "x"}, "zapier": {}},
    });
    let expected = faults(&[
        ("/name", "unknown_field"),
        ("/mode", "unknown_field"),
        ("/redirect_uris/0", "invalid_url"),
        ("/redirect_uris/1", "invalid_url"),
        ("/redirect_uris/2", "invalid_url"),
        ("/cors_origins/0", "invalid_origin"),
        ("/max_lateness", "out_of_range"),
        ("/on_unconfirmed", "unknown_word"),
        ("/dialects/post_for_me/callback_url", "invalid_url"),
        ("/dialects/zapier", "unknown_field"),
    ]);
    assert_eq!(client.patch("/v1/project", body).await.faults(), expected);
}

#[tokio::test]
async fn the_networks_are_listed_with_their_limits() {
    let house = House::start().await;
    let list = house.client().await.get("/v1/platforms").await.expect(200);
    let named =
        |name: &str| list["data"].as_array().unwrap().iter().find(|network| network["platform"] == name).cloned();
    let bluesky = named("bluesky").unwrap();
    assert_eq!(bluesky["text"], json!({"max": 300, "unit": "graphemes"}));
    assert_eq!(bluesky["media"]["images"], 4);
    assert_eq!(bluesky["probe"], "native_key");
    assert!(bluesky["options"].is_object() && bluesky["connect"].is_array(), "{bluesky}");
    assert!(named("mastodon").is_some() && named("x").is_some(), "{list}");
    assert_eq!(list["next_cursor"], json!(null));
}
