//! What only networks know of accounts, asked while a caller waits.

use std::time::Instant;

use domain::platform::Platform;
use e2e::{
    Connected, House, Options, Tenant, Transport,
    crowd::{self, Papers},
    eventually,
    hooks::Hook,
    instance::Instance,
    instant::Memory,
};
use serde_json::{Value, json};

over_both!(
    an_account_is_healthy_and_has_numbers,
    a_token_that_is_not_taken_is_unhealthy_and_renewed_where_it_can_be,
    a_network_that_hangs_is_no_bad_health,
    a_server_that_is_gone_is_no_bad_health,
);

/// Networks that take a post without a file.
const TEXT_ALONE: [Platform; 3] = [Platform::X, Platform::Bluesky, Platform::Mastodon];

async fn health(tenant: &Tenant, account: &Connected) -> Value {
    tenant.caller.get(&format!("/v1/social-accounts/{}/health", account.id)).await.expect(200)
}

async fn an_account_is_healthy_and_has_numbers(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let accounts = tenant.connect_on(&TEXT_ALONE).await;
    let posted = tenant.post("to be counted", &accounts).await;
    tenant.settled(&posted).await;
    for account in &accounts {
        // then
        let told = health(&tenant, account).await;
        assert_eq!(told["healthy"], true, "{}: {told:#}", account.platform());
        assert!(told["error_code"].is_null() && told["checked_at"].is_string(), "{told:#}");
        let metrics = tenant.caller.get(&format!("/v1/social-accounts/{}/metrics", account.id)).await.expect(200);
        assert_eq!(metrics["account_id"], json!(account.id), "{metrics:#}");
        assert_eq!(metrics["posts"], 1, "{metrics:#}");
        assert!(metrics["followers"].is_u64() && metrics["engagement"]["views"].is_null(), "{metrics:#}");
        assert!(metrics["period"]["since"].is_string() && metrics["platform_specific"].is_object(), "{metrics:#}");
    }

    // when: one is disconnected
    let gone = &accounts[0];
    tenant.caller.delete(&format!("/v1/social-accounts/{}", gone.id)).await.expect(200);
    // then
    let told = health(&tenant, gone).await;
    assert_eq!((&told["healthy"], &told["error_code"]), (&json!(false), &json!("account_not_found")), "{told:#}");
    let refused = tenant.caller.get(&format!("/v1/social-accounts/{}/metrics", gone.id)).await.expect(409);
    assert_eq!(refused["code"], "conflict", "{refused:#}");
    tenant.caller.delete(&format!("/v1/social-accounts/{}?purge=true", accounts[1].id)).await.expect(204);
    tenant.caller.get(&format!("/v1/social-accounts/{}/health", accounts[1].id)).await.expect(404);
    house.down().await.expect("an orderly end");
}

async fn a_token_that_is_not_taken_is_unhealthy_and_renewed_where_it_can_be(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let hook = Hook::of(&tenant, &["account.reauth_required", "account.token_expired"]).await;
    let renewed = tenant.connect(Platform::Bluesky).await;
    let revoked = tenant.connect(Platform::Mastodon).await;
    // Tokens that are seconds old and not taken are looked at a while later: the time may be wrong, and not they.
    house.db.execute("UPDATE account_tokens SET updated_at = now() - interval '1 hour'").await;
    for (account, fault) in [(&renewed, "expire_token"), (&revoked, "revoke_token")] {
        tenant.world.fault(json!({"account": account.resident.account, "operation": "*", "fault": fault})).await;
    }

    // when
    let told = health(&tenant, &renewed).await;
    // then: it is told as it is, and cured without anybody's doing
    assert_eq!((&told["healthy"], &told["error_code"]), (&json!(false), &json!("token_expired")), "{told:#}");
    eventually("it is renewed", async || (health(&tenant, &renewed).await["healthy"] == true).then_some(())).await;

    // when: nothing renews it
    let told = health(&tenant, &revoked).await;
    // then: that is all that is done
    assert_eq!((&told["healthy"], &told["error_code"]), (&json!(false), &json!("token_revoked")), "{told:#}");
    assert!(told["error_message"].as_str().is_some_and(|words| !words.is_empty()), "{told:#}");
    let refused = tenant.caller.get(&format!("/v1/social-accounts/{}/metrics", revoked.id)).await.expect(409);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("token_revoked")), "{refused:#}");
    for account in [&renewed, &revoked] {
        let seen = tenant.caller.get(&format!("/v1/social-accounts/{}", account.id)).await.expect(200);
        assert_eq!(seen["status"], "active", "{seen:#}");
    }
    assert!(hook.events().is_empty());

    // and: once a post has found it out, it is known without asking
    let posted = tenant.post("held", std::slice::from_ref(&revoked)).await;
    tenant.becomes(&posted, "needs_reconnect").await;
    let told = health(&tenant, &revoked).await;
    assert_eq!((&told["healthy"], &told["error_code"]), (&json!(false), &json!("token_revoked")), "{told:#}");
    house.down().await.expect("an orderly end");
}

