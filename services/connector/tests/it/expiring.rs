//! Tokens that run out and are not renewed: their owners are told while there is time.

use domain::{account::Account, connection::ConnectAnswer, platform::Platform, target::ErrorCode};
use serde_json::json;

use crate::{
    canned::{auth, not_now, tokens},
    world::{World, in_seconds},
};

const A: Option<&str> = Some("user_a");
const DAY: i64 = 86_400;
const TOLD: [&str; 2] = ["account.connected", "account.token_expiring"];

/// On a network that renews nothing.
async fn fixed(world: &World, days: i64) -> Account {
    let mut request = world.request(&json!({"id": "1", "token": "t", "expires_in": days * DAY}), A);
    request.platform = Platform::Mastodon;
    match world.send(&request).await {
        ConnectAnswer::Connected { account, .. } => *account,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_tokens_that_nothing_renews_a_week_ahead() {
    let world = World::new().await;
    let account = fixed(&world, 60).await;
    let due = world.due_in(2, account.id).await.expect("due");
    assert!((53 * DAY - 60..=53 * DAY).contains(&due), "{due}");
    world.wake_refresh(account.id).await;
    world.refresh().await;
    assert_eq!(world.events(account.id).await, ["account.connected"]);

    // when
    world.age_tokens(account.id, "54 days", "6 days").await;
    world.wake_refresh(account.id).await;
    world.refresh().await;

    // then
    assert_eq!(world.events(account.id).await, TOLD);
    assert_eq!(world.due_in(2, account.id).await, None);
    assert_eq!(world.status(account.id).await, "active");

    // and once, until there are other tokens
    world.wake_refresh(account.id).await;
    world.refresh().await;
    assert_eq!(world.events(account.id).await, TOLD);
    fixed(&world, 3).await;
    assert_eq!(world.relay().await, 1);
    world.idle().await;
    assert_eq!(world.events(account.id).await[2..], ["account.updated", "account.token_expiring"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_tokens_whose_renewal_keeps_failing() {
    let mut quick = crate::world::settings();
    quick.first_wait_ms = 1;
    let world = World::with(quick).await;
    let account = world.account(json!({"id": "1", "token": "t", "expires_in": 60 * DAY}), A).await;
    let fail = async |stored: &str, left: &str| {
        world.age_tokens(account.id, stored, left).await;
        world.wake_refresh(account.id).await;
        world.network.answers(Err(not_now()));
        world.refresh().await;
        // The next try is not for this test to wait for.
        world
            .until("it may be tried again", async || world.due_in(2, account.id).await.is_some_and(|due| due <= 0))
            .await;
    };
    fail("46 days", "14 days").await;
    assert_eq!(world.events(account.id).await, ["account.connected"]);
    fail("54 days", "6 days").await;
    assert_eq!(world.events(account.id).await, TOLD);
    fail("55 days", "5 days").await;
    assert_eq!(world.events(account.id).await, TOLD);

    // when it works at last, what comes is another token's
    world.network.answers(Ok(tokens(r#"{"access":"second"}"#, Some(in_seconds(60 * DAY)))));
    world.wake_refresh(account.id).await;
    world.refresh().await;
    fail("54 days", "6 days").await;
    assert_eq!(world.events(account.id).await, [TOLD[0], TOLD[1], TOLD[1]]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_tokens_that_cannot_be_renewed_is_used() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "t", "expires_in": 60 * DAY}), A).await;
    for (stored, left, due, told) in [("46 days", "14 days", 7 * DAY, 1), ("53 days", "7 days", 7 * DAY - 600, 2)] {
        world.age_tokens(account.id, stored, left).await;
        world.wake_refresh(account.id).await;
        world.network.answers(Err(auth(ErrorCode::TokenExpired)));
        world.refresh().await;
        assert_eq!(world.status(account.id).await, "active");
        assert_eq!(world.events(account.id).await, TOLD[..told]);
        let next = world.due_in(2, account.id).await.expect("due again");
        assert!((due - 60..=due).contains(&next), "{next}");
    }
    // when they are all but over
    world.age_tokens(account.id, "60 days", "9 min").await;
    world.wake_refresh(account.id).await;
    world.network.answers(Err(auth(ErrorCode::TokenExpired)));
    world.refresh().await;
    assert_eq!(world.status(account.id).await, "needs_reconnect");
    assert_eq!(world.events(account.id).await, [TOLD[0], TOLD[1], "account.token_expired"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_was_taken_back_is_over_at_once() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "t", "expires_in": 60 * DAY}), A).await;
    world.age_tokens(account.id, "46 days", "14 days").await;
    world.wake_refresh(account.id).await;
    world.network.answers(Err(auth(ErrorCode::TokenRevoked)));
    world.refresh().await;
    assert_eq!(world.status(account.id).await, "needs_reconnect");
    assert_eq!(world.events(account.id).await, ["account.connected", "account.reauth_required"]);
    world.stop().await;
}
