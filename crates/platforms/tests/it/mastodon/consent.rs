use std::collections::BTreeMap;

use platforms::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, Granted, OauthApp, Register, mastodon::Mastodon,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::bed::{Bed, message, refusal};

const METADATA: &str = "/.well-known/oauth-authorization-server";
const TOKEN: &str = "/oauth/token";
const APPS: &str = "/api/v1/apps";
const VERIFY: &str = "/api/v1/accounts/verify_credentials";
const CALLBACK: &str = "https://fanfare.example/v1/oauth/callback/net_1";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn scopes() -> Vec<String> {
    ["read:accounts", "read:statuses", "write:statuses", "write:media"].map(str::to_owned).to_vec()
}

fn app(secret: &SecretString) -> OauthApp<'_> {
    OauthApp { client_id: "app", client_secret: Some(secret), extra: &Value::Null, callback_url: CALLBACK }
}

async fn begin(bed: &Bed) -> Result<ConsentPage, domain::target::Refusal> {
    let (scopes, verifier, secret) = (scopes(), SecretString::from(VERIFIER), SecretString::from("s3cret"));
    let data = json!({"instance": bed.uri()});
    let request = ConsentRequest { state: "state-1", verifier: &verifier, scopes: &scopes, data: &data };
    Mastodon.begin(&bed.cx(), &app(&secret), &request).await
}

async fn complete(bed: &Bed, pkce: bool, query: &[(&str, &str)]) -> Result<Granted, ConsentFault> {
    let kept = json!({"base": bed.uri(), "pkce": pkce}).to_string();
    complete_with(bed, &kept, query).await
}

async fn complete_with(bed: &Bed, kept: &str, query: &[(&str, &str)]) -> Result<Granted, ConsentFault> {
    let query: BTreeMap<_, _> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let (verifier, kept) = (SecretString::from(VERIFIER), SecretString::from(kept));
    let (data, secret) = (json!({"instance": bed.uri()}), SecretString::from("s3cret"));
    let answer = ConsentAnswer { query: &query, verifier: &verifier, kept: &kept, scopes: &scopes(), data: &data };
    Mastodon.complete(&bed.cx(), &app(&secret), &answer).await
}

async fn an_instance(bed: &Bed) {
    let profile = json!({"id": "109", "username": "alice", "url": "https://m.example/@alice"});
    bed.on("GET", VERIFY, 200, profile).await;
    bed.on("GET", "/api/v2/instance", 200, json!({"version": "4.3.1"})).await;
}

fn token(scope: &str) -> Value {
    json!({"access_token": "token-1", "token_type": "Bearer", "scope": scope, "created_at": 1_573_979_017})
}

#[tokio::test]
async fn a_challenge_is_given_to_instances_that_read_it() {
    let plain = |bed: &Bed| {
        format!(
            "{}/oauth/authorize?response_type=code&client_id=app\
             &redirect_uri=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1\
             &scope=read%3Aaccounts%20read%3Astatuses%20write%3Astatuses%20write%3Amedia&state=state-1",
            bed.uri()
        )
    };
    let challenge = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    for (status, told, pkce) in [
        (200, json!({"code_challenge_methods_supported": ["S256"]}), true),
        (200, json!({"code_challenge_methods_supported": ["plain"]}), false),
        (200, json!({"code_challenge_methods_supported": "S256"}), false),
        (200, json!("<html>"), false),
        (404, json!({}), false),
        (301, json!({}), false),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", METADATA, status, told.clone()).await;
        let page = begin(&bed).await.expect("a page");
        let expected = if pkce { plain(&bed) + challenge } else { plain(&bed) };
        assert_eq!(page.url.as_str(), expected, "{told}");
        let kept: Value = serde_json::from_str(page.kept.expose_secret()).expect("JSON");
        assert_eq!(kept, json!({"base": bed.uri(), "pkce": pkce}));
    }
}

#[tokio::test]
async fn an_instance_that_cannot_be_asked_has_no_page() {
    for (status, expected) in [(503, "not_now"), (429, "throttled +60")] {
        let bed = Bed::new().await;
        bed.on("GET", METADATA, status, json!({})).await;
        assert_eq!(refusal(&begin(&bed).await.expect_err("refused")), expected);
    }
}

#[tokio::test]
async fn a_code_becomes_a_profile_of_its_instance() {
    for (pkce, verifier) in [(true, format!("&code_verifier={VERIFIER}")), (false, String::new())] {
        // given
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, 200, token("read write:statuses write:media")).await;
        an_instance(&bed).await;
        // when
        let granted = complete(&bed, pkce, &[("code", "code-1")]).await.expect("granted");
        // then
        let [profile] = &granted.profiles[..] else { panic!("one profile") };
        assert!(!granted.is_choice);
        assert_eq!(profile.realm, bed.uri().trim_start_matches("http://"));
        assert_eq!((profile.network_unique_id.as_str(), profile.username.as_str()), ("109", "alice"));
        assert_eq!(profile.scopes, ["read", "write:statuses", "write:media"]);
        let tokens: Value = serde_json::from_str(profile.tokens.sealed_json.expose_secret()).expect("JSON");
        assert_eq!(tokens, json!({"base": bed.uri(), "access_token": "token-1"}));
        assert_eq!(profile.tokens.expires_at, None);
        let form = format!(
            "grant_type=authorization_code&code=code-1\
             &redirect_uri=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1\
             &client_id=app&client_secret=s3cret{verifier}"
        );
        let seen = bed.seen().await;
        assert_eq!((&seen[0]["call"], &seen[0]["body"]), (&json!(format!("POST {TOKEN}")), &json!(form)));
        assert_eq!(seen[0]["authorization"], Value::Null);
    }
}

