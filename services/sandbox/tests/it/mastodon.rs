//! Mastodon's protocol where it is strict.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::given::{Answer, Given, answer, mp4, png};
use crate::posting::{Author, Network};

async fn given() -> (Given, Author) {
    let given = Given::sandbox().await;
    let author = Network::Mastodon.author(&given, "alice").await;
    (given, author)
}

async fn post(given: &Given, author: &Author, body: Value) -> Answer {
    answer(given.post("/api/v1/statuses").bearer_auth(&author.token).json(&body)).await
}

async fn upload(given: &Given, author: &Author, bytes: Vec<u8>, content_type: &str) -> Answer {
    let file = Part::bytes(bytes).file_name("a").mime_str(content_type).expect("a type");
    let form = Form::new().part("file", file).text("description", "red");
    answer(given.post("/api/v2/media").bearer_auth(&author.token).multipart(form)).await
}

#[tokio::test]
async fn the_instance_tells_its_limits_and_the_account_itself() {
    let (given, author) = given().await;
    let instance = answer(given.get("/api/v2/instance")).await.expect(200);
    let statuses = &instance.body["configuration"]["statuses"];
    assert_eq!((&statuses["max_characters"], &statuses["characters_reserved_per_url"]), (&json!(500), &json!(23)));
    let older = answer(given.get("/api/v1/instance")).await.expect(200);
    assert_eq!(older.body["configuration"]["statuses"], *statuses);
    let own = answer(given.get("/api/v1/accounts/verify_credentials").bearer_auth(&author.token)).await.expect(200);
    assert_eq!((&own.body["id"], &own.body["acct"]), (&json!(author.account.id), &json!("alice")));
    assert_eq!(own.header("x-ratelimit-limit"), "300");
    let refused = answer(given.get("/api/v1/accounts/verify_credentials").bearer_auth("nonsense")).await.expect(401);
    assert_eq!(refused.body, json!({"error": "The access token is invalid"}));
    answer(given.get("/api/v1/accounts/verify_credentials")).await.expect(401);
}

#[tokio::test]
async fn a_key_is_remembered_for_an_hour_and_for_its_account() {
    let (given, author) = given().await;
    let bob = Network::Mastodon.author(&given, "bob").await;
    let keyed = |author: &Author, text: &str| {
        let request = given.post("/api/v1/statuses").bearer_auth(&author.token);
        answer(request.header("idempotency-key", "k").form(&[("status", text)]))
    };
    let first = keyed(&author, "one").await.expect(200);
    let again = keyed(&author, "two").await.expect(200);
    assert_eq!((&first.body["id"], &again.body["content"]), (&again.body["id"], &json!("<p>one</p>")));
    let other = keyed(&bob, "one").await.expect(200);
    assert_ne!(first.body["id"], other.body["id"]);
    given.advance("PT59M").await;
    assert_eq!(keyed(&author, "one").await.body["id"], first.body["id"]);
    given.advance("PT2M").await;
    assert_ne!(keyed(&author, "one").await.body["id"], first.body["id"]);
    assert_eq!(author.public(&given).await, ["one", "one"]);
}

#[tokio::test]
async fn two_requests_with_one_key_at_once_make_one_status() {
    let (given, author) = given().await;
    let keyed = || {
        let request = given.post("/api/v1/statuses").bearer_auth(&author.token);
        answer(request.header("idempotency-key", "k").json(&json!({"status": "one"})))
    };
    let (a, b, c) = tokio::join!(keyed(), keyed(), keyed());
    assert!(a.body["id"].is_string() && a.body["id"] == b.body["id"] && b.body["id"] == c.body["id"]);
    assert_eq!(author.public(&given).await, ["one"]);
}

#[tokio::test]
async fn statuses_that_break_a_rule_are_refused_and_not_public() {
    let (given, author) = given().await;
    let poll = |options: Value, expires_in: u64| json!({"status": "?", "poll": {"options": options, "expires_in": expires_in}});
    for (body, status) in [
        (json!({"status": ""}), 422),
        (json!({"status": " \n "}), 422),
        (json!({"status": "x".repeat(501)}), 422),
        (json!({"status": "x".repeat(499), "spoiler_text": "cw"}), 422),
        (json!({"status": "a", "visibility": "loud"}), 422),
        (json!({"status": "a", "in_reply_to_id": "1"}), 404),
        (json!({"status": "a", "quoted_status_id": "1"}), 404),
        (json!({"status": "a", "media_ids": ["1"]}), 422),
        (json!({"status": "a", "media_ids": "1"}), 422),
        (json!({"status": "a", "stauts": "b"}), 422),
        (json!({"status": ["a"]}), 422),
        (json!({"status": "a", "language": "english!"}), 422),
        (json!({"status": "a", "scheduled_at": "2030-01-01T00:00:00Z"}), 422),
        (poll(json!(["a"]), 300), 422),
        (poll(json!(["a", "a"]), 300), 422),
        (poll(json!(["a", "b"]), 299), 422),
        (poll(json!(["a", "b", "c", "d", "e"]), 300), 422),
        (poll(json!(["a", "x".repeat(51)]), 300), 422),
        (json!([1]), 400),
    ] {
        let refused = post(&given, &author, body.clone()).await;
        assert_eq!(refused.status, status, "{body} {refused:?}");
        assert!(refused.body["error"].is_string(), "{body}");
    }
    assert!(given.ledger("").await.is_empty());
    let link = format!("{} https://example.com/{}", "x".repeat(476), "y".repeat(300));
    post(&given, &author, json!({"status": link})).await.expect(200);
    let mention = format!("{} @bob@a-very-long-instance-name.example", "x".repeat(495));
    post(&given, &author, json!({"status": mention})).await.expect(200);
    let with_poll = post(&given, &author, poll(json!(["a", "b"]), 300)).await.expect(200);
    assert_eq!(with_poll.body["poll"]["options"][1]["title"], "b");
}

