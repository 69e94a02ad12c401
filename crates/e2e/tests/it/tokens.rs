//! Tokens that are no longer taken.

use domain::platform::Platform;
use e2e::{
    House, Options, Tenant, Transport,
    hooks::Hook,
    tenant::{id, wordy},
};
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
    for platform in wordy() {
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

/// How often tokens were asked for at the networks, as the connector counts it.
fn renewals(house: &House, outcome: &str) -> String {
    let name = format!("fanfare_token_refreshes_total{{outcome=\"{outcome}\",platform=\"x\"");
    let shown = house.metrics.encode().expect("numbers");
    let line = shown.lines().find(|line| line.starts_with(&name)).unwrap_or_else(|| panic!("no {name}"));
    line.rsplit(' ').next().unwrap_or_default().to_owned()
}

/// Has X count how often it is asked for tokens, by a fault that does no harm. A spent refresh token is nobody's, so it is
/// for all accounts.
async fn count_refreshes(tenant: &Tenant) {
    let harmless =
        json!({"platform": "x", "operation": "refresh", "fault": "slow", "times": null, "params": {"delay_ms": 1}});
    tenant.world.fault(harmless).await;
}

async fn refreshes(tenant: &Tenant) -> u64 {
    let faults = tenant.world.caller().get("/_sandbox/faults").await.expect(200);
    let counting = faults["data"].as_array().and_then(|all| all.iter().find(|fault| fault["fault"] == "slow"));
    counting.and_then(|fault| fault["struck"].as_u64()).expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_posts_on_one_account_with_an_expired_token_are_one_refresh_and_all_published() {
    // given
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let account = tenant.connect_by_consent(tenant.world.settle(Platform::X).await, "user_42").await;
    let only = std::slice::from_ref(&account);
    let expired = json!({"account": account.resident.account, "operation": "publish", "fault": "expire_token"});
    tenant.world.fault(expired).await;
    count_refreshes(&tenant).await;

    // when
    let posted = futures::future::join_all((0..50).map(|number| {
        let (tenant, text) = (&tenant, format!("post {number}"));
        async move { tenant.post(&text, only).await }
    }))
    .await;

    // then
    for posted in &posted {
        let post = tenant.settled(posted).await;
        assert_eq!(post["status"], "published", "{post:#}");
    }
    assert_eq!(tenant.world.ledger_of(&account.resident.account).await.len(), 50);
    assert_eq!(renewals(&house, "renewed"), "1");
    assert_eq!(refreshes(&tenant).await, 1, "at the network");
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_whose_answer_is_lost_is_tried_once_more_and_never_again() {
    // given: X, whose refresh tokens work once
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let hook = Hook::of(&tenant, &LOST).await;
    let account = tenant.connect_by_consent(tenant.world.settle(Platform::X).await, "user_42").await;
    let at = |operation: &str, fault: &str| json!({"account": account.resident.account, "operation": operation, "fault": fault});
    tenant.world.fault(at("publish", "expire_token")).await;
    tenant.world.fault(at("refresh", "drop_reply_after_accept")).await;
    count_refreshes(&tenant).await;

    // when
    let posted = tenant.post("held", std::slice::from_ref(&account)).await;

    // then
    tenant.becomes(&posted, "needs_reconnect").await;
    hook.wait_for_any(&LOST, &account.id).await;
    assert_eq!(refreshes(&tenant).await, 2);
    assert_eq!((renewals(&house, "deferred"), renewals(&house, "ended")), ("1".to_owned(), "1".to_owned()));

    // and however often it is asked for, nobody asks the network
    let second = tenant.post("held too", std::slice::from_ref(&account)).await;
    tenant.becomes(&second, "needs_reconnect").await;
    assert_eq!(refreshes(&tenant).await, 2);
    assert_eq!(hook.events().len(), 1);

    // and what was held goes out once it is connected again
    let resident = tenant.world.settle_again(Platform::X, &account.resident.username).await;
    tenant.connect_as(resident).await;
    for posted in [&posted, &second] {
        assert_eq!(tenant.settled(posted).await["status"], "published");
    }
    house.down().await.expect("an orderly end");
}
