use domain::{
    post::Role,
    target::{Live, Outcome},
};
use platforms::{Media, MediaHandle, Network, Part, mastodon::Mastodon};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::genuine;
use crate::bed::{Bed, NOW, at, main_part, outcome, refusal, reply_part};

const STATUSES: &str = "/api/v1/statuses";
const MEDIA: &str = "/api/v2/media";

fn media() -> Media {
    Media {
        bytes: "png".into(),
        content_type: "image/png".to_owned(),
        filename: "a.png".to_owned(),
        dimensions: None,
        alt_text: Some("a dot".to_owned()),
        url: None,
    }
}

fn live(id: &str) -> Live {
    Live { id: id.to_owned(), url: None, reference: Value::Null }
}

async fn compose(bed: &Bed, part: &Part<'_>) -> Value {
    Mastodon.compose(&bed.cx(), &genuine(bed).get(), part).await.expect("composed")
}

#[tokio::test]
async fn a_status_is_sent_with_its_key() {
    // given
    let bed = Bed::new().await;
    let options = json!({"visibility": "unlisted", "sensitive": true, "spoiler_text": "cw", "language": "en",
        "poll": {"options": ["a", "b"], "expires_in": 300}});
    let composed = compose(&bed, &main_part("Hello", &options)).await;
    let status = json!({"id": "113", "created_at": "2026-11-22T10:00:00.000Z", "url": "https://m.example/@alice/113",
        "uri": "https://m.example/users/alice/statuses/113", "content": "<p>Hello</p>", "in_reply_to_id": null,
        "media_attachments": [], "spoiler_text": ""});
    bed.on("POST", STATUSES, 200, status).await;
    // when
    let sent = Mastodon.send(&bed.cx(), &genuine(&bed).get(), &composed).await;
    // then
    let url = Some("https://m.example/@alice/113".to_owned());
    assert_eq!(sent, Outcome::Published(Live { id: "113".to_owned(), url, reference: Value::Null }));
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("POST {STATUSES}"), "authorization": "Bearer token-1",
            "idempotency-key": composed["key"], "json": {"status": "Hello", "visibility": "unlisted", "sensitive": true,
            "spoiler_text": "cw", "language": "en", "poll": {"options": ["a", "b"], "expires_in": 300}}})]
    );
}

#[tokio::test]
async fn the_key_follows_the_part_and_its_content() {
    let bed = Bed::new().await;
    let null = Value::Null;
    let first = compose(&bed, &main_part("a", &null)).await;
    let again = Mastodon
        .compose(&platforms::Cx { now: at(NOW + 9_999), ..bed.cx() }, &genuine(&bed).get(), &main_part("a", &null))
        .await
        .expect("composed");
    assert_eq!((&first["key"], &first["body"]), (&again["key"], &again["body"]));
    let edited = compose(&bed, &main_part("b", &null)).await;
    let other = compose(&bed, &Part { key: "tgt_2/0", ..main_part("a", &null) }).await;
    assert_ne!(first["key"], edited["key"]);
    assert_ne!(first["key"], other["key"]);
}

#[tokio::test]
async fn a_thread_keeps_visibility_and_leaves_the_poll_above() {
    let bed = Bed::new().await;
    let options =
        json!({"visibility": "private", "spoiler_text": "cw", "poll": {"options": ["a", "b"], "expires_in": 300}});
    let (root, parent) = (live("1"), live("2"));
    let media = [(json!({"id": "77"}), None)];
    let part = Part { media: &media, role: Role::Thread, ..reply_part("c", &root, &parent, &options) };
    let composed = compose(&bed, &part).await;
    assert_eq!(
        composed["body"],
        json!({"status": "c", "media_ids": ["77"], "in_reply_to_id": "2", "visibility": "private", "spoiler_text": "cw"})
    );
}

