use domain::{
    post::Role,
    target::{Live, Outcome},
};
use jiff::SignedDuration;
use platforms::{Network, Part, linkedin::Linkedin};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{ORGANIZATION, PERSON, organization, person, rest};
use crate::bed::{Bed, Connected, NOW, at, main_part, outcome, refusal, reply_part};

const POSTS: &str = "/rest/posts";
const SHARE: &str = "urn:li:share:7141138937766391808";
const COMMENTS: &str = "/rest/socialActions/urn%3Ali%3Ashare%3A7141138937766391808/comments";

fn live(id: &str) -> Live {
    Live { id: id.to_owned(), url: None, reference: Value::Null }
}

async fn compose(bed: &Bed, part: &Part<'_>) -> Value {
    Linkedin.compose(&bed.cx(), &person().get(), part).await.expect("composed")
}

fn created(id: &str) -> ResponseTemplate {
    ResponseTemplate::new(201).insert_header("x-restli-id", id)
}

fn image(id: &str) -> Value {
    json!({"image": format!("urn:li:image:{id}"), "uploaded_at": at(NOW).to_string()})
}

fn body(author: &str, commentary: &str) -> Value {
    json!({"author": author, "commentary": commentary, "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED", "isReshareDisabledByAuthor": false})
}

#[tokio::test]
async fn a_post_is_sent_with_every_reserved_character_escaped() {
    // given
    let bed = Bed::new().await;
    let text = "Hello (world) #rust_lang a_b *c* @[Acme](urn:li:organization:5) <d> ~e~ {f|g} [h] \\ @i #1";
    let composed = compose(&bed, &main_part(text, &Value::Null)).await;
    bed.on_with("POST", POSTS, created(SHARE)).await;
    // when
    let sent = Linkedin.send(&bed.cx(), &person().get(), &composed).await;
    // then
    let url = Some(format!("https://www.linkedin.com/feed/update/{SHARE}/"));
    assert_eq!(sent, Outcome::Published(Live { id: SHARE.to_owned(), url, reference: Value::Null }));
    let escaped = "Hello \\(world\\) {hashtag|\\#|rust\\_lang} a\\_b \\*c\\* @[Acme](urn:li:organization:5) \
                   \\<d\\> \\~e\\~ \\{f\\|g\\} \\[h\\] \\\\ \\@i \\#1";
    assert_eq!(bed.seen().await, [rest("POST /rest/posts", json!({"json": body(PERSON, escaped)}))]);
}

#[tokio::test]
async fn an_organisation_posts_in_its_own_name_with_its_options() {
    let bed = Bed::new().await;
    let options = json!({"visibility": "PUBLIC", "is_reshare_disabled": true,
        "article": {"source": "https://a.example/(x)", "title": "A (title)", "description": null}});
    let account = organization();
    let composed = Linkedin.compose(&bed.cx(), &account.get(), &main_part("", &options)).await.expect("composed");
    let mut expected = body(ORGANIZATION, "");
    expected["isReshareDisabledByAuthor"] = json!(true);
    // A card's words are no commentary: they are shown as they are.
    expected["content"] = json!({"article": {"source": "https://a.example/(x)", "title": "A (title)"}});
    assert_eq!(composed["body"], expected);
    let connections = json!({"visibility": "CONNECTIONS"});
    assert_eq!(compose(&bed, &main_part("m", &connections)).await["body"]["visibility"], json!("CONNECTIONS"));
}

#[tokio::test]
async fn images_are_attached_by_their_names() {
    let bed = Bed::new().await;
    let one = [(image("A1"), Some("a dot".to_owned()))];
    let composed = compose(&bed, &Part { media: &one, ..main_part("one", &Value::Null) }).await;
    assert_eq!(composed["body"]["content"], json!({"media": {"id": "urn:li:image:A1", "altText": "a dot"}}));
    let several = [(image("A1"), Some(" ".to_owned())), (image("B2"), Some("b".to_owned())), (image("C3"), None)];
    let composed = compose(&bed, &Part { media: &several, ..main_part("three", &Value::Null) }).await;
    assert_eq!(
        composed["body"]["content"],
        json!({"multiImage": {"images": [{"id": "urn:li:image:A1"}, {"id": "urn:li:image:B2", "altText": "b"},
            {"id": "urn:li:image:C3"}]}})
    );
    let bad = [(json!({"image": "urn:li:image:a b", "uploaded_at": at(NOW).to_string()}), None)];
    let part = Part { media: &bad, ..main_part("bad", &Value::Null) };
    let error = Linkedin.compose(&bed.cx(), &person().get(), &part).await.expect_err("refused");
    assert_eq!(refusal(&error), "rejected media_rejected");
}

