use domain::target::{Live, Outcome, Progress};
use jiff::SignedDuration;
use platforms::{Follow, Network, threads::Threads};
use serde_json::{Value, json};

use super::{account, asked, error, form};
use crate::bed::{Bed, NOW, at, main_part, outcome};

const PUBLISH: &str = "/v1.0/17841400000000001/threads_publish";

/// What is ready to be sent.
async fn ready(bed: &Bed) -> Value {
    let mut composed =
        Threads.compose(&bed.cx(), &account().get(), &main_part("hi", &Value::Null)).await.expect("composed");
    composed["post"]["id"] = json!("101");
    composed["post"]["made_at"] = json!(at(NOW).to_string());
    composed
}

#[tokio::test]
async fn a_container_is_published_by_one_call() {
    // given
    let bed = Bed::new().await;
    let composed = ready(&bed).await;
    bed.on("POST", PUBLISH, 200, json!({"id": "17900000000000001"})).await;
    // when
    let sent = Threads.send(&bed.cx(), &account().get(), &composed).await;
    // then
    let handle = json!({"post": "17900000000000001"});
    assert_eq!(sent, Outcome::Accepted { handle: handle.clone(), check_at: bed.now });
    assert_eq!(bed.seen().await, [form(&format!("POST {PUBLISH}"), "creation_id=101")]);
    // and then its address is asked for
    let link = "https://www.threads.net/@alice/post/C1";
    bed.forget().await;
    bed.on("GET", "/v1.0/17900000000000001", 200, json!({"id": "17900000000000001", "permalink": link})).await;
    let followed = Threads.follow(&bed.cx(), &account().get(), &handle).await;
    let live = Live { id: "17900000000000001".to_owned(), url: Some(link.to_owned()), reference: Value::Null };
    assert_eq!(followed, Progress::Live(live));
    assert_eq!(bed.seen().await, [asked("GET /v1.0/17900000000000001", "fields=id%2Cpermalink")]);
}

#[tokio::test]
async fn a_post_is_live_whether_or_not_its_address_is_told() {
    for (status, body) in [
        (200, json!({"id": "5"})),
        (200, json!({"id": "6", "permalink": "https://a.example"})),
        (200, json!({"id": "5", "permalink": "javascript:alert(1)"})),
        (400, error(190, None, "expired")),
        (500, json!({})),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", "/v1.0/5", status, body.clone()).await;
        let followed = Threads.follow(&bed.cx(), &account().get(), &json!({"post": "5"})).await;
        let live = Live { id: "5".to_owned(), url: None, reference: Value::Null };
        assert_eq!(followed, Progress::Live(live), "{body}");
    }
    let bed = Bed::new().await;
    for handle in [json!(null), json!({"post": 5}), json!({"post": "5/../6"})] {
        let followed = Threads.follow(&bed.cx(), &account().get(), &handle).await;
        assert!(matches!(followed, Progress::Unknown { .. }), "{handle}");
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn every_answer_to_a_send_has_its_class() {
    let mut transient = error(77_777, None, "try again");
    transient["error"]["is_transient"] = json!(true);
    for (status, body, expected) in [
        (400, error(24, Some(4_279_009), "Media Not Found"), "not_now +3"),
        (400, error(9, None, "Quota of posts exceeded"), "throttled +1800"),
        (400, error(613, None, "Calls to this api have exceeded the rate limit."), "throttled +300"),
        (400, error(190, Some(463), "expired"), "auth token_expired"),
        (403, error(10, None, "no permission"), "rejected permission_missing"),
        (400, error(25, Some(4_279_013), "restricted"), "rejected account_restricted"),
        (400, error(100, None, "bad creation_id"), "rejected content_rejected"),
        (400, error(77_777, None, "never seen"), "rejected platform_error"),
        // Posts were seen to be published with these.
        (400, error(1, None, "An unknown error occurred"), "ambiguous"),
        (500, error(2, None, "Service temporarily unavailable"), "ambiguous"),
        (400, transient, "ambiguous"),
        (400, json!("<html>"), "not_now"),
        (401, json!("<html>"), "auth token_expired"),
        (503, json!({}), "ambiguous"),
        (302, json!({}), "ambiguous"),
        (200, json!({}), "ambiguous"),
        (200, json!({"id": 5}), "ambiguous"),
        (200, json!({"id": "a/b"}), "ambiguous"),
    ] {
        let bed = Bed::new().await;
        let composed = ready(&bed).await;
        bed.on("POST", PUBLISH, status, body.clone()).await;
        let sent = Threads.send(&bed.cx(), &account().get(), &composed).await;
        assert_eq!(outcome(&sent), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_container_that_is_not_there_is_tried_ever_more_rarely() {
    for (age, expected) in [(0, "not_now +3"), (59, "not_now +3"), (60, "not_now")] {
        let mut bed = Bed::new().await;
        let composed = ready(&bed).await;
        bed.on("POST", PUBLISH, 400, error(24, Some(4_279_009), "Media Not Found")).await;
        bed.now += SignedDuration::from_secs(age);
        let sent = Threads.send(&bed.cx(), &account().get(), &composed).await;
        assert_eq!(outcome(&sent), expected, "{age}");
    }
}

#[tokio::test]
async fn what_is_not_staged_or_was_published_already_is_not_sent() {
    let bed = Bed::new().await;
    let mut composed = ready(&bed).await;
    composed["is_published"] = json!(true);
    assert_eq!(outcome(&Threads.send(&bed.cx(), &account().get(), &composed).await), "ambiguous");
    composed = Threads.compose(&bed.cx(), &account().get(), &main_part("hi", &Value::Null)).await.expect("composed");
    assert_eq!(outcome(&Threads.send(&bed.cx(), &account().get(), &composed).await), "rejected platform_error");
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}
