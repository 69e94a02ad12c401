//! Bodies and queries that are not what they should be.

use egress::{Body, Method};
use serde_json::json;

use crate::{
    house::{Client, House, faults},
    kit::Answer,
};

async fn raw(client: &Client, content_type: &str, body: &[u8]) -> Answer {
    let headers: &[(&str, &str)] = if content_type.is_empty() { &[] } else { &[("content-type", content_type)] };
    client.send(Method::POST, "/v1/api-keys", Body::Bytes(body.to_vec().into()), headers).await
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_and_nothing_is_written() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let keys = house.count("SELECT count(*) FROM api_keys").await;
    // when, then
    let problem = raw(&client, "application/json", b"{\"name\":\n nope}").await.problem(400, "malformed_request");
    assert!(problem["detail"].as_str().unwrap().contains("line 2 column"), "{problem}");
    raw(&client, "application/json", b"").await.problem(400, "malformed_request");
    raw(&client, "application/json", b"{\"name\": \"\xff\"}").await.problem(400, "malformed_request");
    raw(&client, "text/plain", b"{}").await.problem(415, "unsupported_media_type");
    raw(&client, "", b"{}").await.problem(415, "unsupported_media_type");
    let deep = "[".repeat(1000);
    raw(&client, "application/json", deep.as_bytes()).await.problem(400, "malformed_request");
    let long = format!("{{\"name\": \"{}\"}}", "x".repeat(1024 * 1024));
    raw(&client, "application/json", long.as_bytes()).await.problem(413, "payload_too_large");
    assert_eq!(house.count("SELECT count(*) FROM api_keys").await, keys);
}

#[tokio::test]
async fn json_by_any_of_its_names_is_taken() {
    let house = House::start().await;
    let client = house.client().await;
    for content_type in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"] {
        raw(&client, content_type, b"{\"name\": \"ci\"}").await.expect(201);
    }
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    // given
    let house = House::start().await;
    let client = house.client().await;
    let body = json!({
        "url": "https://user:pw@example.com/", "events": ["post.published", "post.exploded", 7, "a\0"],
        "signing_secret": "whsec_short", "headers": {"Host": "x", "X/Y": "\u{e9}", "x-ok": 1, "webhook-id": "x"},
        "ordering": "sometimes", "max_in_flight": 0, "rate_per_second": "many", "description": ["x"],
        "dialect": "outstand", "extra": true,
    });
    // when
    let reply = client.post("/v1/webhooks", body).await;
    // then
    let expected = faults(&[
        ("/url", "invalid_url"),
        ("/events/1", "unknown_event"),
        ("/events/2", "wrong_type"),
        ("/events/3", "nul_character"),
        ("/events/3", "unknown_event"),
        ("/signing_secret", "invalid_secret"),
        ("/headers/Host", "reserved_header"),
        ("/headers/X~1Y", "invalid_header"),
        ("/headers/x-ok", "wrong_type"),
        ("/headers/webhook-id", "reserved_header"),
        ("/ordering", "unknown_word"),
        ("/max_in_flight", "out_of_range"),
        ("/rate_per_second", "wrong_type"),
        ("/description", "wrong_type"),
        ("/dialect", "unsupported_dialect"),
        ("/extra", "unknown_field"),
    ]);
    assert_eq!(reply.faults(), expected);
    assert_eq!(house.count("SELECT count(*) FROM webhook_endpoints").await, 0);
}

#[tokio::test]
async fn a_misspelt_filter_is_a_fault_and_not_everything() {
    let house = House::start().await;
    let client = house.client().await;
    let found = client.get("/v1/events?typ=post.published&limit=0&after=x&type=nope&limit=2").await.faults();
    let expected = faults(&[
        ("?typ", "unknown_field"),
        ("?limit", "repeated"),
        ("?after", "invalid_cursor"),
        ("?type", "unknown_word"),
    ]);
    assert_eq!(found, expected);
    assert_eq!(client.get("/v1/webhooks?limit=101").await.faults(), faults(&[("?limit", "out_of_range")]));
    assert_eq!(client.get("/v1/webhooks?cursor=%00").await.faults().len(), 2);
}

#[tokio::test]
async fn an_idempotency_key_that_is_none_is_refused() {
    let house = House::start().await;
    let client = house.client().await;
    client.keyed("/v1/api-keys", "", json!({"name": "x"})).await.problem(400, "malformed_request");
    client.keyed("/v1/api-keys", &"k".repeat(256), json!({"name": "x"})).await.problem(400, "malformed_request");
}