#[tokio::test]
async fn what_follows_a_post_are_comments_on_it_in_plain_text() {
    // given
    let bed = Bed::new().await;
    let (root, parent) = (live(SHARE), live("urn:li:comment:(urn:li:activity:9,10)"));
    let options = json!({"is_reshare_disabled": true});
    let media = [(image("A1"), None)];
    let part = Part { role: Role::Thread, media: &media, ..reply_part("see (this) #tag", &root, &parent, &options) };
    let composed = compose(&bed, &part).await;
    let made =
        json!({"id": "11", "commentUrn": "urn:li:comment:(urn:li:activity:9,11)", "object": "urn:li:activity:9"});
    bed.on("POST", COMMENTS, 201, made).await;
    // when
    let sent = Linkedin.send(&bed.cx(), &person().get(), &composed).await;
    // then
    let id = "urn:li:comment:(urn:li:activity:9,11)".to_owned();
    let url = Some(format!("https://www.linkedin.com/feed/update/{SHARE}/"));
    assert_eq!(sent, Outcome::Published(Live { id, url, reference: Value::Null }));
    let body = json!({"actor": PERSON, "object": SHARE, "message": {"text": "see (this) #tag"},
        "content": [{"entity": {"image": "urn:li:image:A1"}}]});
    assert_eq!(bed.seen().await, [rest(&format!("POST {COMMENTS}"), json!({"json": body}))]);
    // and a parent that is none
    for bad in ["7141138937766391808", "urn:li:share:1/../2", "urn:li:comment:(urn:li:activity:9,10)"] {
        let bad = live(bad);
        let part = reply_part("c", &bad, &bad, &Value::Null);
        let error = Linkedin.compose(&bed.cx(), &person().get(), &part).await.expect_err("refused");
        assert_eq!(refusal(&error), "rejected parent_part_failed");
    }
}

fn plain(service: i64, code: &str, message: &str) -> Value {
    json!({"message": message, "serviceErrorCode": service, "code": code, "status": 400})
}