#[tokio::test]
async fn video_is_processed_by_the_clock_and_cannot_be_attached_before() {
    let (given, author) = given().await;
    let video = upload(&given, &author, mp4(), "video/mp4").await.expect(202);
    assert_eq!((&video.body["url"], &video.body["type"]), (&Value::Null, &json!("video")));
    let id = video.text_at("/id");
    let get = || answer(given.get(&format!("/api/v1/media/{id}")).bearer_auth(&author.token));
    // The sandbox was set to a second, and its clock is real until it is moved: give it more.
    let slow = json!({"platform": "mastodon", "operation": "media", "fault": "slow", "params": {"delay_ms": 600_000}});
    given.fault(slow).await;
    let slow = upload(&given, &author, png(), "image/png").await.expect(202).text_at("/id");
    let unready = post(&given, &author, json!({"status": "a", "media_ids": [slow]})).await.expect(422);
    assert!(unready.text_at("/error").starts_with("Cannot attach files that have not finished processing"));
    answer(given.get(&format!("/api/v1/media/{slow}")).bearer_auth(&author.token)).await.expect(206);
    given.advance("PT11M").await;
    assert!(get().await.expect(200).body["url"].is_string());
    let mixed = post(&given, &author, json!({"status": "a", "media_ids": [id, slow]})).await.expect(422);
    assert!(mixed.text_at("/error").contains("video"));
    let posted = post(&given, &author, json!({"media_ids": [slow], "status": ""})).await.expect(200);
    assert_eq!(posted.body["media_attachments"][0]["description"], "red");
    assert_eq!(given.ledger("").await[0]["media"][0]["alt_text"], "red");
}

#[tokio::test]
async fn pictures_are_ready_at_once_and_belong_to_their_owner() {
    let (given, author) = given().await;
    let bob = Network::Mastodon.author(&given, "bob").await;
    let picture = upload(&given, &author, png(), "image/png").await.expect(200);
    let id = picture.text_at("/id");
    let bytes =
        given.client.get(picture.text_at("/url")).send().await.expect("an answer").bytes().await.expect("bytes");
    assert_eq!(bytes, png());
    let update = |author: &Author, body: Value| {
        answer(
            given.request(reqwest::Method::PUT, &format!("/api/v1/media/{id}")).bearer_auth(&author.token).json(&body),
        )
    };
    update(&bob, json!({"description": "mine"})).await.expect(404);
    update(&author, json!({"focus": "2,0"})).await.expect(422);
    update(&author, json!({"description": "x".repeat(1501)})).await.expect(422);
    let updated = update(&author, json!({"description": "blue", "focus": "0.5,-1"})).await.expect(200);
    assert_eq!((&updated.body["description"], &updated.body["meta"]["focus"]["y"]), (&json!("blue"), &json!(-1.0)));

    post(&given, &bob, json!({"status": "a", "media_ids": [id]})).await.expect(422);
    let other: Vec<Answer> =
        futures::future::join_all((0..4).map(|_| upload(&given, &author, png(), "image/png"))).await;
    let mut ids: Vec<String> = other.iter().map(|each| each.text_at("/id")).collect();
    ids.push(id.clone());
    post(&given, &author, json!({"status": "a", "media_ids": ids})).await.expect(422);
    post(&given, &author, json!({"status": "a", "media_ids": ids[1..]})).await.expect(200);
    post(&given, &author, json!({"status": "b", "media_ids": [id]})).await.expect(422);
    upload(&given, &author, b"not a picture".to_vec(), "image/png").await.expect(422);
    given.advance("PT25H").await;
    post(&given, &author, json!({"status": "b", "media_ids": [ids[0]]})).await.expect(422);
}

