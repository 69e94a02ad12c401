//! Threads' API where it is strict.

use serde_json::json;

use crate::given::{Answer, Given, answer, mp4, png};
use crate::graph::{delete, each, get, hosted, jpeg, nowhere, post};

const THREADS: &str = "/threads/v1.0/me/threads";
const PUBLISH: &str = "/threads/v1.0/me/threads_publish";
const NOT_FOUND: (u16, i64, u64) = (400, 24, 4_279_009);

async fn given() -> (Given, String) {
    let given = Given::sandbox().await;
    let token = token(&given, "alice").await;
    (given, token)
}

async fn token(given: &Given, name: &str) -> String {
    let account = given.account("threads", name).await;
    account.credentials["access_token"].as_str().expect("a token").to_owned()
}

async fn container(given: &Given, token: &str, parameters: &[(&str, &str)]) -> Answer {
    post(given, THREADS, token, parameters).await
}

async fn publish(given: &Given, token: &str, creation: &str) -> Answer {
    post(given, PUBLISH, token, &[("creation_id", creation)]).await
}

/// Both steps.
async fn posted(given: &Given, token: &str, parameters: &[(&str, &str)]) -> String {
    let creation = container(given, token, parameters).await.expect(200).text_at("/id");
    publish(given, token, &creation).await.expect(200).text_at("/id")
}

async fn status(given: &Given, token: &str, creation: &str) -> Answer {
    get(given, &format!("/threads/v1.0/{creation}"), token, &[("fields", "id,status,error_message")]).await
}

#[tokio::test]
async fn a_container_becomes_public_once() {
    let (given, token) = given().await;
    let creation =
        container(&given, &token, &[("media_type", "TEXT"), ("text", "Hello")]).await.expect(200).text_at("/id");
    assert_eq!(status(&given, &token, &creation).await.expect(200).body["status"], "FINISHED");
    assert!(given.ledger("").await.is_empty());
    let id = publish(&given, &token, &creation).await.expect(200).text_at("/id");
    assert_ne!(id, creation);
    assert_eq!(publish(&given, &token, &creation).await.refused(), NOT_FOUND);
    assert_eq!(status(&given, &token, &creation).await.expect(200).body["status"], "PUBLISHED");
    let ledger = given.ledger("?platform=threads").await;
    assert_eq!((ledger.len(), &ledger[0]["platform_post_id"], &ledger[0]["text"]), (1, &json!(id), &json!("Hello")));

    let fields = [("fields", "id,text,permalink,media_type,timestamp,username,is_reply,shortcode")];
    let read = get(&given, &format!("/threads/v1.0/{id}"), &token, &fields).await.expect(200);
    assert_eq!((&read.body["media_type"], &read.body["is_reply"]), (&json!("TEXT_POST"), &json!(false)));
    let shortcode = read.text_at("/shortcode");
    assert_eq!(read.text_at("/permalink"), format!("https://www.threads.net/@alice/post/{shortcode}"));
    let gone = delete(&given, &format!("/threads/v1.0/{id}"), &token).await.expect(200);
    assert_eq!(gone.body, json!({"success": true, "deleted_id": id}));
    assert_eq!(delete(&given, &format!("/threads/v1.0/{id}"), &token).await.refused(), (400, 100, 33));
    assert!(given.ledger("").await[0]["deleted_at"].is_string());
}