#[tokio::test]
async fn every_answer_to_a_code_has_its_class() {
    for (status, body, expected) in [
        (400, json!({"error": "invalid_grant", "error_description": "expired"}), "invalid"),
        (400, json!({"error": "invalid_scope"}), "rejected platform_error"),
        (401, json!({"error": "invalid_client", "error_description": "no s3cret"}), "rejected platform_error"),
        (404, json!("<html>"), "not_now"),
        (429, json!({"error": "Too many"}), "throttled +60"),
        (503, json!({"error": "invalid_grant"}), "not_now"),
        (200, json!({"access_token": 7}), "not_now"),
        (200, token("read write:media"), "denied"),
        (200, token(""), "denied"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, status, body.clone()).await;
        an_instance(&bed).await;
        let error = complete(&bed, true, &[("code", "code-1")]).await.expect_err("refused");
        let seen = match &error {
            ConsentFault::Denied(_) => "denied".to_owned(),
            ConsentFault::Invalid(_) => "invalid".to_owned(),
            ConsentFault::Refused(error) => refusal(error),
        };
        assert_eq!(seen, expected, "{status} {body}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[tokio::test]
async fn a_code_is_traded_at_the_instance_that_was_asked_only() {
    let bed = Bed::new().await;
    for kept in ["null", "{}", r#"{"base":"https://other.example","pkce":true}"#] {
        let error = complete_with(&bed, kept, &[("code", "code-1")]).await.expect_err("refused");
        assert!(matches!(error, ConsentFault::Invalid(_)), "{kept}: {error:?}");
    }
    let denied = complete(&bed, true, &[("error", "access_denied")]).await.expect_err("refused");
    assert!(matches!(denied, ConsentFault::Denied(_)), "{denied:?}");
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

async fn register(bed: &Bed, scopes: &[String]) -> Result<platforms::RegisteredApp, domain::target::Refusal> {
    let variant = Mastodon.variant(&json!({"instance": bed.uri()})).expect("an instance");
    Mastodon.register(&bed.cx(), &variant, scopes, CALLBACK).await
}

#[tokio::test]
async fn an_instance_hands_out_an_app() {
    // given
    let bed = Bed::new().await;
    let told = json!({"id": "1", "name": "Fanfare", "client_id": "id-1", "client_secret": "s3cret",
        "client_secret_expires_at": 0});
    bed.on("POST", APPS, 200, told).await;
    // when: the instance that knows no tokens of apps does not matter
    let app = register(&bed, &["write:statuses".to_owned(), "push".to_owned()]).await.expect("an app");
    // then
    assert_eq!(app.client_id, "id-1");
    assert_eq!(app.client_secret.expect("a secret").expose_secret(), "s3cret");
    assert_eq!(app.extra, json!({}));
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        bed.seen().await,
        [
            json!({"call": format!("POST {APPS}"), "type": form, "body": "client_name=Fanfare\
                &redirect_uris=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1\
                &scopes=read%3Aaccounts+read%3Astatuses+write%3Astatuses+write%3Amedia+push"}),
            json!({"call": format!("POST {TOKEN}"), "type": form,
                "body": "grant_type=client_credentials&client_id=id-1&client_secret=s3cret"}),
        ]
    );
}

#[tokio::test]
async fn an_instance_that_hands_out_none_says_why() {
    for (status, body, expected) in [
        (422, json!({"error": "Validation failed: Redirect URI must be an absolute URI"}), "rejected content_rejected"),
        (403, json!({"error": "This method requires an authenticated user"}), "rejected permission_missing"),
        (404, json!("<html>"), "not_now"),
        (200, json!({"client_id": "id-1"}), "not_now"),
        (200, json!({"client_id": "", "client_secret": "s"}), "not_now"),
        (200, json!({"client_id": "a\nb", "client_secret": "s"}), "not_now"),
        (429, json!({"error": "Too many"}), "throttled +60"),
    ] {
        let bed = Bed::new().await;
        bed.on_with("POST", APPS, ResponseTemplate::new(status).set_body_json(body.clone())).await;
        let error = register(&bed, &[]).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{body}: {}", message(&error));
        assert_eq!(bed.seen().await.len(), 1);
    }
}

#[tokio::test]
async fn an_instance_inside_is_not_asked() {
    let bed = Bed::new().await;
    for variant in ["10.0.0.1", "169.254.169.254", "m.example/?x", "u:p@m.example"] {
        let error = Mastodon.register(&bed.cx(), variant, &[], CALLBACK).await.expect_err("refused");
        assert!(message(&error).starts_with("`instance`"), "{variant}: {}", message(&error));
    }
}
