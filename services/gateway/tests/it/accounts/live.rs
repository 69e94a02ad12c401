use std::sync::{Arc, Mutex};

use domain::{
    ids::AccountId,
    job::Call,
    live::{AccountMetrics, Engagement, Health, LiveAnswer, LiveAsk, LiveRequest, Period},
    platform::Platform,
    target::ErrorCode,
};
use gateway::Scope;
use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::house::{Client, House, faults};

/// A publisher that always says the same and remembers what it was asked.
async fn publisher(house: &House, answer: LiveAnswer) -> Arc<Mutex<Vec<LiveRequest>>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let mut questions = house.bus.answer(Call::Live, 4).await.unwrap();
    tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            seen.lock().unwrap().push(serde_json::from_slice(&question.body).unwrap());
            question.reply(serde_json::to_vec(&answer).unwrap()).await;
        }
    });
    asked
}

fn healthy() -> LiveAnswer {
    let checked_at = Timestamp::UNIX_EPOCH;
    LiveAnswer::Health(Health { healthy: true, checked_at, error_code: None, error_message: None })
}

fn numbers(account: AccountId) -> AccountMetrics {
    let epoch = Timestamp::UNIX_EPOCH;
    AccountMetrics {
        account_id: account,
        period: Period { since: epoch, until: epoch },
        followers: Some(10),
        following: None,
        posts: Some(5),
        engagement: Engagement { likes: Some(0), ..Engagement::default() },
        platform_specific: json!({"listed_count": 1}),
        captured_at: epoch,
    }
}

