//! Instagram's consent page and tokens, and signing in with Facebook instead.

use serde_json::{Value, json};

use crate::browser::{App, CALLBACK, Form, address, sent_to};
use crate::given::{Answer, Given, answer};
use crate::graph::{asking, code, each, get, hosted, jpeg, post};

const PAGE: &str = "/instagram/www/oauth/authorize";
const SCOPES: &str = "instagram_business_basic,instagram_business_content_publish";
const DIALOG: &str = "/facebook/www/v24.0/dialog/oauth";

/// The ready-made app of a login.
async fn app(given: &Given, variant: &str) -> App {
    let listed = answer(given.get("/_sandbox/apps")).await.expect(200);
    let of = |app: &&Value| app["platform"] == "instagram" && app["variant"] == variant;
    let app = listed.body["data"].as_array().expect("apps").iter().find(of).expect("an app").clone();
    let word = |key: &str| app[key].as_str().map(str::to_owned);
    App { id: word("client_id").expect("an id"), secret: word("client_secret") }
}

async fn exchange(given: &Given, app: &App, code: &str, redirect_uri: &str) -> Answer {
    let secret = app.secret.as_deref().unwrap_or_default();
    let form = [
        ("client_id", app.id.as_str()),
        ("client_secret", secret),
        ("grant_type", "authorization_code"),
        ("redirect_uri", redirect_uri),
        ("code", code),
    ];
    answer(given.post("/instagram/api/oauth/access_token").form(&form)).await
}

async fn lengthen(given: &Given, secret: &str, token: &str) -> Answer {
    let query = [("grant_type", "ig_exchange_token"), ("client_secret", secret), ("access_token", token)];
    answer(given.get("/instagram/access_token").query(&query)).await
}

async fn refresh(given: &Given, token: &str) -> Answer {
    let query = [("grant_type", "ig_refresh_token"), ("access_token", token)];
    answer(given.get("/instagram/refresh_access_token").query(&query)).await
}

#[tokio::test]
async fn a_user_lets_an_app_in_for_sixty_days_at_a_time() {
    let given = Given::sandbox().await;
    let account = given.account("instagram", "alice").await;
    let app = app(&given, "instagram").await;
    let form = Form::open(&given, &address(PAGE, &asking(&app, SCOPES))).await;
    assert_eq!(form.accounts, [account.id.as_str()]);
    let sent = form.send(&given, &account.id, "allow").await;
    assert!(sent.header("location").ends_with("#_"), "{sent:?}");
    let (_, query) = sent_to(&sent);
    let short = exchange(&given, &app, &query["code"], CALLBACK).await.expect(200);
    assert_eq!(short.body["user_id"].as_u64().map(|id| id.to_string()), Some(account.id.clone()));
    assert_eq!(short.body["permissions"], json!(SCOPES.split(',').collect::<Vec<_>>()));
    let again = exchange(&given, &app, &query["code"], CALLBACK).await.expect(400);
    assert_eq!(again.body["error_message"], "Matching code was not found or was already used");
    let (short, secret) = (short.text_at("/access_token"), app.secret.clone().expect("a secret"));
    assert_eq!(refresh(&given, &short).await.refused(), (400, 100, 0));
    assert_eq!(lengthen(&given, "wrong", &short).await.refused(), (400, 101, 0));
    let long = lengthen(&given, &secret, &short).await.expect(200);
    assert_eq!(long.body["expires_in"], 5_184_000);
    let long = long.text_at("/access_token");
    given.advance("PT23H").await;
    assert_eq!(refresh(&given, &long).await.refused(), (400, 100, 0));
    given.advance("PT2H").await;
    let renewed = refresh(&given, &long).await.expect(200).text_at("/access_token");
    given.advance("P59D").await;
    assert_eq!(refresh(&given, &long).await.refused(), (400, 190, 463));
    get(&given, "/instagram/v24.0/me", &renewed, &[("fields", "user_id,username,name")]).await.expect(200);
}

