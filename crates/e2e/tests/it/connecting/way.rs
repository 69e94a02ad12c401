//! The whole way: from a wish over the consent page to an account that publishes.

use domain::platform::Platform;
use e2e::{
    House, Options, Transport,
    browser::{Answer, Browser},
    hooks::Hook,
    world::Resident,
};
use serde_json::{Value, json};

use super::NETWORKS;

over_both!(a_consent_becomes_an_account_that_publishes);

async fn a_consent_becomes_an_account_that_publishes(transport: Transport) {
    let house = House::up(Options::over(transport)).await;
    let tenant = house.tenant().await;
    let hook = Hook::of(&tenant, &["account.connected"]).await;
    for platform in NETWORKS {
        // given
        let resident = tenant.world.settle(platform).await;
        let wish = tenant.wish(&resident, "user_42");

        // when
        let brought = tenant.consent(&wish, &tenant.yes(&resident)).await.home();

        // then
        assert_eq!(brought["kept"], "1");
        assert_eq!(brought["state"], "the caller's");
        assert_eq!(brought["status"], "pending", "{brought:?}");
        let session = &brought["session"];
        let pending = tenant.caller.get(&format!("/v1/social-accounts/pending/{session}")).await.expect(200);
        assert_eq!(pending["pages"][0]["id"], resident.account, "{pending:#}");
        assert_eq!(pending["external_id"], "user_42");
        let listed = tenant.caller.get(&format!("/v1/social-accounts?platform={platform}")).await.expect(200);
        assert_eq!(listed["data"], json!([]));

        // when
        let done = tenant.finalize(session, "user_42").await.expect(200);
        let account = e2e::Connected { id: e2e::tenant::id(&done["accounts"][0]).to_owned(), resident };
        let posted = tenant.post("connected by consent", std::slice::from_ref(&account)).await;

        // then
        let post = tenant.settled(&posted).await;
        assert_eq!(post["status"], "published", "{post:#}\n{:#?}", tenant.attempts(&post).await);
        tenant.is_in_ledger_once(&post, std::slice::from_ref(&account)).await;
        hook.wait_for("account.connected", &account.id).await;
    }
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_of_ones_own_is_used_and_renews_what_it_got() {
    // given
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let app = tenant.bring_app(Platform::X).await;
    let resident = tenant.world.settle(Platform::X).await;
    let wish = tenant.wish(&resident, "user_42");
    let auth_url = tenant.auth_url(&wish).await;
    assert!(auth_url.contains(&app.client_id), "{auth_url}");

    // when
    let session = Browser::default().consent(&auth_url, &Answer::allow(&resident.account)).await.session();
    let done = tenant.finalize(&session, "user_42").await.expect(200);

    // then
    assert_eq!(done["accounts"][0]["social_network_id"], app.id, "{done:#}");
    let account = e2e::Connected { id: e2e::tenant::id(&done["accounts"][0]).to_owned(), resident };
    expire(&tenant, &account.resident).await;
    let post = tenant.settled(&tenant.post("renewed", std::slice::from_ref(&account)).await).await;
    assert_eq!(post["status"], "published", "{post:#}");
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ready_made_app_renews_what_it_got() {
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let account = tenant.connect_by_consent(tenant.world.settle(Platform::X).await, "user_42").await;
    expire(&tenant, &account.resident).await;
    let post = tenant.settled(&tenant.post("renewed", std::slice::from_ref(&account)).await).await;
    assert_eq!(post["status"], "published", "{post:#}");
    house.down().await.expect("an orderly end");
}

async fn expire(tenant: &e2e::Tenant, resident: &Resident) {
    let fault = json!({"account": resident.account, "operation": "publish", "fault": "expire_token"});
    tenant.world.fault(fault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_caller_asks_for_it_what_is_found_is_connected_at_once() {
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let resident = tenant.world.settle(Platform::X).await;
    let mut wish = tenant.wish(&resident, "user_42");
    wish["auto_finalize"] = true.into();
    let brought = tenant.consent(&wish, &Answer::allow(&resident.account)).await.home();
    assert_eq!(brought["status"], "connected", "{brought:?}");
    let account = tenant.caller.get(&format!("/v1/social-accounts/{}", brought["account_id"])).await.expect(200);
    assert_eq!((&account["external_id"], &account["status"]), (&Value::from("user_42"), &Value::from("active")));
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_hosted_chooser_a_choice_is_made_and_nothing_connected() {
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let resident = tenant.world.settle(Platform::X).await;
    let wish = tenant.wish(&resident, "user_42");
    let session = tenant.consent(&wish, &Answer::allow(&resident.account)).await.session();

    // when: the caller sends the browser on to the chooser, which is where its callers reach the API
    let browser = Browser::default();
    let chooser = house.gateway.origin().join(&format!("/connect/{session}")).expect("an address");
    let screen = browser.open(chooser.as_str()).await.page();
    assert_eq!(screen.status, 200);
    assert!(screen.html.contains(&resident.username), "{}", screen.html);
    let answer = Answer { pages: Some(&[&resident.account]), decision: "choose", ..Answer::default() };

    // then
    assert_eq!(browser.send(&screen, &answer).await.session(), session);
    let listed = tenant.caller.get("/v1/social-accounts").await.expect(200);
    assert_eq!(listed["data"], json!([]));
    let done = tenant.finalize(&session, "user_42").await.expect(200);
    assert_eq!(done["accounts"][0]["network_unique_id"], resident.account);
    // and who goes back there is sent home
    assert_eq!(browser.open(chooser.as_str()).await.failed(), "expired");
    house.down().await.expect("an orderly end");
}
