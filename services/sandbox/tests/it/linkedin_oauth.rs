//! LinkedIn's consent page and token endpoint.

use serde_json::json;

use crate::browser::{App, CALLBACK, Form, address, sent_to};
use crate::given::{Answer, Given, answer};
use crate::posting::linkedin as versioned;

const PAGE: &str = "/linkedin/www/oauth/v2/authorization";
const SCOPES: &str = "openid profile w_member_social rw_organization_admin w_organization_social";

fn query<'a>(app: &'a App, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("response_type", "code"),
        ("client_id", &app.id),
        ("redirect_uri", CALLBACK),
        ("state", "s"),
        ("scope", scope),
    ]
}

async fn token(given: &Given, app: &App, fields: &[(&str, &str)]) -> Answer {
    let secret = app.secret.as_deref().unwrap_or_default();
    let form = [fields, &[("client_id", &app.id), ("client_secret", secret)]].concat();
    answer(given.post("/linkedin/www/oauth/v2/accessToken").form(&form)).await
}

async fn exchange(given: &Given, app: &App, code: &str, redirect_uri: &str) -> Answer {
    let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
    token(given, app, &fields).await
}

async fn code(given: &Given, app: &App, account: &str) -> String {
    let form = Form::open(given, &address(PAGE, &query(app, SCOPES))).await;
    let (to, query) = sent_to(&form.send(given, account, "allow").await);
    assert_eq!((to.as_str(), query["state"].as_str()), ("http://127.0.0.1:9/callback", "s"));
    query["code"].clone()
}

#[tokio::test]
async fn a_member_lets_an_app_in_for_itself_and_its_organizations() {
    let given = Given::sandbox().await;
    let alice = given.account("linkedin", "Alice").await;
    let wanted = json!({"platform": "linkedin", "kind": "organization", "username": "Acme", "person": "Alice"});
    let acme = given.made(wanted).await;
    let bob = given.account("linkedin", "Bob").await;
    let app = App::ready(&given, "linkedin").await;
    let form = Form::open(&given, &address(PAGE, &query(&app, SCOPES))).await;
    assert_eq!((form.accounts, form.scopes.join(" ").as_str()), (vec![alice.id.clone(), bob.id], SCOPES));
    let code = code(&given, &app, &alice.id).await;
    let granted = exchange(&given, &app, &code, CALLBACK).await.expect(200);
    assert_eq!((&granted.body["token_type"], &granted.body["expires_in"]), (&json!("Bearer"), &json!(5_184_000)));
    assert_eq!(
        (&granted.body["scope"], &granted.body["refresh_token_expires_in"]),
        (&json!(SCOPES.replace(' ', ",")), &json!(31_536_000))
    );
    let access = granted.text_at("/access_token");
    let acls = "/linkedin/rest/organizationAcls?q=roleAssignee&state=APPROVED";
    let acls = answer(versioned(given.get(acls), &access)).await.expect(200);
    assert_eq!(acls.body["elements"][0]["organization"], acme.id);
    let me = answer(given.get("/linkedin/v2/userinfo").bearer_auth(&access)).await.expect(200);
    assert_eq!(format!("urn:li:person:{}", me.text_at("/sub")), alice.id);
    assert_eq!(me.body.get("email"), None);

    let secret = app.secret.clone().unwrap_or_default();
    let ask = [("client_id", app.id.as_str()), ("client_secret", &secret), ("token", &access)];
    let introspect = || answer(given.post("/linkedin/www/oauth/v2/introspectToken").form(&ask));
    assert_eq!(introspect().await.expect(200).body["status"], "active");
    given.advance("P61D").await;
    assert_eq!(introspect().await.expect(200).body["status"], "expired");
}

#[tokio::test]
async fn a_member_grants_all_or_nothing() {
    let given = Given::sandbox().await;
    let (alice, app) = (given.account("linkedin", "Alice").await, App::strict(&given, "linkedin", false).await);
    let mut form = Form::open(&given, &address(PAGE, &query(&app, SCOPES))).await;
    let (_, denied) = sent_to(&form.send(&given, &alice.id, "deny").await);
    assert_eq!((denied["error"].as_str(), denied["state"].as_str()), ("user_cancelled_authorize", "s"));
    form.scopes.pop();
    let again = form.send(&given, &alice.id, "allow").await.expect(400);
    assert_eq!(Form::read(&again).scopes.join(" "), SCOPES);
    form.send(&given, "urn:li:person:nobody", "allow").await.expect(400);

    let open = async |name: &'static str, value: &'static str| {
        let mut query = query(&app, SCOPES);
        query.retain(|(each, _)| *each != name);
        query.push((name, value));
        answer(given.get(&address(PAGE, &query))).await
    };
    for (name, value) in
        [("client_id", "nobody"), ("redirect_uri", "http://127.0.0.1:9/callback"), ("redirect_uri", "")]
    {
        assert_eq!(open(name, value).await.expect(400).header("location"), "", "{name} {value}");
    }
    for (name, value, error) in [
        ("scope", "r_member_social", "unauthorized_scope_error"),
        ("scope", "", "invalid_scope_error"),
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge", "x", "invalid_request"),
    ] {
        let (_, back) = sent_to(&open(name, value).await);
        assert_eq!(back["error"], error, "{name} {value}");
    }
}

#[tokio::test]
async fn a_code_is_good_once_for_its_app_and_its_address() {
    let given = Given::sandbox().await;
    let (alice, app) = (given.account("linkedin", "Alice").await, App::ready(&given, "linkedin").await);
    let other = App::strict(&given, "linkedin", false).await;
    let good = code(&given, &app, &alice.id).await;
    exchange(&given, &app, "nonsense", CALLBACK).await.expect(400);
    exchange(&given, &other, &good, CALLBACK).await.expect(400);
    exchange(&given, &app, &good, "http://127.0.0.1:9/callback").await.expect(400);
    let wrong = App { id: app.id.clone(), secret: Some("wrong".to_owned()) };
    assert_eq!(exchange(&given, &wrong, &good, CALLBACK).await.expect(401).body["error"], "invalid_client");
    exchange(&given, &app, &good, CALLBACK).await.expect(200);
    exchange(&given, &app, &good, CALLBACK).await.expect(400);
    let late = code(&given, &app, &alice.id).await;
    given.advance("PT31M").await;
    exchange(&given, &app, &late, CALLBACK).await.expect(400);
}

#[tokio::test]
async fn a_refresh_token_is_used_again_and_lives_a_year_from_the_grant() {
    let given = Given::sandbox().await;
    let (alice, app) = (given.account("linkedin", "Alice").await, App::ready(&given, "linkedin").await);
    let other = App::strict(&given, "linkedin", false).await;
    let code = code(&given, &app, &alice.id).await;
    let granted = exchange(&given, &app, &code, CALLBACK).await.expect(200).text_at("/refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", granted.as_str())];
    token(&given, &other, &fields).await.expect(400);
    for day in [60, 120, 180] {
        given.advance("P60D").await;
        let fresh = token(&given, &app, &fields).await.expect(200);
        assert_eq!(fresh.text_at("/refresh_token"), granted);
        let left = fresh.body["refresh_token_expires_in"].as_i64().expect("seconds");
        assert!((left - (365 - day) * 86_400).abs() < 60, "{day} {left}");
        let me = given.get("/linkedin/v2/userinfo").bearer_auth(fresh.text_at("/access_token"));
        answer(me).await.expect(200);
    }
    given.advance("P186D").await;
    assert_eq!(token(&given, &app, &fields).await.expect(400).body["error"], "invalid_grant");
}
