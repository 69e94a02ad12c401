//! X's protocol where it is strict.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::given::{Answer, Given, answer, mp4, png};
use crate::posting::{Author, Network};

async fn given() -> (Given, Author) {
    let given = Given::sandbox().await;
    let author = Network::X.author(&given, "alice").await;
    (given, author)
}

async fn post(given: &Given, author: &Author, body: Value) -> Answer {
    answer(given.post("/x/2/tweets").bearer_auth(&author.token).json(&body)).await
}

async fn initialize(given: &Given, author: &Author, media_type: &str, category: &str, bytes: usize) -> Answer {
    let body = json!({"media_type": media_type, "media_category": category, "total_bytes": bytes});
    answer(given.post("/x/2/media/upload/initialize").bearer_auth(&author.token).json(&body)).await
}

async fn append(given: &Given, author: &Author, id: &str, index: &str, bytes: &[u8]) -> Answer {
    let form =
        Form::new().text("segment_index", index.to_owned()).part("media", Part::bytes(bytes.to_vec()).file_name("a"));
    answer(given.post(&format!("/x/2/media/upload/{id}/append")).bearer_auth(&author.token).multipart(form)).await
}

async fn finalize(given: &Given, author: &Author, id: &str) -> Answer {
    answer(given.post(&format!("/x/2/media/upload/{id}/finalize")).bearer_auth(&author.token)).await
}

async fn one_shot(given: &Given, author: &Author, bytes: Vec<u8>, category: &str) -> Answer {
    let form = Form::new().text("media_category", category.to_owned()).part("media", Part::bytes(bytes).file_name("a"));
    answer(given.post("/x/2/media/upload").bearer_auth(&author.token).multipart(form)).await
}

