//! What is asked over `connect.v1`, and what comes back.

use std::time::Duration;

use bus::AskError;
use domain::{
    connection::{ConnectAnswer, ConnectQuestion},
    ids::ProjectId,
    platform::Platform,
    policy::Mode,
};
use serde_json::json;
use uuid::Uuid;

use crate::world::{World, hex, insert_project, ring, settings};

fn is_unavailable(answer: &ConnectAnswer) -> bool {
    matches!(answer, ConnectAnswer::Unavailable { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_answered() {
    let world = World::new().await;
    let mut odd = serde_json::to_value(world.request(&json!({"id": "1"}), None)).unwrap();
    odd["platform"] = "myspace".into();
    for body in [Vec::new(), b"\xff\x00".to_vec(), b"{}".to_vec(), b"[1]".to_vec(), odd.to_string().into_bytes()] {
        assert!(is_unavailable(&world.ask(body).await.expect("an answer")));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_open_only_for_the_request_they_were_sealed_to() {
    let world = World::new().await;
    let good = world.request(&json!({"id": "1", "token": "t"}), None);
    let other = insert_project(&world.store, "other", Mode::Live).await;

    let mut moved = good.clone();
    moved.id = Uuid::now_v7();
    let mut foreign = good.clone();
    foreign.project_id = other;
    let mut cut = good.clone();
    cut.sealed_credentials.truncate(12);
    let mut odd = good.clone();
    odd.sealed_credentials = "not base64".to_owned();
    let wrong_ring = world.sealed_by(&ring(), br#"{"id": "1", "token": "t"}"#, None);
    for request in [moved, foreign, cut, odd, wrong_ring] {
        assert!(is_unavailable(&world.send(&request).await));
    }
    assert_eq!(world.database.count("SELECT count(*) FROM social_accounts").await, 0);

    assert!(matches!(world.send(&good).await, ConnectAnswer::Connected { .. }));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_whose_fault_it_is() {
    let world = World::new().await;
    for (fail, expected) in [
        ("form", Some(("/token", "invalid_credentials"))),
        ("permission", Some(("", "permission_missing"))),
        ("auth", Some(("", "token_revoked"))),
        ("not_now", None),
    ] {
        match (expected, world.connect(json!({"id": "1", "token": "t", "fail": fail}), None).await) {
            (Some((pointer, code)), ConnectAnswer::Refused { pointer: p, code: c, .. }) => {
                assert_eq!((p.as_str(), c.as_str()), (pointer, code), "{fail}");
            }
            (None, ConnectAnswer::Unavailable { .. }) => {}
            (_, other) => panic!("{fail}: {other:?}"),
        }
    }
    let not_json = world.sealed_by(&world.ring, b"app password", None);
    assert!(matches!(world.send(&not_json).await, ConnectAnswer::Refused { .. }));
    assert_eq!(world.database.count("SELECT count(*) FROM social_accounts").await, 0);
    assert_eq!(world.database.count("SELECT count(*) FROM events").await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_an_identity_or_tokens_connects_nothing() {
    let world = World::new().await;
    assert!(is_unavailable(&world.connect(json!({"id": "", "token": "t"}), None).await));
    assert_eq!(world.database.count("SELECT count(*) FROM social_accounts").await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_hangs_is_given_up_in_time_and_holds_up_no_other() {
    let mut quick = settings();
    quick.identify_timeout_ms = 300;
    let world = World::with(quick).await;
    let (hung, fine) = tokio::join!(
        world.connect(json!({"id": "1", "token": "t", "fail": "hang"}), None),
        tokio::time::timeout(Duration::from_secs(5), world.connect(json!({"id": "2", "token": "t"}), None)),
    );
    assert!(is_unavailable(&hung));
    assert!(matches!(fine.expect("in time"), ConnectAnswer::Connected { .. }));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_a_networks_client_is_told_at_once_and_ends_nothing() {
    let world = World::new().await;
    let request = world.request(&json!({"id": "1", "token": "t", "fail": "panic"}), None);
    let question = serde_json::to_vec(&ConnectQuestion::Credentials(request)).unwrap();
    assert!(matches!(world.ask(question).await, Err(AskError::Unavailable)));
    assert!(matches!(world.connect(json!({"id": "1", "token": "t"}), None).await, ConnectAnswer::Connected { .. }));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_not_there_connects_nothing() {
    let mut world = World::new().await;
    world.project = ProjectId(Uuid::now_v7());
    assert!(is_unavailable(&world.connect(json!({"id": "1", "token": "t"}), None).await));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_project_is_connected_in_the_sandbox() {
    let mut world = World::new().await;
    let mut base = async |mode, name| {
        world.project = insert_project(&world.store, name, mode).await;
        let mut request = world.request(&json!({"id": "1", "token": "t"}), None);
        request.mode = mode;
        assert!(matches!(world.send(&request).await, ConnectAnswer::Connected { .. }));
        world
            .text(&format!("SELECT facts ->> 'base' FROM social_accounts WHERE project_id = '{}'", world.project.0))
            .await
    };
    assert_eq!(base(Mode::Test, "tested").await, "http://127.0.0.1:9/x");
    assert_eq!(base(Mode::Live, "lived").await, "live");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_not_what_was_given() {
    let world = World::new().await;
    let secret = "s3cr3t-access-token";
    let account = world.account(json!({"id": "1", "token": secret}), Some("user_a")).await;
    world.connect(json!({"id": "1", "token": "0ther-s3cr3t"}), Some("user_b")).await;
    // It is there, and only sealed.
    assert!(world.tokens(account.id).await.contains(secret));
    let sealed = hex(&world.sealed(account.id).await);
    assert!(!sealed.windows(secret.len()).any(|window| window == secret.as_bytes()));
    for table in ["social_accounts", "events", "audit_log", "jobs", "account_tokens"] {
        for row in world.database.texts(&format!("SELECT row_to_json(t)::text FROM {table} t")).await {
            assert!(!row.contains("s3cr3t"), "{table}: {row}");
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_counted_by_how_they_ended() {
    let world = World::new().await;
    world.connect(json!({"id": "1", "token": "t"}), Some("user_a")).await;
    world.connect(json!({"id": "1", "token": "t"}), Some("user_a")).await;
    world.connect(json!({"id": "1", "token": "t"}), Some("user_b")).await;
    world.connect(json!({"id": "1", "token": "t", "fail": "auth"}), None).await;
    let shown = world.metrics.encode().unwrap();
    for outcome in ["connected", "reconnected", "owned", "refused"] {
        let line = format!(
            r#"fanfare_connects_total{{outcome="{outcome}",platform="{}",service="connector"}} 1"#,
            Platform::X
        );
        assert!(shown.contains(&line), "{line} in {shown}");
    }
    world.stop().await;
}
