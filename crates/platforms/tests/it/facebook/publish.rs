use domain::target::{Live, Outcome, Progress};
use platforms::{Network, Part, facebook::Facebook};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{account, error};
use crate::bed::{Bed, NOW, at, main_part, outcome, refusal, reply_part};

const FEED: &str = "/v24.0/1755/feed";
const VIDEOS: &str = "/v24.0/1755/videos";
const COMMENTS: &str = "/v24.0/1755_10/comments";

async fn compose(bed: &Bed, part: &Part<'_>) -> Value {
    Facebook.compose(&bed.cx(), &account().get(), part).await.expect("composed")
}

async fn send(bed: &Bed, composed: &Value) -> Outcome {
    Facebook.send(&bed.cx(), &account().get(), composed).await
}

fn live(id: &str) -> Live {
    Live { id: id.to_owned(), url: None, reference: Value::Null }
}

fn photo(id: &str) -> (Value, Option<String>) {
    (json!({"kind": "photo", "id": id}), Some("a dot".to_owned()))
}

#[tokio::test]
async fn a_post_goes_to_the_feed_and_its_address_is_read_back() {
    // given
    let bed = Bed::new().await;
    bed.on("POST", FEED, 200, json!({"id": "1755_10", "permalink_url": "https://www.facebook.com/acme/posts/10"}))
        .await;
    let null = Value::Null;
    let linked = json!({"link": "https://a.example/?b=c"});
    let photos = [photo("21"), photo("22")];
    for (part, body) in [
        (main_part("Hello", &null), json!({"message": "Hello"})),
        (main_part("See", &linked), json!({"message": "See", "link": "https://a.example/?b=c"})),
        (
            Part { media: &photos, ..main_part("Two", &null) },
            json!({"message": "Two", "attached_media": [{"media_fbid": "21"}, {"media_fbid": "22"}]}),
        ),
        (Part { media: &photos[..1], ..main_part("", &null) }, json!({"attached_media": [{"media_fbid": "21"}]})),
    ] {
        bed.server.reset().await;
        let made = json!({"id": "1755_10", "permalink_url": "https://www.facebook.com/acme/posts/10"});
        bed.on("POST", FEED, 200, made).await;
        let composed = compose(&bed, &part).await;
        // when
        let sent = send(&bed, &composed).await;
        // then
        let url = Some("https://www.facebook.com/acme/posts/10".to_owned());
        assert_eq!(sent, Outcome::Published(Live { id: "1755_10".to_owned(), url, reference: Value::Null }));
        assert_eq!(
            bed.seen().await,
            [json!({"call": format!("POST {FEED}"), "query": "fields=id%2Cpermalink_url",
                "authorization": "Bearer page-1", "json": body})]
        );
    }
}

#[tokio::test]
async fn later_parts_are_comments_under_the_post() {
    let bed = Bed::new().await;
    bed.on("POST", COMMENTS, 200, json!({"id": "10_77"})).await;
    let null = Value::Null;
    let (root, before) = (live("1755_10"), live("10_76"));
    for parent in [&root, &before] {
        let composed = compose(&bed, &reply_part("first", &root, parent, &null)).await;
        let sent = send(&bed, &composed).await;
        let url = Some("https://www.facebook.com/10_77".to_owned());
        assert_eq!(sent, Outcome::Published(Live { id: "10_77".to_owned(), url, reference: Value::Null }));
    }
    let call =
        json!({"call": format!("POST {COMMENTS}"), "authorization": "Bearer page-1", "json": {"message": "first"}});
    assert_eq!(bed.seen().await, [call.clone(), call]);
    let nameless = live("../me");
    let part = reply_part("c", &nameless, &nameless, &null);
    let refused = Facebook.compose(&bed.cx(), &account().get(), &part).await.expect_err("refused");
    assert_eq!(refusal(&refused), "rejected parent_part_failed");
}

