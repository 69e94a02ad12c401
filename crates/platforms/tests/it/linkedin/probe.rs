use domain::target::{Live, Probe};
use jiff::SignedDuration;
use platforms::{Network, Part, Sought, linkedin::Linkedin};
use serde_json::{Value, json};

use super::{ORGANIZATION, organization, rest};
use crate::bed::{Bed, NOW, at, main_part, reply_part, sought};

const POSTS: &str = "/rest/posts";
const SHARE: &str = "urn:li:share:7";
const COMMENTS: &str = "/rest/socialActions/urn%3Ali%3Ashare%3A7/comments";

struct Asked<'a> {
    known: &'a [String],
    is_recomposed: bool,
    status: u16,
}

const PLAIN: Asked<'static> = Asked { known: &[], is_recomposed: false, status: 200 };

async fn probe(part: &Part<'_>, path: &str, answer: Value, asked: &Asked<'_>) -> String {
    let mut bed = Bed::new().await;
    let composed = Linkedin.compose(&bed.cx(), &organization().get(), part).await.expect("composed");
    bed.on("GET", path, asked.status, answer).await;
    let sent_at = bed.now;
    bed.now += SignedDuration::from_mins(2);
    let wanted = Sought { known: asked.known, is_recomposed: asked.is_recomposed, ..sought(&composed, sent_at) };
    let found = Linkedin.probe(&bed.cx(), &organization().get(), &wanted).await;
    let expected = match path {
        POSTS => json!({"query": "q=author&author=urn%3Ali%3Aorganization%3A123&count=10&sortBy=LAST_MODIFIED",
            "x-restli-method": "FINDER"}),
        _ => json!({"query": "start=0&count=10"}),
    };
    assert_eq!(bed.seen().await[0], rest(&format!("GET {path}"), expected));
    match found {
        Probe::Live(live) => {
            assert_eq!(live.url, Some(format!("https://www.linkedin.com/feed/update/{SHARE}/")));
            format!("live {}", live.id)
        }
        Probe::Unknown { .. } => "unknown".to_owned(),
        Probe::Impossible => "impossible".to_owned(),
        other => panic!("{other:?}"),
    }
}

async fn post(part: &Part<'_>, posts: &[Value]) -> String {
    probe(part, POSTS, json!({"elements": posts, "paging": {"start": 0, "count": 10}}), &PLAIN).await
}

fn listed(commentary: &str, content: Value) -> Value {
    let mut post = json!({"id": SHARE, "author": ORGANIZATION, "commentary": commentary, "lifecycleState": "PUBLISHED",
        "createdAt": (NOW + 1) * 1000, "publishedAt": (NOW + 1) * 1000});
    if !content.is_null() {
        post["content"] = content;
    }
    post
}

#[tokio::test]
async fn a_post_is_known_by_what_people_see_of_it() {
    let null = Value::Null;
    let part = main_part("Hi (all) #a_b\nand @[Acme](urn:li:organization:5)", &null);
    let ours = "Hi \\(all\\) {hashtag|\\#|a\\_b} and @[Acme](urn:li:organization:5)";
    assert_eq!(post(&part, &[listed("other", null.clone()), listed(ours, null.clone())]).await, "live urn:li:share:7");
    assert_eq!(post(&part, &[listed("Hi (all)", null.clone())]).await, "unknown");
    let with_image = listed(ours, json!({"media": {"id": "urn:li:image:A"}}));
    assert_eq!(post(&part, &[with_image]).await, "unknown");
    let mut old = listed(ours, null.clone());
    old["publishedAt"] = json!((NOW - 61) * 1000);
    assert_eq!(post(&part, &[old]).await, "unknown");
    let mut hostile = listed(ours, null.clone());
    hostile["id"] = json!("urn:li:share:7/../8");
    assert_eq!(post(&part, &[hostile]).await, "unknown");
    assert_eq!(post(&part, &[]).await, "unknown");
    let known = [SHARE.to_owned()];
    let asked = Asked { known: &known, ..PLAIN };
    assert_eq!(probe(&part, POSTS, json!({"elements": [listed(ours, null.clone())]}), &asked).await, "unknown");
}