#[tokio::test]
async fn nobody_publishes_what_is_not_theirs_or_too_old() {
    let (given, alice) = given().await;
    let bob = token(&given, "bob").await;
    let text = [("media_type", "TEXT"), ("text", "a")];
    let creation = container(&given, &alice, &text).await.text_at("/id");
    assert_eq!(publish(&given, &bob, &creation).await.refused(), NOT_FOUND);
    assert_eq!(status(&given, &bob, &creation).await.refused(), (400, 100, 33));
    for bad in ["1", "nonsense", ""] {
        assert_eq!(publish(&given, &alice, bad).await.status, 400, "{bad}");
    }
    given.advance("PT24H").await;
    assert_eq!(status(&given, &alice, &creation).await.expect(200).body["status"], "EXPIRED");
    assert_eq!(publish(&given, &alice, &creation).await.refused(), NOT_FOUND);
    let slow = json!({"operation": "media", "fault": "slow", "params": {"delay_ms": 600_000}});
    given.fault(slow).await;
    let creation = container(&given, &alice, &text).await.text_at("/id");
    assert_eq!(status(&given, &alice, &creation).await.body["status"], "IN_PROGRESS");
    assert_eq!(publish(&given, &alice, &creation).await.refused(), NOT_FOUND);
    given.advance("PT10M").await;
    publish(&given, &alice, &creation).await.expect(200);
}

#[tokio::test]
async fn what_breaks_a_rule_makes_no_container() {
    let (given, token) = given().await;
    let (long, emoji, links) = ("x".repeat(501), "\u{1F600}".repeat(126), "https://a.example ".repeat(6));
    for parameters in [
        vec![],
        vec![("media_type", "TEXT")],
        vec![("media_type", "SONG"), ("text", "a")],
        vec![("media_type", "TEXT"), ("text", &long)],
        vec![("media_type", "TEXT"), ("text", &emoji)],
        vec![("media_type", "TEXT"), ("text", &links)],
        vec![("media_type", "TEXT"), ("text", "a"), ("colour", "red")],
        vec![("media_type", "TEXT"), ("text", "a"), ("image_url", "https://a.example")],
        vec![("media_type", "TEXT"), ("text", "a"), ("reply_control", "nobody")],
        vec![("media_type", "TEXT"), ("text", "a"), ("link_attachment", "nonsense")],
        vec![("media_type", "TEXT"), ("text", "a"), ("poll_attachment", "{\"option_a\":\"x\"}")],
        vec![("media_type", "TEXT"), ("text", "a"), ("is_carousel_item", "true")],
        vec![("media_type", "TEXT"), ("text", "a"), ("topic_tag", "a.b")],
        vec![("media_type", "IMAGE")],
        vec![("media_type", "CAROUSEL"), ("children", "1")],
        vec![("media_type", "CAROUSEL"), ("children", "1,2")],
    ] {
        let refused = container(&given, &token, &parameters).await;
        assert_eq!((refused.refused().0, refused.refused().1), (400, 100), "{parameters:?}");
    }
    let over = container(&given, &token, &[("media_type", "TEXT"), ("text", &long)]).await;
    assert!(over.message().contains("text must be at most 500 characters"), "{over:?}");
    let reply = container(&given, &token, &[("media_type", "TEXT"), ("text", "a"), ("reply_to_id", "1")]).await;
    assert_eq!(reply.refused(), NOT_FOUND);
    posted(&given, &token, &[("media_type", "TEXT"), ("text", &long[1..]), ("reply_control", "everyone")]).await;
    let poll = "{\"option_a\":\"x\",\"option_b\":\"y\"}";
    posted(&given, &token, &[("media_type", "TEXT"), ("text", &emoji[4..]), ("poll_attachment", poll)]).await;
}

