use domain::target::{Live, Probe};
use jiff::SignedDuration;
use platforms::{Network, Part, Sought, threads::Threads};
use serde_json::{Value, json};

use super::{account, asked, error};
use crate::bed::{Bed, NOW, at, main_part, reply_part, sought};

const CONTAINER: &str = "/v1.0/101";
const POSTS: &str = "/v1.0/me/threads";
const REPLIES: &str = "/v1.0/me/replies";

struct World {
    status: (u16, Value),
    posts: Vec<Value>,
    known: Vec<String>,
    is_recomposed: bool,
    handle: Option<Value>,
}

fn world(status: Value, posts: &[Value]) -> World {
    World { status: (200, status), posts: posts.to_vec(), known: Vec::new(), is_recomposed: false, handle: None }
}

fn state(word: &str) -> Value {
    json!({"status": word, "id": "101"})
}

/// What is found out, and the calls it took.
async fn probe(part: &Part<'_>, world: &World) -> (String, Vec<Value>) {
    let mut bed = Bed::new().await;
    let mut composed = Threads.compose(&bed.cx(), &account().get(), part).await.expect("composed");
    composed["post"]["id"] = json!("101");
    composed["post"]["made_at"] = json!(at(NOW - 5).to_string());
    bed.on("GET", CONTAINER, world.status.0, world.status.1.clone()).await;
    for path in [POSTS, REPLIES] {
        bed.on("GET", path, 200, json!({"data": world.posts})).await;
    }
    let sent_at = bed.now;
    bed.now += SignedDuration::from_mins(2);
    let wanted = Sought {
        known: &world.known,
        is_recomposed: world.is_recomposed,
        handle: world.handle.as_ref(),
        ..sought(&composed, sent_at)
    };
    let found = match Threads.probe(&bed.cx(), &account().get(), &wanted).await {
        Probe::Live(live) => format!("live {} {}", live.id, live.url.unwrap_or_default()).trim_end().to_owned(),
        Probe::NotLive => "not live".to_owned(),
        Probe::Unknown { .. } => "unknown".to_owned(),
        other => panic!("{other:?}"),
    };
    (found, bed.seen().await)
}

fn post(id: &str, text: &str) -> Value {
    json!({"id": id, "text": text, "timestamp": "2026-11-22T10:00:05+0000", "permalink": format!("https://www.threads.net/@alice/post/{id}")})
}

#[tokio::test]
async fn a_container_says_whether_it_was_published() {
    let null = Value::Null;
    let part = main_part("hi there", &null);
    let ours = post("8", "hi  there\n");
    let (found, seen) = probe(&part, &world(state("PUBLISHED"), &[post("9", "other"), ours.clone()])).await;
    assert_eq!(found, "live 8 https://www.threads.net/@alice/post/8");
    let query = "fields=id%2Ctext%2Ctimestamp%2Cpermalink&since=1795341540&limit=25";
    let calls =
        [asked(&format!("GET {CONTAINER}"), "fields=status%2Cerror_message"), asked(&format!("GET {POSTS}"), query)];
    assert_eq!(seen, calls);
    for (status, posts, expected) in [
        (state("PUBLISHED"), vec![], "unknown"),
        (state("FINISHED"), vec![ours.clone()], "not live"),
        (state("EXPIRED"), vec![], "unknown"),
        (state("EXPIRED"), vec![ours.clone()], "live 8 https://www.threads.net/@alice/post/8"),
        (json!({"status": "ERROR", "error_message": "UNKNOWN"}), vec![], "not live"),
        (state("IN_PROGRESS"), vec![ours.clone()], "unknown"),
        (json!({}), vec![ours.clone()], "unknown"),
    ] {
        assert_eq!(probe(&part, &world(status.clone(), &posts)).await.0, expected, "{status}");
    }
}

