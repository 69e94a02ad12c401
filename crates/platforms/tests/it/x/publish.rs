use domain::{
    post::Role,
    target::{Live, Outcome},
};
use jiff::SignedDuration;
use platforms::{Network, Part, x::X};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::account;
use crate::bed::{Bed, NOW, main_part, outcome, refusal, reply_part};

const TWEETS: &str = "/2/tweets";

fn live(id: &str) -> Live {
    Live { id: id.to_owned(), url: None, reference: Value::Null }
}

async fn compose(bed: &Bed, part: &Part<'_>) -> Value {
    X.compose(&bed.cx(), &account().get(), part).await.expect("composed")
}

#[tokio::test]
async fn a_post_is_sent_with_all_that_belongs_to_it() {
    // given
    let bed = Bed::new().await;
    let options = json!({"reply_settings": "following", "made_with_ai": true, "paid_partnership": false,
        "community_id": "5", "tagged_user_ids": ["12"]});
    let media = [(json!({"id": "77", "media_key": "3_77"}), Some("alt".to_owned()))];
    let composed = compose(&bed, &Part { media: &media, ..main_part("Hello", &options) }).await;
    bed.on(
        "POST",
        TWEETS,
        201,
        json!({"data": {"id": "1899", "text": "Hello https://t.co/abc", "edit_history_post_ids": ["1899"]}}),
    )
    .await;
    // when
    let sent = X.send(&bed.cx(), &account().get(), &composed).await;
    // then
    let url = Some("https://x.com/alice/status/1899".to_owned());
    assert_eq!(sent, Outcome::Published(Live { id: "1899".to_owned(), url, reference: Value::Null }));
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("POST {TWEETS}"), "authorization": "Bearer access-1", "json": {
            "text": "Hello", "media": {"media_ids": ["77"], "tagged_user_ids": ["12"]}, "reply_settings": "following",
            "made_with_ai": true, "paid_partnership": false, "community_id": "5"}})]
    );
}

#[tokio::test]
async fn a_thread_hangs_each_part_on_the_one_before() {
    let bed = Bed::new().await;
    let options = json!({"reply_settings": "following", "quote_tweet_id": "9", "poll": {"options": ["a", "b"], "duration_minutes": 5},
        "made_with_ai": true});
    let (root, parent) = (live("1"), live("2"));
    let part = Part { role: Role::Thread, ..reply_part("c", &root, &parent, &options) };
    let composed = compose(&bed, &part).await;
    assert_eq!(composed["body"], json!({"text": "c", "made_with_ai": true, "reply": {"in_reply_to_tweet_id": "2"}}));
    let main = compose(&bed, &main_part("m", &options)).await;
    assert_eq!(main["body"]["quote_tweet_id"], json!("9"));
    let bad = live("1; drop");
    let error =
        X.compose(&bed.cx(), &account().get(), &reply_part("c", &bad, &bad, &Value::Null)).await.expect_err("refused");
    assert_eq!(refusal(&error), "rejected parent_part_failed");
}

#[tokio::test]
async fn text_may_be_missing_beside_media_only() {
    let bed = Bed::new().await;
    let media = [(json!({"id": "77"}), None)];
    let with = compose(&bed, &Part { media: &media, ..main_part("", &Value::Null) }).await;
    assert_eq!(with["body"], json!({"media": {"media_ids": ["77"]}}));
    let without = compose(&bed, &main_part("", &Value::Null)).await;
    assert_eq!(without["body"], json!({"text": ""}));
}