#[tokio::test]
async fn a_video_is_published_by_its_last_phase_and_followed() {
    // given
    let bed = Bed::new().await;
    bed.on("POST", VIDEOS, 200, json!({"success": true})).await;
    let options = json!({"title": "A film"});
    let media = [(json!({"kind": "video", "id": "31", "session": "41"}), None)];
    let composed = compose(&bed, &Part { media: &media, ..main_part("Look", &options) }).await;
    // when
    let sent = send(&bed, &composed).await;
    // then
    let Outcome::Accepted { handle, check_at } = sent else { panic!("{sent:?}") };
    assert_eq!(check_at, at(NOW + 5));
    let body = json!({"upload_phase": "finish", "upload_session_id": "41", "description": "Look", "title": "A film"});
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("POST {VIDEOS}"), "authorization": "Bearer page-1", "json": body})]
    );
    let follower = Facebook.follower().expect("can");
    for (answer, expected) in [
        (json!({"id": "31", "status": {"video_status": "processing"}}), "still"),
        (json!({"id": "31"}), "still"),
        (json!({"id": "31", "status": {"video_status": "error"}}), "rejected media_rejected"),
        (json!({"id": "32", "status": {"video_status": "ready"}}), "not_now"),
        (
            json!({"id": "31", "status": {"video_status": "ready"}, "permalink_url": "/acme/videos/31/"}),
            "31 https://www.facebook.com/acme/videos/31/",
        ),
        (
            json!({"id": "31", "status": {"video_status": "ready"}, "post_id": "1755_10"}),
            "1755_10 https://www.facebook.com/1755_10",
        ),
    ] {
        bed.server.reset().await;
        bed.on("GET", "/v24.0/31", 200, answer.clone()).await;
        let seen = match follower.follow(&bed.cx(), &account().get(), &handle).await {
            Progress::Live(live) => format!("{} {}", live.id, live.url.unwrap_or_default()),
            Progress::Still { .. } => "still".to_owned(),
            Progress::Refused(refused) => refusal(&refused),
            Progress::Unknown { .. } => "unknown".to_owned(),
        };
        assert_eq!(seen, expected, "{answer}");
    }
    bed.server.reset().await;
    bed.on("GET", "/v24.0/31", 400, error(100, json!(33), "Unsupported get request.")).await;
    let gone = follower.follow(&bed.cx(), &account().get(), &handle).await;
    assert!(matches!(gone, Progress::Unknown { .. }), "{gone:?}: what cannot be seen may be live");
}

