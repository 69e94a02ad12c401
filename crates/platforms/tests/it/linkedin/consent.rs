use std::collections::BTreeMap;

use platforms::{Consent, ConsentAnswer, ConsentFault, ConsentRequest, Granted, Network, OauthApp, linkedin::Linkedin};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;
use wiremock::{Mock, ResponseTemplate, matchers};

use crate::bed::{Bed, NOW, at, refusal};

const TOKEN: &str = "/oauth/v2/accessToken";
const ACLS: &str = "/rest/organizationAcls";
const CALLBACK: &str = "https://fanfare.example/v1/oauth/callback/net_1";
const PERSONAL: [&str; 3] = ["openid", "profile", "w_member_social"];
const ORGANIZATION: [&str; 3] = ["w_organization_social", "r_organization_social", "rw_organization_admin"];

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

fn app(secret: &SecretString) -> OauthApp<'_> {
    OauthApp { client_id: "app", client_secret: Some(secret), extra: &Value::Null, callback_url: CALLBACK }
}

async fn page(data: Value, scopes: &[&str]) -> String {
    let bed = Bed::new().await;
    let bases = bed.bases.clone().with("linkedin_www", Url::parse("https://li.example/www").expect("an address"));
    let (scopes, verifier, secret) = (owned(scopes), SecretString::from("v"), SecretString::from("s"));
    let request = ConsentRequest { state: "state-1", verifier: &verifier, scopes: &scopes, data: &data };
    let mut cx = bed.cx();
    cx.bases = &bases;
    let page = Linkedin.begin(&cx, &app(&secret), &request).await.expect("a page");
    assert_eq!(bed.seen().await, [] as [Value; 0]);
    page.url.to_string()
}

#[tokio::test]
async fn the_page_asks_for_what_is_to_be_connected() {
    let page_with = |scopes: &str| {
        format!(
            "https://li.example/www/oauth/v2/authorization?response_type=code&client_id=app\
             &redirect_uri=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1&scope={scopes}&state=state-1"
        )
    };
    let (personal, organization) = (json!({"as": "personal"}), json!({"as": "organization"}));
    let member = page_with("openid%20profile%20w_member_social");
    assert_eq!(page(Value::Null, &PERSONAL).await, member);
    assert_eq!(page(personal, &PERSONAL).await, member);
    // The defaults are a member's: for organisations others are asked for, and what somebody named is kept.
    let pages = page_with("w_organization_social%20r_organization_social%20rw_organization_admin");
    assert_eq!(page(organization.clone(), &PERSONAL).await, pages);
    let named = page_with("r_basicprofile%20w_member_social");
    assert_eq!(page(organization, &["r_basicprofile", "w_member_social"]).await, named);
    assert_eq!(page(Value::Null, &["r_basicprofile", "w_member_social"]).await, named);
}

async fn complete(bed: &Bed, data: Value, scopes: &[&str], query: &[(&str, &str)]) -> Result<Granted, ConsentFault> {
    let query: BTreeMap<_, _> = query.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let (verifier, kept, secret) = (SecretString::from("v"), SecretString::from("null"), SecretString::from("s3cret"));
    let scopes = owned(scopes);
    let answer = ConsentAnswer { query: &query, verifier: &verifier, kept: &kept, scopes: &scopes, data: &data };
    Linkedin.complete(&bed.cx(), &app(&secret), &answer).await
}

const CODE: &[(&str, &str)] = &[("code", "code-1"), ("state", "s")];

fn token(scope: &str) -> Value {
    json!({"access_token": "access-1", "expires_in": 5_184_000, "refresh_token": "refresh-1",
        "refresh_token_expires_in": 31_536_000, "scope": scope, "token_type": "Bearer", "id_token": "ey.."})
}

fn fault(fault: &ConsentFault) -> String {
    match fault {
        ConsentFault::Denied(_) => "denied".to_owned(),
        ConsentFault::Invalid(_) => "invalid".to_owned(),
        ConsentFault::Refused(error) => refusal(error),
    }
}

#[tokio::test]
async fn a_code_becomes_the_member() {
    // given
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, token("openid,profile,w_member_social")).await;
    bed.on("GET", "/v2/userinfo", 200, json!({"sub": "782bbtaQ", "name": "Alice"})).await;
    // when
    let granted = complete(&bed, Value::Null, &PERSONAL, CODE).await.expect("granted");
    // then
    assert!(!granted.is_choice);
    let [profile] = &granted.profiles[..] else { panic!("one profile") };
    assert_eq!(profile.network_unique_id, "urn:li:person:782bbtaQ");
    assert_eq!(profile.scopes, PERSONAL);
    assert_eq!(profile.tokens.expires_at, Some(at(NOW + 5_184_000)));
    let tokens: Value = serde_json::from_str(profile.tokens.sealed_json.expose_secret()).expect("tokens are JSON");
    let expected = json!({"access_token": "access-1", "refresh_token": "refresh-1", "issued_at": at(NOW).to_string()});
    assert_eq!(tokens, expected);
    assert_eq!(
        bed.seen().await[0],
        json!({"call": format!("POST {TOKEN}"), "type": "application/x-www-form-urlencoded",
            "body": "grant_type=authorization_code&code=code-1\
                &redirect_uri=https%3A%2F%2Ffanfare.example%2Fv1%2Foauth%2Fcallback%2Fnet_1&client_id=app&client_secret=s3cret"})
    );
}

