//! States that come back more than once, by another way, or from nowhere.

use egress::Method;
use futures::future::join_all;
use serde_json::json;

use crate::{browser::visit, consent::code, world::World};

const A: Option<&str> = Some("user_a");

async fn found(world: &World) -> i64 {
    world
        .database
        .count("SELECT (SELECT count(*) FROM social_accounts) + (SELECT count(*) FROM pending_accounts)")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_replayed_connects_nothing() {
    let world = World::new().await;
    world.app("client-1").await;
    let mut request = world.begin_request(A);
    request.auto_finalize = true;
    let page = world.begun(&request).await;
    let brought = page.allow(&code("client-1", json!([{"id": "1", "token": "first"}]))).await.brought();
    assert_eq!(brought["status"], "connected");

    // when
    let again = page.allow(&code("client-1", json!([{"id": "1", "token": "second"}, {"id": "2", "token": "t"}]))).await;

    // then
    assert_eq!(again.status, 410);
    assert!(again.headers["content-type"].starts_with("text/html"));
    assert!(again.headers["content-security-policy"].contains("default-src 'none'"));
    let account = brought["account_id"].parse().unwrap();
    assert_eq!(world.tokens(account).await, r#"{"access":"first"}"#);
    assert_eq!(found(&world).await, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_browsers_that_bring_a_state_at_once_one_is_heard() {
    let world = World::new().await;
    world.app("client-1").await;
    let page = world.begun(&world.begin_request(A)).await;
    let brings = code("client-1", json!([{"id": "1", "token": "t"}]));
    let all = join_all((0..8).map(|_| page.allow(&brings))).await;
    let heard: Vec<_> = all.iter().filter(|back| back.status == 303).collect();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].session().len(), 43);
    assert!(all.iter().all(|back| matches!(back.status, 303 | 410)));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_another_app_connects_nothing() {
    let world = World::new().await;
    let app = world.app("client-1").await;
    for other in ["net_00000000000000000000000000000001", "default-x", "default-x-default", "x"] {
        let page = world.begun(&world.begin_request(A)).await;
        let by = page.back(&[("code", &code("client-1", json!([{"id": "1", "token": "t"}])))]);
        let wrong = by.as_str().replace(&app.to_string(), other).parse().unwrap();
        assert_eq!(visit(Method::GET, wrong, None).await.failed(), "exchange_failed", "{other}");
        // and the state is spent
        assert_eq!(visit(Method::GET, by, None).await.status, 410, "{other}");
    }
    assert_eq!(found(&world).await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_swapped_between_two_apps_connects_nothing() {
    let world = World::new().await;
    world.app("client-1").await;
    let page = world.begun(&world.begin_request(A)).await;
    let back = page.allow(&code("client-2", json!([{"id": "1", "token": "t"}]))).await;
    assert_eq!(back.failed(), "exchange_failed");
    assert_eq!(found(&world).await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_sent_is_answered_with_a_page() {
    let world = World::new().await;
    let unknown = "a".repeat(43);
    for (path, status) in [
        ("/v1/oauth/callback/default-x".to_owned(), 400),
        ("/v1/oauth/callback/default-x?code=1".to_owned(), 400),
        (format!("/v1/oauth/callback/default-x?state={unknown}&state={unknown}&code=1"), 400),
        (format!("/v1/oauth/callback/default-x?state={unknown}&code=1"), 410),
        ("/v1/oauth/callback/default-x?state=short".to_owned(), 410),
        ("/v1/oauth/callback/%00?state=%ff".to_owned(), 410),
        ("/v1/oauth/callback/a/b?state=x".to_owned(), 404),
        ("/".to_owned(), 404),
    ] {
        let shown = visit(Method::GET, world.origin.join(&path).unwrap(), None).await;
        assert_eq!(shown.status, status, "{path}: {}", shown.text);
        assert!(shown.text.contains("<h1>") && !shown.text.contains(&unknown), "{path}");
        assert_eq!(shown.headers["cache-control"], "no-store", "{path}");
        assert!(!shown.headers.contains_key("location"));
    }
    let posted = world.origin.join("/v1/oauth/callback/default-x").unwrap();
    assert_eq!(visit(Method::POST, posted, Some(&[("state", "x")])).await.status, 405);
    world.stop().await;
}
