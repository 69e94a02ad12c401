//! The sandbox's own API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use reqwest::Method;
use serde_json::json;
use sha2::Sha256;

use crate::given::{Given, answer};
use crate::posting::{ALL, Network};

#[tokio::test]
async fn accounts_come_with_the_credentials_that_connect_them() {
    let given = Given::sandbox().await;
    let bluesky = given.account("bluesky", "alice").await;
    assert_eq!(bluesky.credentials["identifier"], "alice.bsky.test");
    let mastodon = given.account("mastodon", "alice").await;
    assert_eq!(mastodon.credentials["instance"], given.sandbox.url());
    assert!(mastodon.id.bytes().all(|byte| byte.is_ascii_digit()));
    let x = given.account("x", "alice").await;
    assert!(x.credentials["scopes"].as_array().expect("scopes").contains(&json!("tweet.write")));
    assert!(x.credentials["expires_at"].as_str().expect("a time").parse::<jiff::Timestamp>().is_ok());

    let create = |body| answer(given.post("/_sandbox/accounts").json(&body));
    let made_up = create(json!({"platform": "x"})).await.expect(201);
    assert_ne!(made_up.body["account"], x.id);
    let again = create(json!({"platform": "x", "username": "ALICE"})).await.expect(200);
    assert_eq!(again.body["account"], x.id);
    assert_ne!(again.body["credentials"]["access_token"], x.credentials["access_token"]);
    for bad in [
        json!({"platform": "myspace"}),
        json!({"platform": "x", "username": "a b"}),
        json!({"platform": "x", "colour": 1}),
        json!({"platform": "x", "person": "alice"}),
        json!({"platform": "mastodon", "kind": "organization"}),
        json!({}),
    ] {
        create(bad).await.expect(422);
    }
    answer(given.post("/_sandbox/accounts").body("{")).await.expect(400);
}

#[tokio::test]
async fn each_network_has_a_ready_made_app_and_takes_more() {
    let given = Given::sandbox().await;
    let list = async || answer(given.get("/_sandbox/apps")).await.expect(200).body["data"].clone();
    let ready = list().await;
    for platform in ALL.map(Network::name) {
        let app = ready.as_array().expect("apps").iter().find(|app| app["platform"] == platform).expect("one");
        assert!(app["client_id"].is_string() && app["variant"] == "default", "{app}");
        assert_eq!(app["client_secret"].is_null(), platform == "bluesky", "{app}");
    }
    let create = |body| answer(given.post("/_sandbox/apps").json(&body));
    let made = create(json!({"platform": "x", "redirect_uris": ["https://app.example/cb"]})).await.expect(201);
    assert_eq!((&made.body["variant"], &made.body["platform"]), (&json!("default"), &json!("x")));
    assert!(made.body["client_secret"].is_string() && list().await.as_array().expect("apps").contains(&made.body));
    let public = json!({"platform": "x", "redirect_uris": ["https://app.example/cb"], "public": true});
    assert!(create(public).await.expect(201).body["client_secret"].is_null());
    for bad in [
        json!({"platform": "x"}),
        json!({"platform": "x", "redirect_uris": []}),
        json!({"platform": "x", "redirect_uris": ["/cb"]}),
        json!({"platform": "x", "redirect_uris": ["https://app.example/#a"]}),
        json!({"platform": "x", "redirect_uris": ["https://app.example/"], "variant": "other"}),
        json!({"platform": "x", "redirect_uris": ["https://app.example/"], "colour": 1}),
        json!({"platform": "bluesky", "redirect_uris": ["https://app.example/"], "public": false}),
    ] {
        create(bad).await.expect(422);
    }
    answer(given.delete("/_sandbox")).await.expect(204);
    assert_eq!(list().await, ready);
}