/// The scopes of PostFuze's guide, whose apps have no OpenID.
#[tokio::test]
async fn an_app_of_the_older_profile_connects_members_too() {
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, token("r_basicprofile w_member_social")).await;
    bed.on("GET", "/v2/userinfo", 403, json!({"message": "Not enough permissions", "status": 403})).await;
    bed.on("GET", "/v2/me", 200, json!({"id": "782bbtaQ", "localizedFirstName": "Alice"})).await;
    let granted = complete(&bed, Value::Null, &["r_basicprofile", "w_member_social"], CODE).await.expect("granted");
    assert_eq!(granted.profiles[0].network_unique_id, "urn:li:person:782bbtaQ");
    assert_eq!(granted.profiles[0].scopes, ["r_basicprofile", "w_member_social"]);
}

async fn acls(bed: &Bed, role: &str, start: &str, organizations: &[u32], count: u32) {
    let elements: Vec<Value> = organizations
        .iter()
        .map(|id| json!({"role": role, "organization": format!("urn:li:organization:{id}"), "state": "APPROVED"}))
        .collect();
    let answer = json!({"elements": elements, "paging": {"start": 0, "count": count}});
    Mock::given(matchers::method("GET"))
        .and(matchers::path(ACLS))
        .and(matchers::query_param("role", role))
        .and(matchers::query_param("start", start))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&bed.server)
        .await;
}

#[tokio::test]
async fn a_code_becomes_a_choice_of_organisations() {
    // given
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, token(&ORGANIZATION.join(","))).await;
    acls(&bed, "ADMINISTRATOR", "0", &[1, 2], 2).await;
    acls(&bed, "ADMINISTRATOR", "2", &[3], 2).await;
    acls(&bed, "CONTENT_ADMIN", "0", &[3, 4], 100).await;
    acls(&bed, "DIRECT_SPONSORED_CONTENT_POSTER", "0", &[], 100).await;
    bed.on("GET", "/rest/organizations/1", 200, json!({"localizedName": "One", "vanityName": "one"})).await;
    bed.on("GET", "/rest/organizations/2", 403, json!({"message": "no", "status": 403})).await;
    bed.on("GET", "/rest/organizations/3", 200, json!({"localizedName": "Three", "vanityName": "a/b"})).await;
    bed.on("GET", "/rest/organizations/4", 503, json!({})).await;
    // when
    let granted = complete(&bed, json!({"as": "organization"}), &PERSONAL, CODE).await.expect("granted");
    // then
    assert!(granted.is_choice);
    let seen: Vec<_> = granted
        .profiles
        .iter()
        .map(|page| (page.network_unique_id.as_str(), page.username.as_str(), page.display_name.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            ("urn:li:organization:1", "one", Some("One")),
            ("urn:li:organization:2", "2", None),
            ("urn:li:organization:3", "3", Some("Three")),
            ("urn:li:organization:4", "4", None),
        ]
    );
}

#[tokio::test]
async fn a_member_without_organisations_has_no_choice() {
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, token(&ORGANIZATION.join(","))).await;
    bed.on("GET", ACLS, 200, json!({"elements": [], "paging": {"start": 0, "count": 10}})).await;
    let granted = complete(&bed, json!({"as": "organization"}), &PERSONAL, CODE).await.expect("granted");
    assert!(granted.is_choice && granted.profiles.is_empty());
}

#[tokio::test]
async fn every_answer_to_a_code_has_its_class() {
    let organization = json!({"as": "organization"});
    let spent = json!({"error": "invalid_request", "error_description": "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or authorization code expired."});
    for (data, status, body, expected) in [
        (&Value::Null, 400, spent, "invalid"),
        (&Value::Null, 400, json!({"error": "invalid_grant"}), "invalid"),
        (
            &Value::Null,
            401,
            json!({"error": "invalid_client", "error_description": "bad code-1"}),
            "rejected platform_error",
        ),
        (&Value::Null, 429, json!({"message": "too much"}), "throttled +60"),
        (&Value::Null, 500, json!({}), "not_now"),
        (&Value::Null, 200, json!({}), "not_now"),
        (&Value::Null, 200, token("openid,profile"), "denied"),
        (&organization, 200, token("openid,profile,w_member_social"), "denied"),
        (&organization, 200, token("w_organization_social"), "denied"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, status, body.clone()).await;
        let error = complete(&bed, data.clone(), &PERSONAL, CODE).await.expect_err("refused");
        assert_eq!(fault(&error), expected, "{status} {body}");
        assert!(!format!("{error:?}").contains("code-1"), "{error:?}");
    }
}

#[tokio::test]
async fn what_the_browser_brings_is_read_before_anything_is_sent() {
    let bed = Bed::new().await;
    for (query, expected) in [
        (
            &[("error", "user_cancelled_login"), ("error_description", "The user cancelled LinkedIn login")][..],
            "denied",
        ),
        (&[("error", "user_cancelled_authorize")], "denied"),
        (&[("error", "unauthorized_scope_error")], "rejected platform_error"),
        (&[], "invalid"),
    ] {
        let error = complete(&bed, Value::Null, &PERSONAL, query).await.expect_err("refused");
        assert_eq!(fault(&error), expected, "{query:?}");
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[test]
fn who_is_connected_is_said_beforehand() {
    let consent = Linkedin.consent().expect("can");
    for data in [Value::Null, json!({}), json!({"as": "personal"}), json!({"as": "organization"})] {
        assert_eq!(consent.variant(&data), Ok("default".to_owned()));
    }
    assert_eq!(consent.variant(&json!({"as": "page"})).expect_err("refused").0, "/as");
    assert_eq!(consent.variant(&json!({"page": 1})).expect_err("refused").0, "/page");
    assert_eq!(consent.rules("default").expect("rules").scopes, PERSONAL);
    assert!(consent.rules("organization").is_none());
}
