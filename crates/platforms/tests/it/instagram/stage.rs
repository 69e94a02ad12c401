use jiff::SignedDuration;
use platforms::{Network, Part, Staged, instagram::Instagram};
use serde_json::{Value, json};

use super::{account, error, file};
use crate::bed::{Bed, NOW, at, main_part, outcome, refusal};

const MEDIA: &str = "/v24.0/178/media";
const LIMIT: &str = "/v24.0/178/content_publishing_limit";

async fn compose(bed: &Bed, part: &Part<'_>) -> Value {
    Instagram.compose(&bed.cx(), &account().get(), part).await.expect("composed")
}

/// Goes on until the network has nothing more to do; what came of it, in one line.
async fn stage(bed: &Bed, mut composed: Value) -> Result<Value, String> {
    let stager = Instagram.stager().expect("can");
    for _ in 0..40 {
        match stager.stage(&bed.cx(), &account().get(), &composed).await {
            Ok(Staged::Ready(ready)) => return Ok(ready),
            Ok(Staged::Waiting { composed: next, .. }) => composed = next,
            Err(refused) => return Err(format!("{}: {}", refusal(&refused), refused.message())),
        }
    }
    Err("no end".to_owned())
}

async fn willing() -> Bed {
    let bed = Bed::new().await;
    for id in ["17", "18", "19"] {
        let path = format!("/v24.0/{id}");
        bed.on("GET", &path, 200, json!({"id": id, "status_code": "FINISHED"})).await;
    }
    bed.on("GET", LIMIT, 200, json!({"data": [{"quota_usage": 2, "config": {"quota_total": 50}}]})).await;
    bed
}

