use jiff::SignedDuration;
use platforms::{Media, MediaHandle, Network, linkedin::Linkedin};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{ORGANIZATION, organization, person, rest};
use crate::bed::{Bed, NOW, at, refusal};

const INIT: &str = "/rest/images";
const PLACE: &str = "/dms-uploads/C55/0";
const IMAGE: &str = "/rest/images/urn%3Ali%3Aimage%3AC55";

fn media() -> Media {
    Media {
        bytes: "PNG".into(),
        content_type: "image/png".to_owned(),
        filename: "a.png".to_owned(),
        dimensions: Some((10, 10)),
        alt_text: Some("a dot".to_owned()),
        url: None,
    }
}

fn begun(place: &str) -> Value {
    json!({"value": {"uploadUrlExpiresAt": 1_650_567_510_704_i64, "uploadUrl": place, "image": "urn:li:image:C55"}})
}

fn handle() -> Value {
    json!({"image": "urn:li:image:C55", "uploaded_at": at(NOW).to_string()})
}

#[tokio::test]
async fn an_image_is_announced_and_put_where_linkedin_says() {
    // given
    let bed = Bed::new().await;
    bed.on("POST", INIT, 200, begun(&format!("{}{PLACE}?e=1&sig=a/", bed.uri()))).await;
    bed.on_with("PUT", PLACE, ResponseTemplate::new(201)).await;
    // when
    let uploaded = Linkedin.upload(&bed.cx(), &organization().get(), &media()).await;
    // then
    assert_eq!(uploaded, Ok(MediaHandle::Processing { handle: handle(), check_at: at(NOW + 2) }));
    let begin =
        json!({"query": "action=initializeUpload", "json": {"initializeUploadRequest": {"owner": ORGANIZATION}}});
    assert_eq!(
        bed.seen().await,
        [
            rest(&format!("POST {INIT}"), begin),
            json!({"call": format!("PUT {PLACE}"), "query": "e=1&sig=a/", "authorization": "Bearer access-1",
                "type": "image/png", "body": "PNG"}),
        ]
    );
}

#[tokio::test]
async fn an_image_is_waited_for() {
    for (age, status, body, expected) in [
        (2, 200, json!({"status": "AVAILABLE"}), "ready"),
        (2, 200, json!({"status": "PROCESSING"}), "again +2"),
        (2, 200, json!({"status": "WAITING_UPLOAD"}), "again +2"),
        (2, 200, json!({"status": "SOMETHING_NEW"}), "again +2"),
        (2, 200, json!({"status": "PROCESSING_FAILED"}), "rejected media_rejected"),
        // A member's token may not look: a few seconds have to do.
        (2, 403, json!({"message": "Not enough permissions", "status": 403}), "again +3"),
        (5, 403, json!({"message": "Not enough permissions", "status": 403}), "ready"),
        (2, 404, json!({"message": "none", "status": 404}), "rejected media_rejected"),
        (2, 401, json!({"message": "revoked", "serviceErrorCode": 65_601}), "auth token_revoked"),
        (2, 500, json!({}), "not_now"),
        (2, 200, json!({}), "not_now"),
    ] {
        let mut bed = Bed::new().await;
        bed.on("GET", IMAGE, status, body.clone()).await;
        bed.now += SignedDuration::from_secs(age);
        let seen = match Linkedin.poll(&bed.cx(), &person().get(), &handle()).await {
            Ok(MediaHandle::Ready(ready)) => {
                assert_eq!(ready, handle());
                "ready".to_owned()
            }
            Ok(MediaHandle::Processing { handle: kept, check_at }) => {
                assert_eq!(kept, handle());
                format!("again +{}", check_at.duration_since(bed.now).as_secs())
            }
            Err(error) => refusal(&error),
        };
        assert_eq!(seen, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_token_goes_to_linkedin_alone() {
    for place in [
        "https://evil.example/dms-uploads/x",
        "http://www.linkedin.com/dms-uploads/x",
        "https://www.linkedin.com:8443/dms-uploads/x",
        "https://linkedin.com.evil.example/x",
        "https://notlinkedin.com/x",
        "https://u:p@www.linkedin.com/x",
        "file:///etc/passwd",
        "/dms-uploads/x",
        "",
    ] {
        let bed = Bed::new().await;
        bed.on("POST", INIT, 200, begun(place)).await;
        let error = Linkedin.upload(&bed.cx(), &person().get(), &media()).await.expect_err("refused");
        assert_eq!(refusal(&error), "not_now", "{place}");
        assert_eq!(bed.seen().await.len(), 1, "{place}");
    }
}

#[tokio::test]
async fn every_answer_to_an_upload_has_its_class() {
    for (method, path, status, body, expected) in [
        ("POST", INIT, 400, json!({"message": "bad owner", "status": 400}), "rejected media_rejected"),
        ("POST", INIT, 403, json!({"message": "Not enough permissions", "status": 403}), "rejected permission_missing"),
        (
            "POST",
            INIT,
            200,
            json!({"value": {"uploadUrl": "https://www.linkedin.com/x", "image": "urn:li:person:1"}}),
            "not_now",
        ),
        ("POST", INIT, 200, json!({}), "not_now"),
        ("PUT", PLACE, 413, json!("nginx"), "rejected media_rejected"),
        ("PUT", PLACE, 401, json!("<html>"), "auth token_expired"),
        ("PUT", PLACE, 503, json!({}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on(method, path, status, body.clone()).await;
        bed.on("POST", INIT, 200, begun(&format!("{}{PLACE}", bed.uri()))).await;
        let error = Linkedin.upload(&bed.cx(), &person().get(), &media()).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{method} {path} {status} {body}");
    }
}
