use domain::{post::Role, target::Live};
use jiff::SignedDuration;
use platforms::{Media, MediaHandle, Network, Part, Stage, Staged, threads::Threads};
use serde_json::{Value, json};

use super::{account, asked, error, form};
use crate::bed::{Bed, NOW, at, main_part, refusal, reply_part};

const MAKE: &str = "/v1.0/17841400000000001/threads";
const LIMIT: &str = "/v1.0/me/threads_publishing_limit";
const LIMIT_FIELDS: &str = "fields=quota_usage%2Cconfig%2Creply_quota_usage%2Creply_config";
const STATUS: &str = "fields=status%2Cerror_message";

async fn compose(bed: &Bed, part: &Part<'_>) -> Value {
    Threads.compose(&bed.cx(), &account().get(), part).await.expect("composed")
}

async fn stage(bed: &Bed, composed: &Value) -> Result<Staged, String> {
    Threads.stage(&bed.cx(), &account().get(), composed).await.map_err(|error| refusal(&error))
}

/// One step that is not the last: what to go on with, and after how many seconds.
async fn step(bed: &Bed, composed: &Value) -> (Value, i64) {
    match stage(bed, composed).await.expect("a step") {
        Staged::Waiting { composed, check_at } => (composed, check_at.duration_since(bed.now).as_secs()),
        Staged::Ready(ready) => panic!("ready: {ready}"),
    }
}

fn live(id: &str) -> Live {
    Live { id: id.to_owned(), url: None, reference: Value::Null }
}

fn file(name: &str, is_video: bool) -> Value {
    json!({"url": format!("https://f.example/{name}"), "is_video": is_video})
}

#[tokio::test]
async fn a_text_is_made_a_container_and_waited_for() {
    // given
    let mut bed = Bed::new().await;
    let options = json!({"reply_control": "mentioned_only", "topic_tag": "rust", "link_attachment": "https://a.example/?x=1&y",
        "quote_post_id": "9", "is_spoiler_media": true});
    let composed = compose(&bed, &main_part("Hello & #you", &options)).await;
    bed.on(
        "GET",
        LIMIT,
        200,
        json!({"data": [{"quota_usage": 4, "config": {"quota_total": 250, "quota_duration": 86_400}}]}),
    )
    .await;
    bed.on("POST", MAKE, 200, json!({"id": "101"})).await;
    bed.once("GET", "/v1.0/101", 200, json!({"status": "IN_PROGRESS", "id": "101"})).await;
    bed.on("GET", "/v1.0/101", 200, json!({"status": "FINISHED", "id": "101"})).await;
    // when
    let (made, first) = step(&bed, &composed).await;
    bed.now += SignedDuration::from_secs(5);
    let (waiting, second) = step(&bed, &made).await;
    let ready = stage(&bed, &waiting).await;
    // then
    assert_eq!((first, second), (1, 5), "the longer it takes, the more rarely it is asked");
    assert_eq!(made["post"]["id"], json!("101"));
    assert_eq!(ready, Ok(Staged::Ready(made)));
    let body = "media_type=TEXT&text=Hello+%26+%23you&reply_control=mentioned_only&topic_tag=rust\
                &link_attachment=https%3A%2F%2Fa.example%2F%3Fx%3D1%26y&quote_post_id=9";
    let status = asked("GET /v1.0/101", STATUS);
    let limit = asked(&format!("GET {LIMIT}"), LIMIT_FIELDS);
    assert_eq!(bed.seen().await, [limit, form(&format!("POST {MAKE}"), body), status.clone(), status]);
}

#[tokio::test]
async fn one_file_is_the_post_itself() {
    let bed = Bed::new().await;
    let null = Value::Null;
    let media = [(file("a.jpg", false), Some("a dot".to_owned()))];
    let options = json!({"is_spoiler_media": true});
    let composed = compose(&bed, &Part { media: &media, ..main_part("", &options) }).await;
    bed.on("POST", MAKE, 200, json!({"id": "101"})).await;
    step(&bed, &composed).await;
    let image = "media_type=IMAGE&image_url=https%3A%2F%2Ff.example%2Fa.jpg&alt_text=a+dot&is_spoiler_media=true";
    assert_eq!(bed.seen().await[1], form(&format!("POST {MAKE}"), image));
    let media = [(file("a.mp4", true), None)];
    let composed = compose(&bed, &Part { media: &media, ..main_part("clip", &null) }).await;
    step(&bed, &composed).await;
    let video = "media_type=VIDEO&video_url=https%3A%2F%2Ff.example%2Fa.mp4&text=clip";
    assert_eq!(bed.seen().await[3], form(&format!("POST {MAKE}"), video));
}

