//! What answers to a send say of budgets.

use domain::{
    budget::{Reading, Scope},
    platform::Platform,
};
use jiff::SignedDuration;
use platforms::{Cx, Part, Readings, network};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::bed::{Bed, Connected, NOW, at, main_part, needed_media, prepared};

fn account(platform: Platform, bed: &Bed) -> Connected {
    let uri = bed.uri();
    match platform {
        Platform::X => Connected::new("42", "alice", Value::Null, json!({"access_token": "a"})),
        Platform::Facebook => Connected::new("1755", "acme", Value::Null, json!({"access_token": "a"})),
        Platform::Instagram => {
            Connected::new("178", "acme", Value::Null, json!({"login": "instagram", "access_token": "a"}))
        }
        Platform::Mastodon => Connected::new("109", "alice", Value::Null, json!({"base": uri, "access_token": "a"})),
        Platform::Bluesky => Connected::new(
            "did:plc:alice",
            "alice.example",
            Value::Null,
            json!({"service": uri, "pds": uri, "did": "did:plc:alice", "access_jwt": "a", "refresh_jwt": "r",
                "app_password": "p"}),
        ),
    }
}

/// What is noted of an answer with these headers.
async fn noted(platform: Platform, status: u16, headers: &[(&str, String)]) -> Vec<Reading> {
    let bed = Bed::new().await;
    let path = match platform {
        Platform::X => "/2/tweets",
        Platform::Facebook => "/v24.0/1755/feed",
        Platform::Instagram => "/v24.0/178/media_publish",
        Platform::Bluesky => "/xrpc/com.atproto.repo.putRecord",
        Platform::Mastodon => "/api/v1/statuses",
    };
    let mut answer = ResponseTemplate::new(status).set_body_json(json!({"error": "x", "detail": "x"}));
    for (name, value) in headers {
        answer = answer.insert_header(*name, value.as_str());
    }
    bed.on_with("POST", path, answer).await;
    let readings = Readings::default();
    let cx = Cx { readings: Some(&readings), ..bed.cx() };
    let account = account(platform, &bed);
    let null = Value::Null;
    let media = needed_media(platform);
    let part = Part { media: &media, ..main_part("hi", &null) };
    let composed = network(platform).compose(&cx, &account.get(), &part).await.expect("composed");
    let composed = prepared(platform, composed);
    network(platform).send(&cx, &account.get(), &composed).await;
    readings.take()
}

fn reading(scope: Scope, name: &'static str, limit: Option<i32>, remaining: i32, reset: Option<i64>) -> Reading {
    Reading { scope, name, limit, remaining, reset: reset.map(|after| at(NOW + after)) }
}

fn unix(after: i64) -> String {
    (NOW + after).to_string()
}

#[tokio::test]
async fn x_tells_of_the_user_and_of_the_app() {
    let headers = [
        ("x-rate-limit-limit", "100".to_owned()),
        ("x-rate-limit-remaining", "41".to_owned()),
        ("x-rate-limit-reset", unix(500)),
        ("x-user-limit-24hour-limit", "50".to_owned()),
        ("x-user-limit-24hour-remaining", "3".to_owned()),
        ("x-user-limit-24hour-reset", unix(80_000)),
        ("x-app-limit-24hour-limit", "10000".to_owned()),
        ("x-app-limit-24hour-remaining", "0".to_owned()),
        ("x-app-limit-24hour-reset", unix(70_000)),
    ];
    let expected = [
        reading(Scope::Account, "posts_15m", Some(100), 41, Some(500)),
        reading(Scope::Account, "posts_24h", Some(50), 3, Some(80_000)),
        reading(Scope::App, "posts_24h", Some(10_000), 0, Some(70_000)),
    ];
    for status in [201, 403, 429, 500] {
        assert_eq!(noted(Platform::X, status, &headers).await, expected, "{status}");
    }
}

#[tokio::test]
async fn bluesky_tells_which_budget_by_its_window() {
    let headers = |policy: &str| {
        [
            ("ratelimit-limit", "5000".to_owned()),
            ("ratelimit-remaining", "4997".to_owned()),
            ("ratelimit-reset", unix(3_000)),
            ("ratelimit-policy", policy.to_owned()),
        ]
    };
    let hour = reading(Scope::Account, "points_1h", Some(5_000), 4_997, Some(3_000));
    assert_eq!(noted(Platform::Bluesky, 200, &headers("5000;w=3600")).await, [hour]);
    let day = Reading { name: "points_24h", ..hour };
    assert_eq!(noted(Platform::Bluesky, 429, &headers("5000; w=86400")).await, [day]);
    assert_eq!(noted(Platform::Bluesky, 200, &headers("3000;w=300")).await, [], "another limit of the server");
    assert_eq!(noted(Platform::Bluesky, 200, &headers("")).await, []);
}

