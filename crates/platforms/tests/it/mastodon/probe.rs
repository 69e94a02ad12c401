use domain::target::Probe;
use jiff::SignedDuration;
use platforms::{Network, Part, Sought, mastodon::Mastodon};
use serde_json::{Value, json};
use wiremock::{Mock, ResponseTemplate, matchers};

use super::{account, genuine};
use crate::bed::{Bed, Connected, NOW, at, main_part, sought};

const LIST: &str = "/api/v1/accounts/109/statuses";

fn status(id: &str, seconds: i64, content: &str) -> Value {
    json!({"id": id, "created_at": at(NOW + seconds).to_string(), "url": format!("https://m.example/@alice/{id}"),
        "uri": "x", "content": content, "spoiler_text": "", "in_reply_to_id": null, "media_attachments": []})
}

/// What the probe says `after` the send.
async fn probe(bed: &Bed, account: &Connected, after: SignedDuration) -> String {
    let options = Value::Null;
    let part = main_part("Hi @bob@b.example & https://e.example/long", &options);
    let composed = Mastodon.compose(&bed.cx(), &account.get(), &part).await.expect("composed");
    let cx = platforms::Cx { now: bed.now + after, ..bed.cx() };
    word(Mastodon.probe(&cx, &account.get(), &sought(&composed, bed.now)).await)
}

fn word(probe: Probe) -> String {
    match probe {
        Probe::Live(live) => format!("live {}", live.id),
        Probe::NotLive => "not live".to_owned(),
        Probe::Repeat => "repeat".to_owned(),
        Probe::Unknown { .. } => "unknown".to_owned(),
        Probe::Impossible => "impossible".to_owned(),
    }
}

const OURS: &str = r#"<p>Hi <span class="h-card"><a href="https://b.example/@bob">@<span>bob</span></a></span> &amp; <a href="https://e.example/long"><span class="invisible">https://</span><span>e.example/long</span></a></p>"#;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn within_the_hour_mastodon_itself_is_sent_the_same_again() {
    let bed = Bed::new().await;
    for (minutes, expected) in [(0, "repeat"), (54, "repeat"), (55, "unknown")] {
        let seen = probe(&bed, &genuine(&bed), SignedDuration::from_mins(minutes)).await;
        assert_eq!(seen, expected, "{minutes}");
    }
}

#[tokio::test]
async fn a_repeat_does_not_make_the_instance_remember_longer() {
    // given: composed and sent, repeated 50 minutes later, lost again
    let bed = Bed::new().await;
    let account = genuine(&bed);
    let composed = Mastodon.compose(&bed.cx(), &account.get(), &main_part("hi", &Value::Null)).await.expect("composed");
    let repeated_at = bed.now + SignedDuration::from_mins(50);
    bed.on("GET", LIST, 200, json!([status("8", 1, "<p>hi</p>")])).await;
    // when: probed 10 minutes after the repeat, when the first key is forgotten
    let cx = platforms::Cx { now: bed.now + HOUR, ..bed.cx() };
    let probe = Mastodon.probe(&cx, &account.get(), &sought(&composed, repeated_at)).await;
    // then: looked for from the first send on, and not sent a third time
    assert!(matches!(&probe, Probe::Live(live) if live.id == "8"), "{probe:?}");
}

