use std::collections::BTreeMap;

use platforms::{Consent, ConsentAnswer, ConsentFault, ConsentRequest, Granted, Network, OauthApp, Refresh, x::X};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::bed::{Bed, Connected, NOW, at, refusal};

const ME: &str = "/2/users/me";
const TOKEN: &str = "/2/oauth2/token";
const CALLBACK: &str = "https://fanfare.example/v1/oauth/callback/net_1";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn scopes() -> Vec<String> {
    ["tweet.read", "tweet.write", "users.read", "media.write", "offline.access"].map(str::to_owned).to_vec()
}

fn app(secret: Option<&SecretString>) -> OauthApp<'_> {
    OauthApp { client_id: "app", client_secret: secret, extra: &Value::Null, callback_url: CALLBACK }
}

async fn complete(bed: &Bed, app: &OauthApp<'_>, query: &[(&str, &str)]) -> Result<Granted, ConsentFault> {
    let query: BTreeMap<_, _> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let (verifier, kept) = (SecretString::from(VERIFIER), SecretString::from("null"));
    let answer = ConsentAnswer { query: &query, verifier: &verifier, kept: &kept, scopes: &scopes(), data: &json!({}) };
    X.complete(&bed.cx(), app, &answer).await
}

fn token() -> Value {
    json!({"token_type": "bearer", "expires_in": 7200, "access_token": "access-1", "refresh_token": "refresh-1",
        "scope": "tweet.read tweet.write users.read media.write offline.access"})
}

fn user() -> Value {
    json!({"data": {"id": "42", "name": "Alice", "username": "alice", "subscription_type": "None"}})
}

fn tokens(granted: &Granted) -> Value {
    serde_json::from_str(granted.profiles[0].tokens.sealed_json.expose_secret()).expect("tokens are JSON")
}

#[tokio::test]
async fn the_page_is_xs_own() {
    // given
    let bed = Bed::new().await;
    let bases = bed.bases.clone().with("x_www", Url::parse("https://x.example/www").expect("an address"));
    let (scopes, verifier) = (scopes(), SecretString::from(VERIFIER));
    let request = ConsentRequest { state: "state-1", verifier: &verifier, scopes: &scopes, data: &Value::Null };
    let mut cx = bed.cx();
    cx.bases = &bases;
    // when
    let page = X.begin(&cx, &app(None), &request).await.expect("a page");
    // then
    assert_eq!(
        page.url.as_str(),
        "https://x.example/www/i/oauth2/authorize?response_type=code&client_id=app\
         &redirect_uri=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1\
         &scope=tweet.read%20tweet.write%20users.read%20media.write%20offline.access&state=state-1\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_code_becomes_a_profile() {
    // given
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, token()).await;
    bed.on("GET", ME, 200, user()).await;
    let secret = SecretString::from("s");
    for (secret, authorization, body_ends) in
        [(Some(&secret), json!("Basic YXBwOnM="), ""), (None, Value::Null, "&client_id=app")]
    {
        // when
        let granted = complete(&bed, &app(secret), &[("code", "code-1"), ("state", "s")]).await.expect("granted");
        // then
        assert!(!granted.is_choice);
        let [profile] = &granted.profiles[..] else { panic!("one profile") };
        assert_eq!((profile.network_unique_id.as_str(), profile.username.as_str()), ("42", "alice"));
        assert_eq!(profile.scopes, scopes());
        assert_eq!(profile.tokens.expires_at, Some(at(NOW + 7200)));
        assert_eq!(tokens(&granted), json!({"access_token": "access-1", "refresh_token": "refresh-1"}));
        let form = format!(
            "grant_type=authorization_code&code=code-1&redirect_uri=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1\
             &code_verifier={VERIFIER}{body_ends}"
        );
        let seen = bed.seen().await;
        let trade = &seen[seen.len() - 2];
        assert_eq!((&trade["call"], &trade["body"]), (&json!(format!("POST {TOKEN}")), &json!(form)));
        assert_eq!(trade["authorization"], authorization);
        assert_eq!(seen[seen.len() - 1]["authorization"], json!("Bearer access-1"));
    }
}

/// An app's budget is one, whichever way its accounts came.
#[tokio::test]
async fn an_apps_budget_is_the_same_for_tokens_that_were_handed_in() {
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, token()).await;
    bed.on("GET", ME, 200, user()).await;
    let secret = SecretString::from("s");
    for (secret, given) in [
        (Some(&secret), json!({"access_token": "a", "client_id": "app", "client_secret": "s"})),
        (None, json!({"access_token": "a", "client_id": "app"})),
    ] {
        let granted = complete(&bed, &app(secret), &[("code", "code-1")]).await.expect("granted");
        let handed_in = X.identify(&bed.cx(), &given).await.expect("identified");
        assert_eq!(granted.profiles[0].facts, handed_in.facts);
    }
}

