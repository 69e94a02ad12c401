use domain::target::{Live, Outcome, Probe};
use jiff::SignedDuration;
use platforms::{Media, MediaHandle, Network, Part, bluesky::Bluesky};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{DID, account};
use crate::bed::{Bed, main_part, message, outcome, refusal, reply_part, sought};

const PUT: &str = "/xrpc/com.atproto.repo.putRecord";
const GET: &str = "/xrpc/com.atproto.repo.getRecord";
const UPLOAD: &str = "/xrpc/com.atproto.repo.uploadBlob";
const RESOLVE: &str = "/xrpc/com.atproto.identity.resolveHandle";
const CID: &str = "bafyreiabcdefgh";

fn blob() -> Value {
    json!({"$type": "blob", "ref": {"$link": "bafkreiabcdefgh"}, "mimeType": "image/png", "size": 3})
}

fn live(rkey: &str) -> Live {
    let uri = format!("at://{DID}/app.bsky.feed.post/{rkey}");
    Live { reference: json!({"uri": uri, "cid": CID}), id: uri, url: None }
}

async fn compose(bed: &Bed, part: &Part<'_>) -> Value {
    Bluesky.compose(&bed.cx(), &account(bed).get(), part).await.expect("composed")
}

#[tokio::test]
async fn a_record_is_complete_before_it_is_sent() {
    // given
    let bed = Bed::new().await;
    bed.on("GET", RESOLVE, 200, json!({"did": "did:plc:bob"})).await;
    bed.on("POST", UPLOAD, 200, json!({"blob": blob()})).await;
    let media = Media {
        bytes: "png".into(),
        content_type: "image/png".to_owned(),
        filename: "a.png".to_owned(),
        dimensions: Some((640, 480)),
        alt_text: Some("a dot".to_owned()),
        url: None,
    };
    let account = account(&bed);
    let handle = Bluesky.upload(&bed.cx(), &account.get(), &media).await.expect("uploaded");
    let MediaHandle::Ready(handle) = handle else { panic!("an image is ready at once") };
    let (root, parent) = (live("3lroot2222222"), live("3lparent22222"));
    let options =
        json!({"langs": ["en"], "labels": ["nudity"], "external": {"uri": "https://x.example", "title": "X"}});
    let media = [(handle, Some("a dot".to_owned()))];
    let part =
        Part { media: &media, ..reply_part("Hello https://ex.am #tag @Bob.test 👋", &root, &parent, &options) };
    // when
    let composed = compose(&bed, &part).await;
    // then
    let rkey = composed["rkey"].as_str().expect("a key").to_owned();
    assert_eq!(rkey.len(), 13);
    assert_eq!(
        composed,
        json!({"repo": DID, "collection": "app.bsky.feed.post", "rkey": rkey, "record": {
            "$type": "app.bsky.feed.post",
            "text": "Hello https://ex.am #tag @Bob.test 👋",
            "createdAt": "2026-11-22T10:00:00.000Z",
            "langs": ["en"],
            "labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "nudity"}]},
            "facets": [
                {"index": {"byteStart": 6, "byteEnd": 19}, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://ex.am"}]},
                {"index": {"byteStart": 20, "byteEnd": 24}, "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "tag"}]},
                {"index": {"byteStart": 25, "byteEnd": 34}, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:bob"}]},
            ],
            "reply": {"root": root.reference, "parent": parent.reference},
            "embed": {"$type": "app.bsky.embed.images", "images": [
                {"image": blob(), "alt": "a dot", "aspectRatio": {"width": 640, "height": 480}},
            ]},
        }})
    );
    let seen = bed.seen().await;
    assert_eq!(
        seen[0],
        json!({"call": format!("POST {UPLOAD}"), "authorization": "Bearer access-1", "body": "png", "type": "image/png"})
    );
    assert_eq!(seen[1]["query"], json!("handle=bob.test"));
}

#[tokio::test]
async fn a_link_card_is_the_main_parts() {
    let bed = Bed::new().await;
    let options = json!({"external": {"uri": "https://x.example", "title": "X"}});
    let root = live("3lroot2222222");
    let main = compose(&bed, &main_part("", &options)).await;
    assert_eq!(
        main["record"]["embed"],
        json!({"$type": "app.bsky.embed.external", "external": {"uri": "https://x.example", "title": "X", "description": ""}})
    );
    let comment = compose(&bed, &reply_part("c", &root, &root, &options)).await;
    assert_eq!(comment["record"]["embed"], Value::Null);
    assert_eq!(comment["record"]["reply"]["root"], comment["record"]["reply"]["parent"]);
}

#[tokio::test]
async fn a_mention_of_nobody_stays_text() {
    for (status, body) in [
        (400, json!({"error": "InvalidRequest", "message": "Unable to resolve handle"})),
        (404, json!({})),
        (502, json!({"error": "UpstreamFailure"})),
        (200, json!({"did": "javascript:alert(1)"})),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", RESOLVE, status, body).await;
        let composed = compose(&bed, &main_part("hi @nobody.example @nobody.example #x", &Value::Null)).await;
        let facets = composed["record"]["facets"].as_array().expect("the tag");
        assert_eq!(facets.len(), 1);
        assert_eq!(bed.seen().await.len(), 1, "a handle is asked for once");
    }
}

#[tokio::test]
async fn a_mention_waits_for_a_server_that_cannot_be_asked_now() {
    for status in [429, 503] {
        let bed = Bed::new().await;
        bed.on("GET", RESOLVE, status, json!({})).await;
        let part = main_part("hi @bob.example", &Value::Null);
        assert!(Bluesky.compose(&bed.cx(), &account(&bed).get(), &part).await.is_err());
    }
}

#[tokio::test]
async fn a_parent_known_by_its_id_alone_is_looked_up() {
    // given: the caller's word that the part before is live
    let bed = Bed::new().await;
    let parent = Live { id: "3lparent22222".to_owned(), url: None, reference: Value::Null };
    let uri = format!("at://{DID}/app.bsky.feed.post/3lparent22222");
    bed.on("GET", GET, 200, json!({"uri": uri, "cid": CID, "value": {}})).await;
    // when
    let composed = compose(&bed, &reply_part("c", &parent, &parent, &Value::Null)).await;
    // then
    assert_eq!(composed["record"]["reply"]["parent"], json!({"uri": uri, "cid": CID}));
    // and when it is gone
    bed.forget().await;
    bed.on("GET", GET, 400, json!({"error": "RecordNotFound", "message": "Could not locate record"})).await;
    let part = reply_part("c", &parent, &parent, &Value::Null);
    let error = Bluesky.compose(&bed.cx(), &account(&bed).get(), &part).await.expect_err("refused");
    assert_eq!(refusal(&error), "rejected parent_part_failed");
}

#[tokio::test]
async fn what_was_composed_is_what_is_sent_each_time() {
    // given
    let mut bed = Bed::new().await;
    let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
    let uri = format!("at://{DID}/app.bsky.feed.post/{}", composed["rkey"].as_str().expect("a key"));
    // the second answer of a server for the same record has no commit
    bed.once("POST", PUT, 200, json!({"uri": uri, "cid": CID, "commit": {"cid": "c", "rev": "r"}})).await;
    bed.on("POST", PUT, 200, json!({"uri": uri, "cid": CID, "validationStatus": "valid"})).await;
    // when
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        outcomes.push(Bluesky.send(&bed.cx(), &account(&bed).get(), &composed).await);
        bed.now += SignedDuration::from_hours(1);
    }
    // then
    let url = format!("https://bsky.app/profile/alice.example/post/{}", composed["rkey"].as_str().expect("a key"));
    let live = Live { id: uri.clone(), url: Some(url), reference: json!({"uri": uri, "cid": CID}) };
    assert_eq!(outcomes, [Outcome::Published(live.clone()), Outcome::Published(live)]);
    let seen = bed.seen().await;
    assert_eq!(seen[0], json!({"call": format!("POST {PUT}"), "authorization": "Bearer access-1", "json": composed}));
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn every_answer_to_a_send_has_its_class() {
    let error = |name: &str| json!({"error": name, "message": "words"});
    for (status, body, expected) in [
        (400, error("ExpiredToken"), "auth token_expired"),
        (400, error("InvalidToken"), "auth token_revoked"),
        (400, json!({"error": "InvalidToken", "message": "Bad token scope"}), "rejected permission_missing"),
        (401, error("AuthMissing"), "auth token_revoked"),
        (401, error("AccountTakedown"), "auth token_revoked"),
        (401, error("AccountDeactivated"), "auth token_revoked"),
        (403, error("AccountNotFound"), "auth token_revoked"),
        (401, json!("garbage"), "auth token_revoked"),
        (403, error("InsufficientScope"), "rejected permission_missing"),
        (403, error("Anything"), "rejected permission_missing"),
        (400, error("InvalidRequest"), "rejected content_rejected"),
        (400, error("InvalidMimeType"), "rejected media_rejected"),
        (400, error("InvalidSize"), "rejected media_rejected"),
        (400, error("BlobNotFound"), "rejected media_unavailable"),
        (413, error("PayloadTooLarge"), "rejected media_rejected"),
        (413, json!("nginx"), "rejected media_rejected"),
        (400, error("InvalidSwap"), "not_now"),
        (400, error("NeverSeenBefore"), "rejected platform_error"),
        (404, json!("<html>"), "not_now"),
        (429, error("RateLimitExceeded"), "throttled +60"),
        (500, error("InternalServerError"), "ambiguous"),
        (502, json!("bad gateway"), "ambiguous"),
        (503, error("NotEnoughResources"), "ambiguous"),
        (302, json!({}), "ambiguous"),
        (200, json!({}), "ambiguous"),
        (200, json!("garbage"), "ambiguous"),
        (200, json!({"uri": "at://did:plc:other/app.bsky.feed.post/3l", "cid": CID}), "ambiguous"),
        (200, json!({"uri": format!("at://{DID}/app.bsky.feed.post/RKEY")}), "ambiguous"),
    ] {
        let bed = Bed::new().await;
        let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
        bed.on("POST", PUT, status, body.clone()).await;
        let seen = Bluesky.send(&bed.cx(), &account(&bed).get(), &composed).await;
        assert_eq!(outcome(&seen), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_throttled_send_waits_for_the_reset() {
    let bed = Bed::new().await;
    let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
    let reset = (bed.now + SignedDuration::from_secs(123)).as_second().to_string();
    let answer =
        ResponseTemplate::new(429).insert_header("RateLimit-Reset", reset.as_str()).insert_header("Retry-After", "7");
    bed.on_with("POST", PUT, answer).await;
    let seen = Bluesky.send(&bed.cx(), &account(&bed).get(), &composed).await;
    assert_eq!(outcome(&seen), "throttled +123");
}

#[tokio::test]
async fn a_probe_asks_for_the_record_by_its_key() {
    let bed = Bed::new().await;
    let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
    let rkey = composed["rkey"].as_str().expect("a key");
    let uri = format!("at://{DID}/app.bsky.feed.post/{rkey}");
    for (status, body, expected) in [
        (200, json!({"uri": uri, "cid": CID, "value": {"text": "hi"}}), "live"),
        (400, json!({"error": "RecordNotFound", "message": "Could not locate record"}), "not live"),
        (400, json!({"error": "InvalidRequest", "message": format!("Could not locate record: {uri}")}), "not live"),
        (400, json!({"error": "InvalidRequest", "message": "Could not find repo"}), "unknown"),
        (400, json!({"error": "RepoDeactivated", "message": "no"}), "unknown"),
        (404, json!("<html>"), "unknown"),
        (500, json!({"error": "RecordNotFound"}), "unknown"),
        (200, json!({"uri": uri}), "unknown"),
        (200, json!({"uri": "at://did:plc:other/x/y", "cid": CID}), "unknown"),
    ] {
        bed.forget().await;
        bed.on("GET", GET, status, body.clone()).await;
        let probe = Bluesky.probe(&bed.cx(), &account(&bed).get(), &sought(&composed, bed.now)).await;
        let seen = match &probe {
            Probe::Live(live) => {
                assert_eq!(live.reference, json!({"uri": uri, "cid": CID}));
                "live"
            }
            Probe::NotLive => "not live",
            Probe::Unknown { .. } => "unknown",
            other => panic!("{other:?}"),
        };
        assert_eq!(seen, expected, "{status} {body}");
        let query = format!("repo={}&collection=app.bsky.feed.post&rkey={rkey}", DID.replace(':', "%3A"));
        assert_eq!(bed.seen().await, [json!({"call": format!("GET {GET}"), "query": query})]);
    }
}

#[tokio::test]
async fn an_upload_that_is_no_blob_is_not_used() {
    for (status, body, expected) in [
        (
            200,
            json!({"blob": {"$type": "blob", "ref": {"$link": "../x"}, "mimeType": "image/png", "size": 3}}),
            "not_now",
        ),
        (200, json!({"blob": {"cid": "bafy", "mimeType": "image/png"}}), "not_now"),
        (413, json!({"error": "PayloadTooLarge", "message": "too big"}), "rejected media_rejected"),
        (400, json!({"error": "ExpiredToken", "message": "no"}), "auth token_expired"),
        (500, json!({}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", UPLOAD, status, body.clone()).await;
        let media = Media {
            bytes: "png".into(),
            content_type: "image/png".to_owned(),
            filename: "a.png".to_owned(),
            dimensions: None,
            alt_text: None,
            url: None,
        };
        let error = Bluesky.upload(&bed.cx(), &account(&bed).get(), &media).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{body}: {}", message(&error));
    }
}