#[tokio::test]
async fn the_ledger_is_filtered() {
    let given = Given::sandbox().await;
    let author = Network::X.author(&given, "alice").await;
    for text in ["one", "two"] {
        author.publish(&given, text).await.expect("an answer").expect(201);
    }
    given.advance("PT1H").await;
    let since = answer(given.get("/_sandbox/clock")).await.text_at("/now");
    author.publish(&given, "three").await.expect("an answer").expect(201);
    let texts = async |query: String| -> Vec<String> {
        given.ledger(&query).await.iter().map(|entry| entry["text"].as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(texts(format!("?since={since}")).await, ["three"]);
    assert_eq!(texts("?since=1".to_owned()).await, ["two", "three"]);
    assert_eq!(texts("?platform=mastodon".to_owned()).await, Vec::<String>::new());
    assert_eq!(texts(format!("?platform=x&account={}&since=2", author.account.id)).await, ["three"]);
    answer(given.get("/_sandbox/ledger?since=yesterday")).await.expect(422);
    answer(given.get("/_sandbox/ledger?colour=red")).await.expect(422);
    let entry = &given.ledger("").await[0];
    for key in ["seq", "at", "platform", "account", "platform_post_id", "kind", "parent", "text", "media", "deleted_at"]
    {
        assert!(entry.get(key).is_some(), "{key}");
    }
}

#[tokio::test]
async fn faults_are_listed_and_cleared() {
    let given = Given::sandbox().await;
    let set = |body| answer(given.post("/_sandbox/faults").json(&body));
    let first = set(json!({"operation": "publish", "fault": "throttle"})).await.expect(201);
    assert_eq!((&first.body["times"], &first.body["struck"]), (&json!(1), &json!(0)));
    set(json!({"operation": "*", "fault": "hang", "times": null})).await.expect(201);
    for bad in [
        json!({"operation": "dance", "fault": "throttle"}),
        json!({"operation": "publish", "fault": "explode"}),
        json!({"operation": "publish", "fault": "slow", "params": {"delay_ms": 99_999_999}}),
        json!({"operation": "publish", "fault": "reject", "params": {"status": 200}}),
        json!({"operation": "publish", "fault": "reject", "params": {"colour": 1}}),
        json!({"operation": "publish", "fault": "reject", "times": 0}),
        json!({"fault": "reject"}),
    ] {
        set(bad).await.expect(422);
    }
    let listed = answer(given.get("/_sandbox/faults")).await;
    assert_eq!(listed.body["data"].as_array().expect("faults").len(), 2);
    answer(given.delete(&format!("/_sandbox/faults/{}", first.body["id"]))).await.expect(204);
    answer(given.delete("/_sandbox/faults/77")).await.expect(404);
    answer(given.delete("/_sandbox/faults")).await.expect(204);
    assert_eq!(answer(given.get("/_sandbox/faults")).await.body, json!({"data": []}));
}

#[tokio::test]
async fn the_clock_only_moves_forward() {
    let given = Given::sandbox().await;
    let now = || async {
        answer(given.get("/_sandbox/clock")).await.text_at("/now").parse::<jiff::Timestamp>().expect("a time")
    };
    let before = now().await;
    given.advance("P1DT1H").await;
    let after = now().await;
    assert!(after.duration_since(before).as_hours() == 25);
    for bad in ["-PT1H", "PT", "1h", "P200Y", "P1M"] {
        answer(given.post("/_sandbox/clock").json(&json!({"advance": bad}))).await.expect(422);
    }
    // Answers are dated by it, so that a caller can tell the difference.
    let dated = answer(given.get("/_sandbox/ledger")).await;
    let dated = jiff::fmt::rfc2822::parse(&dated.header("date").replace("GMT", "+0000")).expect("a date").timestamp();
    assert!(dated.duration_since(after).as_secs().abs() < 60);
}

fn signature(secret: &[u8], id: &str, stamp: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key will do");
    mac.update(format!("{id}.{stamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn the_inbox_keeps_and_verifies_webhooks() {
    let given = Given::sandbox().await;
    let body = r#"{"type": "post.published"}"#;
    answer(given.post("/_sandbox/inbox/mine").body(body)).await.expect(204);
    let secret = [7; 32];
    let register = |secret: &str| {
        answer(given.request(Method::PUT, "/_sandbox/inbox/mine").json(&json!({"signing_secret": secret})))
    };
    register("nonsense").await.expect(422);
    register(&format!("whsec_{}", STANDARD.encode(secret))).await.expect(204);
    #[allow(clippy::disallowed_methods)]
    let now = jiff::Timestamp::now().as_second();
    let deliver = |stamp: i64, signature: String| {
        let request = given.post("/_sandbox/inbox/mine").body(body).header("webhook-id", "evt_1");
        answer(request.header("webhook-timestamp", stamp.to_string()).header("webhook-signature", signature))
    };
    deliver(now, signature(&secret, "evt_1", now, body)).await.expect(204);
    // While a secret is changed both sign.
    let both = format!("{} {}", signature(&[8; 32], "evt_1", now, body), signature(&secret, "evt_1", now, body));
    deliver(now, both).await.expect(204);
    deliver(now, signature(&secret, "evt_2", now, body)).await.expect(401);
    deliver(now - 3600, signature(&secret, "evt_1", now - 3600, body)).await.expect(401);
    answer(given.post("/_sandbox/inbox/mine").body(body)).await.expect(401);

    let kept = answer(given.get("/_sandbox/inbox/mine")).await.expect(200);
    let verified: Vec<_> =
        kept.body["data"].as_array().expect("deliveries").iter().map(|each| each["verified"].clone()).collect();
    assert_eq!(verified, [json!(null), json!(true), json!(true), json!(false), json!(false), json!(false)]);
    let second = &kept.body["data"][1];
    assert_eq!(
        (&second["body"], &second["json"]["type"], &second["headers"]["webhook-id"]),
        (&json!(body), &json!("post.published"), &json!("evt_1"))
    );
    assert_eq!(answer(given.get("/_sandbox/inbox/other")).await.body, json!({"data": []}));
    answer(given.post("/_sandbox/inbox/a%20b").body(body)).await.expect(422);
    answer(given.delete("/_sandbox/inbox/mine")).await.expect(204);
    assert_eq!(answer(given.get("/_sandbox/inbox/mine")).await.body, json!({"data": []}));
}
