use platforms::{Network, bluesky::Bluesky};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use wiremock::{MockServer, ResponseTemplate};

use super::{DID, account, document, jwt, session};
use crate::bed::{Bed, NOW, message, refusal};

const CREATE: &str = "/xrpc/com.atproto.server.createSession";
const REFRESH: &str = "/xrpc/com.atproto.server.refreshSession";
const PROFILE: &str = "/xrpc/app.bsky.actor.getProfile";
const GET_SESSION: &str = "/xrpc/com.atproto.server.getSession";

fn tokens(tokens: &platforms::Tokens) -> Value {
    serde_json::from_str(tokens.sealed_json.expose_secret()).expect("tokens are JSON")
}

#[tokio::test]
async fn an_app_password_says_whose_it_is() {
    // given
    let bed = Bed::new().await;
    let pds = MockServer::start().await;
    bed.on("POST", CREATE, 200, session(Some(&format!("{}/", pds.uri())))).await;
    wiremock::Mock::given(wiremock::matchers::path(PROFILE))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"displayName": "Alice", "avatar": "https://cdn.example/a.jpg"})),
        )
        .mount(&pds)
        .await;
    // when
    let given = json!({"identifier": " @Alice.Example ", "app_password": "aaaa-bbbb"});
    let identity = Bluesky.identify(&bed.cx(), &given).await.expect("identified");
    // then
    assert_eq!(identity.network_unique_id, DID);
    assert_eq!(identity.username, "alice.example");
    assert_eq!(identity.realm, "");
    assert_eq!(identity.display_name.as_deref(), Some("Alice"));
    assert_eq!(identity.profile_image_url.as_deref(), Some("https://cdn.example/a.jpg"));
    assert_eq!(identity.profile_url.as_deref(), Some("https://bsky.app/profile/alice.example"));
    assert_eq!(identity.scopes, ["com.atproto.appPass"]);
    assert_eq!(identity.facts, json!({"service": bed.uri(), "pds": pds.uri()}));
    assert_eq!(identity.tokens.expires_at.map(jiff::Timestamp::as_second), Some(NOW + 7200));
    assert_eq!(
        tokens(&identity.tokens),
        json!({"service": bed.uri(), "pds": pds.uri(), "did": DID, "access_jwt": jwt(NOW + 7200),
            "refresh_jwt": "refresh-1", "app_password": "aaaa-bbbb"})
    );
    assert_eq!(
        bed.seen().await,
        [json!({"call": format!("POST {CREATE}"), "json": {"identifier": "alice.example", "password": "aaaa-bbbb"}})]
    );
}

