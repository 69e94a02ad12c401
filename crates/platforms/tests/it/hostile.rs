//! Answers that nobody would send who meant well: no call panics, none is taken for a success.

use std::collections::BTreeMap;

use domain::{
    platform::Platform,
    target::{Outcome, Probe, Progress},
};
use platforms::{ConsentAnswer, Media, Network, OauthApp, Part, Staged, network};
use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::{
    bed::{Bed, Connected, main_part, needed_media, prepared, sought},
    bluesky,
};

fn bodies() -> Vec<Vec<u8>> {
    let deep = "[".repeat(100_000);
    let texts = [
        "",
        "null",
        "[]",
        "{}",
        "7",
        "\"x\"",
        "{\"data\":null}",
        "{\"data\":[]}",
        "{\"data\":{\"id\":null}}",
        "{\"id\":null}",
        "{\"id\":{\"id\":1}}",
        "{\"error\":7,\"message\":[]}",
        "{\"errors\":{}}",
        "{\"errors\":[7]}",
        "{\"errors\":[{}]}",
        "{\"title\":\"\",\"detail\":\"\"}",
        "{\"error\":\"\\u0000\"}",
        "{\"data\":{\"id\":\"1\\u0000\"}}",
        "<html>",
        "[{\"id\":1}]",
        "{\"uri\":7,\"cid\":7}",
        "{\"accessJwt\":7}",
        "{\"id\":\"\\u0000\",\"username\":\"\\u0000\"}",
        deep.as_str(),
    ];
    let mut bodies: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    bodies.push(vec![0xFF, 0xFE, 0x00, 0xD8]);
    bodies
}

fn account(platform: Platform, uri: &str) -> Connected {
    let tokens = match platform {
        Platform::X => json!({"access_token": "a", "refresh_token": "r", "client_id": "c"}),
        Platform::Facebook => json!({"access_token": "a"}),
        Platform::Instagram => json!({"login": "instagram", "access_token": "a"}),
        Platform::Threads => json!({"access_token": "a"}),
        Platform::Linkedin => json!({"access_token": "a", "refresh_token": "r"}),
        Platform::Mastodon => json!({"base": uri, "access_token": "a"}),
        Platform::Bluesky => json!({"service": uri, "pds": uri, "did": "did:plc:alice", "access_jwt": "a",
            "refresh_jwt": "r", "app_password": "p"}),
    };
    let id = match platform {
        Platform::Bluesky => "did:plc:alice",
        Platform::Linkedin => "urn:li:organization:42",
        _ => "42",
    };
    Connected::new(id, "alice", Value::Null, tokens)
}

fn given(platform: Platform, uri: &str) -> Value {
    match platform {
        Platform::X | Platform::Facebook | Platform::Instagram | Platform::Threads | Platform::Linkedin => {
            json!({"access_token": "a"})
        }
        Platform::Mastodon => json!({"instance": uri, "access_token": "a"}),
        Platform::Bluesky => json!({"service": uri, "identifier": "alice.example", "app_password": "p"}),
    }
}

async fn every_call(bed: &Bed, network: &dyn Network, account: &Connected, given: &Value, what: &str) {
    let cx = bed.cx();
    let account = account.get();
    let media = needed_media(network.spec().platform);
    let part = Part { media: &media, ..main_part("hi", &Value::Null) };
    let composed = network.compose(&cx, &account, &part).await.expect("composed without a call");
    if let Some(stager) = network.stager() {
        let staged = stager.stage(&cx, &account, &composed).await;
        assert!(!matches!(staged, Ok(Staged::Ready(_))), "{what}: {staged:?}");
    }
    let composed = prepared(network.spec().platform, composed);
    let sent = network.send(&cx, &account, &composed).await;
    assert!(!matches!(sent, Outcome::Published(_)), "{what}: {sent:?}");
    assert!(!format!("{sent:?}").contains("\\0"), "{what}: {sent:?}");
    let probe = network.probe(&cx, &account, &sought(&composed, bed.now - jiff::SignedDuration::from_hours(2))).await;
    assert!(!matches!(probe, Probe::Live(_)), "{what}: {probe:?}");
    assert!(network.identify(&cx, given).await.is_err(), "{what}");
    let media = Media {
        bytes: "x".into(),
        content_type: "image/png".to_owned(),
        filename: "x".to_owned(),
        dimensions: None,
        alt_text: Some("alt".to_owned()),
        url: None,
    };
    let _ = network.upload(&cx, &account, &media).await;
    let _ = network.poll(&cx, &account, &json!({"id": "1"})).await;
    let _ =
        network.poll(&cx, &account, &json!({"image": "urn:li:image:1", "uploaded_at": "2026-11-22T10:00:00Z"})).await;
    let _ = network.health(&cx, &account).await;
    if let Some(refresher) = network.refresher() {
        assert!(refresher.refresh(&cx, &account, None).await.is_err(), "{what}");
    }
    let _ = network.health(&cx, &account).await;
    if let Some(follower) = network.follower() {
        for handle in [json!({"video": "1"}), json!({"media": 7}), json!(null)] {
            let followed = follower.follow(&cx, &account, &handle).await;
            assert!(!matches!(followed, Progress::Live(_)), "{what}: {followed:?}");
        }
    }
    if let Some(numbers) = network.numbers() {
        assert!(numbers.account_numbers(&cx, &account, (cx.now, cx.now)).await.is_err(), "{what}");
    }
    let mention = main_part("@bob.example", &Value::Null);
    let _ = network.compose(&cx, &account, &mention).await;
}

