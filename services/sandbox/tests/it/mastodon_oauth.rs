//! Mastodon's registration, consent page and token endpoint.

use serde_json::{Value, json};

use crate::browser::{App, CALLBACK, CHALLENGE, Form, VERIFIER, address, sent_to};
use crate::given::{Answer, Given, answer};

const PAGE: &str = "/oauth/authorize";
const SCOPES: &str = "profile read:statuses write:statuses write:media";

async fn register(given: &Given, redirect_uris: Value, scopes: &str) -> App {
    let body = json!({"client_name": "Fanfare <b>", "redirect_uris": redirect_uris, "scopes": scopes});
    let app = answer(given.post("/api/v1/apps").json(&body)).await.expect(200);
    App { id: app.text_at("/client_id"), secret: Some(app.text_at("/client_secret")) }
}

fn query<'a>(app: &'a App, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    let base = [("response_type", "code"), ("client_id", &app.id), ("redirect_uri", CALLBACK), ("scope", scope)];
    [base.as_slice(), &[("state", "s")]].concat()
}

fn with_challenge<'a>(app: &'a App, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    [query(app, scope), vec![("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]].concat()
}

async fn exchange(given: &Given, app: &App, code: &str, redirect_uri: &str, verifier: Option<&str>) -> Answer {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", &app.id),
        ("client_secret", app.secret.as_deref().unwrap_or_default()),
        ("redirect_uri", redirect_uri),
    ];
    form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
    answer(given.post("/oauth/token").form(&form)).await
}

#[tokio::test]
async fn a_registered_app_is_let_in_and_posts_within_its_scopes() {
    let given = Given::sandbox().await;
    let (alice, bob) = (given.account("mastodon", "alice").await, given.account("mastodon", "bob").await);
    let app = register(&given, json!([CALLBACK, "https://app.example/cb"]), SCOPES).await;
    let page = answer(given.get(&address(PAGE, &query(&app, SCOPES)))).await.expect(200);
    assert!(page.text.contains("Fanfare &lt;b&gt;"));
    let form = Form::read(&page);
    assert_eq!(
        (form.accounts.as_slice(), form.scopes.join(" ").as_str()),
        ([alice.id, bob.id.clone()].as_slice(), SCOPES)
    );
    let (to, back) = sent_to(&form.send(&given, &bob.id, "allow").await);
    assert_eq!((to.as_str(), back["state"].as_str()), ("http://127.0.0.1:9/callback", "s"));
    let granted = exchange(&given, &app, &back["code"], CALLBACK, None).await.expect(200);
    assert_eq!((&granted.body["token_type"], &granted.body["scope"]), (&json!("Bearer"), &json!(SCOPES)));
    assert!(granted.body["created_at"].is_i64() && granted.body.get("refresh_token").is_none());
    let token = granted.text_at("/access_token");
    let own = answer(given.get("/api/v1/accounts/verify_credentials").bearer_auth(&token)).await.expect(200);
    assert_eq!((&own.body["id"], &own.body["statuses_count"]), (&json!(bob.id), &json!(0)));
    let post = || given.post("/api/v1/statuses").bearer_auth(&token).json(&json!({"status": "Hello"}));
    answer(post()).await.expect(200);
    answer(given.get("/api/v1/accounts/1").bearer_auth(&token)).await.expect(403);
    let secret = app.secret.clone().unwrap_or_default();
    let revoke = [("client_id", app.id.as_str()), ("client_secret", &secret), ("token", &token)];
    answer(given.post("/oauth/revoke").form(&revoke)).await.expect(200);
    let revoked = answer(post()).await.expect(401);
    assert_eq!(revoked.body["error"], "The access token was revoked");
}

#[tokio::test]
async fn the_instance_says_where_its_endpoints_are_and_that_it_knows_pkce() {
    let given = Given::sandbox().await;
    let told = answer(given.get("/.well-known/oauth-authorization-server")).await.expect(200);
    assert_eq!(told.body["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(told.body["app_registration_endpoint"], format!("{}/api/v1/apps", given.sandbox.url()));
}

#[tokio::test]
async fn a_code_is_good_once_for_its_app_its_address_and_its_verifier() {
    let given = Given::sandbox().await;
    let alice = given.account("mastodon", "alice").await;
    let (app, other) = (App::ready(&given, "mastodon").await, register(&given, json!(CALLBACK), SCOPES).await);
    let code = async |query: Vec<(&str, &str)>| {
        let form = Form::open(&given, &address(PAGE, &query)).await;
        sent_to(&form.send(&given, &alice.id, "allow").await).1["code"].clone()
    };
    let good = code(with_challenge(&app, SCOPES)).await;
    let wrong_secret = App { id: app.id.clone(), secret: Some("wrong".to_owned()) };
    for (app, code, redirect_uri, verifier, error) in [
        (&app, "nonsense", CALLBACK, Some(VERIFIER), "invalid_grant"),
        (&other, good.as_str(), CALLBACK, Some(VERIFIER), "invalid_grant"),
        (&app, &good, "http://127.0.0.1:9/callback", Some(VERIFIER), "invalid_grant"),
        (&app, &good, CALLBACK, None, "invalid_grant"),
        (&app, &good, CALLBACK, Some(CHALLENGE), "invalid_grant"),
        (&wrong_secret, &good, CALLBACK, Some(VERIFIER), "invalid_client"),
    ] {
        let status = if error == "invalid_client" { 401 } else { 400 };
        let refused = exchange(&given, app, code, redirect_uri, verifier).await.expect(status);
        assert_eq!(refused.body["error"], error);
    }
    exchange(&given, &app, &good, CALLBACK, Some(VERIFIER)).await.expect(200);
    exchange(&given, &app, &good, CALLBACK, Some(VERIFIER)).await.expect(400);
    let uninvited = code(query(&app, SCOPES)).await;
    exchange(&given, &app, &uninvited, CALLBACK, Some(VERIFIER)).await.expect(400);
    given.advance("PT11M").await;
    exchange(&given, &app, &uninvited, CALLBACK, None).await.expect(400);
}

#[tokio::test]
async fn a_user_may_say_no_or_allow_less_and_an_app_asks_for_no_more_than_it_registered() {
    let given = Given::sandbox().await;
    let alice = given.account("mastodon", "alice").await;
    let app = register(&given, json!(CALLBACK), SCOPES).await;
    let mut form = Form::open(&given, &address(PAGE, &query(&app, SCOPES))).await;
    let (_, denied) = sent_to(&form.send(&given, &alice.id, "deny").await);
    assert_eq!((denied["error"].as_str(), denied["state"].as_str()), ("access_denied", "s"));
    form.scopes = vec!["profile".to_owned(), "write:accounts".to_owned()];
    let (_, back) = sent_to(&form.send(&given, &alice.id, "allow").await);
    let granted = exchange(&given, &app, &back["code"], CALLBACK, None).await.expect(200);
    assert_eq!(granted.body["scope"], "profile");
    let token = granted.text_at("/access_token");
    let post = given.post("/api/v1/statuses").bearer_auth(&token).json(&json!({"status": "Hello"}));
    answer(post).await.expect(403);
    form.send(&given, "nobody", "allow").await.expect(400);

    let open = async |name: &'static str, value: &'static str| {
        let mut query = query(&app, SCOPES);
        query.retain(|(each, _)| *each != name);
        query.push((name, value));
        answer(given.get(&address(PAGE, &query))).await
    };
    for (name, value) in [("client_id", "nobody"), ("redirect_uri", "https://evil.example/"), ("redirect_uri", "")] {
        assert_eq!(open(name, value).await.expect(400).header("location"), "", "{name} {value}");
    }
    for (name, value, error) in [
        ("scope", "profile write", "invalid_scope"),
        ("scope", "everything", "invalid_scope"),
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_code_challenge_method"),
        ("code_challenge", "short", "invalid_code_challenge_method"),
        ("colour", "red", "invalid_request"),
    ] {
        let (_, back) = sent_to(&open(name, value).await);
        assert_eq!(back["error"], error, "{name} {value}");
    }
}

#[tokio::test]
async fn a_code_can_be_shown_instead_of_sent() {
    let given = Given::sandbox().await;
    let alice = given.account("mastodon", "alice").await;
    let here = "urn:ietf:wg:oauth:2.0:oob";
    let app = register(&given, json!(here), "read write").await;
    let mut query = query(&app, "read");
    query.retain(|(name, _)| *name != "redirect_uri");
    query.push(("redirect_uri", here));
    let form = Form::open(&given, &address(PAGE, &query)).await;
    let shown = form.send(&given, &alice.id, "allow").await.expect(200).text;
    let code = shown.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).expect("a code");
    exchange(&given, &app, code, here, None).await.expect(200);
    let denied = form.send(&given, &alice.id, "deny").await.expect(400);
    assert!(denied.text.contains("denied"));
}

#[tokio::test]
async fn apps_and_codes_outlive_a_restart() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let start = async || {
        let sandbox = sandbox::Sandbox::start(crate::given::settings(&directory)).await.expect("a sandbox");
        Given::over(sandbox)
    };
    let given = start().await;
    let alice = given.account("mastodon", "alice").await;
    let app = register(&given, json!(CALLBACK), SCOPES).await;
    let form = Form::open(&given, &address(PAGE, &query(&app, SCOPES))).await;
    let (_, back) = sent_to(&form.send(&given, &alice.id, "allow").await);
    given.sandbox.stop().await;

    let given = start().await;
    let granted = exchange(&given, &app, &back["code"], CALLBACK, None).await.expect(200);
    given.sandbox.stop().await;

    let given = start().await;
    exchange(&given, &app, &back["code"], CALLBACK, None).await.expect(400);
    let post = given.post("/api/v1/statuses").bearer_auth(granted.text_at("/access_token"));
    answer(post.json(&json!({"status": "Hello"}))).await.expect(200);
    given.sandbox.stop().await;
}
