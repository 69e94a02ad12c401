use platforms::{Identity, Network, OauthApp, Refresh, linkedin::Linkedin};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{ORGANIZATION, PERSON, organization, person, rest};
use crate::bed::{Bed, Connected, NOW, at, message, refusal};

const USERINFO: &str = "/v2/userinfo";
const ME: &str = "/v2/me";
const ACLS: &str = "/rest/organizationAcls";
const TOKEN: &str = "/oauth/v2/accessToken";

fn user() -> Value {
    json!({"sub": "782bbtaQ", "name": "Alice A.", "given_name": "Alice", "family_name": "A.",
        "picture": "https://media.example/a.jpg", "locale": {"country": "US", "language": "en"}, "email": "a@a.example"})
}

fn acl(organization: &str, role: &str) -> Value {
    json!({"role": role, "organization": organization, "roleAssignee": PERSON, "state": "APPROVED"})
}

fn tokens(identity: &Identity) -> Value {
    serde_json::from_str(identity.tokens.sealed_json.expose_secret()).expect("tokens are JSON")
}

#[tokio::test]
async fn a_token_says_whose_it_is() {
    // given
    let bed = Bed::new().await;
    bed.on("GET", USERINFO, 200, user()).await;
    let given = json!({"access_token": "access-1", "refresh_token": "refresh-1", "scopes": ["w_member_social"],
        "expires_at": at(NOW + 5_184_000).to_string(), "as": "personal"});
    // when
    let identity = Linkedin.identify(&bed.cx(), &given).await.expect("identified");
    // then
    assert_eq!((identity.network_unique_id.as_str(), identity.username.as_str()), (PERSON, "Alice A."));
    assert_eq!((identity.account_type, &identity.facts), ("person", &json!({"kind": "person"})));
    assert_eq!(identity.profile_image_url.as_deref(), Some("https://media.example/a.jpg"));
    assert_eq!((identity.profile_url.as_deref(), &identity.scopes[..]), (None, &["w_member_social".to_owned()][..]));
    assert_eq!(identity.tokens.expires_at, Some(at(NOW + 5_184_000)));
    assert_eq!(tokens(&identity), json!({"access_token": "access-1", "refresh_token": "refresh-1"}));
    assert_eq!(bed.seen().await, [json!({"call": format!("GET {USERINFO}"), "authorization": "Bearer access-1"})]);
}

/// Apps with `r_basicprofile` and without OpenID, as one vendor's guide registers them.
#[tokio::test]
async fn an_app_without_openid_asks_the_older_profile() {
    let bed = Bed::new().await;
    bed.on("GET", USERINFO, 403, json!({"message": "Not enough permissions to access: userinfo.GET.NO_VERSION"})).await;
    let profile =
        json!({"id": "782bbtaQ", "localizedFirstName": "Alice", "localizedLastName": "A.", "vanityName": "alice-a"});
    bed.on("GET", ME, 200, profile).await;
    let identity = Linkedin.identify(&bed.cx(), &json!({"access_token": "access-1"})).await.expect("identified");
    assert_eq!((identity.network_unique_id.as_str(), identity.username.as_str()), (PERSON, "alice-a"));
    assert_eq!(identity.display_name.as_deref(), Some("Alice A."));
    assert_eq!(identity.profile_url.as_deref(), Some("https://www.linkedin.com/in/alice-a"));
}

#[tokio::test]
async fn an_organisation_is_connected_by_who_may_post_for_it() {
    // given
    let bed = Bed::new().await;
    let acls = json!({"elements": [acl("urn:li:organization:7", "ADMINISTRATOR"), acl(ORGANIZATION, "ADMINISTRATOR")],
        "paging": {"start": 0, "count": 10}});
    bed.on("GET", ACLS, 200, acls).await;
    let told =
        json!({"localizedName": "Acme Co", "vanityName": "acme", "logoV2": {"original": "urn:li:digitalmediaAsset:1"}});
    bed.on("GET", "/rest/organizations/123", 200, told).await;
    let given = |id: &str| json!({"access_token": "access-1", "as": "organization", "organization_id": id});
    // when
    let identity = Linkedin.identify(&bed.cx(), &given("123")).await.expect("identified");
    // then
    assert_eq!((identity.network_unique_id.as_str(), identity.username.as_str()), (ORGANIZATION, "acme"));
    assert_eq!((identity.account_type, &identity.facts), ("organization", &json!({"kind": "organization"})));
    assert_eq!(identity.display_name.as_deref(), Some("Acme Co"));
    assert_eq!(identity.profile_url.as_deref(), Some("https://www.linkedin.com/company/acme"));
    let seen = bed.seen().await;
    let query = json!({"query": "q=roleAssignee&role=ADMINISTRATOR&state=APPROVED&start=0&count=100"});
    assert_eq!(seen[0], rest(&format!("GET {ACLS}"), query));
    assert_eq!(seen[seen.len() - 1], rest("GET /rest/organizations/123", json!({})));
    // and by its whole name, but not one that the member has no role in
    assert!(Linkedin.identify(&bed.cx(), &given(ORGANIZATION)).await.is_ok());
    let error = Linkedin.identify(&bed.cx(), &given("8")).await.expect_err("refused");
    assert_eq!(refusal(&error), "rejected permission_missing");
}

