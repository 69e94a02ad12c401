//! X's consent page and token endpoint.

use reqwest::RequestBuilder;
use serde_json::json;

use crate::browser::{App, CALLBACK, CHALLENGE, Form, VERIFIER, address, sent_to};
use crate::given::{Answer, Given, answer};

const PAGE: &str = "/x/www/i/oauth2/authorize";
const SCOPES: &str = "tweet.read tweet.write users.read media.write offline.access";
const INVALID_CODE: &str = "Value passed for the authorization code was invalid.";
const INVALID_TOKEN: &str = "Value passed for the token was invalid.";

fn query<'a>(app: &'a App, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("client_id", &app.id),
        ("redirect_uri", CALLBACK),
        ("scope", scope),
        ("state", "s&1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

fn as_app(given: &Given, app: &App) -> RequestBuilder {
    let request = given.post("/x/2/oauth2/token");
    match &app.secret {
        Some(secret) => request.basic_auth(&app.id, Some(secret)),
        None => request,
    }
}

async fn exchange(given: &Given, app: &App, code: &str, redirect_uri: &str, verifier: &str) -> Answer {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier),
    ];
    if app.secret.is_none() {
        form.push(("client_id", &app.id));
    }
    answer(as_app(given, app).form(&form)).await
}

async fn refresh(given: &Given, app: &App, token: &str) -> Answer {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    if app.secret.is_none() {
        form.push(("client_id", &app.id));
    }
    answer(as_app(given, app).form(&form)).await
}

/// A code that the user of this account gave the app.
async fn code(given: &Given, app: &App, account: &str, scope: &str) -> String {
    let form = Form::open(given, &address(PAGE, &query(app, scope))).await;
    let (to, query) = sent_to(&form.send(given, account, "allow").await);
    assert_eq!((to.as_str(), query["app"].as_str()), ("http://127.0.0.1:9/callback", "1"));
    assert_eq!(query["state"], "s&1");
    query["code"].clone()
}

#[tokio::test]
async fn a_user_lets_an_app_in_and_it_posts() {
    let given = Given::sandbox().await;
    let (alice, bob) = (given.account("x", "alice").await, given.account("x", "bob").await);
    for app in [App::ready(&given, "x").await, App::strict(&given, "x", true).await] {
        let form = Form::open(&given, &address(PAGE, &query(&app, SCOPES))).await;
        assert_eq!(form.action, PAGE);
        assert_eq!(form.accounts, [alice.id.clone(), bob.id.clone()]);
        assert_eq!(form.scopes.join(" "), SCOPES);
        let code = code(&given, &app, &bob.id, SCOPES).await;
        let tokens = exchange(&given, &app, &code, CALLBACK, VERIFIER).await.expect(200);
        assert_eq!((&tokens.body["token_type"], &tokens.body["expires_in"]), (&json!("bearer"), &json!(7200)));
        assert_eq!(tokens.body["scope"], SCOPES);
        let me = given.get("/x/2/users/me").bearer_auth(tokens.text_at("/access_token"));
        assert_eq!(answer(me).await.expect(200).body["data"]["id"], bob.id);
        let text = json!({"text": format!("through {}", app.id)});
        let posted = given.post("/x/2/tweets").bearer_auth(tokens.text_at("/access_token")).json(&text);
        answer(posted).await.expect(201);
    }
    assert_eq!(given.ledger(&format!("?account={}", bob.id)).await.len(), 2);
}

#[tokio::test]
async fn a_user_may_say_no_or_allow_less() {
    let given = Given::sandbox().await;
    let (alice, app) = (given.account("x", "alice").await, App::ready(&given, "x").await);
    let mut form = Form::open(&given, &address(PAGE, &query(&app, SCOPES))).await;
    let (_, denied) = sent_to(&form.send(&given, &alice.id, "deny").await);
    assert_eq!((denied["error"].as_str(), denied["state"].as_str()), ("access_denied", "s&1"));
    assert!(!denied.contains_key("code"));

    form.scopes.retain(|scope| scope != "tweet.write" && scope != "offline.access");
    let (_, query) = sent_to(&form.send(&given, &alice.id, "allow").await);
    let tokens = exchange(&given, &app, &query["code"], CALLBACK, VERIFIER).await.expect(200);
    assert_eq!(tokens.body["scope"], "tweet.read users.read media.write");
    assert_eq!(tokens.body.get("refresh_token"), None);
    let post = given.post("/x/2/tweets").bearer_auth(tokens.text_at("/access_token")).json(&json!({"text": "a"}));
    answer(post).await.expect(403);

    form.scopes.clear();
    form.send(&given, &alice.id, "allow").await.expect(400);
    form.scopes.push("dm.read".to_owned());
    form.send(&given, &alice.id, "allow").await.expect(400);
    form.scopes.push("tweet.read".to_owned());
    form.send(&given, "12345", "allow").await.expect(400);
    form.send(&given, &alice.id, "perhaps").await.expect(400);
    form.hidden.retain(|(name, _)| name != "redirect_uri");
    form.hidden.push(("redirect_uri".to_owned(), "https://evil.example/".to_owned()));
    let refused = form.send(&given, &alice.id, "allow").await.expect(400);
    assert_eq!(refused.header("location"), "");
}

