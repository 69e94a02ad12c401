//! An account's health and numbers.

use domain::{platform::Platform, target::Refusal};
use jiff::SignedDuration;
use platforms::{AccountNumbers, Network, network};
use serde_json::{Value, json};

use crate::bed::{Bed, Connected, message, refusal};

/// What a network calls for each of the two, and how it answers.
struct Case {
    platform: Platform,
    health: &'static str,
    numbers: &'static str,
    alive: Value,
    told: Value,
    numbers_told: AccountNumbers,
    /// With status 401.
    dead: Value,
    id: &'static str,
    /// `HERE` stands for the server.
    tokens: Value,
}

fn cases() -> Vec<Case> {
    let numbers = |posts, platform_specific| AccountNumbers {
        followers: Some(10),
        following: Some(2),
        posts: Some(posts),
        platform_specific,
        ..AccountNumbers::default()
    };
    vec![
        Case {
            platform: Platform::X,
            health: "/2/users/me",
            numbers: "/2/users/me",
            alive: json!({"data": {"id": "42", "username": "alice"}}),
            told: json!({"data": {"id": "42", "username": "alice", "public_metrics": {"followers_count": 10,
                "following_count": 2, "tweet_count": 5, "listed_count": 1, "like_count": 7, "odd": {"a": 1}}}}),
            numbers_told: numbers(5, json!({"listed_count": 1, "like_count": 7})),
            dead: json!({"title": "Unauthorized", "detail": "token-1 is not taken", "type": "about:blank"}),
            id: "42",
            tokens: json!({"access_token": "token-1"}),
        },
        Case {
            platform: Platform::Mastodon,
            health: "/api/v1/accounts/verify_credentials",
            numbers: "/api/v1/accounts/verify_credentials",
            alive: json!({"id": "42", "username": "alice"}),
            told: json!({"id": "42", "username": "alice", "followers_count": 10, "following_count": 2,
                "statuses_count": 6}),
            numbers_told: numbers(6, json!({})),
            dead: json!({"error": "The access token token-1 was revoked"}),
            id: "42",
            tokens: json!({"base": "HERE", "access_token": "token-1"}),
        },
        Case {
            platform: Platform::Bluesky,
            health: "/xrpc/com.atproto.server.getSession",
            numbers: "/xrpc/app.bsky.actor.getProfile",
            alive: json!({"did": "did:plc:alice", "handle": "alice.example"}),
            told: json!({"did": "did:plc:alice", "handle": "alice.example", "followersCount": 10, "followsCount": 2,
                "postsCount": 7}),
            numbers_told: numbers(7, json!({})),
            dead: json!({"error": "InvalidToken", "message": "token-1 is not taken"}),
            id: "did:plc:alice",
            tokens: json!({"service": "HERE", "pds": "HERE", "did": "did:plc:alice", "access_jwt": "token-1",
                "refresh_jwt": "r", "app_password": "p"}),
        },
    ]
}

fn account(case: &Case, bed: &Bed) -> Connected {
    let here = |text: String| serde_json::from_str(&text.replace("HERE", &bed.uri())).expect("JSON");
    let facts = here(json!({"base": "HERE", "pds": "HERE"}).to_string());
    Connected::new(case.id, "alice", facts, here(case.tokens.to_string()))
}

async fn numbers(bed: &Bed, network: &dyn Network, account: &Connected) -> Result<AccountNumbers, Refusal> {
    let period = (bed.now - SignedDuration::from_hours(24), bed.now);
    network.numbers().expect("it tells numbers").account_numbers(&bed.cx(), &account.get(), period).await
}

#[tokio::test]
async fn a_token_that_works_is_healthy_and_tells_numbers() {
    for case in cases() {
        // given
        let (bed, network) = (Bed::new().await, network(case.platform));
        let account = account(&case, &bed);
        bed.on("GET", case.health, 200, case.alive.clone()).await;
        // then
        network.health(&bed.cx(), &account.get()).await.expect("healthy");
        bed.forget().await;
        bed.on("GET", case.numbers, 200, case.told.clone()).await;
        assert_eq!(numbers(&bed, network, &account).await.expect("told"), case.numbers_told, "{}", case.platform);
        let seen = bed.seen().await;
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(seen[0]["authorization"], "Bearer token-1");
        // and: what is not told, or told oddly, is left open
        bed.forget().await;
        bed.on("GET", case.numbers, 200, odd(case.told)).await;
        let told = numbers(&bed, network, &account).await.expect("told");
        assert_eq!((told.followers, told.posts), (None, None), "{}", case.platform);
    }
}

/// Every count something that is none.
fn odd(told: Value) -> Value {
    match told {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, told)| (name, if told.is_number() { json!("many") } else { odd(told) }))
            .collect(),
        other => other,
    }
}

#[tokio::test]
async fn tokens_of_another_account_are_of_no_use() {
    for case in cases() {
        let (bed, network) = (Bed::new().await, network(case.platform));
        let mut account = account(&case, &bed);
        account.id = "another".to_owned();
        bed.on("GET", case.health, 200, case.alive).await;
        let refused = network.health(&bed.cx(), &account.get()).await.expect_err("not this one's");
        assert_eq!(refusal(&refused), "auth token_revoked", "{}", case.platform);
        bed.forget().await;
        bed.on("GET", case.numbers, 200, case.told).await;
        let refused = numbers(&bed, network, &account).await.expect_err("not this one's");
        assert_eq!(refusal(&refused), "auth token_revoked", "{}", case.platform);
    }
}

#[tokio::test]
async fn a_dead_token_is_told_apart_from_a_network_that_is_down() {
    for case in cases() {
        for (status, body, is_dead) in [
            (401, case.dead.clone(), true),
            (503, json!({"error": "down"}), false),
            (200, json!("<html>"), false),
            (200, json!({}), false),
            (302, json!({}), false),
        ] {
            let (bed, network) = (Bed::new().await, network(case.platform));
            let account = account(&case, &bed);
            for path in [case.health, case.numbers] {
                bed.on("GET", path, status, body.clone()).await;
            }
            let health = network.health(&bed.cx(), &account.get()).await.expect_err("refused");
            let numbers = numbers(&bed, network, &account).await.expect_err("refused");
            for refused in [health, numbers] {
                let what = format!("{} {status} {body}: {refused:?}", case.platform);
                assert_eq!(matches!(refused, Refusal::Auth { .. }), is_dead, "{what}");
                assert_eq!(matches!(refused, Refusal::NotNow { .. }), !is_dead, "{what}");
                assert!(!message(&refused).contains("token-1"), "{what}");
            }
        }
    }
}
