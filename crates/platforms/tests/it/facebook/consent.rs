use std::collections::BTreeMap;

use platforms::{
    Consent, ConsentAnswer, ConsentFault, ConsentPage, ConsentRequest, Granted, Network, OauthApp, facebook::Facebook,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::error;
use crate::bed::{Bed, refusal};

const TOKEN: &str = "/v24.0/oauth/access_token";
const PERMISSIONS: &str = "/v24.0/me/permissions";
const ACCOUNTS: &str = "/v24.0/me/accounts";

fn consent() -> &'static dyn Consent {
    Facebook.consent().expect("can")
}

fn app<'a>(secret: &'a SecretString, extra: &'a Value) -> OauthApp<'a> {
    OauthApp { client_id: "app", client_secret: Some(secret), extra, callback_url: "https://f.example/cb" }
}

async fn begin(bed: &Bed, extra: &Value) -> ConsentPage {
    let (secret, verifier) = (SecretString::from("s3cret"), SecretString::from("v"));
    let scopes = ["pages_show_list".to_owned(), "pages_manage_posts".to_owned()];
    let request = ConsentRequest { state: "state-1", verifier: &verifier, scopes: &scopes, data: &Value::Null };
    consent().begin(&bed.cx(), &app(&secret, extra), &request).await.expect("a page")
}

async fn complete(bed: &Bed, query: &[(&str, &str)]) -> Result<Granted, ConsentFault> {
    let (secret, nothing) = (SecretString::from("s3cret"), SecretString::from("null"));
    let query: BTreeMap<_, _> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let answer = ConsentAnswer { query: &query, verifier: &nothing, kept: &nothing, scopes: &[], data: &Value::Null };
    consent().complete(&bed.cx(), &app(&secret, &Value::Null), &answer).await
}

fn fault(fault: ConsentFault) -> String {
    match fault {
        ConsentFault::Denied(said) => format!("denied: {said}"),
        ConsentFault::Invalid(said) => format!("invalid: {said}"),
        ConsentFault::Refused(refused) => refusal(&refused),
    }
}

async fn with_tokens(granted: &[&str]) -> Bed {
    let bed = Bed::new().await;
    bed.once("GET", TOKEN, 200, json!({"access_token": "short", "token_type": "bearer", "expires_in": 5100})).await;
    bed.on("GET", TOKEN, 200, json!({"access_token": "long", "token_type": "bearer", "expires_in": 5_183_944})).await;
    let mut all: Vec<Value> = granted.iter().map(|scope| json!({"permission": scope, "status": "granted"})).collect();
    all.push(json!({"permission": "read_insights", "status": "declined"}));
    bed.on("GET", PERMISSIONS, 200, json!({"data": all})).await;
    bed
}