async fn a_network_that_hangs_is_no_bad_health(transport: Transport) {
    // given
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let (hung, fine) = (tenant.connect(Platform::X).await, tenant.connect(Platform::Bluesky).await);
    tenant
        .world
        .fault(json!({"account": hung.resident.account, "operation": "*", "fault": "hang", "times": null}))
        .await;

    // when
    let began = Instant::now();
    let path = |what: &str| format!("/v1/social-accounts/{}/{what}", hung.id);
    let (paths, other) = ((path("health"), path("metrics")), async { health(&tenant, &fine).await });
    let (health, metrics, other) = tokio::join!(tenant.caller.get(&paths.0), tenant.caller.get(&paths.1), other);

    // then
    for reply in [health, metrics] {
        assert_eq!(reply.expect(504)["code"], "platform_timeout");
    }
    let waited = began.elapsed().as_secs();
    assert!((9..=12).contains(&waited), "after {waited} s");
    assert_eq!(other["healthy"], true, "and nobody else waits: {other:#}");
    tenant.world.no_faults().await;
    assert_eq!(tenant.caller.get(&path("health")).await.expect(200)["healthy"], true);
    house.down().await.expect("an orderly end");
}

async fn a_server_that_is_gone_is_no_bad_health(transport: Transport) {
    // given: a server on this machine that a live project reaches
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    house.db.execute("UPDATE projects SET mode = 'live'").await;
    let mut instance = Instance::up().await;
    let papers = instance.papers(true);
    let ring = house.ring.public();
    let some = crowd::gather_with(&house.db, &ring, tenant.project, &papers, 1).await.remove(0);
    let path = format!("/v1/social-accounts/{}/health", some.id);

    // The publisher may be a moment behind: "try again" is an answer too.
    let asked = async || (tenant.caller.get(&path).await.status == 200).then_some(());
    eventually("the publisher can be asked", asked).await;

    // when
    instance.leave().await;
    let reply = tenant.caller.get(&path).await;
    // then
    assert!(reply.headers.contains_key("retry-after"), "{:?}", reply.headers);
    assert_eq!(reply.expect(503)["code"], "unavailable");

    // when: it is there, and knows the token as another account's than ours says
    instance.come_back().await;
    let told = tenant.caller.get(&path).await.expect(200);
    // then
    assert_eq!((&told["healthy"], &told["error_code"]), (&json!(false), &json!("token_revoked")), "{told:#}");
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_without_numbers_says_so() {
    // given
    let memory = Memory::new(std::time::Duration::ZERO);
    let house = House::up(Options::over(Transport::Local).networks(memory.networks())).await;
    let tenant = house.tenant().await;
    let papers = Papers { platform: Platform::X, facts: Value::Null, tokens: json!({}) };
    let ring = house.ring.public();
    let some = crowd::gather_with(&house.db, &ring, tenant.project, &papers, 1).await.remove(0);
    // when
    let refused = tenant.caller.get(&format!("/v1/social-accounts/{}/metrics", some.id)).await.expect(422);
    // then
    assert_eq!(refused["code"], "unsupported_ability", "{refused:#}");
    house.down().await.expect("an orderly end");
}