/// Each status is a test of its own, since all of them together take long.
macro_rules! nonsense_is_never_taken_for_success {
    ($($name:ident: $status:literal,)*) => {
        mod nonsense_is_never_taken_for_success {
            $(#[tokio::test]
            async fn $name() {
                super::nonsense($status).await;
            })*
        }
    };
}

nonsense_is_never_taken_for_success! {
    ok: 200,
    created: 201,
    bad_request: 400,
    forbidden: 403,
    not_found: 404,
    unprocessable: 422,
    too_many: 429,
    broken: 500,
}

async fn nonsense(status: u16) {
    let bed = Bed::new().await;
    for platform in Platform::all() {
        let account = account(platform, &bed.uri());
        for body in bodies() {
            bed.forget().await;
            answer_everything(&bed.server, status, body.clone()).await;
            let what = format!("{platform} {status} {}", String::from_utf8_lossy(&body[..body.len().min(60)]));
            every_call(&bed, network(platform), &account, &given(platform, &bed.uri()), &what).await;
        }
    }
}

#[tokio::test]
async fn nonsense_is_no_success_for_a_grant_either() {
    let bed = Bed::new().await;
    let (account, network) = (bluesky::granted(&bed.uri()), network(Platform::Bluesky));
    let given = given(Platform::Bluesky, &bed.uri());
    for status in [200, 401, 500] {
        for body in bodies() {
            bed.forget().await;
            answer_everything(&bed.server, status, body.clone()).await;
            let what = format!("{status} {}", String::from_utf8_lossy(&body[..body.len().min(60)]));
            every_call(&bed, network, &account, &given, &what).await;
        }
    }
}

/// What is kept of a request between the page and the code.
fn kept(platform: Platform, uri: &str) -> Value {
    match platform {
        Platform::Mastodon => json!({"base": uri, "pkce": true}),
        Platform::Bluesky => json!({"issuer": uri, "token_endpoint": format!("{uri}/oauth/token"), "did": null,
            "dpop_key": bluesky::proofs::key()}),
        _ => Value::Null,
    }
}

#[tokio::test]
async fn nonsense_connects_nobody() {
    let bed = Bed::new().await;
    let (verifier, secret) = (SecretString::from("v".repeat(43)), SecretString::from("s"));
    let scopes = vec!["atproto".to_owned(), "write".to_owned()];
    let query: BTreeMap<_, _> =
        [("code", "c".to_owned()), ("iss", bed.uri())].map(|(name, it)| (name.into(), it)).into();
    for platform in Platform::all() {
        let Some(consent) = network(platform).consent() else { continue };
        let data = if platform == Platform::Mastodon { json!({"instance": bed.uri()}) } else { json!({}) };
        let is_public = platform == Platform::Bluesky;
        let app = OauthApp {
            client_id: "https://fanfare.example/client",
            client_secret: Some(&secret).filter(|_| !is_public),
            extra: &Value::Null,
            callback_url: "https://fanfare.example/cb",
        };
        let kept = SecretString::from(kept(platform, &bed.uri()).to_string());
        let answer = ConsentAnswer { query: &query, verifier: &verifier, kept: &kept, scopes: &scopes, data: &data };
        for status in [200, 400, 401, 500] {
            for body in bodies() {
                bed.forget().await;
                answer_everything(&bed.server, status, body.clone()).await;
                let granted = consent.complete(&bed.cx(), &app, &answer).await;
                let what = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
                assert!(granted.is_err(), "{platform} {status} {what}");
                assert!(!bed.seen().await.is_empty(), "{platform} asked");
            }
        }
    }
}

async fn answer_everything(server: &MockServer, status: u16, body: Vec<u8>) {
    let answer =
        ResponseTemplate::new(status).set_body_raw(body, "application/json").insert_header("retry-after", "-1");
    Mock::given(matchers::any()).respond_with(answer).mount(server).await;
}

#[tokio::test]
async fn what_was_stored_wrongly_is_refused_without_a_call() {
    let bed = Bed::new().await;
    for platform in Platform::all() {
        let network = network(platform);
        let good = account(platform, &bed.uri());
        let bad = Connected::new("42", "alice", Value::Null, json!("not an object"));
        let media = needed_media(platform);
        let part = Part { media: &media, ..main_part("hi", &Value::Null) };
        let composed = network.compose(&bed.cx(), &good.get(), &part).await.expect("composed");
        let composed = prepared(platform, composed);
        for stored in
            [Value::Null, json!({}), json!({"body": 7, "key": "a b", "composed_at": 0, "repo": "x"}), json!([])]
        {
            let sent = network.send(&bed.cx(), &good.get(), &stored).await;
            assert!(matches!(sent, Outcome::Refused(_)), "{platform} {stored}");
            let probe = network.probe(&bed.cx(), &good.get(), &sought(&stored, bed.now)).await;
            assert!(matches!(probe, Probe::Unknown { .. }), "{platform} {stored}");
        }
        assert!(matches!(network.send(&bed.cx(), &bad.get(), &composed).await, Outcome::Refused(_)));
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}