#[tokio::test]
async fn faults_of_credentials_are_named_before_anything_is_sent() {
    let bed = Bed::new().await;
    for (given, says) in [
        (json!({}), "`identifier` is missing; `app_password` is missing"),
        (json!(7), "`credentials` must be an object"),
        (json!({"identifier": "a.example", "app_password": ["secret"]}), "`app_password` must be a string"),
        (json!({"identifier": "a.example", "app_password": "x", "service": "ftp://a"}), "`service`: "),
        (json!({"identifier": "a.example", "app_password": "x", "service": "https://u:p@a.example"}), "`service`: "),
        (json!({"identifier": "a.example", "app_password": "x", "service": "https://10.0.0.1"}), "`service`: "),
        (
            json!({"identifier": "a.example", "app_password": "x", "service": "https://a.example/?q"}),
            "`service` must be",
        ),
    ] {
        let error = Bluesky.identify(&bed.cx(), &given).await.expect_err("refused");
        assert!(message(&error).starts_with(says), "{given}: {}", message(&error));
        assert!(!message(&error).contains("secret"));
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_the_server_says_of_the_password_is_passed_on() {
    let given = json!({"identifier": "alice.example", "app_password": "hunter2-hunter2"});
    for (status, body, expected) in [
        (
            401,
            json!({"error": "AuthenticationRequired", "message": "Invalid identifier or password"}),
            "auth token_revoked",
        ),
        (401, json!({"error": "AuthFactorTokenRequired", "message": "A code was sent"}), "auth token_revoked"),
        (401, json!({"error": "AccountTakedown", "message": "taken down"}), "auth token_revoked"),
        (429, json!({"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}), "throttled +60"),
        (500, json!({"error": "InternalServerError"}), "not_now"),
        (200, json!({"accessJwt": "a"}), "not_now"),
        (200, json!({"accessJwt": "", "refreshJwt": "r", "did": DID, "handle": "a.example"}), "not_now"),
        (200, json!({"accessJwt": "a", "refreshJwt": "r", "did": "did:plc:../x", "handle": "a.example"}), "not_now"),
        (
            200,
            json!({"accessJwt": "a", "refreshJwt": "r", "did": DID, "handle": "a.example", "active": false, "status": "deactivated"}),
            "rejected platform_error",
        ),
        // A server that repeats the password does not get it into our database.
        (
            400,
            json!({"error": "InvalidRequest", "message": "no such password: hunter2-hunter2"}),
            "rejected content_rejected",
        ),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", CREATE, status, body.clone()).await;
        let error = Bluesky.identify(&bed.cx(), &given).await.expect_err("refused");
        assert_eq!(refusal(&error), expected, "{body}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn a_handle_that_does_not_resolve_back_is_not_used() {
    for handle in ["handle.invalid", "", "a b", "../x"] {
        let bed = Bed::new().await;
        let mut session = session(None);
        session["handle"] = json!(handle);
        bed.on("POST", CREATE, 200, session).await;
        let given = json!({"identifier": "alice.example", "app_password": "x"});
        let identity = Bluesky.identify(&bed.cx(), &given).await.expect("identified");
        assert_eq!(identity.username, DID);
        // No document: the service itself has the repository.
        assert_eq!(identity.facts["pds"], json!(bed.uri()));
    }
}

/// Where `bases` do not name the service, it may be anybody's server.
async fn identify_at_a_strangers(
    bed: &Bed,
    stranger: &MockServer,
    pds: &str,
) -> Result<platforms::Identity, domain::target::Refusal> {
    let given = json!({"service": stranger.uri(), "identifier": "alice.example", "app_password": "x"});
    bed.on("GET", &format!("/{DID}"), 200, document(pds)).await;
    wiremock::Mock::given(wiremock::matchers::path(CREATE))
        .respond_with(ResponseTemplate::new(200).set_body_json(session(Some(&stranger.uri()))))
        .mount(stranger)
        .await;
    Bluesky.identify(&bed.cx(), &given).await
}

#[tokio::test]
async fn a_server_cannot_claim_a_did_that_is_not_its_own() {
    // given: a server that says it is alice's, whose directory names another
    let (bed, stranger, own) = (Bed::new().await, MockServer::start().await, MockServer::start().await);
    wiremock::Mock::given(wiremock::matchers::path(GET_SESSION))
        .respond_with(ResponseTemplate::new(400).set_body_json(json!({"error": "InvalidToken"})))
        .mount(&own)
        .await;
    // when
    let error = identify_at_a_strangers(&bed, &stranger, &own.uri()).await.expect_err("refused");
    // then
    assert!(message(&error).contains("does not accept the session"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_the_directory_names_is_believed() {
    let (bed, stranger) = (Bed::new().await, MockServer::start().await);
    let identity = identify_at_a_strangers(&bed, &stranger, &stranger.uri()).await.expect("identified");
    assert_eq!(identity.facts["pds"], json!(stranger.uri()));
}

#[tokio::test]
async fn a_service_in_front_of_the_named_server_is_believed_when_that_one_knows_the_session() {
    let (bed, entryway, own) = (Bed::new().await, MockServer::start().await, MockServer::start().await);
    wiremock::Mock::given(wiremock::matchers::path(GET_SESSION))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"did": DID, "handle": "alice.example"})))
        .mount(&own)
        .await;
    let identity = identify_at_a_strangers(&bed, &entryway, &own.uri()).await.expect("identified");
    assert_eq!(identity.facts, json!({"service": entryway.uri(), "pds": own.uri()}));
}

#[tokio::test]
async fn a_did_without_a_document_is_refused() {
    let (bed, stranger) = (Bed::new().await, MockServer::start().await);
    let error = identify_at_a_strangers(&bed, &stranger, "not a url").await.expect_err("refused");
    assert!(message(&error).contains("names no personal data server"), "{error:?}");
}

#[tokio::test]
async fn a_session_is_renewed_by_its_refresh_token() {
    // given
    let bed = Bed::new().await;
    let mut fresh = session(None);
    fresh["refreshJwt"] = json!("refresh-2");
    bed.on("POST", REFRESH, 200, fresh).await;
    // when
    let account = account(&bed);
    let renewed = Bluesky.refresher().expect("can").refresh(&bed.cx(), &account.get(), None).await.expect("renewed");
    // then
    let tokens = tokens(&renewed);
    assert_eq!((&tokens["access_jwt"], &tokens["refresh_jwt"]), (&json!(jwt(NOW + 7200)), &json!("refresh-2")));
    assert_eq!((&tokens["app_password"], &tokens["did"]), (&json!("aaaa-bbbb"), &json!(DID)));
    assert_eq!(renewed.expires_at.map(jiff::Timestamp::as_second), Some(NOW + 7200));
    assert_eq!(bed.seen().await, [json!({"call": format!("POST {REFRESH}"), "authorization": "Bearer refresh-1"})]);
}

#[tokio::test]
async fn a_spent_refresh_token_is_replaced_by_signing_in_again() {
    for (status, error) in [(400, "ExpiredToken"), (400, "InvalidToken"), (401, "AuthMissing")] {
        let bed = Bed::new().await;
        bed.on("POST", REFRESH, status, json!({"error": error, "message": "no"})).await;
        bed.on("POST", CREATE, 200, session(None)).await;
        let account = account(&bed);
        let renewed =
            Bluesky.refresher().expect("can").refresh(&bed.cx(), &account.get(), None).await.expect("renewed");
        assert_eq!(tokens(&renewed)["refresh_jwt"], json!("refresh-1"));
        assert_eq!(bed.seen().await[1]["json"], json!({"identifier": DID, "password": "aaaa-bbbb"}));
    }
}

#[tokio::test]
async fn only_a_refused_password_needs_the_owner() {
    let refused = json!({"error": "ExpiredToken", "message": "Token has expired"});
    let mut other = session(None);
    other["did"] = json!("did:plc:mallory");
    for (refresh, create, expected) in [
        ((400, refused.clone()), (401, json!({"error": "AuthenticationRequired"})), "auth token_revoked"),
        ((400, refused.clone()), (429, json!({"error": "RateLimitExceeded"})), "throttled +60"),
        ((400, refused.clone()), (503, json!({})), "not_now"),
        ((400, refused), (200, other.clone()), "auth token_revoked"),
        ((500, json!({})), (200, session(None)), "not_now"),
        (
            (200, json!({"accessJwt": "", "refreshJwt": "", "did": DID, "handle": "a.example"})),
            (200, session(None)),
            "not_now",
        ),
        ((200, other), (200, session(None)), "auth token_revoked"),
    ] {
        let bed = Bed::new().await;
        bed.on("POST", REFRESH, refresh.0, refresh.1).await;
        bed.on("POST", CREATE, create.0, create.1).await;
        let account = account(&bed);
        let error =
            Bluesky.refresher().expect("can").refresh(&bed.cx(), &account.get(), None).await.expect_err("refused");
        assert_eq!(refusal(&error), expected);
    }
}
