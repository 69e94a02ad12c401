//! Each fault on each network: what the caller sees, and what became public.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::browser::App;
use crate::given::{Answer, Given, answer};
use crate::posting::{ALL, Author, Network};

async fn with_fault(network: Network, fault: &str) -> (Given, Author) {
    let given = Given::sandbox().await;
    let author = network.author(&given, "alice").await;
    let plan =
        json!({"platform": network.name(), "account": author.account.id, "operation": "publish", "fault": fault});
    given.fault(plan).await;
    (given, author)
}

async fn linkedin_refresh(given: &Given, author: &Author) -> Answer {
    let app = App::ready(given, "linkedin").await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &author.refresh),
        ("client_id", &app.id),
        ("client_secret", app.secret.as_ref().expect("a secret")),
    ];
    answer(given.post("/linkedin/www/oauth/v2/accessToken").form(&form)).await
}

#[tokio::test]
async fn faults_before_accepting_leave_nothing_public_and_strike_once() {
    for network in ALL {
        for (fault, bluesky, linkedin, mastodon, x) in [
            ("reject", 400, 422, 422, 403),
            ("throttle", 429, 429, 429, 429),
            ("error_before_accept", 503, 503, 503, 503),
        ] {
            let (given, author) = with_fault(network, fault).await;
            let refused = author.publish(&given, "Hello").await.expect("an answer");
            let expected = match network {
                Network::Bluesky => bluesky,
                Network::LinkedIn => linkedin,
                Network::Mastodon => mastodon,
                Network::X => x,
            };
            assert_eq!(refused.status, expected, "{network:?} {fault} {refused:?}");
            assert!(author.public(&given).await.is_empty(), "{network:?} {fault}");

            author.publish(&given, "Hello").await.expect("an answer").expect(network.accepts());
            assert_eq!(author.public(&given).await, ["Hello"], "{network:?} {fault}");
        }
    }
}

#[tokio::test]
async fn faults_after_accepting_leave_the_post_public() {
    for network in ALL {
        let (given, author) = with_fault(network, "error_after_accept").await;
        let failed = author.publish(&given, "Hello").await.expect("an answer");
        assert_eq!(failed.status, 500, "{network:?}");
        assert_eq!(author.public(&given).await, ["Hello"], "{network:?}");

        let (given, author) = with_fault(network, "garbage_after_accept").await;
        let garbage = author.publish(&given, "Hello").await.expect("an answer");
        assert_eq!((garbage.status, garbage.body), (200, json!(null)), "{network:?}");
        assert_eq!(author.public(&given).await, ["Hello"], "{network:?}");

        let (given, author) = with_fault(network, "drop_reply_after_accept").await;
        let lost = author.publish(&given, "Hello").await;
        assert!(lost.is_err(), "{network:?} {lost:?}");
        assert_eq!(author.public(&given).await, ["Hello"], "{network:?}");
    }
}

#[tokio::test]
async fn a_dropped_connection_leaves_nothing_public() {
    for network in ALL {
        let (given, author) = with_fault(network, "drop_connection").await;
        let lost = author.publish(&given, "Hello").await;
        assert!(lost.is_err(), "{network:?} {lost:?}");
        assert!(author.public(&given).await.is_empty(), "{network:?}");
    }
}