async fn home() -> (House, Client, AccountId) {
    let house = House::start().await;
    let client = house.client().await;
    let account = house.account(&client, Platform::X, Some("user_42")).await;
    (house, client, account)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_what_the_publisher_says() {
    // given
    let (house, client, account) = home().await;
    let asked = publisher(&house, healthy()).await;
    // when
    let answer = client.get(&format!("/v1/social-accounts/{account}/health")).await.expect(200);
    // then
    let expected =
        json!({"healthy": true, "checked_at": "1970-01-01T00:00:00Z", "error_code": null, "error_message": null});
    assert_eq!(answer, expected);
    let asked = asked.lock().unwrap().pop().unwrap();
    assert_eq!((asked.project_id, asked.account_id, asked.ask), (client.project, account, LiveAsk::Health));
    assert!(asked.trace.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_of_the_period_that_was_asked_for() {
    // given
    let (house, client, account) = home().await;
    let asked = publisher(&house, LiveAnswer::Metrics(numbers(account))).await;
    let path = format!("/v1/social-accounts/{account}/metrics");
    // when
    let answer = client.get(&path).await.expect(200);
    // then: in the contract's shape, of the last thirty days where nobody says
    assert_eq!(
        answer,
        json!({"account_id": account, "period": {"since": "1970-01-01T00:00:00Z", "until": "1970-01-01T00:00:00Z"},
            "followers": 10, "following": null, "posts": 5,
            "engagement": {"views": null, "likes": 0, "comments": null, "shares": null},
            "platform_specific": {"listed_count": 1}, "captured_at": "1970-01-01T00:00:00Z"})
    );
    let now = house.clock.now();
    let month = SignedDuration::from_hours(30 * 24);
    assert_eq!(asked.lock().unwrap().pop().unwrap().ask, LiveAsk::Metrics(Period { since: now - month, until: now }));
    // when: somebody says
    let (since, until) = ("2026-01-01T00:00:00Z", "2026-01-08T02:00:00+02:00");
    client.get(&format!("{path}?since={since}&until={}", until.replace('+', "%2B"))).await.expect(200);
    // then
    let period = Period { since: since.parse().unwrap(), until: until.parse().unwrap() };
    assert_eq!(asked.lock().unwrap().pop().unwrap().ask, LiveAsk::Metrics(period));
    // and: what is no period is asked of nobody
    for (query, at, code) in [
        ("since=yesterday", "?since", "invalid_time"),
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "?since", "after_until"),
        ("since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", "?since", "after_until"),
        ("until=2999-01-01T00:00:00Z", "?until", "in_the_future"),
        ("untill=2026-01-01T00:00:00Z", "?untill", "unknown_field"),
    ] {
        assert_eq!(client.get(&format!("{path}?{query}")).await.faults(), faults(&[(at, code)]), "{query}");
    }
    let both = client.get(&format!("{path}?since=a&until=b")).await.faults();
    assert_eq!(both, faults(&[("?since", "invalid_time"), ("?until", "invalid_time")]));
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_answer_of_the_publisher_has_its_status() {
    let later = SystemClock.now() + SignedDuration::from_secs(100);
    let unavailable = |until| LiveAnswer::Unavailable { detail: "no route to host".into(), until };
    let refused = LiveAnswer::Refused { code: ErrorCode::TokenRevoked, message: "It was revoked".into() };
    for (answer, status, code) in [
        (unavailable(None), 503, "unavailable"),
        (unavailable(Some(later)), 503, "unavailable"),
        (LiveAnswer::TimedOut, 504, "platform_timeout"),
        (LiveAnswer::Unsupported, 422, "unsupported_ability"),
        (LiveAnswer::Gone, 404, "not_found"),
        (refused, 409, "conflict"),
        // A publisher of another version.
        (healthy(), 500, "internal"),
    ] {
        // given
        let (house, client, account) = home().await;
        publisher(&house, answer.clone()).await;
        // when
        let told = client.get(&format!("/v1/social-accounts/{account}/metrics")).await;
        // then
        let wait = told.header("retry-after");
        let problem = told.problem(status, code);
        assert!(!problem.to_string().contains("no route to host"), "{problem:#}");
        match answer {
            LiveAnswer::Unavailable { until: None, .. } => assert_eq!(wait, "1"),
            LiveAnswer::Unavailable { .. } => assert!((90..=100).contains(&wait.parse::<u64>().unwrap()), "{wait}"),
            LiveAnswer::Refused { .. } => {
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.contains("token_revoked") && detail.contains("It was revoked"), "{detail}");
            }
            _ => assert_eq!(wait, ""),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_the_caller_may_see_is_asked_about() {
    // given
    let (house, client, account) = home().await;
    let asked = publisher(&house, healthy()).await;
    let stranger = house.client().await;
    let bound = house.key(client.project, Some("user_43"), &[Scope::AccountsRead]).await;
    let writer = house.key(client.project, None, &[Scope::AccountsWrite]).await;
    for what in ["health", "metrics"] {
        let path = format!("/v1/social-accounts/{account}/{what}");
        // then
        stranger.get(&path).await.problem(404, "not_found");
        bound.get(&path).await.problem(404, "not_found");
        writer.get(&path).await.problem(403, "scope_missing");
        house.anonymous().get(&path).await.problem(401, "unauthorized");
        client.get(&format!("/v1/social-accounts/acc_1/{what}")).await.problem(404, "not_found");
    }
    assert_eq!(
        client.get(&format!("/v1/social-accounts/{account}/health?x=1")).await.faults(),
        faults(&[("?x", "unknown_field")])
    );
    assert!(asked.lock().unwrap().is_empty());
    // and: the owner's key may ask
    let owner = house.key(client.project, Some("user_42"), &[Scope::AccountsRead]).await;
    owner.get(&format!("/v1/social-accounts/{account}/health")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_publisher_it_is_put_off() {
    let (house, client, account) = home().await;
    // given: nobody takes the question
    let started = std::time::Instant::now();
    client.get(&format!("/v1/social-accounts/{account}/health")).await.problem(504, "platform_timeout");
    let waited = started.elapsed().as_secs();
    assert!((9..=15).contains(&waited), "{waited} s");
    // and: nobody could
    house.bus.close().await;
    let answer = client.get(&format!("/v1/social-accounts/{account}/health")).await;
    assert!(!answer.header("retry-after").is_empty());
    answer.problem(503, "unavailable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn test_keys_need_a_sandbox_to_ask() {
    let house = House::without_sandbox().await;
    let client = house.client().await;
    let account = house.account(&client, Platform::X, None).await;
    client.get(&format!("/v1/social-accounts/{account}/health")).await.problem(422, "sandbox_unavailable");
}
