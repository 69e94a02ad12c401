//! Who asks: a client is named by the address of a document about itself (fact sheet part 2, 4.1.2).

use domain::target::Refusal;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::{
    OauthApp, given,
    oauth::{self, Es256Key, TokenRequest, token_id},
    origin,
};

/// The client that a developer's own machine may be, without a document.
const LOOPBACK: &str = "http://localhost";
/// How long an assertion is good for, in seconds; the reference server takes a minute.
const ASSERTION_LIFE: i64 = 60;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client as it speaks to authorization servers.
pub(super) struct Client {
    pub(super) id: String,
    /// Where the browser comes back to.
    pub(super) redirect_uri: String,
    /// Of a confidential client.
    key: Option<Es256Key>,
}

impl Client {
    /// An app as a client that asks for `scopes`.
    pub(super) fn of(app: &OauthApp<'_>, scopes: &[String]) -> Result<Self, Refusal> {
        if is_loopback(app.client_id) {
            let redirect_uri = loopback_redirect(app.callback_url).ok_or_else(|| {
                given::refusal("the client id `http://localhost` is only for browsers that come back to this machine")
            })?;
            return Ok(Self { id: loopback_id(&redirect_uri, scopes), redirect_uri, key: None });
        }
        if !is_document(app.client_id) {
            return Err(given::refusal(
                "Bluesky knows an app by the HTTPS address of its client metadata, or by `http://localhost`",
            ));
        }
        Ok(Self { id: app.client_id.to_owned(), redirect_uri: app.callback_url.to_owned(), key: key(app)? })
    }

    /// The app that a grant was given to, as it is now. `None` where it is another one by now.
    pub(super) fn again(app: Option<&OauthApp<'_>>, id: &str) -> Option<Result<Self, Refusal>> {
        let client = |key| Self { id: id.to_owned(), redirect_uri: String::new(), key };
        match app {
            None => Some(Ok(client(None))),
            Some(app) if is_loopback(app.client_id) && is_loopback(id) => Some(Ok(client(None))),
            Some(app) if app.client_id == id => Some(key(app).map(client)),
            Some(_) => None,
        }
    }

    pub(super) fn is_confidential(&self) -> bool {
        self.key.is_some()
    }

    /// The method by which it proves who it is, as metadata name it.
    pub(super) fn method(&self) -> &'static str {
        if self.is_confidential() { "private_key_jwt" } else { "none" }
    }

    /// Says who asks, in a request to the server called `issuer`; a confidential client proves it (RFC 7523).
    pub(super) fn sign(&self, now: Timestamp, issuer: &str, request: TokenRequest) -> Result<TokenRequest, Refusal> {
        let request = request.with("client_id", &self.id);
        let Some(key) = &self.key else { return Ok(request) };
        let claims = json!({
            "iss": self.id,
            "sub": self.id,
            "aud": issuer,
            "jti": token_id()?,
            "iat": now.as_second(),
            "exp": now.as_second() + ASSERTION_LIFE,
        });
        let assertion = key.sign(json!({"typ": "JWT", "kid": key.kid()}), &claims)?;
        Ok(request.with("client_assertion_type", ASSERTION_TYPE).with("client_assertion", &assertion))
    }
}

/// The document at an app's address; `None` for a client that has none.
pub(super) fn document(app: &OauthApp<'_>, scopes: &[String]) -> Option<Value> {
    let id = Url::parse(app.client_id).ok().filter(|_| is_document(app.client_id))?;
    let key = key(app).ok()?;
    let mut document = json!({
        "client_id": app.client_id,
        "application_type": "web",
        "client_name": app.extra["client_name"].as_str().unwrap_or("Fanfare"),
        "client_uri": id.origin().ascii_serialization(),
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [app.callback_url],
        "scope": scopes.join(" "),
        "dpop_bound_access_tokens": true,
        "token_endpoint_auth_method": if key.is_some() { "private_key_jwt" } else { "none" },
    });
    for name in ["logo_uri", "tos_uri", "policy_uri"] {
        if let Some(uri) = app.extra[name].as_str() {
            document[name] = json!(uri);
        }
    }
    if let Some(key) = key {
        let mut public = key.public();
        for (name, value) in [("kid", key.kid()), ("use", "sig"), ("alg", "ES256")] {
            public[name] = json!(value);
        }
        document["token_endpoint_auth_signing_alg"] = json!("ES256");
        document["jwks"] = json!({"keys": [public]});
    }
    Some(document)
}

