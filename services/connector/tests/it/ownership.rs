//! Whose a profile is.

use domain::{connection::ConnectAnswer, ids::AccountId, platform::Platform};
use futures::future::join_all;
use serde_json::json;
use store::accounts::{self, Connecting, NewAccount, Profile};
use uuid::Uuid;

use crate::world::World;

/// How the account was left before the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Active,
    NeedsReconnect,
    Disconnected,
}

use Before::{Active, Disconnected, NeedsReconnect};

const A: Option<&str> = Some("user_a");
const B: Option<&str> = Some("user_b");

async fn leave(world: &World, account: AccountId, before: Before) {
    match before {
        Active => {}
        NeedsReconnect => {
            let id = account.0;
            let sql = format!(
                "UPDATE social_accounts SET status = 'needs_reconnect', error_code = 'token_expired', error_message = 'x' \
                 WHERE id = '{id}'"
            );
            world.database.execute(&sql).await;
        }
        Disconnected => {
            accounts::disconnect(&world.store, world.actor(), account, None).await.unwrap().expect("it is there");
        }
    }
}

/// What is told of a success, and the word for it in the audit.
type Success = (&'static [&'static str], &'static str);

/// Who has it, how it was left, who comes; nothing where that is refused.
type Case = (Option<&'static str>, Before, Option<&'static str>, Option<Success>);