#[tokio::test]
async fn replies_make_a_thread() {
    let (given, alice) = given().await;
    let one = posted(&given, &alice, &[("media_type", "TEXT"), ("text", "one")]).await;
    let two = posted(&given, &alice, &[("media_type", "TEXT"), ("text", "two"), ("reply_to_id", &one)]).await;
    let three = posted(&given, &alice, &[("media_type", "TEXT"), ("text", "three"), ("reply_to_id", &two)]).await;
    let ledger = given.ledger("").await;
    assert_eq!((&ledger[2]["kind"], &ledger[2]["parent"]), (&json!("reply"), &json!(two)));
    let own = get(&given, THREADS, &alice, &[("fields", "text")]).await.expect(200);
    assert_eq!(each(&own, "text"), ["one"]);
    let replies =
        get(&given, "/threads/v1.0/me/replies", &alice, &[("fields", "id,root_post,replied_to")]).await.expect(200);
    assert_eq!(each(&replies, "id"), [&json!(three), &json!(two)]);
    assert_eq!(
        (&replies.body["data"][0]["root_post"]["id"], &replies.body["data"][0]["replied_to"]["id"]),
        (&json!(one), &json!(two))
    );
    let below = async |edge: &str| {
        get(&given, &format!("/threads/v1.0/{one}/{edge}"), &alice, &[("fields", "text"), ("reverse", "false")]).await
    };
    assert_eq!(each(&below("replies").await, "text"), ["two"]);
    assert_eq!(each(&below("conversation").await, "text"), ["two", "three"]);
    post(&given, &format!("/threads/v1.0/{two}/manage_reply"), &alice, &[("hide", "true")]).await.expect(200);
    let nested = post(&given, &format!("/threads/v1.0/{three}/manage_reply"), &alice, &[("hide", "true")]).await;
    assert_eq!(nested.refused(), (400, 100, 33));
    let counted =
        get(&given, &format!("/threads/v1.0/{one}/insights"), &alice, &[("metric", "views,replies")]).await.expect(200);
    assert_eq!(counted.body["data"][1]["values"], json!([{"value": 1}]));
    let unknown = get(&given, &format!("/threads/v1.0/{one}/insights"), &alice, &[("metric", "views,claps")]).await;
    assert_eq!(unknown.refused(), (400, 100, 0));
    let of_profile = [("metric", "views,likes,followers_count")];
    let profile = get(&given, "/threads/v1.0/me/threads_insights", &alice, &of_profile).await.expect(200);
    assert_eq!(profile.body["data"][1]["total_value"]["value"], 0);
}

#[tokio::test]
async fn pictures_are_fetched_and_shown_in_order() {
    let (given, token) = given().await;
    let (red, wide) = (hosted(&given, png(), "image/png").await, hosted(&given, jpeg(30, 10), "image/jpeg").await);
    let single = [("media_type", "IMAGE"), ("image_url", red.as_str()), ("text", "one"), ("alt_text", "red")];
    posted(&given, &token, &single).await;
    assert_eq!(given.ledger("").await[0]["media"][0]["alt_text"], "red");
    let mut items = Vec::new();
    for address in [&red, &wide] {
        let item = [("media_type", "IMAGE"), ("image_url", address.as_str()), ("is_carousel_item", "true")];
        items.push(container(&given, &token, &item).await.expect(200).text_at("/id"));
    }
    assert_eq!(publish(&given, &token, &items[0]).await.refused(), NOT_FOUND);
    let children = items.join(",");
    let id = posted(&given, &token, &[("media_type", "CAROUSEL"), ("children", &children), ("text", "two")]).await;
    let read =
        get(&given, &format!("/threads/v1.0/{id}"), &token, &[("fields", "media_type,children")]).await.expect(200);
    assert_eq!(
        (&read.body["media_type"], read.body["children"]["data"].as_array().map(Vec::len)),
        (&json!("CAROUSEL_ALBUM"), Some(2))
    );
    let shown = given.client.get(read.text_at("/children/data/1/media_url")).send().await.expect("an answer");
    assert_eq!(shown.bytes().await.expect("bytes"), jpeg(30, 10));

    let image = async |address: &str| {
        container(&given, &token, &[("media_type", "IMAGE"), ("image_url", address)]).await.refused()
    };
    assert_eq!(image(&nowhere()).await, (400, 1, 2_207_052));
    assert_eq!(image(&format!("{}/nothing", given.sandbox.url())).await, (400, 1, 2_207_052));
    assert_eq!(image(&given.sandbox.url()).await, (400, 100, 2_207_005));
    assert_eq!(image("nonsense").await, (400, 100, 0));
    let strip = hosted(&given, jpeg(110, 10), "image/jpeg").await;
    assert_eq!(image(&strip).await, (400, 100, 2_207_009));
}