fn form(pairs: &[(&str, &str)]) -> Value {
    json!(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

#[tokio::test]
async fn each_kind_of_post_is_asked_for_as_documented() {
    let (picture, film) = (file("a.jpg", false), file("a.mp4", true));
    let url = ("image_url", "https://f.example/a.jpg");
    let video = ("video_url", "https://f.example/a.mp4");
    let alt = ("alt_text", "alt of a.jpg");
    for (file, options, expected) in [
        (&picture, json!({}), vec![url, alt, ("caption", "Hi")]),
        (
            &picture,
            json!({"user_tags": [{"username": "bob", "x": 0.5, "y": 1}], "location_id": "21", "collaborators": ["b.c"]}),
            vec![
                url,
                alt,
                ("user_tags", r#"[{"username":"bob","x":0.5,"y":1}]"#),
                ("caption", "Hi"),
                ("collaborators", r#"["b.c"]"#),
                ("location_id", "21"),
            ],
        ),
        (&film, json!({}), vec![("media_type", "REELS"), video, ("caption", "Hi")]),
        (
            &film,
            json!({"placement": "reels", "share_to_feed": false, "thumb_offset": 1500, "audio_name": "Song",
                "trial_reel": "performance"}),
            vec![
                ("media_type", "REELS"),
                video,
                ("caption", "Hi"),
                ("share_to_feed", "false"),
                ("thumb_offset", "1500"),
                ("audio_name", "Song"),
                ("trial_params", r#"{"graduation_strategy":"SS_PERFORMANCE"}"#),
            ],
        ),
        (&picture, json!({"placement": "stories"}), vec![("media_type", "STORIES"), url, alt]),
    ] {
        // given
        let bed = willing().await;
        bed.on("POST", MEDIA, 200, json!({"id": "17"})).await;
        let media = [file.clone()];
        let composed = compose(&bed, &Part { media: &media, ..main_part("Hi", &options) }).await;
        assert_eq!(bed.seen().await, [] as [Value; 0], "composing calls nobody");
        // when
        let ready = stage(&bed, composed).await.expect("ready");
        // then
        assert_eq!(ready["container"], json!({"id": "17", "state": "finished", "asked": 0}));
        let seen = bed.seen().await;
        assert_eq!(
            seen,
            [
                json!({"call": format!("POST {MEDIA}"), "authorization": "Bearer token-1",
                    "type": "application/x-www-form-urlencoded", "body": form(&expected)}),
                json!({"call": "GET /v24.0/17", "query": "fields=status_code%2Cstatus", "authorization": "Bearer token-1"}),
                json!({"call": format!("GET {LIMIT}"), "query": "fields=quota_usage%2Cconfig",
                    "authorization": "Bearer token-1"}),
            ]
        );
    }
}

#[tokio::test]
async fn a_carousel_is_made_of_its_files_in_order() {
    // given
    let bed = willing().await;
    for id in ["18", "19", "17"] {
        bed.once("POST", MEDIA, 200, json!({"id": id})).await;
    }
    let media = [file("a.jpg", false), file("b.mp4", true)];
    let options = json!({"user_tags": [{"username": "bob", "x": 0, "y": 0}]});
    let composed = compose(&bed, &Part { media: &media, ..main_part("Both", &options) }).await;
    // when
    stage(&bed, composed).await.expect("ready");
    // then
    let seen = bed.seen().await;
    let calls: Vec<&str> = seen.iter().filter_map(|call| call["call"].as_str()).collect();
    let made = format!("POST {MEDIA}");
    let limit = format!("GET {LIMIT}");
    assert_eq!(calls, [&made, &made, "GET /v24.0/18", "GET /v24.0/19", &made, "GET /v24.0/17", &limit]);
    assert_eq!(
        seen[0]["body"],
        form(&[
            ("is_carousel_item", "true"),
            ("image_url", "https://f.example/a.jpg"),
            ("alt_text", "alt of a.jpg"),
            ("user_tags", r#"[{"username":"bob","x":0,"y":0}]"#)
        ])
    );
    assert_eq!(
        seen[1]["body"],
        form(&[("is_carousel_item", "true"), ("media_type", "VIDEO"), ("video_url", "https://f.example/b.mp4")])
    );
    assert_eq!(seen[4]["body"], form(&[("media_type", "CAROUSEL"), ("children", "18,19"), ("caption", "Both")]));
}

/// A crash costs one step: what was made is not made again.
#[tokio::test]
async fn a_step_goes_on_from_what_was_kept() {
    let bed = willing().await;
    bed.on("POST", MEDIA, 200, json!({"id": "17"})).await;
    let media = [file("a.jpg", false)];
    let composed = compose(&bed, &Part { media: &media, ..main_part("Hi", &Value::Null) }).await;
    let ready = stage(&bed, composed).await.expect("ready");
    assert_eq!(stage(&bed, ready.clone()).await, Ok(ready));
    let seen = bed.seen().await;
    assert_eq!(seen.iter().filter(|call| call["call"] == format!("POST {MEDIA}")).count(), 1);
}

#[tokio::test]
async fn waiting_takes_longer_and_longer() {
    let bed = Bed::new().await;
    bed.on("POST", MEDIA, 200, json!({"id": "17"})).await;
    bed.on("GET", "/v24.0/17", 200, json!({"status_code": "IN_PROGRESS"})).await;
    let media = [file("a.mp4", true)];
    let mut composed = compose(&bed, &Part { media: &media, ..main_part("Hi", &Value::Null) }).await;
    let mut waits = Vec::new();
    for _ in 0..8 {
        let staged = Instagram.stager().expect("can").stage(&bed.cx(), &account().get(), &composed).await;
        let Ok(Staged::Waiting { composed: next, check_at }) = staged else { panic!("{staged:?}") };
        waits.push(check_at.duration_since(at(NOW)).as_secs());
        composed = next;
    }
    assert_eq!(waits, [0, 2, 4, 8, 16, 30, 30, 30]);
}

#[tokio::test]
async fn what_instagram_lost_is_made_anew_a_few_times() {
    for (status, restarts) in [
        (json!({"status_code": "EXPIRED"}), true),
        (json!({"status_code": "ERROR", "status": "Error: Media upload has failed with error code 2207053"}), true),
        (json!({"status_code": "ERROR", "status": "Error: Media upload has failed with error code 2207026"}), false),
        (json!({"status_code": "ERROR"}), false),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", MEDIA, 200, json!({"id": "17"})).await;
        bed.on("GET", "/v24.0/17", 200, status.clone()).await;
        let media = [file("a.mp4", true)];
        let composed = compose(&bed, &Part { media: &media, ..main_part("Hi", &Value::Null) }).await;
        let refused = stage(&bed, composed).await.expect_err("refused");
        assert!(refused.starts_with("rejected media_rejected"), "{status}: {refused}");
        let made = bed.seen().await.iter().filter(|call| call["call"] == format!("POST {MEDIA}")).count();
        assert_eq!(made, if restarts { 4 } else { 1 }, "{status}");
    }
    // A fetch that fails once.
    let bed = willing().await;
    bed.once("POST", MEDIA, 400, error(9_004, json!(2_207_052), "Media fetch failed")).await;
    bed.on("POST", MEDIA, 200, json!({"id": "17"})).await;
    let media = [file("a.jpg", false)];
    let composed = compose(&bed, &Part { media: &media, ..main_part("Hi", &Value::Null) }).await;
    assert!(stage(&bed, composed).await.is_ok());
}

#[tokio::test]
async fn a_day_s_publications_are_counted_before_the_last_step() {
    let limit = |used: u64, total: u64| json!({"data": [{"quota_usage": used, "config": {"quota_total": total}}]});
    for (status, answer, expected) in [
        (200, limit(49, 50), "ready"),
        (200, limit(50, 50), "throttled +3600"),
        (200, limit(60, 50), "throttled +3600"),
        (200, limit(5, 0), "ready"),
        (200, json!({"data": []}), "ready"),
        (400, error(100, Value::Null, "no such edge"), "ready"),
        (500, json!({}), "ready"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", MEDIA, 200, json!({"id": "17"})).await;
        bed.on("GET", "/v24.0/17", 200, json!({"status_code": "FINISHED"})).await;
        bed.on("GET", LIMIT, status, answer.clone()).await;
        let media = [file("a.jpg", false)];
        let composed = compose(&bed, &Part { media: &media, ..main_part("Hi", &Value::Null) }).await;
        let staged = stage(&bed, composed).await.map_or_else(|refused| refused, |_| "ready".to_owned());
        assert!(staged.starts_with(expected), "{answer}: {staged}");
    }
}

/// Fact sheet 3.11.
#[tokio::test]
async fn every_answer_to_a_container_has_its_class() {
    for (body, expected) in [
        (error(36_000, json!(2_207_004), "too large"), "rejected media_rejected"),
        (error(36_001, json!(2_207_005), "format"), "rejected media_rejected"),
        (error(36_003, json!(2_207_009), "ratio"), "rejected media_rejected"),
        (error(352, json!(2_207_026), "video format"), "rejected media_rejected"),
        (error(36_004, json!(2_207_010), "caption"), "rejected content_rejected"),
        (error(100, json!(2_207_023), "media type"), "rejected content_rejected"),
        (error(100, json!(2_207_028), "carousel"), "rejected content_rejected"),
        (error(1, json!(2_207_057), "thumb offset"), "rejected content_rejected"),
        (error(100, json!(2_207_040), "tags"), "rejected content_rejected"),
        (error(4, json!(2_207_051), "blocked as spam"), "rejected account_restricted"),
        (error(25, json!(2_207_050), "restricted"), "rejected account_restricted"),
        (error(9, json!(2_207_042), "daily limit"), "throttled +3600"),
        (error(80_002, Value::Null, "limit"), "throttled +300"),
        (error(190, Value::Null, "session has been invalidated"), "auth token_revoked"),
        (error(10, Value::Null, "Not enough permissions to post"), "rejected permission_missing"),
        (error(-1, json!(2_207_001), "server error"), "not_now"),
        (error(2, Value::Null, "server error"), "not_now"),
        (json!({"id": "1/7"}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", MEDIA, if body.get("error").is_some() { 400 } else { 200 }, body.clone()).await;
        let media = [file("a.jpg", false)];
        let composed = compose(&bed, &Part { media: &media, ..main_part("Hi", &Value::Null) }).await;
        let refused = stage(&bed, composed).await.expect_err("refused");
        assert!(refused.starts_with(expected), "{body}: {refused}");
    }
}

/// It must not be published a second time, whatever we believed of it.
#[tokio::test]
async fn a_container_that_was_published_is_left_to_the_probe() {
    let mut bed = Bed::new().await;
    bed.on("POST", MEDIA, 200, json!({"id": "17"})).await;
    bed.on("GET", "/v24.0/17", 200, json!({"status_code": "PUBLISHED"})).await;
    let media = [file("a.jpg", false)];
    let composed = compose(&bed, &Part { media: &media, ..main_part("Hi", &Value::Null) }).await;
    let ready = stage(&bed, composed).await.expect("ready");
    bed.forget().await;
    bed.now += SignedDuration::from_secs(1);
    let sent = Instagram.send(&bed.cx(), &account().get(), &ready).await;
    assert_eq!(outcome(&sent), "ambiguous");
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}
