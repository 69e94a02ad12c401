use platforms::{Network, x::X};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::account;
use crate::bed::{Bed, Connected, NOW, at, message, refusal};

const ME: &str = "/2/users/me";
const TOKEN: &str = "/2/oauth2/token";

fn tokens(tokens: &platforms::Tokens) -> Value {
    serde_json::from_str(tokens.sealed_json.expose_secret()).expect("tokens are JSON")
}

#[tokio::test]
async fn a_token_says_whose_it_is() {
    // given
    let bed = Bed::new().await;
    let user = json!({"data": {"id": "42", "name": "Alice", "username": "alice", "verified": true,
        "profile_image_url": "https://pbs.example/a.jpg", "subscription_type": "Premium"}});
    bed.on("GET", ME, 200, user).await;
    let given = json!({"access_token": "access-1", "refresh_token": "refresh-1", "client_id": "app",
        "expires_at": at(NOW + 7200).to_string(), "scopes": ["tweet.write"]});
    // when
    let identity = X.identify(&bed.cx(), &given).await.expect("identified");
    // then
    assert_eq!((identity.network_unique_id.as_str(), identity.username.as_str()), ("42", "alice"));
    assert_eq!(identity.profile_url.as_deref(), Some("https://x.com/alice"));
    assert_eq!(identity.facts["subscription_type"], "Premium");
    assert_eq!(identity.scopes, ["tweet.write"]);
    assert_eq!(identity.tokens.expires_at, Some(at(NOW + 7200)));
    assert_eq!(
        tokens(&identity.tokens),
        json!({"access_token": "access-1", "refresh_token": "refresh-1", "client_id": "app"})
    );
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("GET {ME}"), "authorization": "Bearer access-1",
            "query": "user.fields=profile_image_url%2Cverified%2Cverified_type%2Csubscription_type"})]
    );
}

/// An app's budget is shared by whoever proves to have the app; its id alone anybody may know.
#[tokio::test]
async fn an_app_is_told_apart_without_being_shown() {
    let bed = Bed::new().await;
    bed.on("GET", ME, 200, json!({"data": {"id": "42", "name": "Alice", "username": "alice"}})).await;
    let facts = async |client: Value| {
        let mut given = json!({"access_token": "access-1"});
        given.as_object_mut().expect("an object").extend(client.as_object().expect("an object").clone());
        X.identify(&bed.cx(), &given).await.expect("identified").facts
    };
    let public = facts(json!({"client_id": "app-1"})).await;
    let proven = facts(json!({"client_id": "app-1", "client_secret": "s3cret"})).await;
    let guessed = facts(json!({"client_id": "app-1", "client_secret": "guess"})).await;
    assert!(public["client"].is_string() && public["app"].is_null(), "{public}");
    assert!(proven["app"].is_string() && proven["client"].is_null(), "{proven}");
    assert_ne!(proven["app"], guessed["app"]);
    assert_eq!(proven, facts(json!({"client_id": "app-1", "client_secret": "s3cret"})).await);
    assert!(!format!("{public}{proven}").contains("app-1"));
    assert_eq!(facts(json!({})).await, json!({"subscription_type": null}));
}

