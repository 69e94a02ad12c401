use platforms::{Network, Refresh, threads::Threads};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{USER, account, asked, error};
use crate::bed::{Bed, Connected, NOW, at, message, refusal};

const ME: &str = "/v1.0/me";

fn me() -> Value {
    json!({"id": USER, "username": "alice", "name": "Alice", "threads_profile_picture_url": "https://p.example/a.jpg",
        "threads_biography": "", "is_verified": false})
}

#[tokio::test]
async fn a_token_says_whose_it_is() {
    for id in [json!(USER), json!(17_841_400_000_000_001_u64)] {
        // given
        let bed = Bed::new().await;
        let mut profile = me();
        profile["id"] = id;
        bed.on("GET", ME, 200, profile).await;
        let given = json!({"access_token": "access-1", "expires_at": at(NOW + 5_184_000).to_string()});
        // when
        let identity = Threads.identify(&bed.cx(), &given).await.expect("identified");
        // then
        assert_eq!((identity.network_unique_id.as_str(), identity.username.as_str()), (USER, "alice"));
        assert_eq!(identity.display_name.as_deref(), Some("Alice"));
        assert_eq!(identity.profile_url.as_deref(), Some("https://www.threads.net/@alice"));
        assert_eq!(identity.tokens.expires_at, Some(at(NOW + 5_184_000)));
        assert_eq!(identity.tokens.sealed_json.expose_secret(), "{\"access_token\":\"access-1\"}");
        let fields = "fields=id%2Cusername%2Cname%2Cthreads_profile_picture_url%2Cthreads_biography%2Cis_verified";
        assert_eq!(bed.seen().await, [asked(&format!("GET {ME}"), fields)]);
    }
}

#[tokio::test]
async fn faults_of_credentials_are_named_before_anything_is_sent() {
    let bed = Bed::new().await;
    for (given, says) in [
        (json!({}), "`access_token` is missing"),
        (json!({"access_token": "a", "expires_at": "tomorrow"}), "`expires_at` must be a time"),
        (json!({"access_token": "a", "refresh_token": "r"}), "`refresh_token` is not known here"),
    ] {
        let error = Threads.identify(&bed.cx(), &given).await.expect_err("refused");
        assert!(message(&error).starts_with(says), "{given}: {}", message(&error));
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn an_answer_that_names_nobody_connects_nobody() {
    for (status, body, expected) in [
        (400, error(190, None, "Error validating access token"), "auth token_revoked"),
        (200, json!({"id": "../1", "username": "alice"}), "not_now"),
        (200, json!({"id": "1", "username": "a/b"}), "not_now"),
        (200, json!({"id": -1, "username": "alice"}), "not_now"),
        (200, json!({"id": "1"}), "not_now"),
        (500, json!({}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", ME, status, body.clone()).await;
        let error = Threads.identify(&bed.cx(), &json!({"access_token": "a"})).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{body}");
    }
}

#[tokio::test]
async fn health_is_of_the_very_account() {
    let bed = Bed::new().await;
    bed.on("GET", ME, 200, me()).await;
    assert_eq!(Threads.health(&bed.cx(), &account().get()).await, Ok(()));
    let other = Connected::new("2", "bob", Value::Null, json!({"access_token": "a"}));
    let error = Threads.health(&bed.cx(), &other.get()).await.expect_err("unhealthy");
    assert_eq!(refusal(&error), "auth token_revoked");
}

#[tokio::test]
async fn a_token_is_traded_for_the_next() {
    // given
    let bed = Bed::new().await;
    let fresh = json!({"access_token": "access-2", "token_type": "bearer", "expires_in": 5_183_944});
    bed.on("GET", "/refresh_access_token", 200, fresh).await;
    // when
    let renewed = Threads.refresh(&bed.cx(), &account().get(), None).await.expect("renewed");
    // then
    assert_eq!(renewed.sealed_json.expose_secret(), "{\"access_token\":\"access-2\"}");
    assert_eq!(renewed.expires_at, Some(at(NOW + 5_183_944)));
    assert_eq!(
        bed.seen().await,
        [json!({"call": "GET /refresh_access_token", "query": "grant_type=th_refresh_token&access_token=access-1"})]
    );
}

#[tokio::test]
async fn only_a_dead_token_needs_the_owner() {
    for (status, body, expected) in [
        (400, error(190, Some(463), "Session has expired access-1"), "auth token_expired"),
        (400, error(190, None, "The user has not authorized application"), "auth token_revoked"),
        (400, error(4, None, "limit"), "throttled +300"),
        (400, error(2, None, "down"), "not_now"),
        (500, json!({}), "not_now"),
        (200, json!({}), "not_now"),
        (200, json!({"access_token": ""}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", "/refresh_access_token", status, body.clone()).await;
        let error = Threads.refresh(&bed.cx(), &account().get(), None).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{body}");
        assert!(!message(&error).contains("access-1"), "{}", message(&error));
    }
}