#[tokio::test]
async fn an_id_from_elsewhere_is_not_put_into_a_request() {
    let bed = Bed::new().await;
    let bad = live("../../oauth/revoke");
    let part = reply_part("c", &bad, &bad, &Value::Null);
    let error = Mastodon.compose(&bed.cx(), &genuine(&bed).get(), &part).await.expect_err("refused");
    assert_eq!(refusal(&error), "rejected parent_part_failed");
    let handle = json!({"id": "1/../2"});
    let error = Mastodon.poll(&bed.cx(), &genuine(&bed).get(), &handle).await.expect_err("refused");
    assert_eq!(refusal(&error), "rejected media_rejected");
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn every_answer_to_a_send_has_its_class() {
    let error = |words: &str| json!({"error": words});
    for (status, body, expected) in [
        (401, error("The access token was revoked"), "auth token_revoked"),
        (401, error("The access token expired"), "auth token_expired"),
        (401, json!("<html>"), "auth token_revoked"),
        (403, error("Your login is currently disabled"), "auth token_revoked"),
        (403, error("This action is outside the authorized scopes"), "rejected permission_missing"),
        (403, error("Your account has been suspended"), "rejected account_restricted"),
        (403, json!("<html>cloudflare</html>"), "not_now"),
        (404, error("Record not found"), "rejected content_rejected"),
        (404, json!("<html>parked</html>"), "not_now"),
        (422, error("Validation failed: Text character limit of 500 exceeded"), "rejected content_rejected"),
        (422, error("Cannot attach files that have not finished processing. Try again in a moment!"), "not_now +5"),
        (422, error("Cannot attach more than 4 files"), "rejected media_rejected"),
        (422, error("Duplicate record"), "rejected duplicate_content"),
        (400, error("param is missing"), "rejected content_rejected"),
        (410, error("Gone"), "rejected account_not_found"),
        (418, error("teapot"), "rejected platform_error"),
        (429, error("Zu viele Anfragen"), "throttled +60"),
        (500, error("boom"), "ambiguous"),
        (503, error("Remote data could not be fetched"), "ambiguous"),
        (504, json!("<html>"), "ambiguous"),
        (302, json!({}), "ambiguous"),
        (200, json!({}), "ambiguous"),
        (200, json!({"id": ""}), "ambiguous"),
        (200, json!({"id": "a/b"}), "ambiguous"),
        (200, json!("<html>welcome</html>"), "ambiguous"),
        (202, json!({"id": "9"}), "published"),
        (200, json!({"id": 9}), "published"),
    ] {
        let bed = Bed::new().await;
        let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
        bed.on("POST", STATUSES, status, body.clone()).await;
        let sent = Mastodon.send(&bed.cx(), &genuine(&bed).get(), &composed).await;
        assert_eq!(outcome(&sent), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_throttled_send_waits_for_the_reset_in_either_form() {
    let bed = Bed::new().await;
    let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
    for reset in [at(NOW + 123).to_string(), (NOW + 123).to_string()] {
        bed.forget().await;
        let answer = ResponseTemplate::new(429).insert_header("X-RateLimit-Reset", reset.as_str());
        bed.on_with("POST", STATUSES, answer).await;
        let sent = Mastodon.send(&bed.cx(), &genuine(&bed).get(), &composed).await;
        assert_eq!(outcome(&sent), "throttled +123", "{reset}");
    }
}

#[tokio::test]
async fn a_file_is_uploaded_with_its_description_and_waited_for() {
    // given
    let bed = Bed::new().await;
    bed.on("POST", MEDIA, 202, json!({"id": "77", "url": null})).await;
    // when
    let uploaded = Mastodon.upload(&bed.cx(), &genuine(&bed).get(), &media()).await.expect("uploaded");
    // then
    let MediaHandle::Processing { handle, check_at } = uploaded else { panic!("{uploaded:?}") };
    assert!(check_at > bed.now);
    assert_eq!(
        bed.seen().await,
        [
            json!({"call": format!("POST {MEDIA}"), "authorization": "Bearer token-1", "type": "multipart/form-data; boundary=B",
            "body": "--B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\npng\r\n--B\r\ncontent-disposition: form-data; name=\"description\"\r\n\r\na dot\r\n--B--\r\n"})
        ]
    );
    // and
    for (status, body, expected) in [
        (206, json!({"id": "77", "url": null}), "processing"),
        (200, json!({"id": "77", "url": null}), "processing"),
        (200, json!({"id": "77", "url": "https://m.example/77.png"}), "ready"),
        (422, json!({"error": "Error processing thumbnail"}), "rejected media_rejected"),
        (404, json!({"error": "Record not found"}), "rejected media_rejected"),
        (500, json!({"error": "Error processing thumbnail for uploaded media"}), "not_now"),
        (200, json!([]), "not_now"),
    ] {
        bed.forget().await;
        bed.on("GET", "/api/v1/media/77", status, body.clone()).await;
        let seen = match Mastodon.poll(&bed.cx(), &genuine(&bed).get(), &handle).await {
            Ok(MediaHandle::Ready(ready)) => {
                assert_eq!(ready, json!({"id": "77"}));
                "ready".to_owned()
            }
            Ok(MediaHandle::Processing { .. }) => "processing".to_owned(),
            Err(error) => refusal(&error),
        };
        assert_eq!(seen, expected, "{status} {body}");
    }
}
