//! Threads' consent page and tokens.

use serde_json::json;

use crate::browser::{App, CALLBACK, Form, address, sent_to};
use crate::given::{Answer, Given, answer};
use crate::graph::{asking, code, get, post};

const PAGE: &str = "/threads/www/oauth/authorize";
const SCOPES: &str = "threads_basic,threads_content_publish";

async fn exchange(given: &Given, app: &App, code: &str) -> Answer {
    let secret = app.secret.as_deref().unwrap_or_default();
    let form = [
        ("client_id", app.id.as_str()),
        ("client_secret", secret),
        ("grant_type", "authorization_code"),
        ("redirect_uri", CALLBACK),
        ("code", code),
    ];
    answer(given.post("/threads/oauth/access_token").form(&form)).await
}

async fn lengthen(given: &Given, secret: &str, token: &str) -> Answer {
    let query = [("grant_type", "th_exchange_token"), ("client_secret", secret), ("access_token", token)];
    answer(given.get("/threads/access_token").query(&query)).await
}

async fn refresh(given: &Given, token: &str) -> Answer {
    let query = [("grant_type", "th_refresh_token"), ("access_token", token)];
    answer(given.get("/threads/refresh_access_token").query(&query)).await
}

#[tokio::test]
async fn a_user_lets_an_app_in_for_sixty_days_at_a_time() {
    let given = Given::sandbox().await;
    let account = given.account("threads", "alice").await;
    let app = App::strict(&given, "threads", false).await;
    let form = Form::open(&given, &address(PAGE, &asking(&app, SCOPES))).await;
    let sent = form.send(&given, &account.id, "allow").await;
    assert!(sent.header("location").ends_with("#_"), "{sent:?}");
    let (_, query) = sent_to(&sent);
    let short = exchange(&given, &app, &query["code"]).await.expect(200);
    assert_eq!(short.body["user_id"].as_u64().map(|id| id.to_string()), Some(account.id.clone()));
    assert_eq!(exchange(&given, &app, &query["code"]).await.refused(), (400, 100, 36_009));
    let (short, secret) = (short.text_at("/access_token"), app.secret.clone().expect("a secret"));
    assert_eq!(refresh(&given, &short).await.refused(), (400, 100, 0));
    assert_eq!(lengthen(&given, "wrong", &short).await.refused(), (400, 101, 0));
    let long = lengthen(&given, &secret, &short).await.expect(200);
    assert_eq!((&long.body["token_type"], &long.body["expires_in"]), (&json!("bearer"), &json!(5_184_000)));
    let long = long.text_at("/access_token");
    let fields = [("fields", "id,username,name,threads_profile_picture_url,threads_biography,is_verified")];
    let me = get(&given, "/threads/v1.0/me", &long, &fields).await.expect(200);
    assert_eq!((&me.body["id"], &me.body["username"]), (&json!(account.id), &json!("alice")));

    assert_eq!(refresh(&given, &long).await.refused(), (400, 100, 0));
    given.advance("P1D").await;
    assert_eq!(lengthen(&given, &secret, &short).await.refused(), (400, 190, 463));
    let renewed = refresh(&given, &long).await.expect(200).text_at("/access_token");
    assert_ne!(renewed, long);
    given.advance("P59DT1H").await;
    assert_eq!(refresh(&given, &long).await.refused(), (400, 190, 463));
    get(&given, "/threads/v1.0/me", &renewed, &[]).await.expect(200);
}

#[tokio::test]
async fn refusals_and_missing_scopes_are_told() {
    let given = Given::sandbox().await;
    let account = given.account("threads", "alice").await;
    let app = App::ready(&given, "threads").await;
    let mut form = Form::open(&given, &address(PAGE, &asking(&app, SCOPES))).await;
    let (_, denied) = sent_to(&form.send(&given, &account.id, "deny").await);
    assert_eq!((denied["error"].as_str(), denied["state"].as_str()), ("access_denied", "s&1"));
    form.send(&given, "77", "allow").await.expect(400);
    form.scopes.retain(|scope| scope == "threads_basic");
    let (_, allowed) = sent_to(&form.send(&given, &account.id, "allow").await);
    let token = exchange(&given, &app, &allowed["code"]).await.expect(200).text_at("/access_token");
    let refused = post(&given, "/threads/v1.0/me/threads", &token, &[("media_type", "TEXT"), ("text", "a")]).await;
    assert_eq!(refused.refused(), (403, 10, 0));
    form.scopes.clear();
    form.send(&given, &account.id, "allow").await.expect(400);
    answer(given.get(&address(PAGE, &asking(&app, "threads_content_publish")))).await.expect(400);
    answer(given.get(&address(PAGE, &asking(&app, "threads_basic,everything")))).await.expect(400);
}

#[tokio::test]
async fn codes_and_tokens_outlive_a_restart() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let start = || async { sandbox::Sandbox::start(crate::given::settings(&directory)).await.expect("a sandbox") };
    let given = Given::over(start().await);
    let account = given.account("threads", "alice").await;
    let app = App::ready(&given, "threads").await;
    let (first, second) =
        (code(&given, PAGE, &app, &account.id, SCOPES).await, code(&given, PAGE, &app, &account.id, SCOPES).await);
    let token = exchange(&given, &app, &first).await.expect(200).text_at("/access_token");
    let text = [("media_type", "TEXT"), ("text", "a")];
    let creation = post(&given, "/threads/v1.0/me/threads", &token, &text).await.expect(200).text_at("/id");
    given.sandbox.stop().await;

    let given = Given::over(start().await);
    assert_eq!(exchange(&given, &app, &first).await.refused(), (400, 100, 36_009));
    exchange(&given, &app, &second).await.expect(200);
    let publish = [("creation_id", creation.as_str())];
    let id = post(&given, "/threads/v1.0/me/threads_publish", &token, &publish).await.expect(200).text_at("/id");
    assert!(id > creation);
    given.sandbox.stop().await;
}
