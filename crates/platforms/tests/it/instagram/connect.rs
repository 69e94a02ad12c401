use platforms::{Network, OauthApp, instagram::Instagram};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{account, error};
use crate::bed::{Bed, Connected, NOW, at, message, refusal};

const ME: &str = "/v24.0/me";

fn me() -> Value {
    json!({"id": "999", "user_id": "178", "username": "acme", "name": "Acme", "account_type": "BUSINESS",
        "profile_picture_url": "https://scontent.example/a.jpg"})
}

#[tokio::test]
async fn a_token_of_instagram_s_own_login_says_whose_it_is() {
    // given
    let bed = Bed::new().await;
    bed.on("GET", ME, 200, me()).await;
    // when
    let given = json!({"access_token": "token-1", "expires_at": at(NOW + 7200).to_string()});
    let identity = Instagram.identify(&bed.cx(), &given).await.expect("identified");
    // then
    assert_eq!((identity.network_unique_id.as_str(), identity.username.as_str()), ("178", "acme"));
    assert_eq!(identity.profile_url.as_deref(), Some("https://www.instagram.com/acme/"));
    assert_eq!((identity.account_type, &identity.facts), ("business", &json!({"login": "instagram"})));
    assert_eq!(identity.tokens.expires_at, Some(at(NOW + 7200)));
    assert_eq!(identity.tokens.sealed_json.expose_secret(), r#"{"login":"instagram","access_token":"token-1"}"#);
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("GET {ME}"), "authorization": "Bearer token-1",
            "query": "fields=user_id%2Cusername%2Cname%2Caccount_type%2Cprofile_picture_url"})]
    );
    assert!(Instagram.health(&bed.cx(), &account().get()).await.is_ok());
}

#[tokio::test]
async fn a_token_of_facebook_s_login_needs_the_account_s_id() {
    let bed = Bed::new().await;
    let linked = json!({"id": "178", "username": "acme", "name": "Acme", "profile_picture_url": null});
    bed.on("GET", "/v24.0/178", 200, linked).await;
    let given = json!({"access_token": "person", "login": "facebook", "user_id": "178"});
    let identity = Instagram.identify(&bed.cx(), &given).await.expect("identified");
    assert_eq!(identity.facts, json!({"login": "facebook"}));
    assert_eq!(bed.seen().await[0]["query"], json!("fields=id%2Cusername%2Cname%2Cprofile_picture_url"));
}

#[tokio::test]
async fn faults_of_credentials_are_named_before_anything_is_sent() {
    let bed = Bed::new().await;
    for (given, says) in [
        (json!({}), "`access_token` is missing"),
        (json!({"access_token": "a", "login": "google"}), "`login` must be `instagram` or `facebook`"),
        (json!({"access_token": "a", "login": "facebook"}), "`user_id` is needed with the login `facebook`"),
        (json!({"access_token": "a", "login": "facebook", "user_id": "../me"}), "`user_id` must be the id"),
        (json!({"access_token": "a", "expires_at": "soon"}), "`expires_at` must be a time"),
        (json!({"access_token": "a", "page": "1"}), "`page` is not known here"),
    ] {
        let refused = Instagram.identify(&bed.cx(), &given).await.expect_err("refused");
        assert!(message(&refused).starts_with(says), "{given}: {}", message(&refused));
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn odd_answers_are_not_taken_for_an_account() {
    for (status, body, expected) in [
        (200, json!({"user_id": 17_841_400_000_000_001_u64, "username": "acme"}), "identified 17841400000000001"),
        (200, json!({"username": "acme"}), "not_now"),
        (200, json!({"user_id": "1/7", "username": "acme"}), "not_now"),
        (200, json!({"user_id": "178", "username": "ac me"}), "not_now"),
        (400, error(190, json!(463), "expired"), "auth token_expired"),
        (400, error(100, Value::Null, "user is not an Instagram business"), "rejected content_rejected"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", ME, status, body.clone()).await;
        let seen = match Instagram.identify(&bed.cx(), &json!({"access_token": "a"})).await {
            Ok(identity) => format!("identified {}", identity.network_unique_id),
            Err(refused) => refusal(&refused),
        };
        assert_eq!(seen, expected, "{body}");
    }
    let bed = Bed::new().await;
    bed.on("GET", ME, 200, me()).await;
    let given = json!({"access_token": "a", "user_id": "179"});
    let refused = Instagram.identify(&bed.cx(), &given).await.expect_err("refused");
    assert_eq!(message(&refused), "`user_id` is 179, and the token opens 178");
}

#[tokio::test]
async fn a_token_is_traded_for_the_next() {
    // given
    let bed = Bed::new().await;
    let fresh = json!({"access_token": "token-2", "token_type": "bearer", "expires_in": 5_183_944});
    bed.on("GET", "/refresh_access_token", 200, fresh.clone()).await;
    let refresher = Instagram.refresher().expect("can");
    // when
    let renewed = refresher.refresh(&bed.cx(), &account().get(), None).await.expect("renewed");
    // then
    assert_eq!(renewed.sealed_json.expose_secret(), r#"{"login":"instagram","access_token":"token-2"}"#);
    assert_eq!(renewed.expires_at, Some(at(NOW + 5_183_944)));
    assert_eq!(
        bed.seen().await,
        [json!({"call": "GET /refresh_access_token", "query": "grant_type=ig_refresh_token&access_token=token-1"})]
    );
    // and through Facebook, by the app
    let held = json!({"login": "facebook", "access_token": "person-1", "page_token": "page"});
    let linked = Connected::new("178", "acme", json!({"login": "facebook"}), held);
    let secret = SecretString::from("s3cret");
    let app = OauthApp { client_id: "app", client_secret: Some(&secret), extra: &Value::Null, callback_url: "" };
    bed.on("GET", "/v24.0/oauth/access_token", 200, fresh).await;
    let renewed = refresher.refresh(&bed.cx(), &linked.get(), Some(&app)).await.expect("renewed");
    assert_eq!(
        renewed.sealed_json.expose_secret(),
        r#"{"login":"facebook","access_token":"token-2","page_token":"page"}"#
    );
    let gone = refresher.refresh(&bed.cx(), &linked.get(), None).await.expect_err("refused");
    assert_eq!(refusal(&gone), "auth token_expired");
}

#[tokio::test]
async fn only_a_dead_token_needs_the_owner() {
    for (status, body, expected) in [
        (400, error(190, json!(463), "expired"), "auth token_expired"),
        (400, error(190, Value::Null, "invalid"), "auth token_revoked"),
        (400, error(100, Value::Null, "token must be at least 24 hours old"), "not_now"),
        (400, error(10, Value::Null, "permission"), "not_now"),
        (400, error(4, Value::Null, "limit"), "throttled +300"),
        (500, json!({}), "not_now"),
        (200, json!({}), "not_now"),
        (200, json!({"access_token": ""}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", "/refresh_access_token", status, body.clone()).await;
        let refresher = Instagram.refresher().expect("can");
        let refused = refresher.refresh(&bed.cx(), &account().get(), None).await.expect_err("refused");
        assert_eq!(refusal(&refused), expected, "{body}");
    }
}

#[tokio::test]
async fn counts_are_told() {
    let bed = Bed::new().await;
    bed.on("GET", "/v24.0/178", 200, json!({"followers_count": 10, "follows_count": 2, "media_count": 5})).await;
    let told = Instagram.numbers().expect("can").account_numbers(&bed.cx(), &account().get(), (at(NOW), at(NOW))).await;
    let told = told.expect("told");
    assert_eq!((told.followers, told.following, told.posts), (Some(10), Some(2), Some(5)));
}