#[tokio::test]
async fn a_video_is_processed_by_the_clock_and_may_fail() {
    let given = Given::with(|settings| settings.processing_ms = 60_000).await;
    let token = token(&given, "alice").await;
    let address = hosted(&given, mp4(), "video/mp4").await;
    let video = async |address: &str| {
        let made = container(&given, &token, &[("media_type", "VIDEO"), ("video_url", address), ("text", "a")]).await;
        made.expect(200).text_at("/id")
    };
    let (good, lost, bad) = (video(&address).await, video(&nowhere()).await, video(&given.sandbox.url()).await);
    assert_eq!(status(&given, &token, &good).await.body["status"], "IN_PROGRESS");
    assert_eq!(publish(&given, &token, &good).await.refused(), NOT_FOUND);
    given.advance("PT1M").await;
    let failed = async |id: &str| status(&given, &token, id).await.body["error_message"].clone();
    assert_eq!(failed(&lost).await, "FAILED_DOWNLOADING_VIDEO");
    assert_eq!(failed(&bad).await, "FAILED_PROCESSING_VIDEO");
    assert_eq!(publish(&given, &token, &lost).await.refused(), (400, 100, 0));
    publish(&given, &token, &good).await.expect(200);
    assert_eq!(given.ledger("").await.len(), 1);
}

#[tokio::test]
async fn a_days_posts_replies_and_deletions_are_counted() {
    let (given, token) = given().await;
    given.enforce_quotas().await;
    let text = [("media_type", "TEXT"), ("text", "a"), ("auto_publish_text", "true")];
    for _ in 0..250 {
        post(&given, THREADS, &token, &text).await.expect(200);
    }
    assert_eq!(post(&given, THREADS, &token, &text).await.refused(), (400, 9, 2_207_042));
    let path = "/threads/v1.0/me/threads_publishing_limit";
    let fields = [("fields", "quota_usage,config,reply_quota_usage,reply_config,delete_quota_usage")];
    let limit = get(&given, path, &token, &fields).await.expect(200);
    assert_eq!(limit.body["data"][0]["quota_usage"], 250);
    assert_eq!(limit.body["data"][0]["reply_config"], json!({"quota_total": 1000, "quota_duration": 86_400}));
    let newest = given.ledger("").await[0]["platform_post_id"].as_str().expect("an id").to_owned();
    posted(&given, &token, &[("media_type", "TEXT"), ("text", "a"), ("reply_to_id", &newest)]).await;
    given.advance("PT24H").await;
    post(&given, THREADS, &token, &text).await.expect(200);
}

#[tokio::test]
async fn a_lost_answer_is_resolved_by_the_container() {
    let (given, token) = given().await;
    let creation =
        container(&given, &token, &[("media_type", "TEXT"), ("text", "a [sandbox:drop_reply_after_accept]")]).await;
    let creation = creation.expect(200).text_at("/id");
    let lost = given.post(PUBLISH).bearer_auth(&token).form(&[("creation_id", &creation)]).send().await;
    assert!(lost.is_err());
    assert_eq!(status(&given, &token, &creation).await.body["status"], "PUBLISHED");
    let words = json!({"message": "(#100) Tried accessing nonexisting field (status)"});
    given.fault(json!({"platform": "threads", "operation": "probe", "fault": "reject", "params": words})).await;
    assert_eq!(status(&given, &token, &creation).await.message(), "(#100) Tried accessing nonexisting field (status)");
    let listed = get(&given, THREADS, &token, &[("fields", "id,text,permalink"), ("limit", "25")]).await.expect(200);
    assert_eq!(listed.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(given.ledger("").await.len(), 1);
    let unknown = answer(given.get("/threads/v9.9/me").bearer_auth(&token)).await;
    assert_eq!(unknown.refused(), (400, 2500, 0));
}