/// Some published containers answer as the posts that they are.
#[tokio::test]
async fn a_container_that_has_become_a_post_is_looked_up() {
    let null = Value::Null;
    let part = main_part("hi", &null);
    let is_a_post = error(100, None, "(#100) Tried accessing nonexisting field (status)");
    for (status, posts, expected) in [
        ((400, is_a_post.clone()), vec![post("8", "hi")], "live 8 https://www.threads.net/@alice/post/8"),
        ((400, is_a_post), vec![], "unknown"),
        ((400, error(24, Some(4_279_009), "not found")), vec![], "unknown"),
        ((400, error(190, None, "expired")), vec![post("8", "hi")], "unknown"),
        ((400, error(100, Some(33), "does not exist")), vec![post("8", "hi")], "unknown"),
        ((500, json!({})), vec![post("8", "hi")], "unknown"),
    ] {
        let world = World { status, ..world(Value::Null, &posts) };
        assert_eq!(probe(&part, &world).await.0, expected, "{:?}", world.status);
    }
}

#[tokio::test]
async fn posts_are_told_apart_by_more_than_their_text() {
    let null = Value::Null;
    let part = main_part("hi", &null);
    let found = async |world: World| probe(&part, &world).await.0;
    let mut old = post("8", "hi");
    old["timestamp"] = json!("2026-11-22T09:58:59+0000");
    assert_eq!(found(world(state("PUBLISHED"), &[old])).await, "unknown");
    let mut timeless = post("8", "hi");
    timeless["timestamp"] = json!("yesterday");
    assert_eq!(found(world(state("PUBLISHED"), &[timeless])).await, "unknown");
    assert_eq!(found(world(state("PUBLISHED"), &[post("8/../9", "hi")])).await, "unknown");
    let neighbour =
        World { known: vec!["9".to_owned()], ..world(state("PUBLISHED"), &[post("9", "hi"), post("8", "hi")]) };
    assert_eq!(found(neighbour).await, "live 8 https://www.threads.net/@alice/post/8");
    // A container that was made after the fact says nothing of what was sent.
    let again = World { is_recomposed: true, ..world(state("FINISHED"), &[post("8", "hi")]) };
    assert_eq!(found(again).await, "live 8 https://www.threads.net/@alice/post/8");
    let again = World { is_recomposed: true, ..world(state("FINISHED"), &[]) };
    assert_eq!(found(again).await, "unknown");
}

#[tokio::test]
async fn a_post_without_text_is_only_known_where_there_is_but_one() {
    let null = Value::Null;
    let media = [(json!({"url": "https://f.example/a.jpg", "is_video": false}), None)];
    let part = Part { media: &media, ..main_part("", &null) };
    let silent = |id: &str| json!({"id": id, "timestamp": "2026-11-22T10:00:05+0000"});
    assert_eq!(probe(&part, &world(state("PUBLISHED"), &[silent("8")])).await.0, "live 8");
    assert_eq!(probe(&part, &world(state("PUBLISHED"), &[silent("8"), silent("9")])).await.0, "unknown");
    assert_eq!(probe(&part, &world(state("EXPIRED"), &[silent("8")])).await.0, "unknown");
}

#[tokio::test]
async fn a_reply_is_looked_for_among_replies_and_by_its_parent() {
    let parent = Live { id: "7".to_owned(), url: None, reference: Value::Null };
    let null = Value::Null;
    let part = reply_part("hi", &parent, &parent, &null);
    let below = |id: &str, parent: &str| {
        let mut reply = post(id, "hi");
        reply["replied_to"] = json!({"id": parent});
        reply
    };
    let (found, seen) = probe(&part, &world(state("PUBLISHED"), &[below("9", "6"), below("8", "7")])).await;
    assert_eq!(found, "live 8 https://www.threads.net/@alice/post/8");
    let query = "fields=id%2Ctext%2Ctimestamp%2Cpermalink%2Creplied_to&since=1795341540&limit=25";
    assert_eq!(seen[1], asked(&format!("GET {REPLIES}"), query));
}

#[tokio::test]
async fn what_threads_named_is_live_without_a_question() {
    let null = Value::Null;
    let world = World { handle: Some(json!({"post": "5"})), ..world(state("FINISHED"), &[]) };
    assert_eq!(probe(&main_part("hi", &null), &world).await, ("live 5".to_owned(), vec![]));
}
