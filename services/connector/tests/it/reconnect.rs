//! What waited for an account to be connected again.

use domain::{connection::ConnectAnswer, ids::TargetId};
use futures::future::join_all;
use serde_json::json;

use crate::world::{World, in_seconds};

const A: Option<&str> = Some("user_a");

/// As the publisher leaves targets of an account whose tokens are no longer taken.
async fn hold(world: &World, targets: &[TargetId]) {
    let ids = targets.iter().map(|id| format!("'{}'", id.0)).collect::<Vec<_>>().join(", ");
    world
        .database
        .execute(&format!(
            "UPDATE post_targets SET state = 'needs_reconnect', error_code = 'token_revoked', error_message = 'no', \
               next_at = expire_at WHERE id IN ({ids}); \
             UPDATE publish_queue SET due_at = expire_at WHERE subject_id IN ({ids}); \
             UPDATE jobs SET wake_at = 'infinity' WHERE kind = 1; \
             UPDATE social_accounts SET status = 'needs_reconnect' \
               WHERE id IN (SELECT account_id FROM post_targets WHERE id IN ({ids}))"
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reconnecting_keeps_the_id_and_lets_what_was_held_go() {
    let world = World::new().await;

    // given: of one account three held posts and a scheduled one, and of another account a held one
    let account = world.account(json!({"id": "1", "token": "first"}), A).await;
    let other = world.account(json!({"id": "2", "token": "first"}), A).await;
    let mut held = Vec::new();
    // Made in another order than they were due in.
    for due in [-10, -30, -20] {
        held.push(world.post(&account, in_seconds(due)).await);
    }
    let elsewhere = world.post(&other, in_seconds(-30)).await;
    hold(&world, &[held.as_slice(), &[elsewhere]].concat()).await;
    let scheduled = world.post(&account, in_seconds(3_600)).await;
    world.database.execute("UPDATE jobs SET wake_at = 'infinity' WHERE kind = 1").await;

    // when
    let answer = world.connect(json!({"id": "1", "token": "second"}), A).await;

    // then
    let ConnectAnswer::Connected { account: now, is_new: false } = answer else { panic!("{answer:?}") };
    assert_eq!(now.id, account.id);
    let due = format!(
        "SELECT t.id::text FROM publish_queue q JOIN post_targets t ON t.id = q.subject_id \
         WHERE q.account_id = '{}' AND q.due_at <= now() AND t.state = 'queued' AND t.next_at <= now() \
         ORDER BY q.due_at, q.seq",
        account.id.0
    );
    let in_order = [held[1], held[2], held[0]].map(|id| id.0.to_string());
    assert_eq!(world.database.texts(&due).await, in_order);
    assert!(world.due_in(1, account.id).await.expect("woken") <= 0);
    let state = async |id: TargetId| world.text(&format!("SELECT state FROM post_targets WHERE id = '{}'", id.0)).await;
    assert_eq!(state(scheduled).await, "scheduled");
    assert_eq!(state(elsewhere).await, "needs_reconnect");
    // Nothing settled, so nobody is told of the posts.
    let told = "SELECT count(*) FROM events WHERE type LIKE 'post.%' AND type <> 'post.created'";
    assert_eq!(world.database.count(told).await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_attempt_lets_nothing_go() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first"}), A).await;
    let target = world.post(&account, in_seconds(-10)).await;
    hold(&world, &[target]).await;
    assert!(matches!(world.connect(json!({"id": "1", "token": "t"}), None).await, ConnectAnswer::Owned { .. }));
    let state = world.text(&format!("SELECT state FROM post_targets WHERE id = '{}'", target.0)).await;
    assert_eq!(state, "needs_reconnect");
    assert_eq!(world.due_in(1, account.id).await, None);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_were_held_all_go() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first"}), A).await;
    let mut targets = Vec::new();
    for _ in 0..2 {
        targets.extend(join_all((0..550).map(|_| world.post(&account, in_seconds(-10)))).await);
    }
    hold(&world, &targets).await;
    world.account(json!({"id": "1", "token": "second"}), A).await;
    let queued = "SELECT count(*) FROM post_targets t JOIN publish_queue q ON q.subject_id = t.id \
                  WHERE t.state = 'queued' AND q.due_at <= now()";
    assert_eq!(world.database.count(queued).await, 1_100);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_too_long_is_still_there_to_be_told_so() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first"}), A).await;
    let target = world.post(&account, in_seconds(-10)).await;
    hold(&world, &[target]).await;
    world
        .database
        .execute("UPDATE post_targets SET expire_at = now() - interval '1 s'; UPDATE publish_queue SET expire_at = now() - interval '1 s'")
        .await;
    world.account(json!({"id": "1", "token": "second"}), A).await;
    let row = "SELECT t.state || ' ' || t.error_code || ' ' || (q.due_at <= now()) FROM post_targets t \
               JOIN publish_queue q ON q.subject_id = t.id";
    assert_eq!(world.text(row).await, "queued token_revoked true");
    world.stop().await;
}