#[tokio::test]
async fn requests_that_break_a_rule_come_back_or_stay() {
    let given = Given::sandbox().await;
    let app = App::strict(&given, "x", false).await;
    let open = async |name: &'static str, value: Option<&'static str>| {
        let mut query = query(&app, SCOPES);
        query.retain(|(each, _)| *each != name);
        query.extend(value.map(|value| (name, value)));
        answer(given.get(&address(PAGE, &query))).await
    };
    for (name, value) in [
        ("client_id", None),
        ("client_id", Some("nobody")),
        ("redirect_uri", None),
        ("redirect_uri", Some("http://127.0.0.1:9/callback")),
        ("redirect_uri", Some("http://127.0.0.1:9/callback?app=1&more=1")),
    ] {
        let stays = open(name, value).await.expect(400);
        assert_eq!(stays.header("location"), "", "{name} {value:?}");
    }
    for (name, value, error) in [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("state", None, "invalid_request"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("scope", None, "invalid_scope"),
        ("scope", Some("tweet.read everything"), "invalid_scope"),
        ("colour", Some("red"), "invalid_request"),
    ] {
        let (to, query) = sent_to(&open(name, value).await);
        assert_eq!((to.as_str(), query["error"].as_str()), ("http://127.0.0.1:9/callback", error), "{name} {value:?}");
    }
    let page = open("state", Some("\"><script>alert(1)</script>")).await.expect(200);
    assert!(!page.text.contains("<script>"), "{}", page.text);
}

#[tokio::test]
async fn a_code_is_good_once_for_its_app_its_address_and_its_verifier() {
    let given = Given::sandbox().await;
    let (alice, app) = (given.account("x", "alice").await, App::ready(&given, "x").await);
    let (strict, public) = (App::strict(&given, "x", false).await, App::strict(&given, "x", true).await);
    let good = code(&given, &app, &alice.id, SCOPES).await;
    let wrong_secret = App { id: app.id.clone(), secret: Some("wrong".to_owned()) };
    let no_secret = App { id: app.id.clone(), secret: None };
    for (app, code, redirect_uri, verifier, status) in [
        (&app, "nonsense", CALLBACK, VERIFIER, 400),
        (&strict, good.as_str(), CALLBACK, VERIFIER, 400),
        (&public, &good, CALLBACK, VERIFIER, 400),
        (&app, &good, "http://127.0.0.1:9/callback", VERIFIER, 400),
        (&app, &good, CALLBACK, CHALLENGE, 400),
        (&wrong_secret, &good, CALLBACK, VERIFIER, 401),
        (&no_secret, &good, CALLBACK, VERIFIER, 401),
    ] {
        let refused = exchange(&given, app, code, redirect_uri, verifier).await.expect(status);
        let (error, description) = if status == 400 {
            ("invalid_request", INVALID_CODE)
        } else {
            ("unauthorized_client", "Missing valid authorization header")
        };
        assert_eq!(refused.body, json!({"error": error, "error_description": description}));
    }
    exchange(&given, &app, &good, CALLBACK, VERIFIER).await.expect(200);
    exchange(&given, &app, &good, CALLBACK, VERIFIER).await.expect(400);

    let late = code(&given, &app, &alice.id, SCOPES).await;
    given.advance("PT31S").await;
    exchange(&given, &app, &late, CALLBACK, VERIFIER).await.expect(400);
}

#[tokio::test]
async fn a_refresh_token_is_spent_by_its_use_and_is_its_apps_alone() {
    let given = Given::sandbox().await;
    let (alice, app) = (given.account("x", "alice").await, App::ready(&given, "x").await);
    let other = App::strict(&given, "x", true).await;
    let code = code(&given, &app, &alice.id, SCOPES).await;
    let first = exchange(&given, &app, &code, CALLBACK, VERIFIER).await.expect(200).text_at("/refresh_token");
    let foreign = refresh(&given, &other, &first).await.expect(400);
    assert_eq!(foreign.body["error_description"], INVALID_TOKEN);
    let second = refresh(&given, &app, &first).await.expect(200);
    let again = refresh(&given, &app, &first).await.expect(400);
    assert_eq!(again.body["error_description"], INVALID_TOKEN);
    // Using the old one up twice does the new one no harm here.
    refresh(&given, &app, &second.text_at("/refresh_token")).await.expect(200);
    // What no app has asked for, any app may go on with.
    let handed = alice.credentials["refresh_token"].as_str().expect("a token");
    refresh(&given, &other, handed).await.expect(200);
}

#[tokio::test]
async fn apps_codes_and_tokens_outlive_a_restart() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let start = async || {
        let sandbox = sandbox::Sandbox::start(crate::given::settings(&directory)).await.expect("a sandbox");
        Given::over(sandbox)
    };
    let given = start().await;
    let (alice, app) = (given.account("x", "alice").await, App::strict(&given, "x", false).await);
    let (spent, kept) = (code(&given, &app, &alice.id, SCOPES).await, code(&given, &app, &alice.id, SCOPES).await);
    let tokens = exchange(&given, &app, &spent, CALLBACK, VERIFIER).await.expect(200);
    given.sandbox.stop().await;

    let given = start().await;
    exchange(&given, &app, &spent, CALLBACK, VERIFIER).await.expect(400);
    exchange(&given, &app, &kept, CALLBACK, VERIFIER).await.expect(200);
    refresh(&given, &app, &tokens.text_at("/refresh_token")).await.expect(200);
    answer(given.delete("/_sandbox")).await.expect(204);
    exchange(&given, &app, &kept, CALLBACK, VERIFIER).await.expect(400);
    given.sandbox.stop().await;
}

#[tokio::test]
async fn a_lost_exchange_costs_the_code() {
    let given = Given::sandbox().await;
    let (alice, app) = (given.account("x", "alice").await, App::ready(&given, "x").await);
    let code = code(&given, &app, &alice.id, SCOPES).await;
    given.fault(json!({"platform": "x", "operation": "token", "fault": "error_after_accept"})).await;
    exchange(&given, &app, &code, CALLBACK, VERIFIER).await.expect(500);
    exchange(&given, &app, &code, CALLBACK, VERIFIER).await.expect(400);
}
