//! Wishes that cannot be granted, and people who say no: a clear word, and the browser back at its caller's.

use domain::platform::Platform;
use e2e::{House, Options, Transport, browser::Answer};
use serde_json::{Value, json};

use super::NETWORKS;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wishes_that_make_no_sense_are_refused_by_field() {
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let resident = tenant.world.settle(Platform::X).await;
    let refused = async |change: &[(&str, Value)], pointer: &str| {
        let mut wish = tenant.wish(&resident, "user_42");
        for (name, value) in change {
            wish[*name] = value.clone();
        }
        let reply = tenant.caller.post("/v1/social-accounts/auth-url", wish).await;
        assert_eq!(reply.status, 422, "{}", reply.text);
        let pointers: Vec<_> =
            reply.body["errors"].as_array().into_iter().flatten().map(|error| &error["pointer"]).collect();
        assert!(pointers.iter().any(|at| *at == pointer), "{pointer}: {}", reply.text);
    };
    refused(&[("redirect_uri", json!("https://elsewhere.example/"))], "/redirect_uri").await;
    refused(&[("redirect_uri", json!("javascript:alert(1)"))], "/redirect_uri").await;
    refused(&[("external_id", json!(7))], "/external_id").await;
    refused(&[("platform", json!("mastodon")), ("platform_data", json!({}))], "/platform_data/instance").await;
    let mut unknown = tenant.wish(&resident, "user_42");
    unknown["platform"] = "myspace".into();
    let reply = tenant.caller.post("/v1/social-accounts/auth-url", unknown).await;
    assert_eq!((reply.status, &reply.body["code"]), (422, &json!("unsupported_platform")), "{}", reply.text);
    assert_eq!(house.db.count("SELECT count(*) FROM connect_sessions").await, 0);
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_no_or_takes_away_what_is_needed_goes_home_with_a_word() {
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    for platform in NETWORKS {
        let resident = tenant.world.settle(platform).await;
        let wish = tenant.wish(&resident, "user_42");
        assert_eq!(tenant.consent(&wish, &Answer::deny()).await.failed(), "access_denied", "{platform}");
        // LinkedIn asks for all or nothing, and Threads does not say what was granted.
        if matches!(platform, Platform::Linkedin | Platform::Threads) {
            continue;
        }
        let without = all_but_one(platform);
        let answer = Answer { without: &without, ..tenant.yes(&resident) };
        let brought = tenant.consent(&wish, &answer).await.home();
        assert_eq!(brought.get("code").map(String::as_str), Some("access_denied"), "{platform}: {brought:?}");
    }
    let found = "SELECT (SELECT count(*) FROM social_accounts) + (SELECT count(*) FROM pending_accounts)";
    assert_eq!(house.db.count(found).await, 0);
    house.down().await.expect("an orderly end");
}

/// What is asked for usually but for the first: there may be one that the network lets nobody take away.
fn all_but_one(platform: Platform) -> Vec<&'static str> {
    let consent = platforms::network(platform).consent().expect("a consent page");
    let rules = ["default", "127.0.0.1"].iter().find_map(|variant| consent.rules(variant)).expect("rules");
    rules.scopes.iter().copied().skip(1).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_was_not_offered_is_not_connected() {
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let resident = tenant.world.settle(Platform::X).await;
    let wish = tenant.wish(&resident, "user_42");
    let session = tenant.consent(&wish, &Answer::allow(&resident.account)).await.session();
    let path = format!("/v1/social-accounts/pending/{session}/finalize");
    let other = json!({"external_id": "user_42", "selected_page_ids": ["4711"]});
    let reply = tenant.caller.post(&path, other).await;
    assert_eq!(reply.status, 422, "{}", reply.text);
    assert!(reply.text.contains("/selected_page_ids"), "{}", reply.text);
    // and what waits waits on
    assert_eq!(tenant.finalize(&session, "user_42").await.status, 200);
    house.down().await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_too_late_goes_home_with_a_word() {
    let house = House::up(Options::over(Transport::Local)).await;
    let tenant = house.tenant().await;
    let resident = tenant.world.settle(Platform::X).await;
    let wish = tenant.wish(&resident, "user_42");
    let auth_url = tenant.auth_url(&wish).await;
    house.db.execute("UPDATE connect_sessions SET expires_at = now() - interval '1 s'").await;
    let late = e2e::browser::Browser::default().consent(&auth_url, &Answer::allow(&resident.account)).await;
    assert_eq!(late.failed(), "expired");

    let session = tenant.consent(&wish, &Answer::allow(&resident.account)).await.session();
    house.db.execute("UPDATE connect_sessions SET expires_at = now() - interval '1 s'").await;
    let reply = tenant.finalize(&session, "user_42").await;
    assert_eq!((reply.status, &reply.body["code"]), (410, &json!("session_expired")), "{}", reply.text);
    house.down().await.expect("an orderly end");
}
