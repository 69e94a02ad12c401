//! Renewals that do not work, and those that somebody overtakes.

use domain::{
    ids::AccountId,
    target::{ErrorCode, Refusal},
};
use jiff::SignedDuration;
use serde_json::json;
use store::accounts;

use crate::{
    canned::{auth, not_now, tokens},
    world::{World, in_seconds, ring, settings},
};

const A: Option<&str> = Some("user_a");

/// An account whose tokens are about to run out and whose lane is due.
async fn expiring(world: &World) -> AccountId {
    let account = world.account(json!({"id": "1", "token": "first", "expires_in": 7_200}), A).await;
    world.age_tokens(account.id, "119 min", "1 min").await;
    world.wake_refresh(account.id).await;
    account.id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_over_is_told_once() {
    for (code, event) in
        [(ErrorCode::TokenRevoked, "account.reauth_required"), (ErrorCode::TokenExpired, "account.token_expired")]
    {
        let world = World::new().await;
        let account = expiring(&world).await;

        // when
        world.network.answers(Err(auth(code)));
        world.refresh().await;

        // then
        assert_eq!(world.status(account).await, "needs_reconnect");
        assert_eq!(world.events(account).await, ["account.connected", event]);
        assert_eq!(world.due_in(2, account).await, None);
        let error = "SELECT error_code || ': ' || error_message FROM social_accounts";
        assert_eq!(world.text(error).await, format!("{}: the grant is over", code.word()));

        // and it is not tried again, however often it is asked for
        world.wait_for_tokens(account).await;
        assert_eq!(world.refresh().await, 1);
        assert_eq!(world.network.renewals().len(), 1);
        assert_eq!(world.events(account).await.len(), 2);

        // until it is connected again; then it is a new episode
        world.account(json!({"id": "1", "token": "second", "expires_in": 7_200}), A).await;
        world.age_tokens(account, "119 min", "1 min").await;
        world.wake_refresh(account).await;
        world.network.answers(Err(auth(code)));
        world.refresh().await;
        assert_eq!(world.events(account).await, ["account.connected", event, "account.connected", event]);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_backs_off_and_changes_nothing() {
    let rejected = Refusal::Rejected { code: ErrorCode::PlatformError, message: "odd".into(), http_status: Some(400) };
    for (name, answer) in [
        ("not now", Err(not_now())),
        ("rejected", Err(rejected)),
        ("empty", Ok(tokens("", None))),
        ("null", Ok(tokens("null", None))),
        ("nothing", Ok(tokens("{}", None))),
    ] {
        let world = World::new().await;
        let account = expiring(&world).await;
        let sealed = world.sealed(account).await;
        world.network.answers(answer);
        world.refresh().await;
        assert_eq!(world.network.renewals().len(), 1, "{name}");
        assert_eq!(world.status(account).await, "active", "{name}");
        assert_eq!(world.sealed(account).await, sealed, "{name}");
        assert_eq!(world.events(account).await, ["account.connected"], "{name}");
        let wait = world.due_in(2, account).await.expect("it is tried again");
        assert!((1..=5).contains(&wait), "{name}: {wait}");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_grow_and_demands_do_not_shorten_them() {
    let mut quick = settings();
    quick.first_wait_ms = 400;
    let world = World::with(quick).await;
    let account = expiring(&world).await;
    let sql = "SELECT round(1000 * extract(epoch FROM due_at - now()))::text FROM jobs WHERE kind = 2";
    let wait = async || world.text(sql).await.parse::<i64>().expect("due again");
    for most in [400, 800, 1_600] {
        world.network.answers(Err(not_now()));
        world.refresh().await;
        let first = wait().await;
        assert!((1..=most).contains(&first), "{first}");
        // Asked for again at once: it is not tried before its time.
        world.wake_refresh(account).await;
        let renewals = world.network.renewals().len();
        world.refresh().await;
        assert_eq!(world.network.renewals().len(), renewals);
        world.until("it is time", async || wait().await <= 0).await;
    }
    assert_eq!(world.network.renewals().len(), 3);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_says_until_when_is_left_alone_until_then() {
    let world = World::new().await;
    let account = expiring(&world).await;
    world.network.answers(Err(Refusal::Throttled { until: in_seconds(900), message: "slow down".into() }));
    world.refresh().await;
    let wait = world.due_in(2, account).await.expect("due again");
    assert!((890..=900).contains(&wait), "{wait}");

    let other = world.account(json!({"id": "2", "token": "first", "expires_in": 7_200}), A).await;
    world.age_tokens(other.id, "119 min", "1 min").await;
    world.wake_refresh(other.id).await;
    let after = Some(SignedDuration::from_secs(120));
    world.network.answers(Err(Refusal::NotNow { message: "busy".into(), http_status: Some(503), after }));
    world.refresh().await;
    let wait = world.due_in(2, other.id).await.expect("due again");
    assert!((110..=120).contains(&wait), "{wait}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_wait_along_while_the_network_cannot_renew() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first", "expires_in": 7_200}), A).await;
    world.post(&account, in_seconds(-5)).await;
    world.age_tokens(account.id, "1 h", "1 h").await;
    world.wait_for_tokens(account.id).await;
    world.network.answers(Err(Refusal::Throttled { until: in_seconds(600), message: "slow down".into() }));
    world.refresh().await;
    // Sent with the tokens there are it would be refused again, and the account held for a bad day of its network.
    let due = "SELECT round(extract(epoch FROM q.due_at - now()))::text FROM publish_queue q \
               JOIN post_targets t ON t.id = q.subject_id WHERE t.state = 'queued' AND t.next_at = q.due_at";
    let wait: i64 = world.text(due).await.parse().unwrap();
    assert!((610..=620).contains(&wait), "{wait}");

    // and one that asks meanwhile does the same
    world.wait_for_tokens(account.id).await;
    world.refresh().await;
    let wait: i64 = world.text(due).await.parse().unwrap();
    assert!((605..=620).contains(&wait), "{wait}");
    assert_eq!(world.network.renewals().len(), 1);

    // but never past its expiry, or nobody would tell of that
    world.database.execute("UPDATE publish_queue SET expire_at = now() + interval '60 s'; UPDATE post_targets SET expire_at = now() + interval '60 s'").await;
    world.wait_for_tokens(account.id).await;
    world.refresh().await;
    let wait: i64 = world.text(due).await.parse().unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_do_not_open_are_no_reason_to_bother_their_owner() {
    let world = World::new().await;
    let account = expiring(&world).await;
    let context =
        vault::Context { table: "account_tokens", column: "sealed", row: account.0, project: world.project.0 };
    let foreign = ring().public().seal(b"{}", &context).unwrap();
    let hex: String = foreign.iter().map(|byte| format!("{byte:02x}")).collect();
    world.database.execute(&format!("UPDATE account_tokens SET sealed = decode('{hex}', 'hex')")).await;
    world.refresh().await;
    assert!(world.network.renewals().is_empty());
    assert_eq!(world.status(account).await, "active");
    assert!(world.due_in(2, account).await.expect("it is tried again") > 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_connects_anew_meanwhile_wins() {
    for answer in [Ok(tokens(r#"{"access":"renewed"}"#, None)), Err(auth(ErrorCode::TokenRevoked))] {
        for disconnected in [false, true] {
            let world = World::new().await;

            // given: the network thinks about it
            let account = expiring(&world).await;
            world.network.hold_renewals();
            world.relay().await;
            world.network.reached(1).await;

            // when
            if disconnected {
                accounts::disconnect(&world.store, world.actor(), account, None).await.unwrap();
            }
            world.account(json!({"id": "1", "token": "anew", "expires_in": 7_200}), A).await;
            world.network.answers(match &answer {
                Ok(_) => Ok(tokens(r#"{"access":"renewed"}"#, None)),
                Err(refusal) => Err(refusal.clone()),
            });
            world.network.gate.add_permits(1);
            world.idle().await;

            // then
            assert_eq!(world.tokens(account).await, r#"{"access":"anew"}"#);
            assert_eq!(world.status(account).await, "active");
            let told = world.events(account).await;
            assert!(!told.iter().any(|kind| kind == "account.reauth_required"), "{told:?}");
            world.refresh().await;
            assert!(world.due_in(2, account).await.expect("due by expiry") > 6_000);
            world.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_disconnected_meanwhile_stays_so() {
    let world = World::new().await;
    let account = expiring(&world).await;
    world.network.hold_renewals();
    world.relay().await;
    world.network.reached(1).await;
    accounts::disconnect(&world.store, world.actor(), account, None).await.unwrap();
    world.network.answers(Ok(tokens(r#"{"access":"renewed"}"#, None)));
    world.network.gate.add_permits(1);
    world.idle().await;
    assert_eq!(world.sealed(account).await, "");
    assert_eq!(world.status(account).await, "disconnected");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_lane_keeps_the_grant_and_holds_nobody() {
    for (answer, left) in [
        (Ok(tokens(r#"{"access":"renewed"}"#, None)), r#"{"access":"renewed"}"#),
        (Err(auth(ErrorCode::TokenRevoked)), r#"{"access":"first"}"#),
    ] {
        let world = World::new().await;
        let account = expiring(&world).await;
        world.network.hold_renewals();
        world.relay().await;
        world.network.reached(1).await;

        // when: somebody else has taken it
        world.database.execute("UPDATE jobs SET fence = fence + 1 WHERE kind = 2").await;
        world.network.answers(answer);
        world.network.gate.add_permits(1);
        world
            .until("it is counted", async || {
                let shown = world.metrics.encode().unwrap();
                ["renewed", "overtaken"].iter().any(|outcome| {
                    shown.contains(&format!(
                        r#"fanfare_token_refreshes_total{{outcome="{outcome}",platform="x",service="connector"}} 1"#
                    ))
                })
            })
            .await;

        // then
        assert_eq!(world.tokens(account).await, left);
        assert_eq!(world.status(account).await, "active");
        let held = "SELECT count(*) FROM jobs WHERE kind = 2 AND lease_until IS NOT NULL";
        assert_eq!(world.database.count(held).await, 1);
        world.stop().await;
    }
}
