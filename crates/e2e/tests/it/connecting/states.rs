//! States and codes that are not this attempt's.

use domain::platform::Platform;
use e2e::{
    House, Options, Transport,
    browser::{Answer, Browser, Stop},
};
use serde_json::json;
use url::Url;

/// The way back that a browser would have gone, with another host's page in between left out.
fn callback(auth_url: &str, code: &str) -> Url {
    let url: Url = auth_url.parse().expect("an address");
    let parameter = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.unwrap_or_else(|| panic!("no {name}: {url}")).1.into_owned()
    };
    let mut back: Url = parameter("redirect_uri").parse().expect("a callback URL");
    back.query_pairs_mut().append_pair("state", &parameter("state")).append_pair("code", code);
    back
}

async fn nothing_is_connected(house: &House) {
    let found = "SELECT (SELECT count(*) FROM social_accounts) + (SELECT count(*) FROM pending_accounts)";
    assert_eq!(house.db.count(found).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_replayed_connects_nothing() {
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let resident = tenant.world.settle(Platform::X).await;
    let auth_url = tenant.auth_url(&tenant.wish(&resident, "user_42")).await;
    let browser = Browser::default();
    assert_eq!(browser.consent(&auth_url, &Answer::deny()).await.failed(), "access_denied");

    // when: the same page is answered again, this time with yes
    let lost = browser.consent(&auth_url, &Answer::allow(&resident.account)).await.page();

    // then
    assert_eq!(lost.status, 410);
    assert!(lost.html.contains("<h1>") && lost.url.as_str().starts_with(house.gateway.origin().as_str()));
    nothing_is_connected(&house).await;
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_of_another_app_connects_nothing() {
    // given: two apps of one project, and one of another
    let house = House::up(Options::over(Transport::Local)).await;
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let (mine, theirs) = (tenant.bring_app(Platform::X).await, other.bring_app(Platform::X).await);
    let resident = tenant.world.settle(Platform::X).await;
    for foreign in [theirs.callback_url.clone(), mine.callback_url.replace(&mine.id, "default-x")] {
        let auth_url = tenant.auth_url(&tenant.wish(&resident, "user_42")).await;

        // when
        let mut back = callback(&auth_url, "code");
        back.set_path(Url::parse(&foreign).expect("an address").path());

        // then
        assert_eq!(Browser::default().open(back.as_str()).await.failed(), "exchange_failed");
    }
    nothing_is_connected(&house).await;
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_swapped_between_two_apps_connects_nothing() {
    // given: a victim's code for an app of the attacker's
    let house = House::up(Options::over(Transport::Local)).await;
    let (tenant, attacker) = (house.tenant().await, house.tenant().await);
    tenant.bring_app(Platform::X).await;
    attacker.bring_app(Platform::X).await;
    let victim = tenant.world.settle(Platform::X).await;
    let stolen = code_of(&attacker.auth_url(&attacker.wish(&victim, "user_1")).await, &victim.account).await;

    // when: it is brought back with a state of the other app
    let auth_url = tenant.auth_url(&tenant.wish(&victim, "user_42")).await;
    let back = Browser::default().open(callback(&auth_url, &stolen).as_str()).await;

    // then
    assert_eq!(back.failed(), "exchange_failed");
    nothing_is_connected(&house).await;
    house.down().await.expect("an orderly end");
}

/// A code that never came home.
async fn code_of(auth_url: &str, account: &str) -> String {
    let browser = Browser::default();
    let Stop::Page(screen) = browser.open(auth_url).await else { panic!("no consent page") };
    let sent = browser.send_and_stop(&screen, &Answer::allow(account)).await;
    sent.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_finalized_once_and_by_its_own_project() {
    let house = House::up(Options::over(Transport::Local)).await;
    let (tenant, other) = (house.tenant().await, house.tenant().await);
    let resident = tenant.world.settle(Platform::X).await;
    let wish = tenant.wish(&resident, "user_42");
    let session = tenant.consent(&wish, &Answer::allow(&resident.account)).await.session();

    assert_eq!(other.finalize(&session, "user_42").await.status, 404);
    assert_eq!(tenant.finalize(&session, "user_42").await.status, 200);
    let again = tenant.finalize(&session, "user_42").await;
    assert_eq!((again.status, &again.body["code"]), (410, &json!("session_expired")), "{}", again.text);
    house.down().await.expect("an orderly end");
}