/// Fact sheet 2.11; the texts of the seed are passed on as they are.
#[tokio::test]
async fn every_answer_has_its_class() {
    let null = Value::Null;
    for (status, body, expected) in [
        (400, error(1, null.clone(), "(#1) An unknown error occurred"), "ambiguous"),
        (500, error(2, null.clone(), "Service temporarily unavailable"), "ambiguous"),
        (400, error(2, null.clone(), "Service temporarily unavailable"), "ambiguous"),
        (400, json!({"error": {"message": "later", "code": 3_999, "is_transient": true}}), "ambiguous"),
        (400, error(100, json!(1_363_047), "try again"), "ambiguous"),
        (400, error(-3, json!(1_609_010), "try again"), "ambiguous"),
        (400, error(4, null.clone(), "(#4) Application request limit reached"), "throttled +300"),
        (400, error(17, null.clone(), "(#17) User request limit reached"), "throttled +300"),
        (400, error(32, null.clone(), "(#32) Page request limit reached"), "throttled +300"),
        (400, error(341, null.clone(), "limit"), "throttled +300"),
        (400, error(613, null.clone(), "limit"), "throttled +300"),
        (400, error(80_001, null.clone(), "limit"), "throttled +300"),
        (400, error(368, json!(1_390_008), "too fast"), "throttled +300"),
        (400, error(190, json!(463), "Session has expired"), "auth token_expired"),
        (400, error(190, json!(460), "password changed"), "auth token_revoked"),
        (400, error(190, json!(458), "app removed"), "auth token_revoked"),
        (400, error(190, json!(459), "checkpoint"), "auth token_revoked"),
        (400, error(190, null.clone(), "Invalid OAuth access token"), "auth token_revoked"),
        (401, error(190, null.clone(), "The session has expired"), "auth token_expired"),
        (400, error(102, null.clone(), "API session"), "auth token_revoked"),
        (403, error(10, null.clone(), "permission"), "rejected permission_missing"),
        (403, error(200, null.clone(), "(#200) requires pages_manage_posts"), "rejected permission_missing"),
        (403, error(299, null.clone(), "permission"), "rejected permission_missing"),
        (400, error(3, null.clone(), "capability"), "rejected permission_missing"),
        (400, error(100, json!(1_404_078), "authorize publishing"), "rejected permission_missing"),
        (400, error(100, null.clone(), "(#100) Invalid parameter"), "rejected content_rejected"),
        (400, error(100, null.clone(), "(#100) Invalid image"), "rejected media_rejected"),
        (400, error(100, json!(33), "Object does not exist"), "rejected platform_error"),
        (400, error(324, null.clone(), "(#324) Requires upload file"), "rejected media_rejected"),
        (400, error(1_609_005, null.clone(), "link"), "rejected content_rejected"),
        (400, error(100, json!(1_366_046), "too big"), "rejected media_rejected"),
        (400, error(100, json!(2_061_006), "bad address"), "rejected content_rejected"),
        (400, error(506, null.clone(), "Duplicate status message"), "rejected duplicate_content"),
        (400, error(368, null.clone(), "You've already posted this"), "rejected duplicate_content"),
        (400, error(100, json!(1_366_051), "posted"), "rejected duplicate_content"),
        (400, error(368, null.clone(), "temporarily blocked"), "rejected account_restricted"),
        (400, error(368, json!(1_404_112), "limited"), "rejected account_restricted"),
        (400, error(100, json!(1_346_003), "abusive"), "rejected content_rejected"),
        (400, error(424_242, null.clone(), "something new"), "rejected platform_error"),
        (401, json!("x"), "auth token_expired"),
        (413, json!("x"), "rejected media_rejected"),
        (429, json!("x"), "throttled +60"),
        (400, json!("<html>"), "not_now"),
        (408, error(100, null.clone(), "x"), "ambiguous"),
        (503, json!("over capacity"), "ambiguous"),
        (200, json!({}), "ambiguous"),
        (200, json!({"id": 7}), "ambiguous"),
        (200, json!({"id": "a/b"}), "ambiguous"),
        (200, error(100, null.clone(), "x"), "ambiguous"),
        (200, json!({"id": "1755_10", "permalink_url": "javascript:alert(1)"}), "published"),
    ] {
        let bed = Bed::new().await;
        let composed = compose(&bed, &main_part("hi", &null)).await;
        bed.on("POST", FEED, status, body.clone()).await;
        let sent = send(&bed, &composed).await;
        assert_eq!(outcome(&sent), expected, "{status} {body}");
        if let (Outcome::Refused(refused), Some(said)) = (&sent, body["error"]["message"].as_str()) {
            assert_eq!(refused.message(), said);
        }
    }
}

#[tokio::test]
async fn a_throttled_page_waits_as_long_as_it_is_told() {
    for (name, value, expected) in [
        (
            "x-business-use-case-usage",
            r#"{"1755":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":19}]}"#,
            "throttled +1140",
        ),
        ("retry-after", "30", "throttled +30"),
        ("x-app-usage", r#"{"call_count":100}"#, "throttled +300"),
        (
            "x-business-use-case-usage",
            r#"{"1755":[{"estimated_time_to_regain_access":4000000000}]}"#,
            "throttled +90000",
        ),
    ] {
        let bed = Bed::new().await;
        let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
        let answer =
            ResponseTemplate::new(400).set_body_json(error(32, Value::Null, "limit")).insert_header(name, value);
        bed.on_with("POST", FEED, answer).await;
        assert_eq!(outcome(&send(&bed, &composed).await), expected, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_token_that_the_network_echoes_is_not_passed_on() {
    let bed = Bed::new().await;
    let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
    bed.on("POST", FEED, 400, error(190, Value::Null, "page-1 is not a token")).await;
    let Outcome::Refused(refused) = send(&bed, &composed).await else { panic!("published") };
    assert_eq!(refused.message(), "[secret] is not a token");
}
