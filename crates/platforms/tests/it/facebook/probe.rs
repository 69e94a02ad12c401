use domain::target::{Live, Probe};
use jiff::SignedDuration;
use platforms::{Network, Part, Sought, facebook::Facebook};
use serde_json::{Value, json};

use super::{account, error};
use crate::bed::{Bed, NOW, at, main_part, reply_part, sought};

const POSTS: &str = "/v24.0/1755/published_posts";

fn time(seconds: i64) -> String {
    at(seconds).strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

fn post(id: &str, message: &str) -> Value {
    json!({"id": id, "message": message, "created_time": time(NOW + 1),
        "permalink_url": format!("https://www.facebook.com/acme/posts/{id}")})
}

fn showing(mut post: Value, kind: &str, target: Value) -> Value {
    post["attachments"] = json!({"data": [{"media_type": kind, "target": {"id": target}}]});
    post
}

async fn look(part: &Part<'_>, path: &str, status: u16, answer: Value, how: (&[String], bool)) -> (Probe, Vec<Value>) {
    let mut bed = Bed::new().await;
    let composed = Facebook.compose(&bed.cx(), &account().get(), part).await.expect("composed");
    bed.on("GET", path, status, answer).await;
    let sent_at = bed.now;
    bed.now += SignedDuration::from_mins(2);
    let sought = Sought { known: how.0, is_recomposed: how.1, ..sought(&composed, sent_at) };
    (Facebook.probe(&bed.cx(), &account().get(), &sought).await, bed.seen().await)
}

async fn found(part: &Part<'_>, posts: &[Value], how: (&[String], bool)) -> String {
    said(look(part, POSTS, 200, json!({"data": posts}), how).await.0)
}

fn said(probe: Probe) -> String {
    match probe {
        Probe::Live(live) => format!("live {}", live.id),
        Probe::Unknown { .. } => "unknown".to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_post_is_known_by_its_words_and_its_time() {
    let null = Value::Null;
    let part = main_part("Cafe\u{301}  time\nhere", &null);
    let ours = post("1755_8", "Café time here");
    let (probe, seen) =
        look(&part, POSTS, 200, json!({"data": [post("1755_9", "x"), ours.clone()]}), (&[], false)).await;
    let url = Some("https://www.facebook.com/acme/posts/1755_8".to_owned());
    assert_eq!(probe, Probe::Live(Live { id: "1755_8".to_owned(), url, reference: Value::Null }));
    let query = format!(
        "fields=id%2Cmessage%2Ccreated_time%2Cpermalink_url%2Cattachments%7Bmedia_type%2Ctarget%7D&since={}&limit=100",
        NOW - 60
    );
    assert_eq!(seen, [json!({"call": format!("GET {POSTS}"), "query": query, "authorization": "Bearer page-1"})]);
    let mut old = ours.clone();
    old["created_time"] = json!(time(NOW - 61));
    let mut timeless = ours.clone();
    timeless["created_time"] = Value::Null;
    let mut hostile = ours.clone();
    hostile["id"] = json!("1755/8");
    for (posts, known) in [
        (vec![], vec![]),
        (vec![old], vec![]),
        (vec![timeless], vec![]),
        (vec![hostile], vec![]),
        (vec![showing(ours.clone(), "photo", json!("21"))], vec![]),
        (vec![ours.clone()], vec!["1755_8".to_owned()]),
    ] {
        assert_eq!(
            found(&part, &posts, (&known, false)).await,
            "unknown",
            "{posts:?}: a list may lag, so never \"not live\""
        );
    }
    for (status, answer) in [(400, error(190, json!(463), "x")), (500, json!({})), (200, json!({"data": 7}))] {
        assert_eq!(said(look(&part, POSTS, status, answer, (&[], false)).await.0), "unknown");
    }
}

#[tokio::test]
async fn pictures_are_known_by_their_ids_or_with_words() {
    let null = Value::Null;
    let media = |ids: &[&str]| -> Vec<(Value, Option<String>)> {
        ids.iter().map(|id| (json!({"kind": "photo", "id": id}), None)).collect()
    };
    let (one, two) = (media(&["21"]), media(&["21", "22"]));
    let silent = Part { media: &one, ..main_part("", &null) };
    let spoken = Part { media: &one, ..main_part("hi", &null) };
    let album = Part { media: &two, ..main_part("hi", &null) };
    let silent_album = Part { media: &two, ..main_part("", &null) };
    let ours = |message: &str| showing(post("1755_8", message), "photo", json!("21"));
    let other = |message: &str| showing(post("1755_8", message), "photo", json!("99"));
    let shown = |message: &str| showing(post("1755_8", message), "album", json!("1755"));
    for (part, posts, is_recomposed, expected) in [
        (&silent, ours(""), false, "live 1755_8"),
        (&silent, other(""), false, "unknown"),
        (&silent, post("1755_8", ""), false, "unknown"),
        (&silent, other(""), true, "unknown"),
        (&spoken, ours("hi"), false, "live 1755_8"),
        (&spoken, other("hi"), false, "unknown"),
        (&spoken, other("hi"), true, "live 1755_8"),
        (&album, shown("hi"), false, "live 1755_8"),
        (&album, ours("hi"), false, "unknown"),
        (&silent_album, shown(""), false, "unknown"),
    ] {
        assert_eq!(
            found(part, std::slice::from_ref(&posts), (&[], is_recomposed)).await,
            expected,
            "{posts} {is_recomposed}"
        );
    }
}

#[tokio::test]
async fn a_comment_is_known_by_who_wrote_it() {
    let null = Value::Null;
    let root = Live { id: "1755_10".to_owned(), url: None, reference: Value::Null };
    let part = reply_part("same words", &root, &root, &null);
    let comment = |id: &str, from: &str| json!({"id": id, "message": "same words", "created_time": time(NOW), "from": {"id": from, "name": "x"}});
    let path = "/v24.0/1755_10/comments";
    let (probe, seen) =
        look(&part, path, 200, json!({"data": [comment("10_1", "99"), comment("10_2", "1755")]}), (&[], false)).await;
    assert_eq!(said(probe), "live 10_2");
    assert_eq!(
        seen[0]["query"],
        json!(
            "filter=stream&order=reverse_chronological&fields=id%2Cfrom%2Cmessage%2Ccreated_time%2Cpermalink_url&limit=100"
        )
    );
    let others =
        json!({"data": [comment("10_1", "99"), {"id": "10_3", "message": "same words", "created_time": time(NOW)}]});
    assert_eq!(said(look(&part, path, 200, others, (&[], false)).await.0), "unknown");
}

#[tokio::test]
async fn a_video_is_known_by_the_id_it_had_before() {
    let null = Value::Null;
    let media = [(json!({"kind": "video", "id": "31", "session": "41"}), None)];
    let part = Part { media: &media, ..main_part("Look", &null) };
    let path = "/v24.0/1755/videos";
    let listed = json!({"data": [{"id": "30"}, {"id": "31", "description": "Look"}]});
    assert_eq!(said(look(&part, path, 200, listed.clone(), (&[], false)).await.0), "live 31");
    assert_eq!(said(look(&part, path, 200, listed, (&[], true)).await.0), "unknown");
    assert_eq!(said(look(&part, path, 200, json!({"data": [{"id": "30"}]}), (&[], false)).await.0), "unknown");
}
