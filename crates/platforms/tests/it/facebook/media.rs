use bytes::Bytes;
use platforms::{Media, MediaHandle, Network, facebook::Facebook};
use serde_json::{Value, json};

use super::{account, error};
use crate::bed::{Bed, refusal};

const PHOTOS: &str = "/v24.0/1755/photos";
const VIDEOS: &str = "/v24.0/1755/videos";

fn media(bytes: &'static [u8], content_type: &str, alt_text: Option<&str>) -> Media {
    Media {
        bytes: Bytes::from_static(bytes),
        content_type: content_type.to_owned(),
        filename: "a.bin".to_owned(),
        dimensions: None,
        alt_text: alt_text.map(str::to_owned),
        url: None,
    }
}

#[tokio::test]
async fn a_picture_goes_up_unpublished_as_bytes() {
    let bed = Bed::new().await;
    bed.on("POST", PHOTOS, 200, json!({"id": "21"})).await;
    let file = media(b"jpeg", "image/jpeg", Some("a dot"));
    let uploaded = Facebook.upload(&bed.cx(), &account().get(), &file).await;
    assert_eq!(uploaded, Ok(MediaHandle::Ready(json!({"kind": "photo", "id": "21"}))));
    let body = "--B\r\ncontent-disposition: form-data; name=\"published\"\r\n\r\nfalse\r\n--B\r\ncontent-disposition: form-data; name=\"alt_text_custom\"\r\n\r\na dot\r\n--B\r\ncontent-disposition: form-data; name=\"source\"; filename=\"a.bin\"\r\ncontent-type: image/jpeg\r\n\r\njpeg\r\n--B--\r\n";
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("POST {PHOTOS}"), "authorization": "Bearer page-1",
            "type": "multipart/form-data; boundary=B", "body": body})]
    );
}

#[tokio::test]
async fn a_video_goes_up_in_the_pieces_that_facebook_asks_for() {
    // given
    let bed = Bed::new().await;
    let phase = |start: &str, end: &str| json!({"start_offset": start, "end_offset": end});
    let begun = json!({"upload_session_id": "41", "video_id": "31", "start_offset": "0", "end_offset": "3"});
    bed.once("POST", VIDEOS, 200, begun).await;
    bed.once("POST", VIDEOS, 200, phase("3", "5")).await;
    bed.once("POST", VIDEOS, 200, phase("5", "5")).await;
    // when
    let uploaded = Facebook.upload(&bed.cx(), &account().get(), &media(b"mp4!!", "video/mp4", None)).await;
    // then
    assert_eq!(uploaded, Ok(MediaHandle::Ready(json!({"kind": "video", "id": "31", "session": "41"}))));
    let seen = bed.seen().await;
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0]["json"], json!({"upload_phase": "start", "file_size": 5}));
    let part = |start: &str, bytes: &str| {
        format!(
            "--B\r\ncontent-disposition: form-data; name=\"upload_phase\"\r\n\r\ntransfer\r\n--B\r\ncontent-disposition: form-data; name=\"upload_session_id\"\r\n\r\n41\r\n--B\r\ncontent-disposition: form-data; name=\"start_offset\"\r\n\r\n{start}\r\n--B\r\ncontent-disposition: form-data; name=\"video_file_chunk\"; filename=\"a.bin\"\r\ncontent-type: video/mp4\r\n\r\n{bytes}\r\n--B--\r\n"
        )
    };
    assert_eq!((&seen[1]["body"], &seen[2]["body"]), (&json!(part("0", "mp4")), &json!(part("3", "!!"))));
}

#[tokio::test]
async fn an_upload_that_does_not_move_on_ends() {
    let begun = |start: &str, end: &str| json!({"upload_session_id": "41", "video_id": "31", "start_offset": start, "end_offset": end});
    for (first, next) in [
        (begun("0", "9"), json!({})),
        (begun("0", "3"), begun("0", "3")),
        (begun("0", "3"), begun("3", "2")),
        (begun("0", "3"), begun("-3", "5")),
        (begun("0", "3"), json!({"start_offset": 3, "end_offset": 5})),
        (begun("3", "3"), json!({})),
    ] {
        let bed = Bed::new().await;
        bed.once("POST", VIDEOS, 200, first.clone()).await;
        bed.on("POST", VIDEOS, 200, next).await;
        let refused = Facebook.upload(&bed.cx(), &account().get(), &media(b"mp4!!", "video/mp4", None)).await;
        assert_eq!(refusal(&refused.expect_err("refused")), "not_now", "{first}");
        assert!(bed.seen().await.len() <= 2, "{first}");
    }
}

#[tokio::test]
async fn every_answer_to_an_upload_has_its_class() {
    for (status, body, expected) in [
        (400, error(100, Value::Null, "(#100) Invalid image"), "rejected media_rejected"),
        (400, error(100, Value::Null, "(#100) Invalid parameter"), "rejected media_rejected"),
        (400, error(1, Value::Null, "(#1) An unknown error occurred"), "not_now"),
        (500, error(2, Value::Null, "x"), "not_now"),
        (400, error(190, json!(463), "x"), "auth token_expired"),
        (400, error(4, Value::Null, "x"), "throttled +300"),
        (200, json!({"id": "a/b"}), "not_now"),
        (200, json!({}), "not_now"),
    ] {
        for content_type in ["image/png", "video/mp4"] {
            let bed = Bed::new().await;
            bed.on("POST", PHOTOS, status, body.clone()).await;
            bed.on("POST", VIDEOS, status, body.clone()).await;
            let refused = Facebook.upload(&bed.cx(), &account().get(), &media(b"x", content_type, None)).await;
            assert_eq!(refusal(&refused.expect_err("refused")), expected, "{content_type} {body}");
        }
    }
    let bed = Bed::new().await;
    let empty = Facebook.upload(&bed.cx(), &account().get(), &media(b"", "image/png", None)).await;
    assert_eq!(refusal(&empty.expect_err("refused")), "rejected media_rejected");
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}
