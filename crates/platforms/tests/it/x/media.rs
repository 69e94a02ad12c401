use bytes::Bytes;
use platforms::{Media, MediaHandle, Network, x::X};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::account;
use crate::bed::{Bed, NOW, at, refusal};

const INIT: &str = "/2/media/upload/initialize";
const APPEND: &str = "/2/media/upload/77/append";
const FINALIZE: &str = "/2/media/upload/77/finalize";
const STATUS: &str = "/2/media/upload";
const METADATA: &str = "/2/media/metadata";

fn media(bytes: impl Into<Bytes>, content_type: &str, alt_text: Option<&str>) -> Media {
    Media {
        bytes: bytes.into(),
        content_type: content_type.to_owned(),
        filename: "a.bin".to_owned(),
        dimensions: None,
        alt_text: alt_text.map(str::to_owned),
        url: None,
    }
}

async fn accepting() -> Bed {
    let bed = Bed::new().await;
    bed.on("POST", INIT, 200, json!({"data": {"id": "77", "media_key": "3_77", "expires_after_secs": 86400}})).await;
    bed.on_with("POST", APPEND, ResponseTemplate::new(200)).await;
    bed.on("POST", METADATA, 200, json!({"data": {"id": "77"}})).await;
    bed
}

#[tokio::test]
async fn a_file_goes_up_in_pieces_of_a_mebibyte() {
    // given
    let bed = accepting().await;
    bed.on("POST", FINALIZE, 200, json!({"data": {"id": "77", "media_key": "3_77", "size": 5}})).await;
    let bytes = vec![b'x'; 2 * 1024 * 1024 + 5];
    // when
    let uploaded = X.upload(&bed.cx(), &account().get(), &media(bytes, "image/png", Some("a dot"))).await;
    // then
    assert_eq!(uploaded, Ok(MediaHandle::Ready(json!({"id": "77", "media_key": "3_77"}))));
    let seen = bed.seen().await;
    let calls: Vec<&str> = seen.iter().filter_map(|call| call["call"].as_str()).collect();
    let append = format!("POST {APPEND}");
    assert_eq!(
        calls,
        [&format!("POST {INIT}"), &append, &append, &append, &format!("POST {FINALIZE}"), &format!("POST {METADATA}")]
    );
    assert_eq!(
        seen[0]["json"],
        json!({"media_type": "image/png", "total_bytes": 2_097_157, "media_category": "tweet_image"})
    );
    let last = "--B\r\ncontent-disposition: form-data; name=\"segment_index\"\r\n\r\n2\r\n--B\r\ncontent-disposition: form-data; name=\"media\"; filename=\"a.bin\"\r\ncontent-type: application/octet-stream\r\n\r\nxxxxx\r\n--B--\r\n";
    assert_eq!(seen[3]["body"], json!(last));
    assert_eq!(seen[4], json!({"call": format!("POST {FINALIZE}"), "authorization": "Bearer access-1"}));
    assert_eq!(seen[5]["json"], json!({"id": "77", "metadata": {"alt_text": {"text": "a dot"}}}));
}

#[tokio::test]
async fn a_moving_gif_is_told_from_a_still_one() {
    let still = b"GIF89a\x01\0\x01\0\0\0\0\x2C\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3B".to_vec();
    let frame = &still[13..still.len() - 1];
    let moving = [&still[..still.len() - 1], frame, b"\x3B"].concat();
    for (bytes, content_type, category) in [
        (still, "image/gif", "tweet_image"),
        (moving, "image/gif", "tweet_gif"),
        (b"mp4".to_vec(), "video/mp4", "tweet_video"),
    ] {
        let bed = accepting().await;
        bed.on("POST", FINALIZE, 200, json!({"data": {"id": "77"}})).await;
        X.upload(&bed.cx(), &account().get(), &media(bytes, content_type, None)).await.expect("uploaded");
        assert_eq!(bed.seen().await[0]["json"]["media_category"], json!(category));
    }
}

#[tokio::test]
async fn what_is_still_processed_is_asked_for_and_then_described() {
    // given
    let bed = accepting().await;
    let state = |state: &str, wait: Value| json!({"data": {"id": "77", "media_key": "13_77", "processing_info": {"state": state, "check_after_secs": wait}}});
    bed.on("POST", FINALIZE, 200, state("pending", json!(5))).await;
    // when
    let uploaded =
        X.upload(&bed.cx(), &account().get(), &media("mp4", "video/mp4", Some("a film"))).await.expect("uploaded");
    // then
    let MediaHandle::Processing { handle, check_at } = uploaded else { panic!("{uploaded:?}") };
    assert_eq!(check_at, at(NOW + 5));
    bed.once("GET", STATUS, 200, state("in_progress", json!(0))).await;
    let waiting = X.poll(&bed.cx(), &account().get(), &handle).await.expect("asked");
    let MediaHandle::Processing { handle, check_at } = waiting else { panic!("{waiting:?}") };
    assert_eq!(check_at, at(NOW + 1));
    bed.on("GET", STATUS, 200, state("succeeded", Value::Null)).await;
    let ready = X.poll(&bed.cx(), &account().get(), &handle).await;
    assert_eq!(ready, Ok(MediaHandle::Ready(json!({"id": "77", "media_key": "13_77"}))));
    let seen = bed.seen().await;
    assert_eq!(seen[3]["query"], json!("command=STATUS&media_id=77"));
    assert_eq!(seen[5]["json"]["metadata"]["alt_text"]["text"], json!("a film"));
}

#[tokio::test]
async fn every_answer_to_an_upload_has_its_class() {
    for (path, status, body, expected) in [
        (
            INIT,
            400,
            json!({"errors": [{"message": "bad media_type"}], "title": "Invalid Request", "detail": "One or more parameters to your request was invalid.", "type": "https://api.x.com/2/problems/invalid-request"}),
            "rejected media_rejected",
        ),
        (INIT, 401, json!({"title": "Unauthorized"}), "auth token_expired"),
        (INIT, 200, json!({"data": {"id": "a/b"}}), "not_now"),
        (APPEND, 413, json!("nginx"), "rejected media_rejected"),
        (APPEND, 503, json!({}), "not_now"),
        (FINALIZE, 200, json!({"data": {"id": "78"}}), "not_now"),
        (
            FINALIZE,
            200,
            json!({"data": {"id": "77", "processing_info": {"state": "failed", "error": {"code": 1, "name": "InvalidMedia", "message": "bad codec"}}}}),
            "rejected media_rejected",
        ),
        (METADATA, 429, json!({"title": "Too Many Requests"}), "throttled +60"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", path, status, body.clone()).await;
        bed.on("POST", INIT, 200, json!({"data": {"id": "77"}})).await;
        bed.on_with("POST", APPEND, ResponseTemplate::new(204)).await;
        bed.on("POST", FINALIZE, 200, json!({"data": {"id": "77"}})).await;
        let error =
            X.upload(&bed.cx(), &account().get(), &media("x", "image/png", Some("alt"))).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{path} {body}");
    }
}

#[tokio::test]
async fn an_empty_file_is_refused_without_a_call() {
    let bed = Bed::new().await;
    let error = X.upload(&bed.cx(), &account().get(), &media("", "image/png", None)).await.expect_err("refused");
    assert_eq!(refusal(&error), "rejected media_rejected");
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}