#[tokio::test]
async fn images_and_cards_are_compared_too() {
    let null = Value::Null;
    let handle = |id: &str| (json!({"image": format!("urn:li:image:{id}"), "uploaded_at": at(NOW).to_string()}), None);
    let media = [handle("A"), handle("B")];
    let part = Part { media: &media, ..main_part("", &null) };
    let images =
        |ids: [&str; 2]| json!({"multiImage": {"images": ids.map(|id| json!({"id": format!("urn:li:image:{id}")}))}});
    assert_eq!(post(&part, &[listed("", images(["B", "A"]))]).await, "live urn:li:share:7");
    assert_eq!(post(&part, &[listed("", images(["B", "C"]))]).await, "unknown");
    let again = Asked { is_recomposed: true, ..PLAIN };
    let answer = json!({"elements": [listed("", images(["C", "D"]))]});
    assert_eq!(probe(&part, POSTS, answer, &again).await, "unknown", "nothing tells it from another");
    let spoken = Part { media: &media, ..main_part("hi", &null) };
    let answer = json!({"elements": [listed("hi", images(["C", "D"]))]});
    assert_eq!(probe(&spoken, POSTS, answer, &again).await, "live urn:li:share:7");
    let card = |source: &str| json!({"article": {"source": source, "title": "A"}});
    let options = card("https://a.example");
    let part = main_part("", &options);
    assert_eq!(post(&part, &[listed("", card("https://b.example"))]).await, "unknown");
    assert_eq!(post(&part, &[listed("", card("https://a.example"))]).await, "live urn:li:share:7");
}

#[tokio::test]
async fn a_token_that_may_not_list_can_never_know() {
    let null = Value::Null;
    let part = main_part("hi", &null);
    let denied = json!({"message": "Not enough permissions to access: posts.FINDER-author", "serviceErrorCode": 100, "status": 403});
    for (status, body, expected) in [
        (403, denied, "impossible"),
        (401, json!({"message": "expired", "serviceErrorCode": 65_602}), "unknown"),
        (403, json!("<html>"), "unknown"),
        (429, json!({"message": "too much"}), "unknown"),
        (500, json!({}), "unknown"),
        (200, json!({}), "unknown"),
        (200, json!({"elements": [{"commentary": "hi"}]}), "unknown"),
    ] {
        assert_eq!(probe(&part, POSTS, body, &Asked { status, ..PLAIN }).await, expected, "{status}");
    }
}

fn comment(text: &str, actor: &str) -> Value {
    json!({"commentUrn": "urn:li:comment:(urn:li:activity:9,8)", "id": "8", "actor": actor, "message": {"text": text},
        "created": {"time": (NOW + 1) * 1000}, "object": "urn:li:activity:9"})
}

#[tokio::test]
async fn a_comment_is_looked_for_below_its_post() {
    let root = Live { id: SHARE.to_owned(), url: None, reference: Value::Null };
    let null = Value::Null;
    let part = reply_part("first (comment)", &root, &root, &null);
    let below = async |comments: &[Value]| probe(&part, COMMENTS, json!({"elements": comments}), &PLAIN).await;
    let ours = comment("first (comment)", ORGANIZATION);
    assert_eq!(below(&[comment("x", ORGANIZATION), ours.clone()]).await, "live urn:li:comment:(urn:li:activity:9,8)");
    assert_eq!(below(&[comment("first (comment)", "urn:li:person:b")]).await, "unknown");
    let mut other = ours;
    other["commentUrn"] = json!("8");
    assert_eq!(below(&[other]).await, "unknown");
    assert_eq!(below(&[]).await, "unknown");
}

#[tokio::test]
async fn comments_are_paged_through_within_reason() {
    let mut bed = Bed::new().await;
    let root = Live { id: SHARE.to_owned(), url: None, reference: Value::Null };
    let null = Value::Null;
    let part = reply_part("mine", &root, &root, &null);
    let composed = Linkedin.compose(&bed.cx(), &organization().get(), &part).await.expect("composed");
    let full = vec![comment("theirs", "urn:li:person:b"); 10];
    bed.on("GET", COMMENTS, 200, json!({"elements": full})).await;
    let sent_at = bed.now;
    bed.now += SignedDuration::from_mins(2);
    let found = Linkedin.probe(&bed.cx(), &organization().get(), &sought(&composed, sent_at)).await;
    assert!(matches!(found, Probe::Unknown { .. }), "{found:?}");
    let seen = bed.seen().await;
    let starts: Vec<_> = seen.iter().filter_map(|call| call["query"].as_str()).collect();
    assert_eq!(
        starts,
        ["start=0&count=10", "start=10&count=10", "start=20&count=10", "start=30&count=10", "start=40&count=10"]
    );
}