#[tokio::test]
async fn elsewhere_or_later_the_account_s_statuses_are_looked_through() {
    let other = json!({"genuine": false});
    for (list, on_mastodon, elsewhere) in [
        (json!([status("9", 1, "<p>no</p>"), status("8", 1, OURS)]), "live 8", "live 8"),
        (json!([status("9", 1, "<p>no</p>"), status("1", -61, "<p>old</p>")]), "not live", "unknown"),
        (json!([status("8", -61, OURS)]), "not live", "unknown"),
        (json!([]), "not live", "unknown"),
        (json!({"error": "x"}), "unknown", "unknown"),
        (json!([{"id": 8}]), "unknown", "unknown"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", LIST, 200, list.clone()).await;
        assert_eq!(probe(&bed, &genuine(&bed), HOUR).await, on_mastodon, "{list}");
        assert_eq!(
            probe(&bed, &account(&bed, other.clone()), SignedDuration::from_secs(30)).await,
            elsewhere,
            "{list}"
        );
    }
}

#[tokio::test]
async fn what_differs_in_more_than_spelling_is_not_ours() {
    let mut with_parent = status("8", 1, OURS);
    with_parent["in_reply_to_id"] = json!("7");
    let mut with_media = status("8", 1, OURS);
    with_media["media_attachments"] = json!([{"id": "1", "url": "https://m.example/1"}]);
    let mut with_warning = status("8", 1, OURS);
    with_warning["spoiler_text"] = json!("cw");
    for found in [with_parent, with_media, with_warning, status("a/b", 1, OURS), status("8", 1, "<p>Hi</p>")] {
        let bed = Bed::new().await;
        bed.on("GET", LIST, 200, json!([found, status("1", -100, "<p>old</p>")])).await;
        assert_eq!(probe(&bed, &genuine(&bed), HOUR).await, "not live", "{found}");
    }
}

#[tokio::test]
async fn older_pages_are_read_until_they_are_older_than_the_send() {
    // given
    let bed = Bed::new().await;
    let page = |before: Option<&str>, body: Value| {
        let mock = Mock::given(matchers::method("GET")).and(matchers::path(LIST));
        let mock = match before {
            Some(id) => mock.and(matchers::query_param("max_id", id)),
            None => mock.and(matchers::query_param_is_missing("max_id")),
        };
        mock.respond_with(ResponseTemplate::new(200).set_body_json(body)).mount(&bed.server)
    };
    page(None, json!([status("9", 5, "<p>no</p>")])).await;
    page(Some("9"), json!([status("8", 1, OURS)])).await;
    // when, then
    assert_eq!(probe(&bed, &genuine(&bed), HOUR).await, "live 8");
    let seen = bed.seen().await;
    assert_eq!(seen[0]["query"], json!("limit=40&exclude_reblogs=true"));
    assert_eq!(seen[1]["query"], json!("limit=40&exclude_reblogs=true&max_id=9"));
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let bed = Bed::new().await;
    bed.on("GET", LIST, 200, json!([status("9", 5, "<p>no</p>")])).await;
    assert_eq!(probe(&bed, &genuine(&bed), HOUR).await, "unknown");
    assert_eq!(bed.seen().await.len(), 2);
}

#[tokio::test]
async fn a_neighbour_of_the_same_words_is_not_taken_for_it() {
    let bed = Bed::new().await;
    let account = genuine(&bed);
    let composed = Mastodon.compose(&bed.cx(), &account.get(), &main_part("hi", &Value::Null)).await.expect("composed");
    bed.on("GET", LIST, 200, json!([status("9", 1, "<p>hi</p>"), status("1", -100, "<p>old</p>")])).await;
    let cx = platforms::Cx { now: bed.now + HOUR, ..bed.cx() };
    for (known, expected) in [(vec![], "live 9"), (vec!["9".to_owned()], "not live")] {
        let sought = Sought { known: &known, ..sought(&composed, bed.now) };
        assert_eq!(word(Mastodon.probe(&cx, &account.get(), &sought).await), expected);
    }
}

#[tokio::test]
async fn what_was_composed_after_the_fact_is_looked_for_and_never_repeated() {
    // given: one file, uploaded again since
    let bed = Bed::new().await;
    let account = genuine(&bed);
    let media = [(json!({"id": "77"}), None)];
    let mut theirs = status("9", -600, "<p>hi</p>");
    theirs["media_attachments"] = json!([{"id": "11", "url": "https://m.example/11"}]);
    let mut silent = theirs.clone();
    silent["content"] = json!("");
    for (text, listed, expected) in [
        ("hi", json!([theirs]), "live 9"),
        ("hi", json!([status("9", -600, "<p>hi</p>"), status("1", -700, "<p>old</p>")]), "not live"),
        ("", json!([silent]), "unknown"),
        ("", json!([]), "not live"),
    ] {
        bed.forget().await;
        bed.on("GET", LIST, 200, listed.clone()).await;
        let part = Part { media: &media, ..main_part(text, &Value::Null) };
        let composed = Mastodon.compose(&bed.cx(), &account.get(), &part).await.expect("composed");
        // when: it may have gone out in the ten minutes before
        let sent_at = bed.now - SignedDuration::from_mins(10);
        let sought = Sought { is_recomposed: true, ..sought(&composed, sent_at) };
        // then
        let probe = Mastodon.probe(&bed.cx(), &account.get(), &sought).await;
        assert_eq!(word(probe), expected, "{text:?} {listed}");
    }
}
