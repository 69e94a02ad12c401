//! "Preventing account hijacking", as `post-for-me-external-ids` has it: a profile's owner is whoever connected it first.

use domain::platform::Platform;
use e2e::{Connected, House, Options, Tenant, Transport, browser::Answer, hooks::Hook, world::Resident};
use serde_json::json;

async fn house() -> (House, Tenant) {
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    (house, tenant)
}

async fn publishes(tenant: &Tenant, account: &Connected, text: &str) {
    let post = tenant.settled(&tenant.post(text, std::slice::from_ref(account)).await).await;
    assert_eq!(post["status"], "published", "{post:#}");
}

/// A session of a profile that waits for its caller.
async fn waiting(tenant: &Tenant, resident: &Resident, owner: &str) -> String {
    tenant.consent(&tenant.wish(resident, owner), &Answer::allow(&resident.account)).await.session()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_again_by_the_same_external_id_keeps_the_account_id() {
    let (house, tenant) = house().await;
    let first = tenant.connect_by_consent(tenant.world.settle(Platform::X).await, "user_42").await;
    let again = tenant.connect_by_consent(first.resident.clone(), "user_42").await;
    assert_eq!(again.id, first.id);
    publishes(&tenant, &again, "still me").await;
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_different_external_id_is_refused_and_the_stored_tokens_still_publish() {
    let (house, tenant) = house().await;
    let hook = Hook::of(&tenant, &["account.connect_rejected"]).await;

    // given: the same person's profile, connected for one user, and consented to for another
    let account = tenant.connect_by_consent(tenant.world.settle(Platform::X).await, "user_42").await;
    let sealed = "SELECT encode(sealed, 'hex') FROM account_tokens";
    let before = house.db.texts(sealed).await;
    let session = waiting(&tenant, &account.resident, "attacker").await;

    // when
    let refused = tenant.finalize(&session, "attacker").await;

    // then
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("account_owned")), "{}", refused.text);
    hook.wait_for("account.connect_rejected", &account.id).await;
    assert_eq!(house.db.texts(sealed).await, before, "the attacker's tokens are nowhere");
    publishes(&tenant, &account, "mine").await;
    let owned = tenant.caller.get("/v1/social-accounts?external_id=attacker").await.expect(200);
    assert_eq!(owned["data"], json!([]));

    // and where it is connected at once the browser is told
    let mut wish = tenant.wish(&account.resident, "attacker");
    wish["auto_finalize"] = true.into();
    let failed = tenant.consent(&wish, &Answer::allow(&account.resident.account)).await.failed();
    assert_eq!(failed, "account_owned");

    // and also when it is disconnected
    tenant.caller.delete(&format!("/v1/social-accounts/{}", account.id)).await.expect(200);
    let session = waiting(&tenant, &account.resident, "attacker").await;
    assert_eq!(tenant.finalize(&session, "attacker").await.status, 409);
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_names_nobody_does_not_clear_the_owner() {
    let (house, tenant) = house().await;
    let account = tenant.connect_by_consent(tenant.world.settle(Platform::X).await, "user_42").await;
    let again = tenant.world.settle_again(Platform::X, &account.resident.username).await;
    let unnamed = json!({"platform": "x", "credentials": again.credentials});
    let refused = tenant.caller.post("/v1/social-accounts", unnamed).await;
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("account_owned")), "{}", refused.text);
    let seen = tenant.caller.get(&format!("/v1/social-accounts/{}", account.id)).await.expect(200);
    assert_eq!(seen["external_id"], "user_42");
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_race_for_a_profile_one_has_it() {
    let (house, tenant) = house().await;
    for _ in 0..5 {
        // given
        let resident = tenant.world.settle(Platform::X).await;
        let one = waiting(&tenant, &resident, "one").await;
        let other = waiting(&tenant, &resident, "other").await;

        // when
        let (first, second) = tokio::join!(tenant.finalize(&one, "one"), tenant.finalize(&other, "other"));

        // then
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{}\n{}", first.text, second.text);
        let owner = if first.status == 200 { "one" } else { "other" };
        let path = format!("/v1/social-accounts?network_unique_id={}", resident.account);
        let seen = tenant.caller.get(&path).await.expect(200);
        assert_eq!(seen["data"][0]["external_id"], owner, "{seen:#}");
        assert_eq!(seen["data"].as_array().map(Vec::len), Some(1));
    }
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auth_url_completed_by_a_victim_connects_nothing() {
    let (house, tenant) = house().await;

    // given: an attacker's wish, passed on to a victim who says yes
    let victim = tenant.world.settle(Platform::X).await;
    let wish = tenant.wish(&victim, "attacker");
    let session = tenant.consent(&wish, &Answer::allow(&victim.account)).await.session();

    // when: the victim's browser is home, where the caller's backend finalizes for whoever is logged in
    let refused = tenant.finalize(&session, "victim").await;

    // then
    assert!(matches!(refused.status, 409 | 422), "{}", refused.text);
    let listed = tenant.caller.get("/v1/social-accounts").await.expect(200);
    assert_eq!(listed["data"], json!([]));
    house.down().await.expect("an orderly end");
}