#[tokio::test]
async fn a_hanging_call_is_never_answered_and_ends_with_the_sandbox() {
    let (given, author) = with_fault(Network::X, "hang").await;
    let hanging = author.publishing(&given, "Hello").timeout(Duration::from_millis(300)).send().await;
    assert!(hanging.expect_err("no answer").is_timeout());
    assert!(author.public(&given).await.is_empty());

    given.fault(json!({"operation": "*", "fault": "hang"})).await;
    let waiting = tokio::spawn(author.publishing(&given, "Hello").send());
    while given
        .get("/_sandbox/faults")
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text")
        .contains("\"struck\":0")
    {
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    given.sandbox.stop().await;
    assert!(waiting.await.expect("the task").is_err());
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_slow_answer_comes_late() {
    for network in ALL {
        let given = Given::sandbox().await;
        let author = network.author(&given, "alice").await;
        given.fault(json!({"operation": "publish", "fault": "slow", "params": {"delay_ms": 150}})).await;
        let begun = Instant::now();
        author.publish(&given, "Hello").await.expect("an answer").expect(network.accepts());
        assert!(begun.elapsed() >= Duration::from_millis(150), "{network:?}");
    }
}

#[tokio::test]
async fn throttling_names_its_reset_the_networks_way() {
    for network in ALL {
        let given = Given::sandbox().await;
        let author = network.author(&given, "alice").await;
        given.fault(json!({"operation": "publish", "fault": "throttle", "params": {"reset_s": 90}})).await;
        let throttled = author.publish(&given, "Hello").await.expect("an answer").expect(429);
        match network {
            Network::Bluesky => {
                assert_eq!(throttled.header("retry-after"), "90");
                assert_eq!(throttled.header("ratelimit-remaining"), "0");
                assert_eq!(throttled.body["error"], "RateLimitExceeded");
            }
            Network::LinkedIn => {
                assert_eq!(throttled.header("retry-after"), "");
                assert!(throttled.headers.keys().all(|name| !name.as_str().contains("ratelimit")));
                assert_eq!(throttled.body["code"], "TOO_MANY_REQUESTS");
            }
            Network::Mastodon => {
                let reset: jiff::Timestamp = throttled.header("x-ratelimit-reset").parse().expect("an ISO time");
                assert!(reset > jiff::Timestamp::UNIX_EPOCH);
                assert_eq!(throttled.header("retry-after"), "");
            }
            Network::X => {
                assert!(throttled.header("x-rate-limit-reset").parse::<u64>().is_ok());
                assert_eq!(throttled.body["title"], "Too Many Requests");
            }
        }
    }
}

#[tokio::test]
async fn an_expired_token_stays_expired_until_it_is_refreshed() {
    for network in [Network::Bluesky, Network::LinkedIn, Network::X] {
        let (given, author) = with_fault(network, "expire_token").await;
        for _ in 0..2 {
            let expired = author.publish(&given, "Hello").await.expect("an answer");
            match network {
                Network::X => assert_eq!((expired.status, expired.text_at("/title").as_str()), (401, "Unauthorized")),
                Network::LinkedIn => {
                    assert_eq!((expired.status, &expired.body["serviceErrorCode"]), (401, &json!(65602)))
                }
                _ => assert_eq!((expired.status, expired.text_at("/error").as_str()), (400, "ExpiredToken")),
            }
        }
        let refreshed = match network {
            Network::LinkedIn => linkedin_refresh(&given, &author).await.expect(200).text_at("/access_token"),
            Network::X => {
                let form = [("grant_type", "refresh_token"), ("refresh_token", &author.refresh), ("client_id", "app")];
                answer(given.post("/x/2/oauth2/token").form(&form)).await.expect(200).text_at("/access_token")
            }
            _ => {
                let refresh = given.post("/xrpc/com.atproto.server.refreshSession").bearer_auth(&author.refresh);
                answer(refresh).await.expect(200).text_at("/accessJwt")
            }
        };
        let author = Author { token: refreshed, ..author };
        author.publish(&given, "Hello").await.expect("an answer").expect(network.accepts());
        assert_eq!(author.public(&given).await, ["Hello"], "{network:?}");
    }
}

#[tokio::test]
async fn a_revoked_grant_needs_new_credentials() {
    for network in ALL {
        let (given, author) = with_fault(network, "revoke_token").await;
        for _ in 0..2 {
            let revoked = author.publish(&given, "Hello").await.expect("an answer");
            match network {
                Network::Bluesky => {
                    assert_eq!((revoked.status, revoked.text_at("/error").as_str()), (400, "InvalidToken"));
                }
                Network::LinkedIn => {
                    assert_eq!((revoked.status, &revoked.body["serviceErrorCode"]), (401, &json!(65601)))
                }
                Network::Mastodon => assert_eq!(revoked.text_at("/error"), "The access token was revoked"),
                Network::X => assert_eq!(revoked.status, 401),
            }
        }
        match network {
            Network::Bluesky => {
                crate::posting::log_in(&given, &author.account).await.expect(401);
                let refresh = given.post("/xrpc/com.atproto.server.refreshSession").bearer_auth(&author.refresh);
                answer(refresh).await.expect(400);
            }
            Network::LinkedIn => {
                let refused = linkedin_refresh(&given, &author).await.expect(400);
                assert_eq!(refused.body["error"], "invalid_grant");
            }
            Network::Mastodon => {}
            Network::X => {
                let form = [("grant_type", "refresh_token"), ("refresh_token", &author.refresh), ("client_id", "app")];
                answer(given.post("/x/2/oauth2/token").form(&form)).await.expect(400);
            }
        }
        // The same user connects again.
        let again = network.author(&given, "alice").await;
        assert_eq!(again.account.id, author.account.id);
        again.publish(&given, "Hello").await.expect("an answer").expect(network.accepts());
    }
}

#[tokio::test]
async fn faults_strike_what_they_name_and_nothing_else() {
    let given = Given::sandbox().await;
    let (alice, bob) = (Network::X.author(&given, "alice").await, Network::X.author(&given, "bob").await);
    let other = Network::Mastodon.author(&given, "alice").await;
    let plan = json!({"platform": "x", "account": alice.account.id, "operation": "probe", "fault": "error_before_accept", "times": 2});
    given.fault(plan).await;
    for author in [&alice, &bob, &other] {
        author.publish(&given, "Hello").await.expect("an answer").expect(author.network.accepts());
    }
    for author in [&bob, &other] {
        answer(author.probing(&given)).await.expect(200);
    }
    answer(alice.probing(&given)).await.expect(503);
    answer(alice.probing(&given)).await.expect(503);
    answer(alice.probing(&given)).await.expect(200);

    given.fault(json!({"operation": "*", "fault": "reject", "times": null, "params": {"status": 402, "message": "No credits"}})).await;
    for _ in 0..3 {
        let refused = bob.publish(&given, "Hi").await.expect("an answer").expect(402);
        assert_eq!(
            (&refused.body["title"], &refused.body["detail"], &refused.body["status"]),
            (&json!("CreditsDepleted"), &json!("No credits"), &json!(402))
        );
    }
    given.delete("/_sandbox/faults").send().await.expect("an answer");
    bob.publish(&given, "Hi").await.expect("an answer").expect(201);
}

#[tokio::test]
async fn markers_in_the_text_are_faults_of_that_post() {
    for network in ALL {
        let given = Given::sandbox().await;
        let author = network.author(&given, "alice").await;
        let once = "a [sandbox:error_before_accept:1]";
        author.publish(&given, once).await.expect("an answer").expect(503);
        author.publish(&given, once).await.expect("an answer").expect(network.accepts());

        let always = "b [sandbox:throttle reset_s=5]";
        for _ in 0..3 {
            author.publish(&given, always).await.expect("an answer").expect(429);
        }
        let lost = author.publish(&given, "c [sandbox:drop_reply_after_accept]").await;
        assert!(lost.is_err(), "{network:?}");
        author.publish(&given, "d [sandbox:nonsense]").await.expect("an answer").expect(network.accepts());
        let public = author.public(&given).await;
        assert_eq!(public, [once, "c [sandbox:drop_reply_after_accept]", "d [sandbox:nonsense]"], "{network:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_can_be_resolved_by_asking_again() {
    let given = Given::sandbox().await;
    let text = "Hello [sandbox:drop_reply_after_accept]";

    // Mastodon: the same key answers the same status.
    let author = Network::Mastodon.author(&given, "alice").await;
    let keyed = || author.publishing(&given, text).header("idempotency-key", "k1");
    assert!(keyed().send().await.is_err());
    let repeated = answer(keyed()).await.expect(200);
    assert_eq!(author.public(&given).await.len(), 1);
    assert_eq!(given.ledger("?platform=mastodon").await[0]["platform_post_id"], repeated.body["id"]);

    // Bluesky: the same bytes at the same key change nothing.
    let author = Network::Bluesky.author(&given, "alice").await;
    let body = json!({
        "repo": author.account.id,
        "collection": "app.bsky.feed.post",
        "rkey": "3lsandbox2k2a",
        "record": crate::posting::record(text),
    });
    let put = || given.post("/xrpc/com.atproto.repo.putRecord").bearer_auth(&author.token).json(&body);
    assert!(put().send().await.is_err());
    let repeated = answer(put()).await.expect(200);
    assert_eq!(repeated.body.get("commit"), None);
    assert_eq!(author.public(&given).await.len(), 1);

    // X: the listing has it, and the text cannot be sent twice.
    let author = Network::X.author(&given, "alice").await;
    assert!(author.publish(&given, text).await.is_err());
    let listed = answer(author.probing(&given)).await.expect(200);
    assert_eq!(listed.body["data"][0]["text"], text);
    author.publish(&given, text).await.expect("an answer").expect(403);
    assert_eq!(author.public(&given).await.len(), 1);
}

#[tokio::test]
async fn a_lost_refresh_costs_a_grant_at_x_and_nothing_at_bluesky() {
    let given = Given::sandbox().await;
    given.fault(json!({"operation": "refresh", "fault": "drop_reply_after_accept", "times": 2})).await;
    let author = Network::X.author(&given, "alice").await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", &author.refresh), ("client_id", "app")];
    let refresh = || given.post("/x/2/oauth2/token").form(&form);
    assert!(refresh().send().await.is_err());
    answer(refresh()).await.expect(400);
    // The access token goes on until it ends by itself.
    author.publish(&given, "Hello").await.expect("an answer").expect(201);

    let author = Network::Bluesky.author(&given, "alice").await;
    let refresh = || given.post("/xrpc/com.atproto.server.refreshSession").bearer_auth(&author.refresh);
    assert!(refresh().send().await.is_err());
    answer(refresh()).await.expect(200);
}

#[tokio::test]
async fn a_lost_upload_is_simply_done_again() {
    let given = Given::sandbox().await;
    given.fault(json!({"operation": "media", "fault": "drop_reply_after_accept"})).await;
    let author = Network::Bluesky.author(&given, "alice").await;
    let upload = || {
        let request = given.post("/xrpc/com.atproto.repo.uploadBlob").bearer_auth(&author.token);
        request.header("content-type", "image/png").body(crate::given::png())
    };
    assert!(upload().send().await.is_err());
    answer(upload()).await.expect(200);
    assert!(given.ledger("").await.is_empty());
}