#[tokio::test]
async fn a_grant_is_renewed_by_its_app_as_it_is_now() {
    // given
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, json!({"access_token": "access-2", "refresh_token": "refresh-2"})).await;
    let held = json!({"access_token": "access-1", "refresh_token": "refresh-1"});
    let account = Connected::new("42", "alice", Value::Null, held);
    let secret = SecretString::from("new");
    // when
    let renewed = X.refresh(&bed.cx(), &account.get(), Some(&app(Some(&secret)))).await.expect("renewed");
    // then
    let renewed: Value = serde_json::from_str(renewed.sealed_json.expose_secret()).expect("tokens are JSON");
    assert_eq!(renewed, json!({"access_token": "access-2", "refresh_token": "refresh-2"}));
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("POST {TOKEN}"), "authorization": "Basic YXBwOm5ldw==",
            "type": "application/x-www-form-urlencoded", "body": "grant_type=refresh_token&refresh_token=refresh-1"})]
    );
    // and when the app is gone
    let error = X.refresh(&bed.cx(), &account.get(), None).await.expect_err("refused");
    assert_eq!(refusal(&error), "auth token_expired");
}

fn fault(fault: &ConsentFault) -> String {
    match fault {
        ConsentFault::Denied(_) => "denied".to_owned(),
        ConsentFault::Invalid(_) => "invalid".to_owned(),
        ConsentFault::Refused(error) => refusal(error),
    }
}

#[tokio::test]
async fn what_the_browser_brings_is_read_before_anything_is_sent() {
    let bed = Bed::new().await;
    for (query, expected) in [
        (&[("error", "access_denied"), ("state", "s")][..], "denied"),
        (&[("error", "invalid_scope"), ("state", "s")], "rejected platform_error"),
        (&[("state", "s")], "invalid"),
        (&[("code", "a\0b")], "invalid"),
    ] {
        let error = complete(&bed, &app(None), query).await.expect_err("refused");
        assert_eq!(fault(&error), expected, "{query:?}");
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn every_answer_to_a_code_has_its_class() {
    let spent = |what: &str| json!({"error": "invalid_request", "error_description": format!("Value passed for the {what} was invalid.")});
    let mut fewer = token();
    fewer["scope"] = json!("tweet.read users.read");
    for (status, body, expected) in [
        (400, spent("authorization code"), "invalid"),
        (400, json!({"error": "invalid_grant"}), "invalid"),
        (400, json!({"error": "invalid_request", "error_description": "Missing code"}), "rejected platform_error"),
        (
            401,
            json!({"error": "unauthorized_client", "error_description": "No code-1 here"}),
            "rejected platform_error",
        ),
        (403, json!("<html>"), "not_now"),
        (429, json!({"title": "Too Many Requests"}), "throttled +60"),
        (500, json!({"error": "invalid_grant"}), "not_now"),
        (302, json!({}), "not_now"),
        (200, json!({}), "not_now"),
        (200, json!({"access_token": ""}), "not_now"),
        (200, json!({"access_token": "a\nb"}), "not_now"),
        (200, fewer, "denied"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, status, body.clone()).await;
        bed.on("GET", ME, 200, user()).await;
        let error = complete(&bed, &app(None), &[("code", "code-1")]).await.expect_err("refused");
        assert_eq!(fault(&error), expected, "{status} {body}");
        assert!(!format!("{error:?}").contains("code-1"), "{error:?}");
    }
}

#[tokio::test]
async fn a_token_that_names_nobody_connects_nobody() {
    for (status, body, expected) in [
        (401, json!({"title": "Unauthorized"}), "auth token_expired"),
        (200, json!({"data": {"id": "../1", "username": "alice"}}), "not_now"),
        (503, json!({}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, 200, token()).await;
        bed.on("GET", ME, status, body.clone()).await;
        let error = complete(&bed, &app(None), &[("code", "code-1")]).await.expect_err("refused");
        assert_eq!(fault(&error), expected, "{body}");
    }
}

#[test]
fn x_has_one_kind_of_app() {
    let consent = X.consent().expect("can");
    for data in [Value::Null, json!({})] {
        assert_eq!(consent.variant(&data), Ok("default".to_owned()));
    }
    assert_eq!(consent.variant(&json!({"instance": "m.example"})).expect_err("refused").0, "/instance");
    assert_eq!(consent.rules("default").expect("rules").scopes, scopes());
    assert!(consent.rules("m.example").is_none());
}
