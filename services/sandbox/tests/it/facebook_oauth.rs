//! Facebook's consent dialog, and the tokens of persons and pages.

use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::browser::{App, CALLBACK, Form, address, sent_to};
use crate::given::{Answer, Given, answer};
use crate::graph::{asking, code, delete, each, get, post};

const DIALOG: &str = "/facebook/www/v24.0/dialog/oauth";
const TOKEN: &str = "/facebook/v24.0/oauth/access_token";
const SCOPES: &str = "pages_show_list,pages_manage_posts,pages_read_engagement,pages_manage_engagement";

async fn pages(given: &Given) {
    for (name, person) in [("one", "alice"), ("two", "alice"), ("three", "bob")] {
        let body = json!({"platform": "facebook", "username": name, "person": person});
        answer(given.post("/_sandbox/accounts").json(&body)).await.expect(201);
    }
}

async fn exchange(given: &Given, app: &App, code: &str, redirect_uri: &str) -> Answer {
    let secret = app.secret.as_deref().unwrap_or_default();
    let query = [("client_id", app.id.as_str()), ("client_secret", secret), ("redirect_uri", redirect_uri), ("code", code)];
    answer(given.get(TOKEN).query(&query)).await
}

async fn lengthen(given: &Given, app: &App, token: &str) -> Answer {
    let secret = app.secret.as_deref().unwrap_or_default();
    let query = [
        ("grant_type", "fb_exchange_token"),
        ("client_id", app.id.as_str()),
        ("client_secret", secret),
        ("fb_exchange_token", token),
    ];
    answer(given.get(TOKEN).query(&query)).await
}

async fn debug(given: &Given, app: &App, token: &str) -> Answer {
    let own = format!("{}|{}", app.id, app.secret.as_deref().unwrap_or_default());
    answer(given.get("/facebook/v24.0/debug_token").query(&[("input_token", token), ("access_token", &own)])).await
}

#[tokio::test]
async fn a_person_lets_an_app_in_and_it_publishes_on_a_page() {
    let given = Given::sandbox().await;
    pages(&given).await;
    let app = App::strict(&given, "facebook", false).await;
    let form = Form::open(&given, &address(DIALOG, &asking(&app, SCOPES))).await;
    assert_eq!((form.accounts.as_slice(), form.pages.len()), (["alice".to_owned(), "bob".to_owned()].as_slice(), 3));
    let code = code(&given, DIALOG, &app, "alice", SCOPES).await;
    let short = exchange(&given, &app, &code, CALLBACK).await.expect(200);
    assert_eq!((&short.body["token_type"], &short.body["expires_in"]), (&json!("bearer"), &json!(5100)));
    let long = lengthen(&given, &app, &short.text_at("/access_token")).await.expect(200);
    assert_eq!(long.body["expires_in"], 5_184_000);

    let long = long.text_at("/access_token");
    let fields = [("fields", "id,name,username,access_token,tasks,category,picture.type(large)"), ("limit", "1")];
    let listed = get(&given, "/facebook/v24.0/me/accounts", &long, &fields).await.expect(200);
    assert_eq!((each(&listed, "name"), listed.body["paging"]["next"].is_string()), (vec![&json!("one")], true));
    assert!(listed.body["data"][0]["tasks"].as_array().expect("tasks").contains(&json!("CREATE_CONTENT")));
    let (page, token) = (listed.text_at("/data/0/id"), listed.text_at("/data/0/access_token"));
    let feed = format!("/facebook/v24.0/{page}/feed");
    assert_eq!(post(&given, &feed, &long, &[("message", "a")]).await.refused(), (403, 200, 0));
    // The page's token from a long one has no end; a person's has.
    given.advance("P61D").await;
    assert_eq!(get(&given, "/facebook/v24.0/me", &long, &[]).await.refused(), (400, 190, 463));
    assert_eq!(lengthen(&given, &app, &long).await.refused(), (400, 190, 463));
    post(&given, &feed, &token, &[("message", "a")]).await.expect(200);
    let told = debug(&given, &app, &token).await.expect(200);
    assert_eq!((&told.body["data"]["type"], &told.body["data"]["expires_at"]), (&json!("PAGE"), &json!(0)));
    assert_eq!(debug(&given, &app, &long).await.expect(200).body["data"]["error"]["subcode"], 463);
    assert_eq!(debug(&given, &app, "nonsense").await.expect(200).body["data"]["is_valid"], false);
    let foreign = App::ready(&given, "facebook").await;
    assert_eq!(debug(&given, &foreign, &token).await.refused(), (400, 100, 0));
}

#[tokio::test]
async fn a_page_of_a_short_token_ends_with_it() {
    let given = Given::sandbox().await;
    pages(&given).await;
    let app = App::ready(&given, "facebook").await;
    let code = code(&given, DIALOG, &app, "bob", SCOPES).await;
    let short = exchange(&given, &app, &code, CALLBACK).await.expect(200).text_at("/access_token");
    let listed = get(&given, "/facebook/v24.0/me/accounts", &short, &[]).await.expect(200);
    assert_eq!(each(&listed, "name"), ["three"]);
    let (page, token) = (listed.text_at("/data/0/id"), listed.text_at("/data/0/access_token"));
    given.advance("PT2H").await;
    let feed = format!("/facebook/v24.0/{page}/feed");
    assert_eq!(post(&given, &feed, &token, &[("message", "a")]).await.refused(), (400, 190, 463));
}

