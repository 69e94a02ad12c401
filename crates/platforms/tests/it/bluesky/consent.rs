//! Connecting on the consent page of a person's own server.

mod begin;
mod complete;

use platforms::{OauthApp, Register, bluesky::Bluesky};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use wiremock::{Mock, ResponseTemplate, matchers};

use super::{document, proofs::with_nonce};
use crate::bed::{Bed, refusal};

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const CALLBACK: &str = "https://fanfare.example/v1/oauth/callback/net_1";
const CLIENT: &str = "https://fanfare.example/v1/oauth/client-metadata/net_1";
const TOKEN: &str = "/oauth/token";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn scopes() -> Vec<String> {
    vec!["atproto".to_owned(), "transition:generic".to_owned()]
}

fn app(secret: Option<&SecretString>) -> OauthApp<'_> {
    OauthApp { client_id: CLIENT, client_secret: secret, extra: &Value::Null, callback_url: CALLBACK }
}

fn named(bed: &Bed, handle: &str) -> Value {
    let mut document = document(&bed.uri());
    document["alsoKnownAs"] = json!([format!("at://{handle}")]);
    document
}

async fn on_nonce(bed: &Bed, method: &str, path: &str, status: u16, then: ResponseTemplate) {
    let mock = Mock::given(matchers::method(method)).and(matchers::path(path));
    mock.respond_with(with_nonce("nonce-1", status, then)).mount(&bed.server).await;
}

#[tokio::test]
async fn whoever_has_an_address_is_a_client() {
    let bed = Bed::new().await;
    let register = async |callback: &str| Bluesky.register(&bed.cx(), "default", &scopes(), callback).await;
    // In public: a document and a key of its own.
    let public = register(CALLBACK).await.expect("an app");
    assert_eq!(public.client_id, CLIENT);
    let secret = public.client_secret.expect("a key");
    let document = Bluesky.document(&app(Some(&secret)), &scopes()).expect("a document");
    assert!(!document.to_string().contains(secret.expose_secret()));
    let keys = document["jwks"]["keys"].clone();
    assert_eq!((&keys[0]["alg"], &keys[0]["use"], &keys[0]["kty"]), (&json!("ES256"), &json!("sig"), &json!("EC")));
    assert_eq!(
        document,
        json!({"client_id": CLIENT, "application_type": "web", "client_name": "Fanfare",
            "client_uri": "https://fanfare.example", "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"], "redirect_uris": [CALLBACK], "scope": "atproto transition:generic",
            "dpop_bound_access_tokens": true, "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256", "jwks": {"keys": keys}})
    );
    let document = Bluesky.document(&app(None), &scopes()).expect("a document");
    assert_eq!((&document["token_endpoint_auth_method"], &document["jwks"]), (&json!("none"), &Value::Null));
    // On this machine: neither.
    let loopback = register("http://127.0.0.1:8080/v1/oauth/callback/net_1").await.expect("an app");
    assert!(loopback.client_secret.is_none());
    assert!(loopback.client_id.starts_with("http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2F"));
    assert!(Bluesky.document(&OauthApp { client_id: &loopback.client_id, ..app(None) }, &scopes()).is_none());
    // Anywhere else no browser could come back to.
    for callback in ["http://fanfare.internal/v1/oauth/callback/net_1", "https://fanfare.example/elsewhere", "nowhere"]
    {
        assert_eq!(refusal(&register(callback).await.expect_err("refused")), "rejected platform_error", "{callback}");
    }
    assert_eq!(bed.seen().await, [] as [Value; 0]);
}
