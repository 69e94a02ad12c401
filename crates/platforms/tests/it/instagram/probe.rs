use domain::{
    platform::Platform,
    target::{Live, Probe},
};
use jiff::SignedDuration;
use platforms::{Network, Part, Sought, instagram::Instagram};
use serde_json::{Value, json};

use super::{account, error, file};
use crate::bed::{Bed, NOW, at, main_part, prepared, reply_part, sought};

const POSTS: &str = "/v24.0/178/media";

fn time(seconds: i64) -> String {
    at(seconds).strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

fn media(id: &str, caption: &str) -> Value {
    json!({"id": id, "caption": caption, "timestamp": time(NOW + 1), "media_product_type": "FEED",
        "permalink": format!("https://www.instagram.com/p/{id}/")})
}

/// What a probe says when the container answers `container` and the account's posts are `posts`.
async fn look(caption: &str, container: (u16, Value), posts: Value, how: Sought<'_>) -> Probe {
    let mut bed = Bed::new().await;
    let files = [file("a.jpg", false)];
    let part = Part { media: &files, ..main_part(caption, &Value::Null) };
    let composed = Instagram.compose(&bed.cx(), &account().get(), &part).await.expect("composed");
    let composed = prepared(Platform::Instagram, composed);
    bed.on("GET", "/v24.0/17", container.0, container.1).await;
    bed.on("GET", POSTS, 200, json!({"data": posts})).await;
    let sent_at = bed.now;
    bed.now += SignedDuration::from_mins(2);
    Instagram.probe(&bed.cx(), &account().get(), &Sought { composed: &composed, sent_at, ..how }).await
}

fn plain() -> Sought<'static> {
    static NOTHING: Value = Value::Null;
    sought(&NOTHING, at(NOW))
}

fn said(probe: Probe) -> String {
    match probe {
        Probe::Live(live) => format!("live {}", live.id),
        Probe::NotLive => "not live".to_owned(),
        Probe::Unknown { .. } => "unknown".to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_container_says_whether_it_was_published() {
    let ours = json!([media("9", "other"), media("8", "Hi  there")]);
    let state = |word: &str| (200, json!({"status_code": word}));
    for (container, posts, expected) in [
        (state("FINISHED"), ours.clone(), "not live"),
        (state("EXPIRED"), ours.clone(), "not live"),
        (state("ERROR"), json!([]), "not live"),
        (state("IN_PROGRESS"), ours.clone(), "unknown"),
        (state("SOMETHING_NEW"), ours.clone(), "unknown"),
        (state("PUBLISHED"), ours.clone(), "live 8"),
        (state("PUBLISHED"), json!([]), "unknown"),
        ((400, error(100, json!(33), "gone")), ours.clone(), "live 8"),
        ((400, error(100, json!(33), "gone")), json!([]), "unknown"),
        ((500, json!({})), ours.clone(), "unknown"),
        ((400, error(190, json!(463), "expired")), ours.clone(), "unknown"),
    ] {
        let seen = said(look("Hi there", container.clone(), posts, plain()).await);
        assert_eq!(seen, expected, "{container:?}");
    }
}

#[tokio::test]
async fn a_published_post_is_known_by_its_caption_its_kind_and_its_time() {
    let published = || (200, json!({"status_code": "PUBLISHED"}));
    let mut old = media("8", "Hi");
    old["timestamp"] = json!(time(NOW - 61));
    let mut reel = media("8", "Hi");
    reel["media_product_type"] = json!("REELS");
    let mut hostile = media("8", "Hi");
    hostile["id"] = json!("../8");
    for post in [old, reel, hostile, media("8", "hi")] {
        assert_eq!(said(look("Hi", published(), json!([post.clone()]), plain()).await), "unknown", "{post}");
    }
    let known = ["8".to_owned()];
    let neighbour = Sought { known: &known, ..plain() };
    assert_eq!(said(look("Hi", published(), json!([media("8", "Hi")]), neighbour).await), "unknown");
    assert_eq!(said(look("", published(), json!([media("8", "")]), plain()).await), "unknown", "one is like another");
}

/// A container that was made after the fact says nothing of the one that was sent.
#[tokio::test]
async fn what_was_composed_anew_is_only_looked_for() {
    let anew = || Sought { is_recomposed: true, ..plain() };
    let finished = || (200, json!({"status_code": "FINISHED"}));
    assert_eq!(said(look("Hi", finished(), json!([media("8", "Hi")]), anew()).await), "live 8");
    assert_eq!(said(look("Hi", finished(), json!([]), anew()).await), "unknown");
}

#[tokio::test]
async fn what_was_answered_with_an_id_is_live() {
    let handle = json!({"media": "1790"});
    let answered = Sought { handle: Some(&handle), ..plain() };
    assert_eq!(said(look("Hi", (200, json!({"status_code": "FINISHED"})), json!([]), answered).await), "live 1790");
}

#[tokio::test]
async fn a_comment_is_known_by_who_wrote_it() {
    let null = Value::Null;
    let root = Live { id: "1790".to_owned(), url: None, reference: Value::Null };
    let comment =
        |id: &str, who: &str| json!({"id": id, "text": "same words", "username": who, "timestamp": time(NOW)});
    for (comments, expected) in [
        (json!([comment("1", "bob"), comment("2", "acme")]), "live 2"),
        (json!([comment("1", "bob")]), "unknown"),
        (json!([]), "unknown"),
    ] {
        let bed = Bed::new().await;
        let part = reply_part("same words", &root, &root, &null);
        let composed = Instagram.compose(&bed.cx(), &account().get(), &part).await.expect("composed");
        bed.on("GET", "/v24.0/1790/comments", 200, json!({"data": comments})).await;
        let found = Instagram.probe(&bed.cx(), &account().get(), &sought(&composed, bed.now)).await;
        assert_eq!(said(found), expected);
        assert_eq!(bed.seen().await[0]["query"], json!("fields=id%2Ctext%2Cusername%2Ctimestamp"));
    }
}