#[tokio::test(flavor = "multi_thread")]
async fn who_may_have_a_profile() {
    let world = World::new().await;
    let connected: &'static [&'static str] = &["account.connected"];
    let updated: &'static [&'static str] = &["account.updated"];
    let both: &'static [&'static str] = &["account.updated", "account.connected"];
    let cases: [Case; 15] = [
        (None, Active, None, Some((updated, "account.reconnected"))),
        (None, NeedsReconnect, None, Some((connected, "account.reconnected"))),
        (None, Disconnected, None, Some((connected, "account.reconnected"))),
        (None, Active, A, Some((updated, "account.adopted"))),
        (None, NeedsReconnect, A, Some((both, "account.adopted"))),
        (None, Disconnected, A, Some((both, "account.adopted"))),
        (A, Active, A, Some((updated, "account.reconnected"))),
        (A, NeedsReconnect, A, Some((connected, "account.reconnected"))),
        (A, Disconnected, A, Some((connected, "account.reconnected"))),
        (A, Active, B, None),
        (A, NeedsReconnect, B, None),
        (A, Disconnected, B, None),
        (A, Active, None, None),
        (A, NeedsReconnect, None, None),
        (A, Disconnected, None, None),
    ];
    for (number, (has, before, comes, expected)) in cases.into_iter().enumerate() {
        let case = format!("{has:?} has it, {before:?}, {comes:?} comes");
        let id = number.to_string();

        // given
        let account = world.account(json!({"id": id, "token": "first", "name": "First"}), has).await;
        leave(&world, account.id, before).await;
        let (sealed, told) = (world.sealed(account.id).await, world.events(account.id).await);
        let (status, audited) = (world.status(account.id).await, world.audited(account.id).await);

        // when
        let answer = world.connect(json!({"id": id, "token": "second", "name": "Second"}), comes).await;

        // then
        let now_told = world.events(account.id).await[told.len()..].to_vec();
        let now_audited = world.audited(account.id).await[audited.len()..].to_vec();
        match (expected, answer) {
            (Some((events, action)), ConnectAnswer::Connected { account: now, is_new }) => {
                assert!(!is_new, "{case}");
                assert_eq!(now.id, account.id, "{case}");
                assert_eq!(now.external_id.as_deref(), comes.or(has), "{case}");
                assert_eq!(now.display_name.as_deref(), Some("Second"), "{case}");
                assert_eq!(world.status(account.id).await, "active", "{case}");
                assert_eq!(world.tokens(account.id).await, r#"{"access":"second"}"#, "{case}");
                assert_eq!(now_told, events, "{case}");
                assert_eq!(now_audited, [action], "{case}");
                let known = accounts::get(&world.store, world.project, account.id).await.unwrap().expect("there");
                assert_eq!(known.account, *now, "{case}");
                let error = format!(
                    "SELECT error_code FROM social_accounts WHERE id = '{}' AND error_code IS NOT NULL",
                    account.id.0
                );
                assert!(world.database.texts(&error).await.is_empty(), "{case}");
            }
            (None, ConnectAnswer::Owned { account_id }) => {
                assert_eq!(account_id, account.id, "{case}");
                let now = accounts::get(&world.store, world.project, account.id).await.unwrap().expect("there").account;
                assert_eq!(now.external_id.as_deref(), has, "{case}");
                assert_eq!(now.display_name.as_deref(), Some("First"), "{case}");
                assert_eq!(world.status(account.id).await, status, "{case}");
                assert_eq!(world.sealed(account.id).await, sealed, "{case}");
                assert_eq!(now_told, ["account.connect_rejected"], "{case}");
                assert_eq!(now_audited, ["account.connect_rejected"], "{case}");
            }
            (_, answer) => panic!("{case}: {answer:?}"),
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_profile_is_told_and_audited_once() {
    let world = World::new().await;
    let answer = world.connect(json!({"id": "1", "token": "t"}), A).await;
    let ConnectAnswer::Connected { account, is_new } = answer else { panic!("{answer:?}") };
    assert!(is_new);
    assert_eq!(account.external_id.as_deref(), A);
    assert_eq!(account.scopes, ["write"]);
    assert!(account.last_synced_at.is_some());
    assert_eq!(world.events(account.id).await, ["account.connected"]);
    assert_eq!(world.audited(account.id).await, ["account.connected"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_attempt_names_who_asked_and_shows_the_account_to_its_owner_only() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "t"}), A).await;
    world.connect(json!({"id": "1", "token": "attacker"}), B).await;
    let sql = "SELECT owners::text || ' ' || (body::jsonb -> 'data' ->> 'attempted_external_id') || ' ' || \
               (body::jsonb -> 'data' -> 'account' ->> 'id') FROM events WHERE type = 'account.connect_rejected'";
    assert_eq!(world.database.texts(sql).await, [format!("{{user_a}} user_b {}", account.id)]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_the_same_one_only_in_its_project_network_and_realm() {
    let world = World::new().await;
    let one = world.account(json!({"id": "1", "token": "t", "realm": "a.example"}), A).await;
    let other = world.account(json!({"id": "1", "token": "t", "realm": "b.example"}), B).await;
    assert_ne!(one.id, other.id);

    let mut elsewhere = world.request(&json!({"id": "1", "token": "t", "realm": "a.example"}), B);
    elsewhere.platform = domain::platform::Platform::Bluesky;
    let ConnectAnswer::Connected { is_new: true, .. } = world.send(&elsewhere).await else { panic!("not new") };
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_attempts_at_once_for_a_new_profile_one_wins() {
    let world = World::new().await;
    let owners: Vec<String> = (0..12).map(|number| format!("user_{number}")).collect();

    // given: all of them have proved the profile
    let attempts =
        owners.iter().map(|owner| world.connect(json!({"id": "1", "token": owner, "wait": true}), Some(owner)));
    let (answers, ()) = tokio::join!(join_all(attempts), async {
        world.network.reached(owners.len()).await;
        // when
        world.network.gate.add_permits(owners.len());
    });

    // then
    let winners: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer {
            ConnectAnswer::Connected { account, is_new: true } => Some(account),
            _ => None,
        })
        .collect();
    let [winner] = winners[..] else { panic!("{answers:?}") };
    let owned = answers
        .iter()
        .filter(|answer| matches!(answer, ConnectAnswer::Owned { account_id } if *account_id == winner.id));
    assert_eq!(owned.count(), owners.len() - 1);
    let owner = winner.external_id.as_deref().expect("an owner");
    assert_eq!(world.tokens(winner.id).await, json!({"access": owner}).to_string());
    assert_eq!(world.database.count("SELECT count(*) FROM social_accounts").await, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_attempts_at_once_for_an_unowned_profile_one_adopts_it() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first"}), None).await;
    let owners: Vec<String> = (0..12).map(|number| format!("user_{number}")).collect();
    let attempts =
        owners.iter().map(|owner| world.connect(json!({"id": "1", "token": owner, "wait": true}), Some(owner)));
    let (answers, ()) = tokio::join!(join_all(attempts), async {
        world.network.reached(owners.len()).await;
        world.network.gate.add_permits(owners.len());
    });
    let adopted = answers.iter().filter(|answer| matches!(answer, ConnectAnswer::Connected { is_new: false, .. }));
    assert_eq!(adopted.count(), 1, "{answers:?}");
    let owner = world.text(&format!("SELECT external_id FROM social_accounts WHERE id = '{}'", account.id.0)).await;
    assert_eq!(world.tokens(account.id).await, json!({"access": owner}).to_string());
    assert_eq!(world.audited(account.id).await.iter().filter(|action| *action == "account.adopted").count(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_at_once_of_one_owner_are_one_account() {
    let world = World::new().await;
    let attempts =
        (0..12).map(|number| world.connect(json!({"id": "1", "token": number.to_string(), "wait": true}), A));
    let (answers, ()) = tokio::join!(join_all(attempts), async {
        world.network.reached(12).await;
        world.network.gate.add_permits(12);
    });
    let ids: std::collections::HashSet<_> = answers
        .iter()
        .map(|answer| match answer {
            ConnectAnswer::Connected { account, .. } => account.id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids.len(), 1);
    let new = answers.iter().filter(|answer| matches!(answer, ConnectAnswer::Connected { is_new: true, .. }));
    assert_eq!(new.count(), 1);
    // Whoever was last, the tokens open under the account's id.
    world.tokens(*ids.iter().next().unwrap()).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_sealed_to_another_account_than_the_profiles_connect_nothing() {
    // given: an account, and another that was purged and is still named by its posts
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "first"}), A).await;
    let purged = world.account(json!({"id": "2", "token": "first"}), A).await;
    world.post(&purged, crate::world::now()).await;
    assert!(accounts::purge(&world.store, world.actor(), purged.id, None).await.unwrap());
    let new = |id, profile: &str| NewAccount {
        id,
        profile: Profile { platform: Platform::X, realm: String::new(), network_unique_id: profile.to_owned() },
        external_id: A.map(str::to_owned),
        social_network_id: None,
        app_variant: None,
        username: "user".to_owned(),
        display_name: None,
        profile_image_url: None,
        profile_url: None,
        account_type: "person".to_owned(),
        scopes: Vec::new(),
        facts: json!(null),
        token_expires_at: None,
        refresh_at: None,
        sealed_tokens: b"sealed to another row".to_vec(),
    };
    let sealed = world.sealed(account.id).await;

    // when: what the attempts had looked up is no longer so
    for stale in [new(AccountId(Uuid::now_v7()), "1"), new(purged.id, "2")] {
        let connected = accounts::connect(&world.store, &world.actor(), &stale, None).await.unwrap();
        // then
        assert_eq!(connected, Connecting::Raced);
    }
    assert_eq!(world.sealed(account.id).await, sealed);
    assert_eq!(world.database.count("SELECT count(*) FROM account_tokens").await, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_profile_is_anybodys() {
    let world = World::new().await;
    let account = world.account(json!({"id": "1", "token": "t"}), A).await;
    world.post(&account, crate::world::now()).await;
    assert!(accounts::purge(&world.store, world.actor(), account.id, None).await.unwrap());
    let other = world.account(json!({"id": "1", "token": "t2"}), B).await;
    assert_ne!(other.id, account.id);
    assert_eq!(other.external_id.as_deref(), B);
    world.stop().await;
}
