use std::collections::BTreeMap;

use platforms::{Consent, ConsentAnswer, ConsentFault, ConsentRequest, Granted, Network, OauthApp, threads::Threads};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::{USER, error};
use crate::bed::{Bed, NOW, at, refusal};

const TOKEN: &str = "/oauth/access_token";
const LASTING: &str = "/access_token";
const ME: &str = "/v1.0/me";
const CALLBACK: &str = "https://fanfare.example/v1/oauth/callback/net_1";

fn scopes() -> Vec<String> {
    Threads
        .consent()
        .and_then(|consent| consent.rules("default"))
        .expect("rules")
        .scopes
        .iter()
        .map(|scope| (*scope).to_owned())
        .collect()
}

fn app(secret: &SecretString) -> OauthApp<'_> {
    OauthApp { client_id: "app", client_secret: Some(secret), extra: &Value::Null, callback_url: CALLBACK }
}

#[tokio::test]
async fn the_page_asks_with_commas() {
    let bed = Bed::new().await;
    let bases = bed.bases.clone().with("threads_www", Url::parse("https://th.example/www").expect("an address"));
    let (scopes, verifier, secret) = (scopes(), SecretString::from("v"), SecretString::from("s"));
    let request = ConsentRequest { state: "state-1", verifier: &verifier, scopes: &scopes, data: &Value::Null };
    let mut cx = bed.cx();
    cx.bases = &bases;
    let page = Threads.begin(&cx, &app(&secret), &request).await.expect("a page");
    assert_eq!(
        page.url.as_str(),
        "https://th.example/www/oauth/authorize?response_type=code&client_id=app\
         &redirect_uri=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1\
         &scope=threads_basic%2Cthreads_content_publish%2Cthreads_manage_replies%2Cthreads_read_replies\
         %2Cthreads_manage_insights%2Cthreads_delete&state=state-1"
    );
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

async fn complete(bed: &Bed, query: &[(&str, &str)]) -> Result<Granted, ConsentFault> {
    let query: BTreeMap<_, _> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let (verifier, kept, secret) = (SecretString::from("v"), SecretString::from("null"), SecretString::from("s3cret"));
    let answer = ConsentAnswer { query: &query, verifier: &verifier, kept: &kept, scopes: &scopes(), data: &json!({}) };
    Threads.complete(&bed.cx(), &app(&secret), &answer).await
}

const CODE: &[(&str, &str)] = &[("code", "code-1#_"), ("state", "s")];

async fn answers(token: Value, lasting: (u16, Value), me: Value) -> Bed {
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, token).await;
    bed.on("GET", LASTING, lasting.0, lasting.1).await;
    bed.on("GET", ME, 200, me).await;
    bed
}

fn lasting() -> (u16, Value) {
    (200, json!({"access_token": "long-1", "token_type": "bearer", "expires_in": 5_183_944}))
}

fn me(id: &str) -> Value {
    json!({"id": id, "username": "alice"})
}

#[tokio::test]
async fn a_code_becomes_a_profile_with_a_lasting_token() {
    for user in [json!(17_841_400_000_000_001_u64), json!(USER), Value::Null] {
        // given
        let bed = answers(json!({"access_token": "short-1", "user_id": user}), lasting(), me(USER)).await;
        // when
        let granted = complete(&bed, CODE).await.expect("granted");
        // then
        assert!(!granted.is_choice);
        let [profile] = &granted.profiles[..] else { panic!("one profile") };
        assert_eq!((profile.network_unique_id.as_str(), profile.username.as_str()), (USER, "alice"));
        assert_eq!(profile.scopes, scopes());
        assert_eq!(profile.tokens.expires_at, Some(at(NOW + 5_183_944)));
        assert_eq!(profile.tokens.sealed_json.expose_secret(), "{\"access_token\":\"long-1\"}");
        let seen = bed.seen().await;
        let form = "grant_type=authorization_code&code=code-1\
            &redirect_uri=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1&client_id=app&client_secret=s3cret";
        assert_eq!((&seen[0]["call"], &seen[0]["body"]), (&json!(format!("POST {TOKEN}")), &json!(form)));
        let query = "grant_type=th_exchange_token&client_secret=s3cret&access_token=short-1";
        assert_eq!(seen[1], json!({"call": format!("GET {LASTING}"), "query": query}));
        assert_eq!(seen[2]["authorization"], json!("Bearer long-1"));
    }
}

fn fault(fault: &ConsentFault) -> String {
    match fault {
        ConsentFault::Denied(_) => "denied".to_owned(),
        ConsentFault::Invalid(_) => "invalid".to_owned(),
        ConsentFault::Refused(error) => refusal(error),
    }
}

#[tokio::test]
async fn every_answer_to_a_code_has_its_class() {
    for (status, body, expected) in [
        (400, error(100, Some(36_009), "This authorization code has been used."), "invalid"),
        (400, error(190, None, "Invalid code-1"), "invalid"),
        (400, error(101, None, "Error validating application. s3cret"), "rejected platform_error"),
        (400, json!({"error": "invalid_grant"}), "invalid"),
        (400, error(4, None, "limit"), "throttled +300"),
        (500, json!({}), "not_now"),
        (200, json!({}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, status, body.clone()).await;
        let error = complete(&bed, CODE).await.expect_err("refused");
        assert_eq!(fault(&error), expected, "{body}");
        let told = format!("{error:?}");
        assert!(!told.contains("code-1") && !told.contains("s3cret"), "{told}");
    }
}

#[tokio::test]
async fn what_comes_after_the_code_is_checked_too() {
    let token = json!({"access_token": "short-1", "user_id": USER});
    let bed = answers(token.clone(), lasting(), me("2")).await;
    assert_eq!(fault(&complete(&bed, CODE).await.expect_err("refused")), "not_now", "another profile");
    let bed = answers(token.clone(), (400, error(1, None, "trouble")), me(USER)).await;
    assert_eq!(fault(&complete(&bed, CODE).await.expect_err("refused")), "not_now", "no lasting token");
    let mut fewer = token;
    fewer["scope"] = json!("threads_basic");
    let bed = answers(fewer, lasting(), me(USER)).await;
    assert_eq!(fault(&complete(&bed, CODE).await.expect_err("refused")), "denied", "fewer scopes");
}

#[tokio::test]
async fn what_the_browser_brings_is_read_before_anything_is_sent() {
    let bed = Bed::new().await;
    for (query, expected) in [
        (&[("error", "access_denied"), ("error_reason", "user_denied")][..], "denied"),
        (&[("code", "#_")], "invalid"),
        (&[], "invalid"),
    ] {
        assert_eq!(fault(&complete(&bed, query).await.expect_err("refused")), expected, "{query:?}");
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[test]
fn threads_has_one_kind_of_app() {
    let consent = Threads.consent().expect("can");
    assert_eq!(consent.variant(&Value::Null), Ok("default".to_owned()));
    assert_eq!(consent.variant(&json!({"as": "page"})).expect_err("refused").0, "/as");
    assert!(consent.rules("threads").is_none());
}
