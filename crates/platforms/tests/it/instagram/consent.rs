use std::collections::BTreeMap;

use platforms::{
    Consent, ConsentAnswer, ConsentFault, ConsentRequest, Granted, Network, OauthApp, instagram::Instagram,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::error;
use crate::bed::{Bed, NOW, at, refusal};

const TOKEN: &str = "/oauth/access_token";
const LONG: &str = "/access_token";
const ME: &str = "/v24.0/me";
const SCOPES: &str = "instagram_business_basic,instagram_business_content_publish";

fn consent() -> &'static dyn Consent {
    Instagram.consent().expect("can")
}

fn app(secret: &SecretString) -> OauthApp<'_> {
    OauthApp {
        client_id: "app",
        client_secret: Some(secret),
        extra: &Value::Null,
        callback_url: "https://f.example/cb",
    }
}

fn scopes() -> Vec<String> {
    SCOPES.split(',').map(str::to_owned).collect()
}

async fn complete(bed: &Bed, login: &str, query: &[(&str, &str)]) -> Result<Granted, ConsentFault> {
    let (secret, nothing) = (SecretString::from("s3cret"), SecretString::from("null"));
    let query: BTreeMap<_, _> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let data = json!({"login": login});
    let answer = ConsentAnswer { query: &query, verifier: &nothing, kept: &nothing, scopes: &scopes(), data: &data };
    consent().complete(&bed.cx(), &app(&secret), &answer).await
}

fn fault(fault: ConsentFault) -> String {
    match fault {
        ConsentFault::Denied(said) => format!("denied: {said}"),
        ConsentFault::Invalid(said) => format!("invalid: {said}"),
        ConsentFault::Refused(refused) => refusal(&refused),
    }
}

#[tokio::test]
async fn each_login_has_its_page_and_its_apps() {
    assert_eq!(consent().variant(&Value::Null), Ok("instagram".to_owned()));
    assert_eq!(consent().variant(&json!({"login": "facebook"})), Ok("facebook".to_owned()));
    assert_eq!(consent().variant(&json!({"login": "x"})).expect_err("refused").0, "/login");
    assert_eq!(consent().variant(&json!({"page": "x"})).expect_err("refused").0, "/page");
    for variant in ["instagram", "facebook"] {
        let rules = consent().rules(variant).expect("rules");
        assert!(rules.has_secret && rules.needed.iter().all(|scope| rules.scopes.contains(scope)));
    }
    assert!(consent().rules("default").is_none());
    let bed = Bed::new().await;
    let (secret, verifier) = (SecretString::from("s3cret"), SecretString::from("v"));
    for (login, path) in [("instagram", "/oauth/authorize"), ("facebook", "/v24.0/dialog/oauth")] {
        let (data, scopes) = (json!({"login": login}), scopes());
        let request = ConsentRequest { state: "state-1", verifier: &verifier, scopes: &scopes, data: &data };
        let page = consent().begin(&bed.cx(), &app(&secret), &request).await.expect("a page");
        let expected = format!(
            "{}{path}?response_type=code&client_id=app&redirect_uri=https%3A%2F%2Ff.example%2Fcb\
             &scope=instagram_business_basic%2Cinstagram_business_content_publish&state=state-1",
            bed.uri()
        );
        assert_eq!(page.url.as_str(), expected);
    }
}

#[tokio::test]
async fn a_code_becomes_the_account() {
    let flat = json!({"access_token": "short", "user_id": 178, "permissions": SCOPES});
    let list = json!({"access_token": "short", "user_id": "178", "permissions": scopes()});
    for short in [flat.clone(), list.clone(), json!({"data": [flat]}), json!({"access_token": "short"})] {
        // given
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, 200, short.clone()).await;
        bed.on("GET", LONG, 200, json!({"access_token": "long", "token_type": "bearer", "expires_in": 5_183_944}))
            .await;
        bed.on("GET", ME, 200, json!({"user_id": "178", "username": "acme"})).await;
        // when
        let granted = complete(&bed, "instagram", &[("code", "code-1#_")]).await.expect("granted");
        // then
        assert!(!granted.is_choice);
        let [profile] = &granted.profiles[..] else { panic!("one profile") };
        assert_eq!((profile.network_unique_id.as_str(), &profile.scopes), ("178", &scopes()), "{short}");
        assert_eq!(profile.tokens.expires_at, Some(at(NOW + 5_183_944)));
        assert_eq!(profile.tokens.sealed_json.expose_secret(), r#"{"login":"instagram","access_token":"long"}"#);
        let seen = bed.seen().await;
        assert_eq!(
            seen[0],
            json!({"call": format!("POST {TOKEN}"), "type": "application/x-www-form-urlencoded", "body":
                "grant_type=authorization_code&code=code-1&redirect_uri=https%3A%2F%2Ff.example%2Fcb&client_id=app&client_secret=s3cret"})
        );
        assert_eq!(
            seen[1],
            json!({"call": format!("GET {LONG}"),
                "query": "grant_type=ig_exchange_token&client_secret=s3cret&access_token=short"})
        );
    }
}

