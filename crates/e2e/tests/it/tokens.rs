//! Tokens that are no longer taken.

use domain::platform::Platform;
use e2e::{House, Options, Transport, hooks::Hook, tenant::id};
use serde_json::json;

over_both!(an_expired_token_is_renewed_on_the_way, a_revoked_token_holds_posts_until_reconnected);

/// One of them, each time an account has to be connected again.
const LOST: [&str; 2] = ["account.reauth_required", "account.token_expired"];

async fn an_expired_token_is_renewed_on_the_way(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let hook = Hook::of(&tenant, &["*"]).await;
    let account = tenant.connect(Platform::Bluesky).await;
    let expired = json!({"account": account.resident.account, "operation": "publish", "fault": "expire_token"});
    tenant.world.fault(expired).await;

    // when
    let posted = tenant.post("renewed on the way", std::slice::from_ref(&account)).await;
    let post = tenant.settled(&posted).await;

    // then
    let attempts = tenant.attempts(&post).await;
    assert_eq!(post["status"], "published", "{post:#}\n{attempts:#?}");
    assert!(attempts.iter().any(|attempt| attempt["outcome"] == "auth"), "it did not expire: {attempts:#?}");
    tenant.is_in_ledger_once(&post, std::slice::from_ref(&account)).await;

    // and: nobody is told of what a refresh cured
    hook.wait_for("post.published", id(&post)).await;
    let told: Vec<_> = hook.events().iter().filter_map(|event| event["type"].as_str().map(str::to_owned)).collect();
    assert!(!told.iter().any(|kind| LOST.contains(&kind.as_str())), "{told:?}");
    house.down().await.expect("an orderly end");
}

async fn a_revoked_token_holds_posts_until_reconnected(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let hook = Hook::of(&tenant, &LOST).await;
    let mut accounts = Vec::new();
    for platform in Platform::all() {
        let account = tenant.connect(platform).await;
        tenant
            .world
            .fault(json!({"account": account.resident.account, "operation": "publish", "fault": "revoke_token"}))
            .await;
        accounts.push(account);
    }

    for account in &accounts {
        let only = std::slice::from_ref(account);
        // when
        let first = tenant.post("held", only).await;
        let held = tenant.becomes(&first, "needs_reconnect").await;
        assert_eq!(held["status"], "queued", "{held:#}");
        let second = tenant.post("held too", only).await;

        // then
        let (_, event) = hook.wait_for_any(&LOST, &account.id).await;
        assert_eq!(event["data"]["account"]["status"], "needs_reconnect", "{event:#}");
        let seen = tenant.caller.get(&format!("/v1/social-accounts/{}", account.id)).await.expect(200);
        assert_eq!(seen["status"], "needs_reconnect", "{seen:#}");
        tenant.becomes(&second, "needs_reconnect").await;
        assert!(tenant.world.ledger_of(&account.resident.account).await.is_empty());

        // when
        let resident = tenant.world.settle_again(account.platform(), &account.resident.username).await;
        let again = tenant.connect_as(resident).await;

        // then
        assert_eq!(again.id, account.id);
        for posted in [&first, &second] {
            let post = tenant.settled(posted).await;
            assert_eq!(post["status"], "published", "on {}: {post:#}", account.platform());
        }
        assert_eq!(tenant.world.texts_of(&account.resident.account).await, ["held", "held too"]);
    }
    let told = hook.events().len();
    assert_eq!(told, accounts.len(), "one word for each account");
    house.down().await.expect("an orderly end");
}
