//! The orderly end.

use domain::connection::ConnectAnswer;
use serde_json::json;

use crate::{canned::tokens, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_is_finished_and_nothing_new_is_taken() {
    let world = World::new().await;

    // given: a question and a renewal under way
    let account = world.account(json!({"id": "1", "token": "first", "expires_in": 7_200}), None).await;
    world.age_tokens(account.id, "119 min", "1 min").await;
    world.wake_refresh(account.id).await;
    world.network.hold_renewals();
    world.relay().await;
    let asked = world.connect(json!({"id": "2", "token": "t", "wait": true}), None);
    let (answer, ()) = tokio::join!(asked, async {
        world.network.reached(2).await;
        // when
        world.shutdown.stop();
        world.network.answers(Ok(tokens(r#"{"access":"second"}"#, None)));
        world.network.gate.add_permits(2);
    });

    // then
    assert!(matches!(answer, ConnectAnswer::Connected { .. }), "{answer:?}");
    world.idle().await;
    assert_eq!(world.tokens(account.id).await, r#"{"access":"second"}"#);
    world.stop().await;
}