#[tokio::test]
async fn several_files_are_containers_of_their_own_before_the_post() {
    // given
    let bed = Bed::new().await;
    let root = live("7");
    let media = [(file("a.jpg", false), None), (file("b.jpg", false), Some("b".to_owned()))];
    let part = Part { role: Role::Thread, media: &media, ..reply_part("two", &root, &root, &Value::Null) };
    let mut composed = compose(&bed, &part).await;
    for id in ["11", "12", "20"] {
        bed.once("POST", MAKE, 200, json!({"id": id})).await;
        bed.on("GET", &format!("/v1.0/{id}"), 200, json!({"status": "FINISHED"})).await;
    }
    // when
    let mut steps = 0;
    let ready = loop {
        match stage(&bed, &composed).await.expect("a step") {
            Staged::Ready(ready) => break ready,
            Staged::Waiting { composed: next, .. } => composed = next,
        }
        steps += 1;
        assert!(steps < 10, "it never ends");
    };
    // then
    assert_eq!((&ready["post"]["id"], steps), (&json!("20"), 5));
    let seen = bed.seen().await;
    let calls: Vec<&Value> = seen.iter().map(|call| &call["call"]).collect();
    let make = format!("POST {MAKE}");
    let limit = format!("GET {LIMIT}");
    assert_eq!(calls, [&limit, &make, &make, "GET /v1.0/11", "GET /v1.0/12", &make, "GET /v1.0/20"]);
    let child = "media_type=IMAGE&image_url=https%3A%2F%2Ff.example%2Fb.jpg&alt_text=b&is_carousel_item=true";
    assert_eq!(seen[2], form(&make, child));
    assert_eq!(seen[5], form(&make, "media_type=CAROUSEL&text=two&reply_to_id=7&children=11%2C12"));
}

#[tokio::test]
async fn an_address_is_all_that_is_kept_of_a_file() {
    let bed = Bed::new().await;
    let media = |url: Option<&str>, content_type: &str| Media {
        bytes: "JPG".into(),
        content_type: content_type.to_owned(),
        filename: "a".to_owned(),
        dimensions: None,
        alt_text: None,
        url: url.map(str::to_owned),
    };
    let upload = async |media| Threads.upload(&bed.cx(), &account().get(), &media).await;
    let ready = upload(media(Some("https://f.example/a.jpg"), "image/jpeg")).await;
    assert_eq!(ready, Ok(MediaHandle::Ready(file("a.jpg", false))));
    let ready = upload(media(Some("https://f.example/a.mp4"), "video/mp4")).await;
    assert_eq!(ready, Ok(MediaHandle::Ready(file("a.mp4", true))));
    let error = upload(media(None, "image/jpeg")).await.expect_err("refused");
    assert_eq!(refusal(&error), "rejected media_unavailable");
    assert_eq!(bed.seen().await, [] as [Value; 0]);
    for bad in [json!({"url": "file:///etc/passwd", "is_video": false}), json!({"id": "1"}), json!(7)] {
        let files = [(bad, None)];
        let part = Part { media: &files, ..main_part("x", &Value::Null) };
        let error = Threads.compose(&bed.cx(), &account().get(), &part).await.expect_err("refused");
        assert_eq!(refusal(&error), "rejected media_rejected");
    }
    let bad = live("7; drop");
    let error = Threads
        .compose(&bed.cx(), &account().get(), &reply_part("c", &bad, &bad, &Value::Null))
        .await
        .expect_err("refused");
    assert_eq!(refusal(&error), "rejected parent_part_failed");
}

#[tokio::test]
async fn every_answer_to_a_container_has_its_class() {
    let media = [(file("a.jpg", false), None)];
    for (status, body, expected) in [
        (400, error(100, None, "Param text must be at most 500 characters long."), "rejected content_rejected"),
        (
            400,
            error(100, None, "The media could not be fetched from this URI: https://f.example/a.jpg"),
            "rejected media_rejected",
        ),
        (500, error(1, Some(2_207_052), "The media could not be fetched"), "not_now"),
        (400, error(1, Some(2_207_052), "The media could not be fetched"), "not_now"),
        (400, error(190, None, "Error validating access token: Session has expired"), "auth token_expired"),
        (400, error(190, None, "Error validating access token: The session was invalidated"), "auth token_revoked"),
        (403, error(10, None, "Application does not have permission for this action"), "rejected permission_missing"),
        (400, error(200, None, "Permissions error"), "rejected permission_missing"),
        (400, error(4, None, "Application request limit reached"), "throttled +300"),
        (400, error(24, Some(4_279_009), "Media Not Found"), "not_now +3"),
        (
            400,
            error(25, Some(2_207_051), "We restrict certain activity to protect our community"),
            "rejected account_restricted",
        ),
        (400, error(25, Some(4_279_013), "User is restricted"), "rejected account_restricted"),
        (200, json!({"id": "a/b"}), "not_now"),
        (200, json!({}), "not_now"),
        (400, json!("<html>"), "not_now"),
        (503, json!({}), "not_now"),
    ] {
        let bed = Bed::new().await;
        let composed = compose(&bed, &Part { media: &media, ..main_part("hi", &Value::Null) }).await;
        bed.on("POST", MAKE, status, body.clone()).await;
        assert_eq!(stage(&bed, &composed).await, Err(expected.to_owned()), "{status} {body}");
    }
}

