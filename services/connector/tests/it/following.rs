//! What a network took and has not finished, while its account's tokens change or go.

use domain::ids::{AccountId, TargetId};
use serde_json::json;
use store::audit::Actor;

use crate::{
    canned::tokens,
    world::{World, in_seconds},
};

const A: Option<&str> = Some("user_a");

/// As the publisher leaves a target that is asked for in a day, since its tokens were refused an hour after its send.
async fn follow(world: &World, account: AccountId, target: TargetId, refreshed: bool) {
    let (account, target) = (account.0, target.0);
    world
        .database
        .execute(&format!(
            "UPDATE post_targets SET state = 'publishing', attempt = 1, refreshed = {refreshed}, \
               error_code = 'token_expired', error_message = 'no', next_at = now() + interval '23 h', \
               updated_at = clock_timestamp() WHERE id = '{target}'; \
             UPDATE target_parts SET status = 'processing', attempt = 1, sent_at = now() - interval '1 h', \
               send_deadline = now() - interval '59 min', handle = '\"17\"' WHERE target_id = '{target}'; \
             UPDATE publish_queue SET due_at = now() + interval '23 h' WHERE subject_id = '{target}'; \
             UPDATE jobs SET wake_at = 'infinity' WHERE kind = 1 AND key = '{account}'"
        ))
        .await;
}

/// `state status due waits` of the only target.
async fn stands(world: &World) -> String {
    let sql = "SELECT concat_ws(' ', t.state, r.status, r.handle, q.due_at <= now(), t.next_at <= now()) \
               FROM post_targets t JOIN target_parts r ON r.target_id = t.id JOIN publish_queue q ON q.subject_id = t.id";
    world.text(sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_for_again_once_the_account_is_connected() {
    // given
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first"}), A).await;
    let target = world.post(&account, in_seconds(-10)).await;
    follow(&world, account.id, target, false).await;
    world.database.execute("UPDATE social_accounts SET status = 'needs_reconnect'").await;
    assert_eq!(stands(&world).await, "publishing processing \"17\" f f");
    // when
    world.connect(json!({"id": "1", "token": "second"}), A).await;
    // then
    assert_eq!(stands(&world).await, "publishing processing \"17\" t t");
    assert!(world.due_in(1, account.id).await.expect("woken") <= 0);
    world.stop().await;
}

/// Its send is older than the tokens, which says nothing of the tokens it is asked for with.
#[tokio::test(flavor = "multi_thread")]
async fn it_has_its_account_s_tokens_renewed_and_is_asked_for_with_the_new_ones() {
    // given
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first", "expires_in": 7_200}), A).await;
    let target = world.post(&account, in_seconds(-10)).await;
    world.age_tokens(account.id, "5 min", "2 h").await;
    follow(&world, account.id, target, true).await;
    world.wake_refresh(account.id).await;
    // when
    world.network.answers(Ok(tokens(r#"{"access":"second"}"#, Some(in_seconds(7_200)))));
    world.refresh().await;
    // then
    assert_eq!(world.tokens(account.id).await, r#"{"access":"second"}"#);
    assert_eq!(stands(&world).await, "publishing processing \"17\" t t");
    assert!(world.due_in(1, account.id).await.expect("woken") <= 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_looked_at_at_once_when_its_account_is_disconnected() {
    // given
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first"}), A).await;
    let target = world.post(&account, in_seconds(-10)).await;
    follow(&world, account.id, target, false).await;
    // when
    let actor = Actor { project_id: world.project, name: "test".to_owned(), at: crate::world::now() };
    store::accounts::disconnect(&world.store, actor, account.id, None).await.unwrap().expect("there");
    // then: the publisher is to find that it cannot be asked for any more
    assert_eq!(stands(&world).await, "publishing processing \"17\" t f");
    assert!(world.due_in(1, account.id).await.expect("woken") <= 0);
    world.stop().await;
}