/// A confidential client's key is what its owner gave as the secret.
fn key(app: &OauthApp<'_>) -> Result<Option<Es256Key>, Refusal> {
    let Some(secret) = oauth::client_secret(app) else { return Ok(None) };
    let key = Es256Key::read(secret).ok_or_else(|| {
        given::refusal("`client_secret` must be a private key for ES256, as a JWK or as PKCS #8 in PEM")
    })?;
    Ok(Some(key))
}

/// Whether a client id is an address that a document may be at.
fn is_document(client_id: &str) -> bool {
    let plain = |url: &Url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    client_id.len() <= 2_000
        && Url::parse(client_id).is_ok_and(|url| url.scheme() == "https" && url.has_host() && plain(&url))
}

fn is_loopback(client_id: &str) -> bool {
    client_id.strip_prefix(LOOPBACK).is_some_and(|rest| matches!(rest.as_bytes(), [] | b"/" | [b'?', ..]))
}

/// A loopback client says all that there is to know of it in its id.
pub(super) fn loopback_id(redirect_uri: &str, scopes: &[String]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("redirect_uri", redirect_uri).append_pair("scope", &scopes.join(" "));
    format!("{LOOPBACK}?{}", query.finish().replace('+', "%20"))
}

/// The address on this machine that a browser may be sent back to: the protocol takes its number and not its name.
pub(super) fn loopback_redirect(callback_url: &str) -> Option<String> {
    let mut url = Url::parse(callback_url).ok().filter(|url| url.scheme() == "http" && origin::is_loopback(url))?;
    if url.domain().is_some() {
        url.set_host(Some("127.0.0.1")).ok()?;
    }
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn app<'a>(client_id: &'a str, callback_url: &'a str) -> OauthApp<'a> {
        OauthApp { client_id, client_secret: None, extra: &Value::Null, callback_url }
    }

    #[test]
    fn a_loopback_client_says_who_it_is_in_its_id() {
        let scopes = ["atproto".to_owned(), "transition:generic".to_owned()];
        for id in ["http://localhost", "http://localhost/", "http://localhost?scope=atproto"] {
            let client = Client::of(&app(id, "http://localhost:8080/v1/cb"), &scopes).expect("a client");
            assert_eq!(client.redirect_uri, "http://127.0.0.1:8080/v1/cb");
            assert_eq!(
                client.id,
                "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fv1%2Fcb\
                 &scope=atproto%20transition%3Ageneric"
            );
        }
        assert!(Client::of(&app("http://localhost", "https://f.example/cb"), &scopes).is_err());
    }

    #[test]
    fn any_other_client_has_a_document() {
        let of = |id: &str| Client::of(&app(id, "https://f.example/cb"), &[]).map(|client| client.id);
        assert_eq!(of("https://f.example/client").as_deref(), Ok("https://f.example/client"));
        for bad in [
            "",
            "app",
            "http://f.example/client",
            "http://localhost:80/",
            "https://u@f.example/",
            "https://f.example/#x",
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_a_key() {
        let (id, callback) = ("https://f.example/client", "https://f.example/cb");
        let (key, text) = Es256Key::generate().expect("a key");
        let confidential = OauthApp { client_secret: Some(&text), ..app(id, callback) };
        assert_eq!(Client::of(&confidential, &[]).expect("a client").method(), "private_key_jwt");
        let scopes = ["atproto".to_owned()];
        let told = document(&confidential, &scopes).expect("a document");
        assert_eq!(told["jwks"]["keys"][0]["x"], key.public()["x"]);
        assert_eq!(told["jwks"]["keys"][0]["d"], Value::Null);
        let wrong = SecretString::from("s3cret");
        let wrong = OauthApp { client_secret: Some(&wrong), ..app(id, callback) };
        let refused = Client::of(&wrong, &[]).map(|client| client.id).expect_err("refused");
        assert!(!refused.message().contains("s3cret"));
        assert!(document(&wrong, &scopes).is_none());
    }
}
