use domain::target::{Live, Outcome, Progress};
use platforms::{Media, MediaHandle, Network, Part, Staged, instagram::Instagram};
use serde_json::{Value, json};

use super::{account, error, file};
use crate::bed::{Bed, Connected, NOW, at, main_part, outcome, prepared, refusal, reply_part};
use domain::platform::Platform;

const PUBLISH: &str = "/v24.0/178/media_publish";

async fn ready(bed: &Bed) -> Value {
    let media = [file("a.jpg", false)];
    let part = Part { media: &media, ..main_part("Hi", &Value::Null) };
    prepared(Platform::Instagram, Instagram.compose(&bed.cx(), &account().get(), &part).await.expect("composed"))
}

#[tokio::test]
async fn a_container_is_published_and_shown() {
    // given
    let bed = Bed::new().await;
    bed.on("POST", PUBLISH, 200, json!({"id": "1790"})).await;
    let composed = ready(&bed).await;
    // when
    let sent = Instagram.send(&bed.cx(), &account().get(), &composed).await;
    // then
    assert_eq!(sent, Outcome::Accepted { handle: json!({"media": "1790"}), check_at: at(NOW + 1) });
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("POST {PUBLISH}"), "authorization": "Bearer token-1",
            "type": "application/x-www-form-urlencoded", "body": "creation_id=17"})]
    );
    let follower = Instagram.follower().expect("can");
    let link = "https://www.instagram.com/p/Abc/";
    for (status, answer, url) in [
        (200, json!({"id": "1790", "permalink": link}), Some(link)),
        (200, json!({"id": "1791", "permalink": link}), None),
        (200, json!({"id": "1790", "permalink": "javascript:alert(1)"}), None),
        (500, json!({}), None),
        (400, error(190, Value::Null, "x"), None),
    ] {
        bed.forget().await;
        bed.on("GET", "/v24.0/1790", status, answer).await;
        let followed = follower.follow(&bed.cx(), &account().get(), &json!({"media": "1790"})).await;
        let url = url.map(str::to_owned);
        assert_eq!(followed, Progress::Live(Live { id: "1790".to_owned(), url, reference: Value::Null }));
    }
    let odd = follower.follow(&bed.cx(), &account().get(), &json!({"media": "../1"})).await;
    assert!(matches!(odd, Progress::Unknown { .. }), "{odd:?}");
}

#[tokio::test]
async fn every_answer_to_a_publication_has_its_class() {
    for (status, body, expected) in [
        (400, error(9_007, json!(2_207_027), "Media ID is not available"), "not_now +5"),
        (400, error(-2, json!(2_207_020), "expired"), "not_now +1"),
        (400, error(9, json!(2_207_042), "daily limit"), "throttled +3600"),
        (400, error(4, json!(2_207_051), "spam"), "rejected account_restricted"),
        (400, error(-1, json!(2_207_001), "server error"), "ambiguous"),
        (400, error(1, Value::Null, "unknown"), "ambiguous"),
        (400, error(2, Value::Null, "unknown"), "ambiguous"),
        (500, json!({}), "ambiguous"),
        (500, error(9_007, json!(2_207_027), "Media ID is not available"), "ambiguous"),
        (400, error(190, json!(463), "expired"), "auth token_expired"),
        (400, error(10, Value::Null, "permission"), "rejected permission_missing"),
        (400, error(55_555, Value::Null, "new"), "rejected platform_error"),
        (200, json!({}), "ambiguous"),
        (200, json!({"id": "1/7"}), "ambiguous"),
        (400, json!("<html>"), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", PUBLISH, status, body.clone()).await;
        let composed = ready(&bed).await;
        let sent = Instagram.send(&bed.cx(), &account().get(), &composed).await;
        assert_eq!(outcome(&sent), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn later_parts_are_comments_and_a_page_s_where_facebook_is_between() {
    let bed = Bed::new().await;
    bed.on("POST", "/v24.0/1790/comments", 200, json!({"id": "1801"})).await;
    let null = Value::Null;
    let live = |id: &str| Live { id: id.to_owned(), url: None, reference: Value::Null };
    let (root, before) = (live("1790"), live("1800"));
    let linked = json!({"login": "facebook", "access_token": "person", "page_token": "page"});
    let linked = Connected::new("178", "acme", json!({"login": "facebook"}), linked);
    for (account, token) in [(account(), "token-1"), (linked, "page")] {
        bed.server.reset().await;
        bed.on("POST", "/v24.0/1790/comments", 200, json!({"id": "1801"})).await;
        let part = reply_part("first & last", &root, &before, &null);
        let composed = Instagram.compose(&bed.cx(), &account.get(), &part).await.expect("composed");
        let staged = Instagram.stager().expect("can").stage(&bed.cx(), &account.get(), &composed).await;
        assert_eq!(staged, Ok(Staged::Ready(composed.clone())), "a comment needs no container");
        let sent = Instagram.send(&bed.cx(), &account.get(), &composed).await;
        assert_eq!(sent, Outcome::Published(live("1801")));
        assert_eq!(
            bed.seen().await,
            [json!({"call": "POST /v24.0/1790/comments", "authorization": format!("Bearer {token}"),
                "type": "application/x-www-form-urlencoded", "body": "message=first+%26+last"})]
        );
    }
    let nameless = live("a/b");
    let part = reply_part("c", &nameless, &nameless, &null);
    let refused = Instagram.compose(&bed.cx(), &account().get(), &part).await.expect_err("refused");
    assert_eq!(refusal(&refused), "rejected parent_part_failed");
}

#[tokio::test]
async fn a_file_is_handed_over_by_its_address() {
    let bed = Bed::new().await;
    let media = |url: Option<&str>| Media {
        bytes: "x".into(),
        content_type: "video/mp4".to_owned(),
        filename: "a.mp4".to_owned(),
        dimensions: None,
        alt_text: None,
        url: url.map(str::to_owned),
    };
    let address = "https://f.example/v1/media/med_1/content?token=1.a";
    let handed = Instagram.upload(&bed.cx(), &account().get(), &media(Some(address))).await;
    assert_eq!(handed, Ok(MediaHandle::Ready(json!({"url": address, "is_video": true}))));
    for none in [None, Some("file:///etc/passwd")] {
        let refused = Instagram.upload(&bed.cx(), &account().get(), &media(none)).await.expect_err("refused");
        assert_eq!(refusal(&refused), "rejected media_unavailable");
        assert!(refused.message().contains("gateway.public_url"), "{}", refused.message());
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn words_alone_are_no_post() {
    let bed = Bed::new().await;
    let refused = Instagram.compose(&bed.cx(), &account().get(), &main_part("Hi", &Value::Null)).await;
    assert_eq!(refusal(&refused.expect_err("refused")), "rejected content_rejected");
}