#[tokio::test]
async fn mastodon_tells_which_budget_by_its_end() {
    let headers = |reset: String| {
        [
            ("X-RateLimit-Limit", "300".to_owned()),
            ("X-RateLimit-Remaining", "7".to_owned()),
            ("X-RateLimit-Reset", reset),
        ]
    };
    let iso = |after: i64| at(NOW + after).to_string();
    let requests = reading(Scope::Account, "requests_5m", Some(300), 7, Some(200));
    assert_eq!(noted(Platform::Mastodon, 200, &headers(iso(200))).await, [requests]);
    assert_eq!(noted(Platform::Mastodon, 429, &headers(unix(200))).await, [requests]);
    let statuses = reading(Scope::Account, "statuses_3h", Some(300), 7, Some(10_000));
    assert_eq!(noted(Platform::Mastodon, 200, &headers(iso(10_000))).await, [statuses]);
    assert_eq!(noted(Platform::Mastodon, 200, &headers(iso(100_000))).await, [], "no window is as long");
}

#[tokio::test]
async fn facebook_tells_when_little_is_left() {
    let said = |percent: u32, minutes: u32| {
        let usage = format!(
            r#"{{"1755":[{{"type":"pages","call_count":{percent},"total_cputime":10,"total_time":10,"estimated_time_to_regain_access":{minutes}}}]}}"#
        );
        [("x-business-use-case-usage", usage)]
    };
    let spent = |after| reading(Scope::Account, "calls_24h", None, 0, Some(after));
    assert_eq!(noted(Platform::Facebook, 200, &said(89, 0)).await, []);
    assert_eq!(noted(Platform::Facebook, 200, &said(90, 0)).await, [spent(600)]);
    assert_eq!(noted(Platform::Facebook, 400, &said(100, 19)).await, [spent(19 * 60)]);
    assert_eq!(noted(Platform::Facebook, 400, &said(100, 4_000_000_000)).await, [spent(24 * 3600)]);
    let app = [("x-app-usage", r#"{"call_count":28,"total_cputime":95,"total_time":25}"#.to_owned())];
    assert_eq!(noted(Platform::Facebook, 200, &app).await, [spent(600)]);
    for nonsense in ["", "[]", "7", r#"{"1755":{}}"#, r#"{"1755":[{"call_count":"x"}]}"#] {
        let headers = [("x-business-use-case-usage", nonsense.to_owned())];
        assert_eq!(noted(Platform::Facebook, 200, &headers).await, [], "{nonsense}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_not_noted() {
    let say = |limit: &str, remaining: &str, reset: &str| {
        [
            ("x-rate-limit-limit", limit.to_owned()),
            ("x-rate-limit-remaining", remaining.to_owned()),
            ("x-rate-limit-reset", reset.to_owned()),
        ]
    };
    for remaining in ["", "-1", "soon", "99999999999", "1.5"] {
        assert_eq!(noted(Platform::X, 201, &say("100", remaining, &unix(60))).await, [], "{remaining}");
    }
    let plain = |limit, remaining| reading(Scope::Account, "posts_15m", limit, remaining, None);
    for reset in ["soon", "-5", &unix(-1), &unix(10_000), "999999999999999999"] {
        assert_eq!(noted(Platform::X, 201, &say("100", "5", reset)).await, [plain(Some(100), 5)], "{reset}");
    }
    for limit in ["0", "-3", "4", "many"] {
        assert_eq!(noted(Platform::X, 201, &say(limit, "5", "")).await, [plain(None, 5)], "{limit}");
    }
}

#[test]
fn every_network_has_budgets_that_one_can_count() {
    for platform in Platform::all() {
        let budgets = network(platform).spec().budgets;
        // A network's "too much" is remembered with a budget of the account.
        assert!(budgets.iter().any(|rule| rule.scope == Scope::Account), "{platform}");
        for rule in budgets {
            assert!(rule.cost > 0 && rule.limit >= 50 * rule.cost, "{platform} {}", rule.name);
            assert!(rule.window >= SignedDuration::from_secs(1), "{platform} {}", rule.name);
            let same = budgets.iter().filter(|other| (other.scope, other.name) == (rule.scope, rule.name)).count();
            assert_eq!(same, 1, "{platform} {}", rule.name);
        }
    }
}
