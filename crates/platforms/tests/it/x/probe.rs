use domain::target::{Live, Probe};
use jiff::SignedDuration;
use platforms::{Network, Part, Sought, x::X};
use serde_json::{Value, json};

use super::account;
use crate::bed::{Bed, NOW, at, main_part, reply_part, sought};

const LIST: &str = "/2/users/42/tweets";

async fn probe(tweets: Value, part: &Part<'_>) -> String {
    probe_beside(tweets, part, &[], false).await
}

async fn probe_beside(tweets: Value, part: &Part<'_>, known: &[String], is_recomposed: bool) -> String {
    let mut bed = Bed::new().await;
    let composed = X.compose(&bed.cx(), &account().get(), part).await.expect("composed");
    bed.on("GET", LIST, 200, tweets).await;
    let sent_at = bed.now;
    bed.now += SignedDuration::from_mins(2);
    let found =
        X.probe(&bed.cx(), &account().get(), &Sought { known, is_recomposed, ..sought(&composed, sent_at) }).await;
    assert_eq!(
        bed.seen().await[0]["query"],
        json!(
            "max_results=100&start_time=2026-11-22T09%3A59%3A00Z&tweet.fields=attachments%2Ccreated_at%2Centities%2Cnote_tweet%2Creferenced_tweets"
        )
    );
    match found {
        Probe::Live(live) => {
            assert_eq!(live.url, Some(format!("https://x.com/alice/status/{}", live.id)));
            format!("live {}", live.id)
        }
        Probe::Unknown { .. } => "unknown".to_owned(),
        other => panic!("{other:?}"),
    }
}

fn tweet(id: &str, text: &str) -> Value {
    json!({"id": id, "text": text, "created_at": at(NOW + 1).to_string()})
}

fn listed(tweets: &[Value]) -> Value {
    json!({"data": tweets, "meta": {"result_count": tweets.len()}})
}

#[tokio::test]
async fn a_post_is_known_by_its_text() {
    let null = Value::Null;
    let part = main_part("Tom & Jerry <3 see example.com/a and\nhttps://e.example/x", &null);
    let mut ours = tweet("8", "Tom &amp; Jerry &lt;3 see https://t.co/aa and\nhttps://t.co/bb");
    ours["entities"] = json!({"urls": [
        {"url": "https://t.co/aa", "expanded_url": "http://example.com/a", "display_url": "example.com/a"},
        {"url": "https://t.co/bb", "expanded_url": "https://e.example/x"}]});
    assert_eq!(probe(listed(&[tweet("9", "other"), ours.clone()]), &part).await, "live 8");
    let mut old = ours.clone();
    old["created_at"] = json!(at(NOW - 61).to_string());
    assert_eq!(probe(listed(&[old]), &part).await, "unknown");
    let mut reply = ours.clone();
    reply["referenced_tweets"] = json!([{"type": "replied_to", "id": "7"}]);
    assert_eq!(probe(listed(&[reply]), &part).await, "unknown");
    let mut hostile = ours;
    hostile["id"] = json!("8/../9");
    assert_eq!(probe(listed(&[hostile]), &part).await, "unknown");
}

#[tokio::test]
async fn what_is_not_listed_is_not_known() {
    let null = Value::Null;
    let part = main_part("hi", &null);
    for list in [
        listed(&[]),
        json!({"meta": {"result_count": 0}}),
        json!({"errors": [{"title": "x"}]}),
        json!([]),
        json!({"data": 7}),
    ] {
        assert_eq!(probe(list.clone(), &part).await, "unknown", "{list}");
    }
}

#[tokio::test]
async fn a_reply_is_known_by_its_parent_too() {
    let parent = Live { id: "7".to_owned(), url: None, reference: Value::Null };
    let null = Value::Null;
    let part = reply_part("same words", &parent, &parent, &null);
    let mut ours = tweet("8", "same words");
    ours["referenced_tweets"] = json!([{"type": "quoted", "id": "5"}, {"type": "replied_to", "id": "7"}]);
    assert_eq!(probe(listed(&[tweet("9", "same words"), ours]), &part).await, "live 8");
}

#[tokio::test]
async fn a_long_post_is_compared_in_full() {
    let null = Value::Null;
    let text = "long ".repeat(100);
    let mut ours = tweet("8", "long long… https://t.co/zz");
    ours["note_tweet"] = json!({"text": text.trim()});
    assert_eq!(probe(listed(&[ours]), &main_part(&text, &null)).await, "live 8");
}

#[tokio::test]
async fn files_are_compared_by_their_keys() {
    let null = Value::Null;
    let media = [(json!({"id": "77", "media_key": "3_77"}), None)];
    let with = |text: &str, keys: Value| {
        let mut tweet = tweet("8", text);
        tweet["attachments"] = json!({"media_keys": keys});
        tweet["entities"] = json!({"urls": [{"url": "https://t.co/pic", "expanded_url": "https://x.com/alice/status/8/photo/1", "media_key": "3_77"}]});
        tweet
    };
    let silent = Part { media: &media, ..main_part("", &null) };
    assert_eq!(probe(listed(&[with("https://t.co/pic", json!(["3_77"]))]), &silent).await, "live 8");
    assert_eq!(probe(listed(&[with("https://t.co/pic", json!(["3_78"]))]), &silent).await, "unknown");
    assert_eq!(probe(listed(&[tweet("8", "")]), &silent).await, "unknown", "without text and names nothing is known");
    let spoken = Part { media: &media, ..main_part("hi", &null) };
    assert_eq!(probe(listed(&[with("hi https://t.co/pic", json!(["3_77"]))]), &spoken).await, "live 8");
    assert_eq!(probe(listed(&[tweet("8", "hi")]), &spoken).await, "live 8", "a listing without attachments");
    assert_eq!(
        probe(listed(&[with("hi https://t.co/pic", json!(["3_77"]))]), &main_part("hi", &null)).await,
        "unknown"
    );
}

#[tokio::test]
async fn a_neighbour_of_the_same_words_is_not_taken_for_it() {
    let null = Value::Null;
    let part = main_part("hi", &null);
    let known = ["9".to_owned()];
    assert_eq!(probe_beside(listed(&[tweet("9", "hi"), tweet("8", "hi")]), &part, &known, false).await, "live 8");
    assert_eq!(probe_beside(listed(&[tweet("9", "hi")]), &part, &known, false).await, "unknown");
}

#[tokio::test]
async fn files_uploaded_after_the_fact_are_counted() {
    let null = Value::Null;
    let media = [(json!({"id": "77", "media_key": "3_77"}), None)];
    let mut theirs = tweet("8", "hi");
    theirs["attachments"] = json!({"media_keys": ["3_11"]});
    let spoken = Part { media: &media, ..main_part("hi", &null) };
    assert_eq!(probe_beside(listed(&[theirs.clone()]), &spoken, &[], true).await, "live 8");
    assert_eq!(probe_beside(listed(&[theirs.clone()]), &spoken, &[], false).await, "unknown");
    theirs["text"] = json!("");
    let silent = Part { media: &media, ..main_part("", &null) };
    assert_eq!(probe_beside(listed(&[theirs]), &silent, &[], true).await, "unknown", "nothing tells it from another");
}