#[tokio::test]
async fn a_code_is_good_once_for_its_app_and_address() {
    let given = Given::sandbox().await;
    pages(&given).await;
    let (app, other) = (App::strict(&given, "facebook", false).await, App::strict(&given, "facebook", false).await);
    let given_code = code(&given, DIALOG, &app, "alice", SCOPES).await;
    assert_eq!(exchange(&given, &other, &given_code, CALLBACK).await.refused().0, 400);
    assert_eq!(exchange(&given, &app, &given_code, "http://127.0.0.1:9/other").await.refused(), (400, 100, 36_008));
    let liar = App { id: app.id.clone(), secret: Some("wrong".to_owned()) };
    assert_eq!(exchange(&given, &liar, &given_code, CALLBACK).await.refused(), (400, 1, 0));
    exchange(&given, &app, &given_code, CALLBACK).await.expect(200);
    assert_eq!(exchange(&given, &app, &given_code, CALLBACK).await.refused(), (400, 100, 36_009));
    let late = code(&given, DIALOG, &app, "alice", SCOPES).await;
    given.advance("PT3H").await;
    assert_eq!(exchange(&given, &app, &late, CALLBACK).await.refused(), (400, 100, 36_007));
}

#[tokio::test]
async fn a_refusal_and_what_is_left_out_are_told() {
    let given = Given::sandbox().await;
    pages(&given).await;
    let app = App::ready(&given, "facebook").await;
    let mut form = Form::open(&given, &address(DIALOG, &asking(&app, SCOPES))).await;
    let (_, denied) = sent_to(&form.send(&given, "alice", "deny").await);
    let told = ["error", "error_reason", "error_description", "state"].map(|key| denied[key].as_str());
    assert_eq!(told, ["access_denied", "user_denied", "Permissions error", "s&1"]);

    form.scopes.retain(|scope| scope != "pages_manage_posts");
    form.pages.truncate(1);
    let (_, allowed) = sent_to(&form.send(&given, "alice", "allow").await);
    let token = exchange(&given, &app, &allowed["code"], CALLBACK).await.expect(200).text_at("/access_token");
    let listed = get(&given, "/facebook/v24.0/me/accounts", &token, &[]).await.expect(200);
    assert_eq!(each(&listed, "name"), ["one"]);
    let permissions = get(&given, "/facebook/v24.0/me/permissions", &token, &[]).await.expect(200);
    let declined = json!({"permission": "pages_manage_posts", "status": "declined"});
    assert!(permissions.body["data"].as_array().expect("permissions").contains(&declined), "{permissions:?}");
    let (page, page_token) = (listed.text_at("/data/0/id"), listed.text_at("/data/0/access_token"));
    let feed = format!("/facebook/v24.0/{page}/feed");
    assert_eq!(post(&given, &feed, &page_token, &[("message", "a")]).await.refused(), (403, 200, 0));
    // The person removes the app: its tokens, of the page too, are over.
    delete(&given, "/facebook/v24.0/me/permissions", &token).await.expect(200);
    assert_eq!(get(&given, "/facebook/v24.0/me", &page_token, &[]).await.refused(), (400, 190, 458));
}

#[tokio::test]
async fn a_request_that_is_wrong_is_told_to_the_person_only() {
    let given = Given::sandbox().await;
    pages(&given).await;
    let app = App::strict(&given, "facebook", false).await;
    let base = asking(&app, SCOPES);
    let with = |name: &'static str, value: &'static str| {
        let mut query: Vec<(&str, &str)> = base.iter().copied().filter(|(each, _)| *each != name).collect();
        query.push((name, value));
        address(DIALOG, &query)
    };
    for bad in [
        with("client_id", "1"),
        with("redirect_uri", "http://127.0.0.1:9/other"),
        with("scope", "pages_show_list,everything"),
        with("response_type", "token"),
        with("colour", "red"),
    ] {
        let refused = answer(given.get(&bad)).await.expect(400);
        assert!(refused.header("location").is_empty() && refused.text.contains("role=\"alert\""), "{bad}");
    }
    let form = Form::open(&given, &address(DIALOG, &base)).await;
    form.send(&given, "nobody", "allow").await.expect(400);
}

#[tokio::test]
async fn a_proof_that_comes_along_has_to_be_right() {
    let given = Given::sandbox().await;
    let account = given.account("facebook", "acme").await;
    let token = account.credentials["access_token"].as_str().expect("a token");
    let secret = App::ready(&given, "facebook").await.secret.expect("a secret");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key will do");
    mac.update(token.as_bytes());
    let proof = hex::encode(mac.finalize().into_bytes());
    get(&given, "/facebook/v24.0/me", token, &[("appsecret_proof", &proof)]).await.expect(200);
    assert_eq!(get(&given, "/facebook/v24.0/me", token, &[("appsecret_proof", "00")]).await.refused(), (400, 100, 0));
}