#[tokio::test]
async fn a_post_is_answered_with_its_links_shortened() {
    let (given, author) = given().await;
    let posted = post(&given, &author, json!({"text": "See example.com/a and https://example.org, @alice #tag"}))
        .await
        .expect(201);
    let text = posted.text_at("/data/text");
    assert!(
        text.starts_with("See https://t.co/") && text.ends_with(", @alice #tag") && !text.contains("example"),
        "{text}"
    );
    let id = posted.text_at("/data/id");
    assert!(id.len() <= 19 && id.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(posted.body["data"]["edit_history_post_ids"], json!([id]));
    assert_eq!(author.public(&given).await, ["See example.com/a and https://example.org, @alice #tag"]);

    let query = "tweet.fields=created_at,entities,conversation_id,author_id,public_metrics,non_public_metrics";
    let read = answer(given.get(&format!("/x/2/tweets/{id}?{query}")).bearer_auth(&author.token)).await.expect(200);
    let data = &read.body["data"];
    let urls = &data["entities"]["urls"];
    assert_eq!(
        (&urls[0]["expanded_url"], &urls[1]["expanded_url"]),
        (&json!("http://example.com/a"), &json!("https://example.org"))
    );
    let characters: Vec<char> = text.chars().collect();
    let (start, end) =
        (urls[1]["start"].as_u64().expect("a place") as usize, urls[1]["end"].as_u64().expect("a place") as usize);
    assert_eq!(urls[1]["url"], characters[start..end].iter().collect::<String>());
    assert_eq!((&data["conversation_id"], &data["author_id"]), (&json!(id), &json!(author.account.id)));
    assert!(data["public_metrics"].is_object() && data["non_public_metrics"].is_object());
}

#[tokio::test]
async fn posts_that_break_a_rule_are_refused_and_not_public() {
    let (given, author) = given().await;
    for (body, status) in [
        (json!({}), 400),
        (json!({"text": ""}), 400),
        (json!({"text": 1}), 400),
        (json!({"text": "a", "colour": "red"}), 400),
        (json!({"text": "a", "reply": {"in_reply_to_tweet_id": "1", "extra": 1}}), 400),
        (json!({"text": "a", "reply_settings": "nobody"}), 400),
        (json!({"text": "a", "media": {"media_ids": []}}), 400),
        (json!({"text": "a", "media": {"media_ids": ["1"]}}), 400),
        (json!({"text": "a", "media": {"media_ids": [1]}}), 400),
        (
            json!({"text": "a", "media": {"media_ids": ["1"]}, "poll": {"options": ["a", "b"], "duration_minutes": 5}}),
            400,
        ),
        (json!({"text": "a", "quote_tweet_id": "1", "poll": {"options": ["a", "b"], "duration_minutes": 5}}), 400),
        (json!({"text": "a", "quote_tweet_id": "1"}), 403),
        (json!({"text": "a", "poll": {"options": ["a"], "duration_minutes": 5}}), 400),
        (json!({"text": "a", "poll": {"options": ["a", "b"], "duration_minutes": 4}}), 400),
        (json!({"text": "a", "poll": {"options": ["a", "x".repeat(26)], "duration_minutes": 5}}), 400),
        (json!({"text": "a", "reply": {"in_reply_to_tweet_id": "1"}}), 403),
        (json!({"text": "x".repeat(281)}), 403),
        (json!({"text": "語".repeat(141)}), 403),
        (json!({"text": "$A and $B"}), 403),
        (json!("text"), 400),
    ] {
        let refused = post(&given, &author, body.clone()).await;
        assert_eq!(refused.status, status, "{body} {refused:?}");
        assert!(refused.body["title"].is_string() && refused.body["detail"].is_string(), "{body} {refused:?}");
    }
    let unknown = post(&given, &author, json!({"text": "a", "colour": "red"})).await;
    assert_eq!(unknown.body["type"], "https://api.x.com/2/problems/invalid-request");
    assert!(given.ledger("").await.is_empty());
    let full = format!("{} https://example.com/{}", "x".repeat(256), "y".repeat(300));
    post(&given, &author, json!({"text": full})).await.expect(201);
    post(&given, &author, json!({"text": "?", "poll": {"options": ["a", "b"], "duration_minutes": 5}}))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_text_is_said_once_a_day() {
    let (given, author) = given().await;
    let bob = Network::X.author(&given, "bob").await;
    let first = post(&given, &author, json!({"text": "Hello"})).await.expect(201);
    let twice = post(&given, &author, json!({"text": "Hello"})).await.expect(403);
    assert_eq!(twice.body["detail"], "You are not allowed to create a Tweet with duplicate content.");
    post(&given, &bob, json!({"text": "Hello"})).await.expect(201);
    given.advance("PT1H").await;
    let path = format!("/x/2/tweets/{}", first.text_at("/data/id"));
    answer(given.delete(&path).bearer_auth(&bob.token)).await.expect(403);
    let deleted = answer(given.delete(&path).bearer_auth(&author.token)).await.expect(200);
    assert_eq!(deleted.body, json!({"data": {"deleted": true}}));
    answer(given.delete(&path).bearer_auth(&author.token)).await.expect(404);
    post(&given, &author, json!({"text": "Hello"})).await.expect(201);
    given.advance("PT23H59M").await;
    let author = Network::X.author(&given, "alice").await;
    post(&given, &author, json!({"text": "Hello"})).await.expect(403);
    given.advance("PT2M").await;
    post(&given, &author, json!({"text": "Hello"})).await.expect(201);
}

#[tokio::test]
async fn replies_go_to_oneself_and_to_who_asked() {
    let (given, author) = given().await;
    let bob = Network::X.author(&given, "bob").await;
    let reply =
        |to: &Answer, text: &str| json!({"text": text, "reply": {"in_reply_to_tweet_id": to.body["data"]["id"]}});
    let one = post(&given, &author, json!({"text": "one"})).await.expect(201);
    let two = post(&given, &author, reply(&one, "two")).await.expect(201);
    let three = post(&given, &author, reply(&two, "three")).await.expect(201);
    let uninvited = post(&given, &bob, reply(&one, "hi")).await.expect(403);
    assert!(uninvited.text_at("/detail").starts_with("Reply to this conversation is not allowed"));
    let asked = post(&given, &author, json!({"text": "and you, @Bob?"})).await.expect(201);
    post(&given, &bob, reply(&asked, "hi")).await.expect(201);

    let path = format!("/x/2/tweets/{}?tweet.fields=conversation_id,referenced_tweets", three.text_at("/data/id"));
    let read = answer(given.get(&path).bearer_auth(&author.token)).await.expect(200);
    assert_eq!(read.body["data"]["conversation_id"], one.body["data"]["id"]);
    assert_eq!(read.body["data"]["referenced_tweets"][0], json!({"type": "replied_to", "id": two.body["data"]["id"]}));
    answer(given.delete(&format!("/x/2/tweets/{}", two.text_at("/data/id"))).bearer_auth(&author.token))
        .await
        .expect(200);
    let gone = post(&given, &author, reply(&two, "four")).await.expect(403);
    assert!(gone.text_at("/detail").contains("deleted or not visible"));
}

#[tokio::test]
async fn the_timeline_is_what_a_probe_reads() {
    let (given, author) = given().await;
    let path = format!("/x/2/users/{}/tweets", author.account.id);
    let list = |query: &str| answer(given.get(&format!("{path}{query}")).bearer_auth(&author.token));
    assert_eq!(list("").await.expect(200).body, json!({"meta": {"result_count": 0}}));
    for text in ["one", "two", "three", "four", "five", "six"] {
        post(&given, &author, json!({"text": text})).await.expect(201);
    }
    let page = list("?max_results=5").await.expect(200);
    assert_eq!((&page.body["data"][0]["text"], &page.body["meta"]["result_count"]), (&json!("six"), &json!(5)));
    let next = list(&format!("?max_results=5&pagination_token={}", page.text_at("/meta/next_token"))).await.expect(200);
    assert_eq!((&next.body["data"][0]["text"], &next.body["meta"]["next_token"]), (&json!("one"), &Value::Null));
    given.advance("PT10M").await;
    let now = answer(given.get("/_sandbox/clock")).await.text_at("/now");
    post(&given, &author, json!({"text": "late"})).await.expect(201);
    let recent = list(&format!("?start_time={now}&tweet.fields=created_at")).await.expect(200);
    assert_eq!((&recent.body["data"][0]["text"], &recent.body["meta"]["result_count"]), (&json!("late"), &json!(1)));
    for bad in ["?max_results=4", "?max_results=101", "?start_time=yesterday", "?tweet.fields=colour", "?colour=red"] {
        let refused = list(bad).await.expect(400);
        assert_eq!(refused.body["title"], "Invalid Request", "{bad}");
    }
    let ids = page.text_at("/data/0/id");
    let many = answer(given.get(&format!("/x/2/tweets?ids={ids},1")).bearer_auth(&author.token)).await.expect(200);
    assert_eq!((&many.body["data"][0]["text"], &many.body["errors"][0]["resource_id"]), (&json!("six"), &json!("1")));
    answer(given.get("/x/2/tweets/1").bearer_auth(&author.token)).await.expect(404);
    answer(given.get("/x/2/users/1/tweets").bearer_auth(&author.token)).await.expect(404);
}

#[tokio::test]
async fn access_tokens_live_two_hours_and_refresh_tokens_once() {
    let (given, author) = given().await;
    let me = |token: &str| answer(given.get("/x/2/users/me?user.fields=subscription_type").bearer_auth(token));
    let own = me(&author.token).await.expect(200);
    assert_eq!(
        (&own.body["data"]["id"], &own.body["data"]["subscription_type"]),
        (&json!(author.account.id), &json!("None"))
    );
    given.advance("PT2H").await;
    let expired = me(&author.token).await.expect(401);
    assert_eq!(
        expired.body,
        json!({"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})
    );
    let refresh = |token: &str| {
        let form = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
        given.post("/x/2/oauth2/token").form(&form)
    };
    let nameless = answer(refresh(&author.refresh)).await.expect(401);
    assert_eq!(nameless.body["error"], "unauthorized_client");
    let fresh = answer(refresh(&author.refresh).basic_auth("app", Some("secret"))).await.expect(200);
    assert_eq!((&fresh.body["token_type"], &fresh.body["expires_in"]), (&json!("bearer"), &json!(7200)));
    me(&fresh.text_at("/access_token")).await.expect(200);
    let reused = answer(refresh(&author.refresh).basic_auth("app", Some("secret"))).await.expect(400);
    assert_eq!(reused.body["error_description"], "Value passed for the token was invalid.");
    let revoke = [("token", fresh.text_at("/access_token")), ("client_id", "app".to_owned())];
    assert_eq!(answer(given.post("/x/2/oauth2/revoke").form(&revoke)).await.body, json!({"revoked": true}));
    me(&fresh.text_at("/access_token")).await.expect(401);
}

#[tokio::test]
async fn an_upload_in_steps_checks_order_and_size() {
    let (given, author) = given().await;
    let video = mp4();
    let id = initialize(&given, &author, "video/mp4", "tweet_video", video.len()).await.expect(200).text_at("/data/id");
    append(&given, &author, &id, "1", &video[100..]).await.expect(200);
    let gap = finalize(&given, &author, &id).await.expect(400);
    assert!(gap.text.contains("Segment 0 is missing"));
    append(&given, &author, &id, "0", &video[..50]).await.expect(200);
    let short = finalize(&given, &author, &id).await.expect(400);
    assert!(short.text.contains("total_bytes"));
    append(&given, &author, &id, "0", &[&video[..], b"more"].concat()).await.expect(400);
    append(&given, &author, &id, "1000", b"x").await.expect(400);
    append(&given, &author, &id, "0", &video[..100]).await.expect(200);
    post(&given, &author, json!({"text": "a", "media": {"media_ids": [id]}})).await.expect(400);
    let slow = json!({"platform": "x", "operation": "media", "fault": "slow", "params": {"delay_ms": 60_000}});
    given.fault(slow).await;
    let done = finalize(&given, &author, &id).await.expect(200);
    assert_eq!(done.body["data"]["size"], video.len());
    assert_eq!(done.body["data"]["processing_info"]["state"], "pending");
    let status =
        || answer(given.get(&format!("/x/2/media/upload?command=STATUS&media_id={id}")).bearer_auth(&author.token));
    given.advance("PT30S").await;
    let half = status().await.expect(200);
    assert_eq!(half.body["data"]["processing_info"]["state"], "in_progress");
    assert!((50..60).contains(&half.body["data"]["processing_info"]["progress_percent"].as_u64().expect("percent")));
    let early = post(&given, &author, json!({"text": "a", "media": {"media_ids": [id]}})).await.expect(400);
    assert!(early.text.contains("Your media IDs are invalid."));
    given.advance("PT31S").await;
    assert_eq!(status().await.body["data"]["processing_info"]["state"], "succeeded");
    let posted = post(&given, &author, json!({"text": "clip", "media": {"media_ids": [id]}})).await.expect(201);
    assert!(posted.text_at("/data/text").starts_with("clip https://t.co/"));
    assert_eq!(given.ledger("").await[0]["media"][0]["mime_type"], "video/mp4");
}

#[tokio::test]
async fn images_go_up_in_one_request_with_alt_text() {
    let (given, author) = given().await;
    let bob = Network::X.author(&given, "bob").await;
    let up = one_shot(&given, &author, png(), "tweet_image").await.expect(200);
    assert_eq!(up.body["data"]["image"], json!({"w": 8, "h": 4, "image_type": "image/png"}));
    let id = up.text_at("/data/id");
    let describe = |author: &Author, text: &str| {
        let body = json!({"id": id, "metadata": {"alt_text": {"text": text}}});
        answer(given.post("/x/2/media/metadata").bearer_auth(&author.token).json(&body))
    };
    describe(&bob, "mine").await.expect(404);
    describe(&author, &"x".repeat(1001)).await.expect(400);
    describe(&author, "red").await.expect(200);
    post(&given, &bob, json!({"text": "a", "media": {"media_ids": [id]}})).await.expect(400);
    post(&given, &author, json!({"media": {"media_ids": [id, id]}})).await.expect(400);
    post(&given, &author, json!({"media": {"media_ids": [id]}})).await.expect(201);
    assert_eq!(given.ledger("").await[0]["media"][0]["alt_text"], "red");

    one_shot(&given, &author, b"not a picture".to_vec(), "tweet_image").await.expect(400);
    one_shot(&given, &author, mp4(), "tweet_image").await.expect(400);
    one_shot(&given, &author, png(), "tweet_hologram").await.expect(400);
    one_shot(&given, &author, [png(), vec![0; 5 * 1024 * 1024]].concat(), "tweet_image").await.expect(400);
    initialize(&given, &author, "video/mp4", "tweet_image", 10).await.expect(400);
    initialize(&given, &author, "image/png", "tweet_image", 6_000_000).await.expect(400);
    given.advance("PT23H").await;
    let author = Network::X.author(&given, "alice").await;
    post(&given, &author, json!({"text": "again", "media": {"media_ids": [id]}})).await.expect(201);
    given.advance("PT1H").await;
    post(&given, &author, json!({"text": "late", "media": {"media_ids": [id]}})).await.expect(400);
}

#[tokio::test]
async fn limits_hold_when_they_are_enforced() {
    let (given, author) = given().await;
    let open = post(&given, &author, json!({"text": "open"})).await.expect(201);
    assert_eq!((open.header("x-rate-limit-limit"), open.header("x-rate-limit-remaining")), ("100", "100"));
    given.enforce_quotas().await;
    for left in (0..100).rev() {
        let posted = post(&given, &author, json!({"text": left.to_string()})).await.expect(201);
        assert_eq!(posted.header("x-rate-limit-remaining"), left.to_string());
    }
    let limited = post(&given, &author, json!({"text": "more"})).await.expect(429);
    assert_eq!((limited.header("x-rate-limit-remaining"), &limited.body["title"]), ("0", &json!("Too Many Requests")));
    given.advance("PT15M").await;
    post(&given, &author, json!({"text": "more"})).await.expect(201);
}