#[tokio::test]
async fn the_dialog_asks_for_scopes_or_for_a_configuration() {
    let bed = Bed::new().await;
    let base = format!(
        "{}/v24.0/dialog/oauth?response_type=code&client_id=app&redirect_uri=https%3A%2F%2Ff.example%2Fcb",
        bed.uri()
    );
    let page = begin(&bed, &Value::Null).await;
    assert_eq!(page.url.as_str(), format!("{base}&scope=pages_show_list%2Cpages_manage_posts&state=state-1"));
    let page = begin(&bed, &json!({"config_id": "77"})).await;
    assert_eq!(page.url.as_str(), format!("{base}&config_id=77&state=state-1"));
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[test]
fn there_is_one_way_to_ask() {
    assert_eq!(consent().variant(&json!({})), Ok("default".to_owned()));
    assert_eq!(consent().variant(&Value::Null), Ok("default".to_owned()));
    assert_eq!(consent().variant(&json!({"login": "x"})).expect_err("refused").0, "/login");
    let rules = consent().rules("default").expect("rules");
    assert!(rules.has_secret && rules.needed.iter().all(|scope| rules.scopes.contains(scope)));
    // The seed's list.
    for scope in [
        "pages_read_user_content",
        "business_management",
        "pages_show_list",
        "pages_manage_posts",
        "pages_read_engagement",
        "pages_manage_engagement",
    ] {
        assert!(rules.scopes.contains(&scope), "{scope}");
    }
    assert!(consent().rules("instagram").is_none());
}

#[tokio::test]
async fn each_page_comes_with_its_own_token() {
    // given
    let bed = with_tokens(&["pages_show_list", "pages_manage_posts"]).await;
    let pages = json!({"data": [
        {"access_token": "page-1", "category": "Media", "name": "Acme", "id": "1755", "tasks": ["MANAGE", "CREATE_CONTENT"]},
        {"access_token": "page-2", "category": "Media", "name": "Looks only", "id": "1756", "tasks": ["ANALYZE"]},
        {"category": "Media", "name": "No token", "id": "1757", "tasks": ["CREATE_CONTENT"]},
        {"access_token": "page-4", "category": "Media", "name": "Bad", "id": "17/58", "tasks": ["CREATE_CONTENT"]},
        {"access_token": "page-5", "category": "Media", "name": "Second", "id": "1759", "tasks": ["CREATE_CONTENT"]},
        {"access_token": "page-1", "category": "Media", "name": "Acme again", "id": "1755", "tasks": ["CREATE_CONTENT"]}]});
    bed.on("GET", ACCOUNTS, 200, pages).await;
    // when
    let granted = complete(&bed, &[("code", "code-1#_"), ("state", "state-1")]).await.expect("granted");
    // then
    assert!(granted.is_choice);
    let seen: Vec<_> = granted
        .profiles
        .iter()
        .map(|page| (page.network_unique_id.as_str(), page.tokens.sealed_json.expose_secret()))
        .collect();
    assert_eq!(seen, [("1755", r#"{"access_token":"page-1"}"#), ("1759", r#"{"access_token":"page-5"}"#)]);
    assert_eq!(granted.profiles[0].scopes, ["pages_show_list", "pages_manage_posts"]);
    assert!(granted.profiles.iter().all(|page| page.tokens.expires_at.is_none()));
    let fields = "id%2Cname%2Cusername%2Ccategory%2Cpicture.type%28large%29%2Caccess_token%2Ctasks";
    assert_eq!(
        bed.seen().await,
        [
            json!({"call": format!("GET {TOKEN}"),
                "query": "client_id=app&client_secret=s3cret&redirect_uri=https%3A%2F%2Ff.example%2Fcb&code=code-1"}),
            json!({"call": format!("GET {TOKEN}"), "query":
                "grant_type=fb_exchange_token&client_id=app&client_secret=s3cret&fb_exchange_token=short"}),
            json!({"call": format!("GET {PERMISSIONS}"), "authorization": "Bearer long"}),
            json!({"call": format!("GET {ACCOUNTS}"), "authorization": "Bearer long",
                "query": format!("fields={fields}&limit=100")}),
        ]
    );
}

#[tokio::test]
async fn pages_of_businesses_are_found_too() {
    let bed = with_tokens(&["pages_show_list", "pages_manage_posts", "business_management"]).await;
    let page = |id: &str| json!({"access_token": format!("t{id}"), "category": "Media", "name": "P", "id": id});
    bed.on("GET", ACCOUNTS, 200, json!({"data": [page("1")]})).await;
    bed.on("GET", "/v24.0/me/businesses", 200, json!({"data": [{"id": "b1"}, {"id": "b/2"}]})).await;
    bed.on("GET", "/v24.0/b1/owned_pages", 200, json!({"data": [page("1"), page("2")]})).await;
    bed.on("GET", "/v24.0/b1/client_pages", 403, error(200, Value::Null, "no")).await;
    let granted = complete(&bed, &[("code", "c")]).await.expect("granted");
    let ids: Vec<_> = granted.profiles.iter().map(|page| page.network_unique_id.as_str()).collect();
    assert_eq!(ids, ["1", "2"]);
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page_and_not_for_ever() {
    // given
    let bed = with_tokens(&["pages_show_list", "pages_manage_posts"]).await;
    let list = |id: &str, after: &str| {
        json!({"data": [{"access_token": "t", "category": "Media", "name": "P", "id": id}],
            "paging": {"cursors": {"after": after}, "next": "https://evil.example/?access_token=long"}})
    };
    bed.once("GET", ACCOUNTS, 200, list("1", "A")).await;
    bed.on("GET", ACCOUNTS, 200, list("2", "B")).await;
    // when
    let granted = complete(&bed, &[("code", "c")]).await.expect("granted");
    // then
    assert_eq!(granted.profiles.len(), 2);
    let seen = bed.seen().await;
    assert!(seen[4]["query"].as_str().expect("a query").ends_with("&limit=100&after=A"), "{}", seen[4]);
    assert_eq!(seen.len(), 6, "a cursor that comes again is the last");
}

#[tokio::test]
async fn every_way_to_fail_has_its_word() {
    let bed = Bed::new().await;
    let no = complete(&bed, &[("error", "access_denied"), ("error_description", "Permissions error")]).await;
    assert_eq!(fault(no.expect_err("denied")), "denied: Permissions error");
    assert!(fault(complete(&bed, &[]).await.expect_err("refused")).starts_with("invalid"));
    for (status, body, expected) in [
        (
            400,
            error(100, json!(36_009), "This authorization code has been used."),
            "invalid: This authorization code has been used.",
        ),
        (400, error(1, Value::Null, "Error validating client secret."), "not_now"),
        (400, error(4, Value::Null, "limit"), "throttled +300"),
        (500, json!({}), "not_now"),
        (200, json!({"access_token": ""}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", TOKEN, status, body.clone()).await;
        assert_eq!(fault(complete(&bed, &[("code", "c")]).await.expect_err("refused")), expected, "{body}");
    }
    let bed = with_tokens(&["pages_show_list"]).await;
    let fewer = fault(complete(&bed, &[("code", "c")]).await.expect_err("denied"));
    assert!(fewer.starts_with("denied") && fewer.contains("pages_manage_posts"), "{fewer}");
    let bed = with_tokens(&["pages_show_list", "pages_manage_posts"]).await;
    bed.on("GET", ACCOUNTS, 200, json!({"data": []})).await;
    let none = complete(&bed, &[("code", "c")]).await.expect("granted");
    assert!(none.profiles.is_empty());
}
