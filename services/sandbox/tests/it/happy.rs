//! The shortest way to a post on each network.

use serde_json::{Value, json};

use crate::given::{Given, answer};

#[tokio::test]
async fn a_post_on_every_network_is_in_the_ledger_once() {
    let given = Given::sandbox().await;

    let account = given.account("bluesky", "alice").await;
    let login =
        json!({"identifier": account.credentials["identifier"], "password": account.credentials["app_password"]});
    let session = answer(given.post("/xrpc/com.atproto.server.createSession").json(&login)).await;
    assert_eq!(session.status, 200, "{session:?}");
    assert_eq!(session.body["did"], account.id);
    let record = json!({
        "repo": account.id,
        "collection": "app.bsky.feed.post",
        "rkey": "3lsandbox2k2a",
        "record": {"$type": "app.bsky.feed.post", "text": "Hello", "createdAt": "2026-11-22T10:00:00.000Z"},
    });
    let put = given.post("/xrpc/com.atproto.repo.putRecord").bearer_auth(session.text_at("/accessJwt")).json(&record);
    let put = answer(put).await;
    assert_eq!(put.status, 200, "{put:?}");
    let uri = put.text_at("/uri");
    assert_eq!(uri, format!("at://{}/app.bsky.feed.post/3lsandbox2k2a", account.id));
    assert!(put.text_at("/cid").starts_with("bafyrei"));

    let account = given.account("mastodon", "alice").await;
    let token = account.credentials["access_token"].as_str().expect("a token");
    let posted = given.post("/api/v1/statuses").bearer_auth(token).form(&[("status", "Hello")]);
    let posted = answer(posted).await;
    assert_eq!(posted.status, 200, "{posted:?}");
    assert_eq!(posted.body["content"], "<p>Hello</p>");
    let status = posted.text_at("/id");

    let account = given.account("x", "alice").await;
    let token = account.credentials["access_token"].as_str().expect("a token");
    let posted = given.post("/x/2/tweets").bearer_auth(token).json(&json!({"text": "Hello"}));
    let posted = answer(posted).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    let tweet = posted.text_at("/data/id");

    let ledger = given.ledger("").await;
    let ids: Vec<&Value> = ledger.iter().map(|entry| &entry["platform_post_id"]).collect();
    assert_eq!(ids, [&json!(uri), &json!(status), &json!(tweet)]);
    let of_x = given.ledger(&format!("?platform=x&account={}", account.id)).await;
    assert_eq!(of_x.len(), 1);
    assert_eq!(of_x[0]["text"], "Hello");
    assert_eq!(of_x[0]["kind"], "post");

    let page = answer(given.get("/")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.text.matches("<article").count(), 3, "{}", page.text);
}
