use platforms::{Network, facebook::Facebook};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{account, error};
use crate::bed::{Bed, NOW, at, message, refusal};

const ME: &str = "/v24.0/me";

fn page() -> Value {
    json!({"id": "1755", "name": "Acme Co", "username": "acme", "category": "Media",
        "picture": {"data": {"url": "https://scontent.example/a.jpg", "width": 200}}})
}

#[tokio::test]
async fn a_token_says_which_page_it_is_of() {
    // given
    let bed = Bed::new().await;
    bed.on("GET", ME, 200, page()).await;
    // when
    let identity = Facebook.identify(&bed.cx(), &json!({"access_token": "page-1"})).await.expect("identified");
    // then
    assert_eq!((identity.network_unique_id.as_str(), identity.username.as_str()), ("1755", "acme"));
    assert_eq!(identity.display_name.as_deref(), Some("Acme Co"));
    assert_eq!(identity.profile_url.as_deref(), Some("https://www.facebook.com/1755"));
    assert_eq!(identity.profile_image_url.as_deref(), Some("https://scontent.example/a.jpg"));
    assert_eq!((identity.account_type, identity.tokens.expires_at), ("page", None));
    assert_eq!(identity.tokens.sealed_json.expose_secret(), r#"{"access_token":"page-1"}"#);
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("GET {ME}"), "authorization": "Bearer page-1",
            "query": "fields=id%2Cname%2Cusername%2Ccategory%2Cpicture.type%28large%29"})]
    );
    assert!(Facebook.health(&bed.cx(), &account().get()).await.is_ok());
}

#[tokio::test]
async fn a_page_without_a_name_of_its_own_is_called_by_its_id() {
    let bed = Bed::new().await;
    bed.on("GET", ME, 200, json!({"id": "1755", "name": "Acme Co", "category": "Media"})).await;
    let identity = Facebook.identify(&bed.cx(), &json!({"access_token": "page-1"})).await.expect("identified");
    assert_eq!(identity.username, "1755");
}

#[tokio::test]
async fn what_is_no_page_s_token_is_refused() {
    for (status, body, expected) in [
        (200, json!({"id": "42", "name": "Alice"}), "rejected platform_error"),
        (200, json!({"id": "../42", "category": "x"}), "not_now"),
        (
            400,
            error(100, Value::Null, "(#100) Tried accessing nonexisting field (category)"),
            "rejected content_rejected",
        ),
        (400, error(190, json!(463), "expired"), "auth token_expired"),
        (503, json!({}), "not_now"),
    ] {
        let bed = Bed::new().await;
        bed.on("GET", ME, status, body.clone()).await;
        let refused = Facebook.identify(&bed.cx(), &json!({"access_token": "a"})).await.expect_err("refused");
        assert_eq!(refusal(&refused), expected, "{body}");
    }
    let bed = Bed::new().await;
    for (given, says) in [
        (json!({}), "`access_token` is missing"),
        (json!({"access_token": 7}), "`access_token` must be a string"),
        (json!({"access_token": "a", "page_id": "1"}), "`page_id` is not known here"),
    ] {
        let refused = Facebook.identify(&bed.cx(), &given).await.expect_err("refused");
        assert_eq!(message(&refused), says);
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_token_of_another_page_is_no_good() {
    let bed = Bed::new().await;
    bed.on("GET", ME, 200, json!({"id": "1756", "category": "Media"})).await;
    let refused = Facebook.health(&bed.cx(), &account().get()).await.expect_err("refused");
    assert_eq!(refusal(&refused), "auth token_revoked");
}

#[tokio::test]
async fn followers_are_told() {
    let bed = Bed::new().await;
    bed.on("GET", "/v24.0/1755", 200, json!({"id": "1755", "fan_count": 9, "followers_count": 10})).await;
    let numbers =
        Facebook.numbers().expect("can").account_numbers(&bed.cx(), &account().get(), (at(NOW), at(NOW))).await;
    let numbers = numbers.expect("told");
    assert_eq!((numbers.followers, numbers.platform_specific), (Some(10), json!({"fan_count": 9})));
    assert_eq!(bed.seen().await[0]["query"], json!("fields=fan_count%2Cfollowers_count"));
}
