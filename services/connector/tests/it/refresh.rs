//! Tokens are renewed ahead of expiry and on demand.

use domain::{connection::ConnectAnswer, ids::AccountId, platform::Platform};
use futures::future::join_all;
use serde_json::json;

use crate::{
    canned::tokens,
    world::{World, in_seconds},
};

const A: Option<&str> = Some("user_a");

async fn waiting(world: &World, account: AccountId) -> (i64, i64) {
    let due = |comparison: &str| {
        format!(
            "SELECT count(*) FROM publish_queue q JOIN post_targets t ON t.id = q.subject_id \
             WHERE q.account_id = '{}' AND q.due_at {comparison} now() AND t.next_at {comparison} now()",
            account.0
        )
    };
    (world.database.count(&due("<=")).await, world.database.count(&due(">")).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_renewed_ahead_of_expiry_and_rotated() {
    let world = World::new().await;

    // given
    let account = world.account(json!({"id": "1", "token": "first", "expires_in": 7_200}), A).await;
    let due = world.due_in(2, account.id).await.expect("due");
    assert!((6_590..=6_600).contains(&due), "{due}");
    assert_eq!(world.refresh().await, 0);
    world.age_tokens(account.id, "110 min", "10 min").await;
    world.wake_refresh(account.id).await;

    // when
    let expires_at = in_seconds(3_600);
    world.network.answers(Ok(tokens(r#"{"access":"second"}"#, Some(expires_at))));
    assert_eq!(world.refresh().await, 1);

    // then
    assert_eq!(world.network.renewals(), [r#"{"access":"first"}"#]);
    assert_eq!(world.tokens(account.id).await, r#"{"access":"second"}"#);
    let now = store::accounts::get(&world.store, world.project, account.id).await.unwrap().expect("there").account;
    assert_eq!(now.token_expires_at.map(|at| at.as_second()), Some(expires_at.as_second()));
    assert_eq!(world.status(account.id).await, "active");
    let due = world.due_in(2, account.id).await.expect("due again");
    assert!((2_990..=3_000).contains(&due), "{due}");
    assert_eq!(world.events(account.id).await, ["account.connected"]);

    // and the next time with what came of it
    world.age_tokens(account.id, "1 h", "1 min").await;
    world.wake_refresh(account.id).await;
    world.network.answers(Ok(tokens(r#"{"access":"third"}"#, None)));
    world.refresh().await;
    assert_eq!(world.network.renewals()[1], r#"{"access":"second"}"#);
    assert_eq!(world.tokens(account.id).await, r#"{"access":"third"}"#);
    assert_eq!(world.due_in(2, account.id).await, None);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_came_for_nothing_renews_nothing() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first", "expires_in": 7_200}), A).await;
    world.wake_refresh(account.id).await;
    assert_eq!(world.refresh().await, 1);
    assert!(world.network.renewals().is_empty());
    let due = world.due_in(2, account.id).await.expect("due as before");
    assert!((6_580..=6_600).contains(&due), "{due}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_expiry_or_cannot_be_renewed_is_never_due() {
    let world = World::new().await;
    let lasting = world.account(json!({"id": "1", "token": "first"}), A).await;
    let mut request = world.request(&json!({"id": "2", "token": "first", "expires_in": 60}), A);
    request.platform = Platform::Mastodon;
    let ConnectAnswer::Connected { account: fixed, .. } = world.send(&request).await else { panic!("not connected") };
    // Of the latter's end there is something to tell.
    assert!(world.due_in(2, fixed.id).await.is_some_and(|due| due <= 0));
    assert_eq!(world.due_in(2, lasting.id).await, None);
    world.wake_refresh(lasting.id).await;
    assert_eq!(world.refresh().await, 2);
    assert!(world.network.renewals().is_empty());
    for account in [lasting.id, fixed.id] {
        assert_eq!(world.due_in(2, account).await, None);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_targets_that_were_refused_are_one_refresh_and_all_go() {
    let world = World::new().await;

    // given
    let account = world.account(json!({"id": "1", "token": "first", "expires_in": 7_200}), A).await;
    join_all((0..50).map(|_| world.post(&account, in_seconds(-5)))).await;
    world.age_tokens(account.id, "5 min", "2 h").await;
    world.wait_for_tokens(account.id).await;
    assert_eq!(waiting(&world, account.id).await, (0, 50));

    // when
    world.network.answers(Ok(tokens(r#"{"access":"second"}"#, Some(in_seconds(7_200)))));
    world.refresh().await;

    // then
    assert_eq!(waiting(&world, account.id).await, (50, 0));
    assert!(world.due_in(1, account.id).await.expect("the publisher is woken") <= 0);

    // and who was refused a moment later, in a call that had begun with the old tokens, finds it done
    world
        .database
        .execute(
            "UPDATE target_parts r SET attempt = t.attempt, sent_at = now() - interval '1 min' FROM post_targets t \
             WHERE t.id = r.target_id",
        )
        .await;
    world.wait_for_tokens(account.id).await;
    assert_eq!(world.refresh().await, 1);
    assert_eq!(waiting(&world, account.id).await, (50, 0));
    assert_eq!(world.network.renewals().len(), 1);
    assert!(world.due_in(2, account.id).await.expect("due by expiry") > 6_000);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_waits_for_tokens_is_brought_forward() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first", "expires_in": 7_200}), A).await;
    let waits = world.post(&account, in_seconds(-5)).await;
    world.wait_for_tokens(account.id).await;
    let throttled = world.post(&account, in_seconds(-5)).await;
    world
        .database
        .execute(&format!(
            "UPDATE post_targets SET state = 'queued', refreshed = true, error_code = 'quota_exhausted', \
               next_at = now() + interval '1 h' WHERE id = '{0}'; \
             UPDATE publish_queue SET due_at = now() + interval '1 h' WHERE subject_id = '{0}'",
            throttled.0
        ))
        .await;
    let scheduled = world.post(&account, in_seconds(3_600)).await;
    world.age_tokens(account.id, "1 h", "1 min").await;
    world.network.answers(Ok(tokens(r#"{"access":"second"}"#, None)));
    world.refresh().await;
    let due = "SELECT subject_id::text FROM publish_queue WHERE due_at <= now()";
    assert_eq!(world.database.texts(due).await, [waits.0.to_string()]);
    let later = "SELECT count(*) FROM publish_queue WHERE due_at > now() + interval '50 min'";
    assert_eq!(world.database.count(later).await, 2, "{throttled} and {scheduled}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_network_does_not_cost_the_lane() {
    let mut settings = crate::world::settings();
    settings.lease_ms = 300;
    let world = World::with(settings).await;
    let account = world.account(json!({"id": "1", "token": "first", "expires_in": 7_200}), A).await;
    world.age_tokens(account.id, "2 h", "1 min").await;
    world.wake_refresh(account.id).await;
    world.network.hold_renewals();
    assert_eq!(world.relay().await, 1);
    world.network.reached(1).await;

    // when the first lease is long over
    let first = world.text("SELECT lease_until::text FROM jobs WHERE kind = 2").await;
    let renewed = format!(
        "SELECT count(*) FROM jobs WHERE kind = 2 AND lease_until > '{first}'::timestamptz + interval '400 ms'"
    );
    world.until("the lease is renewed", async || world.database.count(&renewed).await == 1).await;

    // then nobody else gets it
    assert_eq!(world.relay().await, 0);
    world.network.answers(Ok(tokens(r#"{"access":"second"}"#, None)));
    world.network.gate.add_permits(1);
    world.idle().await;
    assert_eq!(world.tokens(account.id).await, r#"{"access":"second"}"#);
    world.stop().await;
}