#[tokio::test]
async fn faults_of_credentials_are_named_before_anything_is_sent() {
    let bed = Bed::new().await;
    for (given, says) in [
        (json!({}), "`access_token` is missing"),
        (json!({"access_token": ""}), "`access_token` is empty"),
        (json!({"access_token": "a", "expires_at": "tomorrow"}), "`expires_at` must be a time"),
        (json!({"access_token": "a", "as": "page"}), "`as` must be"),
        (json!({"access_token": "a", "as": "organization"}), "`organization_id` is missing"),
        (
            json!({"access_token": "a", "as": "organization", "organization_id": "x"}),
            "`organization_id` must be a number",
        ),
        (json!({"access_token": "a", "organization_id": "7"}), "`organization_id` is given"),
        (json!({"access_token": "a", "client_id": "c"}), "`client_id` is not known here"),
    ] {
        let error = Linkedin.identify(&bed.cx(), &given).await.expect_err("refused");
        assert!(message(&error).starts_with(says), "{given}: {}", message(&error));
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn an_answer_that_names_nobody_connects_nobody() {
    for (status, body, expected) in [
        (401, json!({"message": "revoked", "serviceErrorCode": 65_601}), "auth token_revoked"),
        (200, json!({"sub": "../1"}), "not_now"),
        (200, json!({"sub": ""}), "not_now"),
        (200, json!({"sub": 7}), "not_now"),
        (500, json!({}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", USERINFO, status, body.clone()).await;
        let error = Linkedin.identify(&bed.cx(), &json!({"access_token": "a"})).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{body}");
    }
}

#[tokio::test]
async fn health_is_of_the_very_account() {
    let bed = Bed::new().await;
    bed.on("GET", USERINFO, 200, user()).await;
    bed.on("GET", ACLS, 200, json!({"elements": [acl(ORGANIZATION, "ADMINISTRATOR")]})).await;
    assert_eq!(Linkedin.health(&bed.cx(), &person().get()).await, Ok(()));
    assert_eq!(Linkedin.health(&bed.cx(), &organization().get()).await, Ok(()));
    let other = |id: &str| Connected::new(id, "b", Value::Null, json!({"access_token": "a"}));
    let error = Linkedin.health(&bed.cx(), &other("urn:li:person:b").get()).await.expect_err("unhealthy");
    assert_eq!(refusal(&error), "auth token_revoked");
    let error = Linkedin.health(&bed.cx(), &other("urn:li:organization:9").get()).await.expect_err("unhealthy");
    assert_eq!(refusal(&error), "rejected permission_missing");
}

fn app(secret: &SecretString) -> OauthApp<'_> {
    OauthApp {
        client_id: "app",
        client_secret: Some(secret),
        extra: &Value::Null,
        callback_url: "https://f.example/cb",
    }
}

#[tokio::test]
async fn a_refresh_token_is_traded_where_the_app_has_them() {
    // given
    let bed = Bed::new().await;
    let fresh = json!({"access_token": "access-2", "expires_in": 5_184_000, "refresh_token": "refresh-1",
        "refresh_token_expires_in": 31_536_000});
    bed.on("POST", TOKEN, 200, fresh).await;
    let held = json!({"access_token": "access-1", "refresh_token": "refresh-1"});
    let account = Connected::new(PERSON, "Alice", Value::Null, held);
    let secret = SecretString::from("s3cret");
    // when
    let renewed = Linkedin.refresh(&bed.cx(), &account.get(), Some(&app(&secret))).await.expect("renewed");
    // then
    assert_eq!(renewed.expires_at, Some(at(NOW + 5_184_000)));
    let renewed: Value = serde_json::from_str(renewed.sealed_json.expose_secret()).expect("tokens are JSON");
    let expected = json!({"access_token": "access-2", "refresh_token": "refresh-1", "issued_at": at(NOW).to_string()});
    assert_eq!(renewed, expected);
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("POST {TOKEN}"), "type": "application/x-www-form-urlencoded",
            "body": "grant_type=refresh_token&refresh_token=refresh-1&client_id=app&client_secret=s3cret"})]
    );
    // and when there is nothing to trade, or nobody to trade it for
    for (account, app) in [(person(), Some(app(&secret))), (account, None)] {
        let error = Linkedin.refresh(&bed.cx(), &account.get(), app.as_ref()).await.expect_err("refused");
        assert_eq!(refusal(&error), "auth token_expired");
    }
}

#[tokio::test]
async fn only_a_dead_refresh_token_needs_the_owner() {
    for (status, body, expected) in [
        (
            400,
            json!({"error": "invalid_grant", "error_description": "The provided authorization grant is expired"}),
            "auth token_revoked",
        ),
        (401, json!({"error": "invalid_client", "error_description": "Client authentication failed"}), "not_now"),
        (429, json!({"error": "throttled"}), "throttled +60"),
        (500, json!({"error": "invalid_grant"}), "not_now"),
        (200, json!({"access_token": ""}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, status, body.clone()).await;
        let held = json!({"access_token": "a", "refresh_token": "r"});
        let account = Connected::new(PERSON, "Alice", Value::Null, held);
        let secret = SecretString::from("s3cret");
        let error = Linkedin.refresh(&bed.cx(), &account.get(), Some(&app(&secret))).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{status} {body}");
    }
}