#[tokio::test]
async fn refusals_misuse_and_missing_scopes_are_told() {
    let given = Given::sandbox().await;
    let account = given.account("instagram", "alice").await;
    let (app, other) = (app(&given, "instagram").await, app(&given, "facebook").await);
    let mut form = Form::open(&given, &address(PAGE, &asking(&app, SCOPES))).await;
    let (_, denied) = sent_to(&form.send(&given, &account.id, "deny").await);
    assert_eq!(
        ["error", "error_reason", "state"].map(|key| denied[key].as_str()),
        ["access_denied", "user_denied", "s&1"]
    );
    // An app of the other login has no business here.
    answer(given.get(&address(PAGE, &asking(&other, SCOPES)))).await.expect(400);
    answer(given.get(&address(PAGE, &asking(&app, "instagram_basic")))).await.expect(400);
    let misused = code(&given, PAGE, &app, &account.id, SCOPES).await;
    exchange(&given, &other, &misused, CALLBACK).await.expect(400);
    exchange(&given, &app, &misused, "http://127.0.0.1:9/other").await.expect(400);
    form.scopes.retain(|scope| scope == "instagram_business_basic");
    let (_, allowed) = sent_to(&form.send(&given, &account.id, "allow").await);
    let token = exchange(&given, &app, &allowed["code"], CALLBACK).await.expect(200).text_at("/access_token");
    let refused = post(&given, "/instagram/v24.0/me/media", &token, &[("image_url", "https://a.example")]).await;
    assert_eq!(refused.refused(), (403, 10, 0));
}

#[tokio::test]
async fn whoever_runs_the_page_lets_an_app_in_with_facebook() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let start = || async { sandbox::Sandbox::start(crate::given::settings(&directory)).await.expect("a sandbox") };
    let given = Given::over(start().await);
    let made = answer(
        given
            .post("/_sandbox/accounts")
            .json(&json!({"platform": "instagram", "username": "shop", "login": "facebook", "person": "alice"})),
    );
    let account = made.await.expect(201).text_at("/account");
    let body = json!({"platform": "facebook", "username": "plain", "person": "alice"});
    answer(given.post("/_sandbox/accounts").json(&body)).await.expect(201);
    let app = app(&given, "facebook").await;
    let scopes = "instagram_basic,instagram_content_publish,pages_show_list,pages_read_engagement,business_management";
    let code = code(&given, DIALOG, &app, "alice", scopes).await;
    let secret = app.secret.as_deref().expect("a secret");
    let query =
        [("client_id", app.id.as_str()), ("client_secret", secret), ("redirect_uri", CALLBACK), ("code", &code)];
    let short = answer(given.get("/facebook/v24.0/oauth/access_token").query(&query)).await.expect(200);
    let token = short.text_at("/access_token");
    let fields = [("fields", "id,name,access_token,instagram_business_account{id,username,name,profile_picture_url}")];
    let pages = get(&given, "/facebook/v24.0/me/accounts", &token, &fields).await.expect(200);
    assert_eq!(each(&pages, "name"), ["shop", "plain"]);
    assert_eq!(pages.body["data"][0]["instagram_business_account"]["id"], account);
    assert_eq!(pages.body["data"][1].get("instagram_business_account"), None);
    let picture = hosted(&given, jpeg(10, 10), "image/jpeg").await;
    let media = [("image_url", picture.as_str()), ("caption", "Hello")];
    let creation =
        post(&given, &format!("/facebook/v24.0/{account}/media"), &token, &media).await.expect(200).text_at("/id");
    given.sandbox.stop().await;

    let given = Given::over(start().await);
    let publish = [("creation_id", creation.as_str())];
    post(&given, &format!("/facebook/v24.0/{account}/media_publish"), &token, &publish).await.expect(200);
    let ledger = given.ledger("").await;
    assert_eq!((&ledger[0]["platform"], &ledger[0]["account"]), (&json!("instagram"), &json!(account)));
    given.sandbox.stop().await;
}