#[tokio::test]
async fn faults_of_credentials_are_named_before_anything_is_sent() {
    let bed = Bed::new().await;
    for (given, says) in [
        (json!({}), "`access_token` is missing"),
        (json!({"access_token": ""}), "`access_token` is empty"),
        (json!({"access_token": "a", "expires_at": "tomorrow"}), "`expires_at` must be a time"),
        (json!({"access_token": "a", "scopes": "tweet.write"}), "`scopes` must be a list of strings"),
        (json!({"access_token": "a", "client_secret": "s"}), "`client_id` is missing beside `client_secret`"),
        (json!({"access_token": "a", "password": "s"}), "`password` is not known here"),
    ] {
        let error = X.identify(&bed.cx(), &given).await.expect_err("refused");
        assert!(message(&error).starts_with(says), "{given}: {}", message(&error));
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_x_says_of_the_token_is_passed_on() {
    for (status, body, expected) in [
        (
            401,
            json!({"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}),
            "auth token_expired",
        ),
        (
            403,
            json!({"title": "Unsupported Authentication", "detail": "no", "type": "https://api.twitter.com/2/problems/unsupported-authentication"}),
            "auth token_revoked",
        ),
        (
            403,
            json!({"title": "Client Forbidden", "detail": "enroll", "type": "https://api.x.com/2/problems/client-forbidden"}),
            "rejected permission_missing",
        ),
        (
            200,
            json!({"errors": [{"title": "Forbidden", "detail": "User has been suspended", "type": "https://api.x.com/2/problems/user-suspended"}]}),
            "not_now",
        ),
        (200, json!({"data": {"id": "../42", "username": "alice"}}), "not_now"),
        (200, json!({"data": {"id": "42", "username": "a/b"}}), "not_now"),
        (503, json!({}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", ME, status, body.clone()).await;
        let error = X.identify(&bed.cx(), &json!({"access_token": "access-1"})).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{body}");
    }
}

#[tokio::test]
async fn a_pair_of_tokens_is_traded_for_the_next() {
    // given
    let bed = Bed::new().await;
    let fresh = json!({"token_type": "bearer", "expires_in": 7200, "access_token": "access-2",
        "scope": "tweet.read", "refresh_token": "refresh-2"});
    bed.on("POST", TOKEN, 200, fresh).await;
    // when
    let renewed = X.refresher().expect("can").refresh(&bed.cx(), &account().get(), None).await.expect("renewed");
    // then
    assert_eq!(tokens(&renewed), json!({"access_token": "access-2", "refresh_token": "refresh-2", "client_id": "app"}));
    assert_eq!(renewed.expires_at, Some(at(NOW + 7200)));
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("POST {TOKEN}"), "type": "application/x-www-form-urlencoded",
            "body": "grant_type=refresh_token&refresh_token=refresh-1&client_id=app"})]
    );
}

#[tokio::test]
async fn a_confidential_client_says_its_secret_in_the_header() {
    let bed = Bed::new().await;
    bed.on("POST", TOKEN, 200, json!({"access_token": "access-2"})).await;
    let held = json!({"access_token": "a", "refresh_token": "r", "client_id": "app", "client_secret": "s"});
    let account = Connected::new("42", "alice", Value::Null, held);
    let renewed = X.refresher().expect("can").refresh(&bed.cx(), &account.get(), None).await.expect("renewed");
    // An answer without a new refresh token leaves the old one.
    assert_eq!((&tokens(&renewed)["refresh_token"], renewed.expires_at), (&json!("r"), None));
    let seen = bed.seen().await;
    assert_eq!(seen[0]["authorization"], json!("Basic YXBwOnM="));
    assert_eq!(seen[0]["body"], json!("grant_type=refresh_token&refresh_token=r"));
}

#[tokio::test]
async fn only_a_dead_refresh_token_needs_the_owner() {
    for (status, body, expected) in [
        (
            400,
            json!({"error": "invalid_request", "error_description": "Value passed for the token was invalid."}),
            "auth token_revoked",
        ),
        (400, json!({"error": "invalid_grant"}), "auth token_revoked"),
        (
            400,
            json!({"error": "invalid_request", "error_description": "Missing required parameter [client_id]."}),
            "not_now",
        ),
        (
            401,
            json!({"error": "unauthorized_client", "error_description": "Missing valid authorization header"}),
            "not_now",
        ),
        (403, json!("<html>"), "not_now"),
        (429, json!({"title": "Too Many Requests"}), "throttled +60"),
        (500, json!({}), "not_now"),
        (200, json!({}), "not_now"),
        (200, json!({"access_token": ""}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", TOKEN, status, body.clone()).await;
        let error = X.refresher().expect("can").refresh(&bed.cx(), &account().get(), None).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{body}");
    }
}

#[tokio::test]
async fn without_the_app_s_id_nothing_can_be_renewed() {
    let bed = Bed::new().await;
    for held in [json!({"access_token": "a", "refresh_token": "r"}), json!({"access_token": "a", "client_id": "app"})] {
        let account = Connected::new("42", "alice", Value::Null, held);
        let error = X.refresher().expect("can").refresh(&bed.cx(), &account.get(), None).await.expect_err("refused");
        assert_eq!(refusal(&error), "auth token_expired");
    }
    let account = Connected::new("42", "alice", Value::Null, json!({"nonsense": 1}));
    let error = X.refresher().expect("can").refresh(&bed.cx(), &account.get(), None).await.expect_err("refused");
    assert_eq!(refusal(&error), "auth token_revoked");
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}