#[tokio::test]
async fn threads_are_joined_and_a_deleted_parent_is_not_found() {
    let (given, author) = given().await;
    let one = post(&given, &author, json!({"status": "one"})).await.expect(200).text_at("/id");
    let two = post(&given, &author, json!({"status": "two", "in_reply_to_id": one})).await.expect(200).text_at("/id");
    let context = answer(given.get(&format!("/api/v1/statuses/{one}/context"))).await.expect(200);
    assert_eq!(context.body["descendants"][0]["id"], two);
    let ledger = given.ledger("?platform=mastodon").await;
    assert_eq!((&ledger[1]["kind"], &ledger[1]["parent"]), (&json!("reply"), &json!(one)));

    let bob = Network::Mastodon.author(&given, "bob").await;
    answer(given.delete(&format!("/api/v1/statuses/{one}")).bearer_auth(&bob.token)).await.expect(404);
    let deleted = answer(given.delete(&format!("/api/v1/statuses/{one}")).bearer_auth(&author.token)).await.expect(200);
    assert_eq!(deleted.body["text"], "one");
    answer(given.get(&format!("/api/v1/statuses/{one}"))).await.expect(404);
    post(&given, &author, json!({"status": "three", "in_reply_to_id": one})).await.expect(404);
}

#[tokio::test]
async fn statuses_are_listed_newest_first_in_pages() {
    let (given, author) = given().await;
    for text in ["one", "two", "three"] {
        post(&given, &author, json!({"status": text})).await.expect(200);
    }
    post(&given, &author, json!({"status": "secret", "visibility": "private"})).await.expect(200);
    let path = format!("/api/v1/accounts/{}/statuses", author.account.id);
    let contents = |listed: &Answer| -> Vec<String> {
        let list = listed.body.as_array().expect("a list").iter();
        list.map(|status| status["content"].as_str().expect("content").replace("<p>", "").replace("</p>", "")).collect()
    };
    let public = answer(given.get(&format!("{path}?limit=2&exclude_reblogs=true"))).await.expect(200);
    assert_eq!(contents(&public), ["three", "two"]);
    let oldest = public.body[1]["id"].as_str().expect("an id");
    assert!(public.header("link").contains(&format!("max_id={oldest}")));
    let next = answer(given.get(&format!("{path}?max_id={oldest}"))).await.expect(200);
    assert_eq!(contents(&next), ["one"]);
    let own = answer(given.get(&path).bearer_auth(&author.token)).await.expect(200);
    assert_eq!(contents(&own), ["secret", "three", "two", "one"]);
    answer(given.get(&format!("{path}?colour=red"))).await.expect(422);
}

#[tokio::test]
async fn limits_hold_when_they_are_enforced_and_reset_by_the_clock() {
    let (given, author) = given().await;
    given.enforce_quotas().await;
    let path = "/api/v1/accounts/verify_credentials";
    for left in (0..300).rev() {
        let counted = answer(given.get(path).bearer_auth(&author.token)).await.expect(200);
        assert_eq!(counted.header("x-ratelimit-remaining"), left.to_string());
    }
    let limited = answer(given.get(path).bearer_auth(&author.token)).await.expect(429);
    assert_eq!(limited.body, json!({"error": "Too many requests"}));
    let reset: jiff::Timestamp = limited.header("x-ratelimit-reset").parse().expect("an ISO time");
    let now = answer(given.get("/_sandbox/clock")).await.text_at("/now").parse::<jiff::Timestamp>().expect("a time");
    assert!(reset > now && reset.duration_since(now).as_secs() <= 300);
    given.advance("PT5M").await;
    answer(given.get(path).bearer_auth(&author.token)).await.expect(200);
}

#[tokio::test]
async fn apps_register_and_their_tokens_cannot_post() {
    let (given, _) = given().await;
    let app = json!({"client_name": "Fanfare", "redirect_uris": "https://app.example/cb", "scopes": "read write"});
    let app = answer(given.post("/api/v1/apps").json(&app)).await.expect(200);
    let (id, secret) = (app.text_at("/client_id"), app.text_at("/client_secret"));
    let form = |secret: &str| {
        [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", id.clone()),
            ("client_secret", secret.to_owned()),
            ("scope", "write".to_owned()),
        ]
    };
    let token = answer(given.post("/oauth/token").form(&form(&secret))).await.expect(200).text_at("/access_token");
    let refused = answer(given.post("/oauth/token").form(&form("wrong"))).await.expect(401);
    assert_eq!(refused.body["error"], "invalid_client");
    let post = || given.post("/api/v1/statuses").bearer_auth(&token).json(&json!({"status": "a"}));
    answer(post()).await.expect(422);
    let revoke = [("client_id", &id), ("client_secret", &secret), ("token", &token)];
    answer(given.post("/oauth/revoke").form(&revoke)).await.expect(200);
    let revoked = answer(post()).await.expect(401);
    assert_eq!(revoked.body["error"], "The access token was revoked");
}
