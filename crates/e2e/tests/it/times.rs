//! Posts that wait: for their time, for a word of the caller, for a change of mind.

use domain::platform::Platform;
use e2e::{
    House, Options, Transport,
    tenant::{id, ids},
};
use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};

over_both!(a_scheduled_post_is_not_early, what_was_called_off_or_changed_does_not_go_out_as_it_was);

fn in_seconds(seconds: i64) -> Timestamp {
    let now = SystemClock.now();
    Timestamp::from_millisecond(now.as_millisecond()).expect("a time") + SignedDuration::from_secs(seconds)
}

fn time(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no time: {value}"))
}

async fn a_scheduled_post_is_not_early(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;

    // when
    let due = in_seconds(3);
    let body = json!({"content": "in time", "accounts": ids(&accounts), "scheduled_at": due.to_string()});
    let posted = tenant.post_body(body).await;
    assert_eq!(posted["status"], "scheduled", "{posted:#}");
    let post = tenant.settled(&posted).await;

    // then: how late it may be is measured where nothing else runs, by the benchmark
    assert_eq!(post["status"], "published", "{post:#}");
    for entry in tenant.world.ledger().await {
        let late = time(&entry["at"]).duration_since(due);
        assert!(late >= SignedDuration::ZERO && late < SignedDuration::from_secs(2), "{late:?}: {entry:#}");
    }
    for attempt in tenant.attempts(&post).await {
        assert!(time(&attempt["started_at"]) >= due, "{attempt:#}");
    }
    tenant.is_in_ledger_once(&post, &accounts).await;
    house.down().await.expect("an orderly end");
}

async fn what_was_called_off_or_changed_does_not_go_out_as_it_was(transport: Transport) {
    // given: what waits
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let accounts = vec![tenant.connect(Platform::Mastodon).await, tenant.connect(Platform::Bluesky).await];
    let due = in_seconds(4);
    let scheduled = async |content: &str| {
        let body = json!({"content": content, "accounts": ids(&accounts), "scheduled_at": due.to_string()});
        tenant.post_body(body).await
    };
    let (canceled, edited, moved) =
        (scheduled("called off").await, scheduled("before").await, scheduled("much later").await);
    let halved = scheduled("half").await;
    let draft = tenant.post_body(json!({"content": "a draft", "accounts": ids(&accounts), "draft": true})).await;
    assert_eq!(draft["status"], "draft", "{draft:#}");

    // when
    let way = |post: &Value| format!("/v1/posts/{}", id(post));
    let off = tenant.caller.delete(&way(&canceled)).await.expect(200);
    assert_eq!(off["status"], "canceled", "{off:#}");
    let after = tenant.caller.patch(&way(&edited), json!({"content": "after"})).await.expect(200);
    assert_eq!(after["content"], "after", "{after:#}");
    let later = json!({"scheduled_at": in_seconds(3_600).to_string()});
    tenant.caller.patch(&way(&moved), later).await.expect(200);
    let half = format!("{}/targets/{}/cancel", way(&halved), id(&halved["targets"][0]));
    tenant.caller.poke(&half).await.expect(200);

    // then: a draft waits for a word, and goes at once
    tenant.caller.poke(&format!("{}/publish", way(&draft))).await.expect(200);
    assert_eq!(tenant.settled(&draft).await["status"], "published");

    // and: what is due then goes out as it is by then
    let published = tenant.settled(&edited).await;
    assert_eq!(published["status"], "published", "{published:#}");
    let half = tenant.settled(&halved).await;
    assert_eq!(half["status"], "partial", "{half:#}");
    assert_eq!(half["targets"][0]["status"], "canceled", "{half:#}");
    for account in &accounts {
        let mut texts = tenant.world.texts_of(&account.resident.account).await;
        texts.sort();
        let whole = half["targets"][1]["account_id"] == account.id;
        let expected: &[&str] = if whole { &["a draft", "after", "half"] } else { &["a draft", "after"] };
        assert_eq!(texts, expected, "on {}", account.platform());
    }
    assert_eq!(tenant.read(&canceled).await["status"], "canceled");
    assert_eq!(tenant.read(&moved).await["status"], "scheduled");

    // and: the one that was put off can be sent now
    tenant.caller.poke(&format!("{}/publish", way(&moved))).await.expect(200);
    assert_eq!(tenant.settled(&moved).await["status"], "published");
    house.down().await.expect("an orderly end");
}
