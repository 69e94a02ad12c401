//! What a caller may rely on: one key makes one post, `?wait` waits, one account's failure is its own.

use domain::platform::Platform;
use e2e::{
    House, Options, Transport,
    hooks::Hook,
    tenant::{id, ids, target_of},
};
use egress::Method;
use serde_json::json;

over_both!(one_key_makes_one_post, a_call_may_wait, one_account_fails_for_itself);

async fn one_key_makes_one_post(transport: Transport) {
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let body = json!({"content": "once", "accounts": ids(&accounts), "external_ref": "launch-91"});
    let key = [("idempotency-key", "launch-91")];

    // when: eight at once, and one after it is out
    let call = || tenant.caller.call(Method::POST, "/v1/posts", Some(body.clone()), &key);
    let answers = futures::future::join_all((0..8).map(|_| call())).await;
    let post = tenant.settled(&answers[0].body).await;
    let late = call().await;

    // then
    for answer in answers.iter().chain([&late]) {
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(id(&answer.body), id(&post), "{}", answer.text);
    }
    tenant.is_in_ledger_once(&post, &accounts).await;

    // and: the key stands for this call only
    let other = json!({"content": "twice", "accounts": ids(&accounts)});
    let refused = tenant.caller.call(Method::POST, "/v1/posts", Some(other.clone()), &key).await.expect(422);
    assert_eq!(refused["code"], "idempotency_key_reused", "{refused:#}");
    // and: so does the caller's own name for it
    let again = tenant.caller.post("/v1/posts", body).await;
    assert_eq!((again.status, id(&again.body)), (200, id(&post)), "{}", again.text);
    let mut other = other;
    other["external_ref"] = "launch-91".into();
    let refused = tenant.caller.post("/v1/posts", other).await.expect(409);
    assert_eq!(refused["code"], "external_ref_taken", "{refused:#}");
    assert_eq!(tenant.world.ledger().await.len(), accounts.len());
    house.down().await.expect("an orderly end");
}

async fn a_call_may_wait(transport: Transport) {
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let body = json!({"content": "wait for me", "accounts": ids(&accounts)});
    let post = tenant.caller.post("/v1/posts?wait=30s", body).await.expect(201);
    assert_eq!(post["status"], "published", "{post:#}");
    tenant.is_in_ledger_once(&post, &accounts).await;

    // and: no longer than asked
    let slow = json!({"content": "[sandbox:slow delay_ms=3000]", "accounts": ids(&accounts)});
    let post = tenant.caller.post("/v1/posts?wait=300ms", slow).await.expect(201);
    assert!(["queued", "publishing"].contains(&post["status"].as_str().unwrap_or_default()), "{post:#}");
    assert_eq!(tenant.settled(&post).await["status"], "published");
    house.down().await.expect("an orderly end");
}

async fn one_account_fails_for_itself(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_everywhere().await;
    let hook = Hook::of(&tenant, &["*"]).await;
    let refused = accounts.iter().find(|account| account.platform() == Platform::Mastodon).expect("one there");

    // when
    let own = json!({&refused.id: {"content": "not this [sandbox:reject]"}});
    let posted = tenant.post_body(json!({"content": "fine", "accounts": ids(&accounts), "account_config": own})).await;
    let post = tenant.settled(&posted).await;

    // then
    assert_eq!(post["status"], "partial", "{post:#}");
    for account in &accounts {
        let target = target_of(&post, account);
        let expected = if account.id == refused.id { "failed" } else { "published" };
        assert_eq!(target["status"], expected, "{target:#}");
    }
    let failed = target_of(&post, refused);
    assert_eq!(failed["error_code"], "content_rejected", "{failed:#}");
    assert!(failed["error_message"].as_str().is_some_and(|words| !words.is_empty()), "{failed:#}");
    tenant.is_in_ledger_once(&post, &accounts).await;

    // and: everybody is told what concerns them
    hook.wait_for("post.target.failed", id(failed)).await;
    hook.wait_for("post.published", id(&post)).await;
    let (_, event) = hook.wait_for("post.partial", id(&post)).await;
    assert_eq!(event["data"]["post"]["status"], "partial", "{event:#}");

    // and: the events can be read, in the order they happened, each once
    let events = tenant.caller.get("/v1/events").await.expect(200);
    let kinds: Vec<_> =
        events["data"].as_array().expect("events").iter().filter_map(|event| event["type"].as_str()).collect();
    let count = |kind: &str| kinds.iter().filter(|other| **other == kind).count();
    assert_eq!(count("post.created"), 1, "{kinds:?}");
    assert_eq!(count("post.target.published"), accounts.len() - 1, "{kinds:?}");
    assert_eq!((count("post.target.failed"), count("post.published"), count("post.partial")), (1, 1, 1), "{kinds:?}");
    house.down().await.expect("an orderly end");
}