fn duplicate() -> Value {
    json!({"errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": "Content is a duplicate of urn:li:share:7141138937766391808",
        "errorDetails": {"inputErrors": [{"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}]},
        "status": 422})
}

#[tokio::test]
async fn every_answer_to_a_send_has_its_class() {
    let midnight = format!("throttled +{}", 14 * 3600);
    let input = |code: &str, description: &str| {
        json!({"message": "bad", "status": 422,
        "errorDetails": {"inputErrors": [{"description": description, "code": code}]}})
    };
    for (status, body, expected) in [
        (401, plain(65_600, "INVALID_ACCESS_TOKEN", "Invalid access token"), "auth token_revoked"),
        (
            401,
            plain(65_601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user"),
            "auth token_revoked",
        ),
        (401, plain(65_602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired"), "auth token_expired"),
        (
            401,
            json!({"message": "Empty oauth2 access token", "code": "EMPTY_ACCESS_TOKEN", "status": 401}),
            "auth token_expired",
        ),
        (401, json!("<html>"), "auth token_expired"),
        (
            403,
            plain(100, "ACCESS_DENIED", "Not enough permissions to access: partnerApiPosts.CREATE"),
            "rejected permission_missing",
        ),
        (
            403,
            json!({"message": "Accessing this video resource is forbidden", "status": 403}),
            "rejected permission_missing",
        ),
        (403, json!("<html>"), "not_now"),
        (422, duplicate(), "rejected duplicate_content"),
        (422, input("FIELD_LENGTH_TOO_LONG", "commentary is too long"), "rejected content_rejected"),
        (400, input("INVALID_VALUE_FOR_FIELD", "/visibility"), "rejected content_rejected"),
        (
            400,
            json!({"message": "ERROR :: /content/media/id :: \"urn:li:image:A1\" is not owned", "status": 400}),
            "rejected media_rejected",
        ),
        (400, plain(0, "VERSION_MISSING", "A version must be present"), "rejected platform_error"),
        (426, plain(0, "NONEXISTENT_VERSION", "Requested version 20260700 is not active"), "not_now"),
        (404, plain(0, "NOT_FOUND", "no such thing"), "rejected content_rejected"),
        (404, json!("<html>"), "not_now"),
        (409, plain(0, "CONFLICT", "concurrent change"), "not_now"),
        (410, plain(0, "GONE", "teapot"), "rejected platform_error"),
        (413, json!("nginx"), "rejected media_rejected"),
        (
            429,
            plain(101, "TOO_MANY_REQUESTS", "Resource level throttle limit for calls to this resource is reached."),
            midnight.as_str(),
        ),
        (429, json!("<html>"), midnight.as_str()),
        (500, plain(0, "INTERNAL", "Internal Server Error"), "ambiguous"),
        (503, json!("busy"), "ambiguous"),
        (504, json!("busy"), "ambiguous"),
        (201, json!({}), "ambiguous"),
        (201, json!({"id": SHARE}), "ambiguous"),
    ] {
        let bed = Bed::new().await;
        let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
        bed.on("POST", POSTS, status, body.clone()).await;
        let sent = Linkedin.send(&bed.cx(), &person().get(), &composed).await;
        assert_eq!(outcome(&sent), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn only_the_name_of_a_post_is_one() {
    for (id, expected) in [
        ("urn:li:ugcPost:1", "published"),
        ("urn:li:activity:1", "published"),
        ("1", "ambiguous"),
        ("urn:li:share:", "ambiguous"),
        ("urn:li:share:1/2", "ambiguous"),
        ("urn:li:person:1", "ambiguous"),
    ] {
        let bed = Bed::new().await;
        let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
        bed.on_with("POST", POSTS, created(id)).await;
        let sent = Linkedin.send(&bed.cx(), &person().get(), &composed).await;
        assert_eq!(outcome(&sent), expected, "{id}");
    }
}

#[tokio::test]
async fn words_of_a_refusal_are_linkedins_own() {
    let bed = Bed::new().await;
    let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
    bed.on("POST", POSTS, 422, duplicate()).await;
    let Outcome::Refused(error) = Linkedin.send(&bed.cx(), &person().get(), &composed).await else { panic!("sent") };
    let words = "Content is a duplicate of urn:li:share:7141138937766391808 (Duplicate post is detected)";
    assert_eq!(error.message(), words);
}

#[tokio::test]
async fn a_reset_that_is_named_goes_before_midnight() {
    let bed = Bed::new().await;
    let composed = compose(&bed, &main_part("hi", &Value::Null)).await;
    let answer = ResponseTemplate::new(429).set_body_json(json!({"message": "x"})).insert_header("retry-after", "90");
    bed.on_with("POST", POSTS, answer).await;
    assert_eq!(outcome(&Linkedin.send(&bed.cx(), &person().get(), &composed).await), "throttled +90");
}

#[tokio::test]
async fn what_was_made_a_moment_ago_is_waited_for() {
    let no_activity =
        json!({"message": "Unable to obtain activity for urn:li:share:7141138937766391808", "status": 400});
    let not_yet = json!({"message": "Accessing this image resource is forbidden", "status": 403});
    let root = live(SHARE);
    let media = [(image("A1"), None)];
    let null = Value::Null;
    let comment = reply_part("c", &root, &root, &null);
    let post = Part { media: &media, ..main_part("p", &null) };
    let revoked = plain(65_601, "REVOKED_ACCESS_TOKEN", "revoked");
    for (part, path, status, body, age, expected) in [
        (&comment, COMMENTS, 400, &no_activity, 0, "not_now"),
        (&post, POSTS, 400, &no_activity, 0, "rejected content_rejected"),
        (&post, POSTS, 403, &not_yet, 10, "not_now +5"),
        (&post, POSTS, 403, &not_yet, 60, "rejected permission_missing"),
        (&comment, COMMENTS, 403, &not_yet, 10, "rejected permission_missing"),
        (&comment, COMMENTS, 401, &revoked, 10, "not_now +5"),
        (&comment, COMMENTS, 401, &revoked, 60, "auth token_revoked"),
    ] {
        let mut bed = Bed::new().await;
        let composed = compose(&bed, part).await;
        bed.on("POST", path, status, body.clone()).await;
        bed.now += SignedDuration::from_secs(age);
        let tokens = json!({"access_token": "access-1", "issued_at": at(NOW).to_string()});
        let account = Connected::new(PERSON, "Alice", Value::Null, tokens);
        let sent = Linkedin.send(&bed.cx(), &account.get(), &composed).await;
        assert_eq!(outcome(&sent), expected, "{body} after {age}");
    }
}

#[tokio::test]
async fn an_account_without_a_name_of_linkedins_posts_nothing() {
    let bed = Bed::new().await;
    for id in ["782bbtaQ", "urn:li:organization:x", "urn:li:person:a/b", ""] {
        let account = Connected::new(id, "Alice", Value::Null, json!({"access_token": "a"}));
        let error =
            Linkedin.compose(&bed.cx(), &account.get(), &main_part("hi", &Value::Null)).await.expect_err("refused");
        assert_eq!(refusal(&error), "rejected platform_error", "{id}");
    }
}