/// What was made before, as old as `age` seconds.
async fn made(bed: &mut Bed, age: i64) -> Value {
    let mut composed = compose(bed, &main_part("hi", &Value::Null)).await;
    composed["post"]["id"] = json!("101");
    composed["post"]["made_at"] = json!(at(NOW).to_string());
    bed.now += SignedDuration::from_secs(age);
    composed
}

#[tokio::test]
async fn every_state_of_a_container_leads_somewhere() {
    let status = |status: &str| json!({"status": status, "id": "101"});
    let failed = json!({"status": "ERROR", "error_message": "INVALID_ASPEC_RATIO"});
    let not_found = error(24, Some(4_279_009), "The requested resource does not exist");
    let is_a_post = error(100, None, "(#100) Tried accessing nonexisting field (status)");
    for (age, code, body, expected) in [
        (1, 200, status("IN_PROGRESS"), "waits 1"),
        (40, 200, status("IN_PROGRESS"), "waits 40"),
        (500, 200, status("IN_PROGRESS"), "waits 60"),
        (1, 200, status("SOMETHING_NEW"), "waits 1"),
        (1, 200, status("FINISHED"), "ready"),
        (1, 200, status("PUBLISHED"), "published"),
        (1, 400, is_a_post, "published"),
        (1, 200, status("EXPIRED"), "anew"),
        (600, 400, not_found.clone(), "anew"),
        (2, 400, not_found, "not_now +3"),
        (1, 200, failed, "rejected media_rejected"),
        (1, 200, json!({"status": "ERROR"}), "rejected media_rejected"),
        (1, 200, json!({}), "not_now"),
        (1, 400, error(190, None, "expired"), "auth token_expired"),
    ] {
        let mut bed = Bed::new().await;
        let composed = made(&mut bed, age).await;
        bed.on("GET", "/v1.0/101", code, body.clone()).await;
        let seen = match stage(&bed, &composed).await {
            Ok(Staged::Ready(ready)) if ready["is_published"] == json!(true) => "published".to_owned(),
            Ok(Staged::Ready(_)) => "ready".to_owned(),
            Ok(Staged::Waiting { composed: next, .. }) if next["post"].get("id").is_none() => "anew".to_owned(),
            Ok(Staged::Waiting { check_at, .. }) => format!("waits {}", check_at.duration_since(bed.now).as_secs()),
            Err(error) => error,
        };
        assert_eq!(seen, expected, "{body} after {age}");
    }
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_waited_for_before_anything_is_made() {
    let used = |posts: u32, replies: u32| {
        json!({"data": [{"quota_usage": posts, "config": {"quota_total": 250, "quota_duration": 86_400},
            "reply_quota_usage": replies, "reply_config": {"quota_total": 1000, "quota_duration": 86_400}}]})
    };
    let root = live("7");
    let null = Value::Null;
    let (post, reply) = (main_part("hi", &null), reply_part("hi", &root, &root, &null));
    for (part, limit, expected) in [
        (&post, used(250, 0), Err("throttled +1800".to_owned())),
        (&post, used(249, 1000), Ok(())),
        (&reply, used(250, 999), Ok(())),
        (&reply, used(0, 1000), Err("throttled +1800".to_owned())),
        (&post, json!({"data": [{"quota_usage": 7}]}), Ok(())),
        (&post, json!({"data": []}), Ok(())),
        (&post, json!({"data": [{"quota_usage": 0, "config": {"quota_total": 0}}]}), Ok(())),
        (&post, error(190, None, "the container will say so"), Ok(())),
    ] {
        let bed = Bed::new().await;
        let composed = compose(&bed, part).await;
        bed.on("GET", LIMIT, 200, limit.clone()).await;
        bed.on("POST", MAKE, 200, json!({"id": "101"})).await;
        assert_eq!(stage(&bed, &composed).await.map(|_| ()), expected, "{limit}");
    }
}

#[tokio::test]
async fn what_was_stored_wrongly_makes_nothing() {
    let bed = Bed::new().await;
    for bad in [json!(null), json!({}), json!({"post": {"form": [], "id": "1/../2"}}), json!({"post": 7})] {
        assert_eq!(stage(&bed, &bad).await, Err("rejected platform_error".to_owned()), "{bad}");
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}
