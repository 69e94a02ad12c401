//! From a caller's wish over a network's consent page to what waits for the caller, or is connected.

use domain::{
    connection::{BeginAnswer, ConnectQuestion, ResealAnswer, ResealRequest},
    ids::AccountId,
    platform::Platform,
    policy::Mode,
};
use egress::Method;
use serde_json::json;
use store::sessions::{self, Finalize, Finalized, Selection};

use crate::{
    browser::visit,
    canned::tokens,
    consent::code,
    world::{World, hex, in_seconds},
};

const A: Option<&str> = Some("user_a");

async fn accounts(world: &World) -> i64 {
    world.database.count("SELECT count(*) FROM social_accounts").await
}

/// The caller's backend finalizes.
async fn finalize(world: &World, session: &str, owner: Option<&str>) -> Finalized {
    let actor = world.actor();
    let hash = sessions::hash(session);
    let word =
        Finalize { actor: &actor, session_hash: &hash, selection: Selection::All, external_id: owner, trace: None };
    sessions::finalize(&world.store, &word).await.unwrap()
}

fn connected(done: Finalized) -> Vec<AccountId> {
    match done {
        Finalized::Done { accounts, .. } => accounts.into_iter().map(|account| account.id).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_consented_to_waits_for_the_callers_word() {
    let world = World::new().await;

    // given
    let app = world.app("client-1").await;
    let page = world.begun(&world.begin_request(A)).await;
    assert_eq!(page.parameter("client_id"), "client-1");
    assert_eq!(page.parameter("scope"), "read write offline");
    assert_eq!(page.parameter("redirect_uri"), format!("{}v1/oauth/callback/{app}", world.origin));
    assert_eq!(page.parameter("state").len(), 43);

    // when
    let secret = "s3cr3t-access-token";
    let back = page.allow(&code("client-1", json!([{"id": "1", "token": secret, "name": "Acme"}]))).await;

    // then
    assert_eq!(back.headers["cache-control"], "no-store");
    assert_eq!(back.headers["referrer-policy"], "no-referrer");
    let brought = back.brought();
    assert_eq!((brought["kept"].as_str(), brought["state"].as_str()), ("1", "the caller's"));
    let session = back.session();
    assert_eq!(session.len(), 43);
    assert_eq!(accounts(&world).await, 0);

    // and what is stored names nothing that works
    for table in ["connect_sessions", "pending_accounts", "social_networks", "audit_log"] {
        for row in world.database.texts(&format!("SELECT row_to_json(t)::text FROM {table} t")).await {
            for word in [secret, &session, &page.parameter("state"), "s3cr3t-of-the-app"] {
                assert!(!row.contains(word), "{table}: {row}");
            }
        }
    }

    // when
    let ids = connected(finalize(&world, &session, A).await);

    // then
    assert_eq!(world.tokens(ids[0]).await, format!(r#"{{"access":"{secret}"}}"#));
    let row = format!("SELECT social_network_id || ' ' || external_id FROM social_accounts WHERE id = '{}'", ids[0].0);
    assert_eq!(world.text(&row).await, format!("{} user_a", app.0));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_found_is_connected_where_the_caller_asked_for_that() {
    let world = World::new().await;
    world.app("client-1").await;
    let mut request = world.begin_request(A);
    request.auto_finalize = true;

    // when
    let pages = json!([{"id": "1", "token": "one"}, {"id": "2", "token": "two", "expires_in": 7200}]);
    let brought = world.begun(&request).await.allow(&code("client-1", pages)).await.brought();

    // then
    assert_eq!(brought["status"], "connected");
    let ids: Vec<AccountId> = brought["account_id"].split(',').map(|id| id.parse().unwrap()).collect();
    assert_eq!(world.tokens(ids[0]).await, r#"{"access":"one"}"#);
    assert_eq!(world.tokens(ids[1]).await, r#"{"access":"two"}"#);
    assert_eq!(world.database.count("SELECT count(*) FROM pending_accounts").await, 0);

    // and its tokens are renewed with the app as it is then
    world.database.execute("UPDATE social_networks SET client_id = 'client-2'").await;
    world.age_tokens(ids[1], "2 h", "1 min").await;
    world.wake_refresh(ids[1]).await;
    world.network.answers(Ok(tokens(r#"{"access":"three"}"#, Some(in_seconds(7_200)))));
    world.refresh().await;
    assert_eq!(*world.network.apps.lock().unwrap(), [Some("client-2".to_owned())]);

    // and tokens that a caller handed in go without one
    let handed = world.account(json!({"id": "9", "token": "t", "expires_in": 7_200}), A).await;
    world.age_tokens(handed.id, "2 h", "1 min").await;
    world.wake_refresh(handed.id).await;
    world.refresh().await;
    assert_eq!(world.network.apps.lock().unwrap()[1], None);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_at_once_takes_nothing_from_its_owner() {
    let world = World::new().await;
    world.app("client-1").await;
    let mine = world.account(json!({"id": "1", "token": "mine"}), A).await;
    for owner in [Some("user_b"), None] {
        let mut request = world.begin_request(owner);
        request.auto_finalize = true;

        // when all of it is another's
        let back = world.begun(&request).await.allow(&code("client-1", json!([{"id": "1", "token": "x"}]))).await;
        assert_eq!(back.failed(), "account_owned");

        // and when some of it is
        let id = if owner.is_some() { "2" } else { "3" };
        let mut request = world.begin_request(owner);
        request.auto_finalize = true;
        let pages = json!([{"id": "1", "token": "x"}, {"id": id, "token": "y"}]);
        let brought = world.begun(&request).await.allow(&code("client-1", pages)).await.brought();
        assert_eq!(brought["status"], "connected");
        assert_eq!(brought["account_id"].split(',').count(), 1);
    }
    assert_eq!(world.tokens(mine.id).await, r#"{"access":"mine"}"#);
    assert_eq!(world.events(mine.id).await[1..], ["account.connect_rejected"; 4]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_brings_an_app_the_network_or_the_operator_has_one() {
    let world = World::new().await;

    // The network hands one out for each instance, once.
    let mut request = world.begin_request(A);
    request.platform = Platform::Mastodon;
    request.platform_data = json!({"instance": "m.example"});
    for _ in 0..2 {
        request.id = uuid::Uuid::now_v7();
        let page = world.begun(&request).await;
        assert_eq!(page.parameter("client_id"), "m.example-1");
        assert!(page.allow(&code("m.example-1", json!([{"id": "1", "token": "t"}]))).await.session().len() == 43);
    }
    // It is another once browsers come back elsewhere, and is known by the same name.
    world
        .database
        .execute(
            "UPDATE social_networks SET extra = '{\"callback_url\": \"http://127.0.0.1:1/v1/oauth/callback/old\"}'",
        )
        .await;
    request.id = uuid::Uuid::now_v7();
    assert_eq!(world.begun(&request).await.parameter("client_id"), "m.example-2");
    request.id = uuid::Uuid::now_v7();
    assert_eq!(world.begun(&request).await.parameter("client_id"), "m.example-2");
    assert_eq!(world.database.count("SELECT count(*) FROM social_networks").await, 1);
    // What it was not registered for cannot be had by it.
    request.scopes = Some(vec!["read".to_owned(), "admin".to_owned()]);
    request.id = uuid::Uuid::now_v7();
    match world.begin(&request).await {
        BeginAnswer::Refused { pointer, detail, .. } => {
            assert!(pointer == "/scopes" && detail.contains("admin"), "{detail}")
        }
        other => panic!("{other:?}"),
    }
    // The network may read of it where its client id says.
    let id = world.text("SELECT 'net_' || replace(id::text, '-', '') FROM social_networks").await;
    let metadata = |id: &str| world.origin.join(&format!("/v1/oauth/client-metadata/{id}")).unwrap();
    let read = visit(Method::GET, metadata(&id), None).await;
    assert_eq!(read.status, 200, "{}", read.text);
    assert!(read.text.contains(&format!("callback/{id}")) && !read.text.contains("s3cr3t"), "{}", read.text);
    for unknown in ["net_00000000000000000000000000000001", "nonsense"] {
        assert_eq!(visit(Method::GET, metadata(unknown), None).await.status, 404);
    }

    // The operator's own, on a way back of its own.
    request.platform = Platform::Bluesky;
    request.platform_data = json!({});
    request.scopes = None;
    request.auto_finalize = true;
    request.id = uuid::Uuid::now_v7();
    let page = world.begun(&request).await;
    assert_eq!(page.parameter("client_id"), "operators");
    assert!(page.parameter("redirect_uri").ends_with("/v1/oauth/callback/default-bluesky"));
    let back = page.allow(&code("operators", json!([{"id": "1", "token": "t", "expires_in": 7200}]))).await;
    let account: AccountId = back.brought()["account_id"].parse().unwrap();
    world.age_tokens(account, "2 h", "1 min").await;
    world.wake_refresh(account).await;
    world.refresh().await;
    assert_eq!(*world.network.apps.lock().unwrap(), [Some("operators".to_owned())]);

    // Nobody's.
    assert!(
        matches!(world.begin(&world.begin_request(A)).await, BeginAnswer::NoApp { variant } if variant == "default")
    );
    world.app("client-1").await;
    world.database.execute("UPDATE social_networks SET is_enabled = false").await;
    assert!(matches!(world.begin(&world.begin_request(A)).await, BeginAnswer::NoApp { .. }));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_begun_says_why() {
    let mut quick = crate::world::settings();
    quick.identify_timeout_ms = 300;
    let world = World::with(quick).await;
    world.app("client-1").await;
    for (data, expected) in [
        (json!({"instance": 7}), Some("/platform_data/instance")),
        (json!({"instance": "nowhere.example"}), Some("/platform")),
        (json!({"fail": "form"}), Some("/platform_data/handle")),
        (json!({"fail": "app"}), Some("/platform")),
        (json!({"fail": "not_now"}), None),
        (json!({"fail": "hang"}), None),
    ] {
        let mut request = world.begin_request(A);
        request.platform_data = data.clone();
        match (expected, world.begin(&request).await) {
            (Some(pointer), BeginAnswer::Refused { pointer: at, .. }) => assert_eq!(at, pointer, "{data}"),
            (None, BeginAnswer::Unavailable { .. }) => {}
            (_, other) => panic!("{data}: {other:?}"),
        }
    }
    // An app of one project is no other's.
    let mut request = world.begin_request(A);
    request.project_id = crate::world::insert_project(&world.store, "other", Mode::Live).await;
    assert!(matches!(world.begin(&request).await, BeginAnswer::NoApp { .. }));
    assert_eq!(world.database.count("SELECT count(*) FROM connect_sessions").await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_never_left_standing() {
    let mut quick = crate::world::settings();
    quick.consent_timeout_ms = 300;
    let world = World::with(quick).await;
    world.app("client-1").await;
    let said = |fail: &str| json!({"of": "client-1", "fail": fail}).to_string();
    for (brings, expected) in [
        (vec![("error", "access_denied")], "access_denied"),
        (vec![("code", "nonsense-c0de".to_owned().leak() as &str)], "exchange_failed"),
        (vec![], "exchange_failed"),
        (vec![("code", code("client-1", json!([])).leak() as &str)], "no_accounts"),
        (
            vec![("code", code("client-1", json!([{"id": "1", "token": "t", "scopes": "read"}])).leak())],
            "access_denied",
        ),
        (vec![("code", code("client-1", json!([{"id": "", "token": "t"}])).leak())], "exchange_failed"),
        (vec![("code", said("not_now").leak())], "exchange_failed"),
        (vec![("code", said("hang").leak())], "exchange_failed"),
    ] {
        let page = world.begun(&world.begin_request(A)).await;
        let back = visit(Method::GET, page.back(&brings), None).await;
        assert_eq!(back.failed(), expected, "{brings:?}");
        let message = &back.brought()["message"];
        assert!(!message.contains("nonsense-c0de"), "{message}");
        if brings.iter().any(|(_, value)| value.contains("read")) {
            assert!(message.contains("write"), "{message}");
        }
    }
    // What nobody could foresee is told too, and the page says where to go.
    let page = world.begun(&world.begin_request(A)).await;
    let died = visit(Method::GET, page.back(&[("code", &said("panic"))]), None).await;
    assert_eq!(died.status, 503);
    assert_eq!(accounts(&world).await, 0);
    let left = "SELECT count(*) FROM connect_sessions WHERE sealed IS NOT NULL AND status <> 'exchanging'";
    assert_eq!(world.database.count(left).await, 0);
    let shown = world.metrics.encode().unwrap();
    let line = r#"fanfare_consents_total{outcome="access_denied",platform="x",service="connector"} 2"#;
    assert!(shown.contains(line), "{shown}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_too_long_is_told_so_at_home() {
    let world = World::new().await;
    world.app("client-1").await;
    let page = world.begun(&world.begin_request(A)).await;
    world.database.execute("UPDATE connect_sessions SET expires_at = now() - interval '1 s'").await;
    let back = page.allow(&code("client-1", json!([{"id": "1", "token": "t"}]))).await;
    assert_eq!(back.failed(), "expired");
    assert_eq!(world.database.count("SELECT count(*) FROM pending_accounts").await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_sealed_anew_for_accounts_that_came_meanwhile() {
    let world = World::new().await;
    world.app("client-1").await;
    let page = world.begun(&world.begin_request(A)).await;
    let pages = json!([{"id": "1", "token": "late"}, {"id": "2", "token": "other"}]);
    let session = page.allow(&code("client-1", pages)).await.session();

    // given: the same profile is connected by another way meanwhile
    let account = world.account(json!({"id": "1", "token": "soon"}), A).await;
    let Finalized::Raced { session: id } = finalize(&world, &session, A).await else { panic!("no race") };

    // when
    let question = ConnectQuestion::Reseal(ResealRequest { session: id, project_id: world.project });
    assert!(matches!(world.question(&question).await, ResealAnswer::Done));

    // then
    let ids = connected(finalize(&world, &session, A).await);
    assert_eq!(ids[0], account.id);
    assert_eq!(world.tokens(ids[0]).await, r#"{"access":"late"}"#);
    assert_eq!(world.tokens(ids[1]).await, r#"{"access":"other"}"#);
    assert!(matches!(world.question(&question).await, ResealAnswer::Gone));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_opens_nowhere_else() {
    let world = World::new().await;
    world.app("client-1").await;
    let first = world.begun(&world.begin_request(A)).await;
    let second = world.begun(&world.begin_request(A)).await;
    // when two attempts' rows are swapped
    world
        .database
        .execute(
            "UPDATE connect_sessions s SET sealed = o.sealed FROM connect_sessions o \
             WHERE o.id <> s.id",
        )
        .await;
    for page in [first, second] {
        let back = page.allow(&code("client-1", json!([{"id": "1", "token": "t"}]))).await;
        assert_eq!(back.failed(), "exchange_failed");
    }
    let sealed = world.text("SELECT encode(sealed_secret, 'hex') FROM social_networks").await;
    assert!(!hex(&sealed).windows(6).any(|window| window == b"s3cr3t"));
    world.stop().await;
}