#[tokio::test]
async fn every_way_to_fail_has_its_word() {
    let bed = Bed::new().await;
    let no = complete(&bed, "instagram", &[("error", "access_denied"), ("error_description", "The user denied")]).await;
    assert_eq!(fault(no.expect_err("denied")), "denied: The user denied");
    let old = json!({"error_type": "OAuthException", "code": 400, "error_message": "Invalid authorization code"});
    for (status, body, expected) in [
        (400, old, "invalid: Invalid authorization code"),
        (400, error(100, Value::Null, "code was used"), "invalid: code was used"),
        (400, error(4, Value::Null, "limit"), "throttled +300"),
        (500, json!({}), "not_now"),
        (200, json!({"data": []}), "not_now"),
        (200, json!({"access_token": ""}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, status, body.clone()).await;
        let refused = complete(&bed, "instagram", &[("code", "code-9")]).await.expect_err("refused");
        assert_eq!(fault(refused), expected, "{body}");
    }
    let bed = Bed::new().await;
    let fewer = json!({"access_token": "short", "permissions": "instagram_business_basic"});
    bed.on("POST", TOKEN, 200, fewer).await;
    let fewer = fault(complete(&bed, "instagram", &[("code", "code-9")]).await.expect_err("denied"));
    assert!(fewer.starts_with("denied") && fewer.contains("instagram_business_content_publish"), "{fewer}");
}

#[tokio::test]
async fn through_facebook_each_linked_account_is_a_choice() {
    // given
    let bed = Bed::new().await;
    bed.once("GET", "/v24.0/oauth/access_token", 200, json!({"access_token": "short"})).await;
    let long = json!({"access_token": "long", "expires_in": 5_183_944});
    bed.on("GET", "/v24.0/oauth/access_token", 200, long).await;
    let granted: Vec<Value> = ["instagram_basic", "instagram_content_publish", "pages_show_list"]
        .iter()
        .map(|scope| json!({"permission": scope, "status": "granted"}))
        .collect();
    bed.on("GET", "/v24.0/me/permissions", 200, json!({"data": granted})).await;
    let linked = |id: &str, name: &str| json!({"id": id, "username": name, "name": "N"});
    let pages = json!({"data": [
        {"id": "1755", "name": "Acme", "access_token": "page-1", "instagram_business_account": linked("178", "acme")},
        {"id": "1756", "name": "No account", "access_token": "page-2"},
        {"id": "1757", "name": "Odd", "access_token": "page-3", "instagram_business_account": linked("1/9", "odd")},
        {"id": "1758", "name": "Twin", "access_token": "page-4", "instagram_business_account": linked("178", "acme")},
        {"id": "1759", "name": "Second", "instagram_business_account": linked("179", "second")}]});
    bed.on("GET", "/v24.0/me/accounts", 200, pages).await;
    // when
    let granted = complete(&bed, "facebook", &[("code", "code-1")]).await.expect("granted");
    // then
    assert!(granted.is_choice);
    let seen: Vec<_> = granted
        .profiles
        .iter()
        .map(|profile| (profile.network_unique_id.as_str(), profile.tokens.sealed_json.expose_secret()))
        .collect();
    assert_eq!(
        seen,
        [
            ("178", r#"{"login":"facebook","access_token":"long","page_token":"page-1"}"#),
            ("179", r#"{"login":"facebook","access_token":"long"}"#)
        ]
    );
    assert!(granted.profiles.iter().all(|profile| profile.tokens.expires_at == Some(at(NOW + 5_183_944))));
    let last = bed.seen().await.pop().expect("a call");
    assert_eq!(
        last["query"],
        json!(
            "fields=id%2Cname%2Caccess_token%2Cinstagram_business_account%7Bid%2Cusername%2Cname%2Cprofile_picture_url%7D&limit=100"
        )
    );
}