#[tokio::test]
async fn every_answer_to_a_send_has_its_class() {
    let problem =
        |kind: &str, detail: &str| json!({"title": "Forbidden", "detail": detail, "type": kind, "status": 403});
    let plain = |detail: &str| problem("about:blank", detail);
    let typed = |name: &str| problem(&format!("https://api.x.com/2/problems/{name}"), "words");
    for (status, body, expected) in [
        (401, plain("Unauthorized"), "auth token_expired"),
        (401, json!("<html>"), "auth token_expired"),
        (403, typed("unsupported-authentication"), "auth token_revoked"),
        (402, json!({"title": "CreditsDepleted", "detail": "no credits"}), "rejected quota_exhausted"),
        (402, json!("x"), "rejected quota_exhausted"),
        (403, typed("client-forbidden"), "rejected permission_missing"),
        (
            403,
            problem("https://developer.twitter.com/en/support#oauth1-permissions", "words"),
            "rejected permission_missing",
        ),
        (403, typed("user-suspended"), "rejected account_restricted"),
        (403, plain("You are not allowed to create a Tweet with duplicate content."), "rejected duplicate_content"),
        (403, plain("Your account is not permitted to access this feature"), "rejected permission_missing"),
        (403, plain("You are not permitted to perform this action."), "rejected content_rejected"),
        (403, plain("maximum of one cashtag"), "rejected content_rejected"),
        (
            403,
            plain(
                "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.",
            ),
            "rejected permission_missing",
        ),
        (
            403,
            plain("You attempted to reply to a Tweet that is deleted or not visible to you."),
            "rejected content_rejected",
        ),
        (403, json!("<html>cloudflare</html>"), "not_now"),
        (
            400,
            json!({"errors": [{"parameters": {"ids": ["x"]}, "message": "bad"}], "title": "Invalid Request", "detail": "One or more parameters to your request was invalid.", "type": "https://api.x.com/2/problems/invalid-request"}),
            "rejected content_rejected",
        ),
        (400, plain("Your media IDs are invalid."), "rejected media_rejected"),
        (
            404,
            json!({"errors": [{"title": "Not Found Error", "detail": "no such tweet", "type": "https://api.x.com/2/problems/resource-not-found"}]}),
            "rejected content_rejected",
        ),
        (404, json!("<html>"), "not_now"),
        (409, plain("teapot"), "rejected platform_error"),
        (429, json!({"title": "Too Many Requests", "type": "about:blank", "status": 429}), "throttled +60"),
        (429, json!({"errors": [{"code": 88, "message": "Rate limit exceeded"}]}), "throttled +60"),
        (429, json!("<html>"), "throttled +60"),
        (429, typed("usage-capped"), "rejected quota_exhausted"),
        (
            500,
            json!({"title": "Internal Server Error", "detail": "Something is broken.", "type": "about:blank", "status": 500}),
            "ambiguous",
        ),
        (503, json!("over capacity"), "ambiguous"),
        (201, json!({}), "ambiguous"),
        (201, json!({"data": {"text": "hi"}}), "ambiguous"),
        (201, json!({"data": {"id": 1899}}), "ambiguous"),
        (201, json!({"data": {"id": "18 99"}}), "ambiguous"),
        (200, json!({"errors": [{"title": "x"}]}), "ambiguous"),
        (200, json!({"data": {"id": "1899", "text": "hi"}, "errors": [{"title": "x"}]}), "published"),
    ] {
        let bed = Bed::new().await;
        let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
        bed.on("POST", TWEETS, status, body.clone()).await;
        let sent = X.send(&bed.cx(), &account().get(), &composed).await;
        assert_eq!(outcome(&sent), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_parent_that_x_does_not_see_yet_is_waited_for() {
    let gone = json!({"title": "Forbidden", "detail": "You attempted to reply to a Tweet that is deleted or not visible to you.", "type": "about:blank", "status": 403});
    for (age, expected) in [(0, "not_now +2"), (3, "not_now +5"), (8, "not_now +10"), (60, "rejected content_rejected")]
    {
        let mut bed = Bed::new().await;
        let parent = live("1");
        let composed = compose(&bed, &reply_part("c", &parent, &parent, &Value::Null)).await;
        bed.on("POST", TWEETS, 403, gone.clone()).await;
        bed.now += SignedDuration::from_secs(age);
        let sent = X.send(&bed.cx(), &account().get(), &composed).await;
        assert_eq!(outcome(&sent), expected, "{age}");
    }
}

#[tokio::test]
async fn a_throttled_send_waits_for_the_quota_that_is_used_up() {
    let reset = |seconds: i64| (NOW + seconds).to_string();
    for (headers, expected) in [
        (vec![("x-rate-limit-reset", reset(100))], "throttled +100"),
        (vec![("x-rate-limit-reset", reset(100)), ("x-rate-limit-remaining", "0".to_owned())], "throttled +100"),
        (
            vec![
                ("x-rate-limit-reset", reset(100)),
                ("x-rate-limit-remaining", "50".to_owned()),
                ("x-user-limit-24hour-remaining", "0".to_owned()),
                ("x-user-limit-24hour-reset", reset(5000)),
            ],
            "throttled +5000",
        ),
        (
            vec![
                ("x-rate-limit-reset", reset(100)),
                ("x-app-limit-24hour-remaining", "7".to_owned()),
                ("x-app-limit-24hour-reset", reset(5000)),
            ],
            "throttled +100",
        ),
        (vec![("x-rate-limit-reset", "soon".to_owned())], "throttled +60"),
        (vec![("x-rate-limit-reset", "99999999999999".to_owned())], "throttled +60"),
        (vec![("x-rate-limit-reset", reset(10_000_000))], "throttled +90000"),
    ] {
        let bed = Bed::new().await;
        let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
        let mut answer = ResponseTemplate::new(429).set_body_json(json!({"title": "Too Many Requests"}));
        for (name, value) in &headers {
            answer = answer.insert_header(*name, value.as_str());
        }
        bed.on_with("POST", TWEETS, answer).await;
        let sent = X.send(&bed.cx(), &account().get(), &composed).await;
        assert_eq!(outcome(&sent), expected, "{headers:?}");
    }
}
