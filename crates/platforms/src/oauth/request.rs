//! Requests to a token endpoint (RFC 6749 4.1.3, 6, 2.3).

use base64::{Engine, engine::general_purpose::STANDARD};
use egress::Body;
use secrecy::{ExposeSecret, SecretString};

use crate::{OauthApp, exchange::Ask};

/// A request being put together; its fields go out in the order in which they were named.
pub(crate) struct TokenRequest {
    ask: Ask,
    form: Vec<(String, String)>,
}

impl TokenRequest {
    fn new(ask: Ask, grant_type: &str) -> Self {
        Self { ask, form: Vec::new() }.with("grant_type", grant_type)
    }

    /// Trades a code. `redirect_uri` is the one that the page was asked with.
    pub(crate) fn code(ask: Ask, code: &str, redirect_uri: &str) -> Self {
        Self::new(ask.secret(code), "authorization_code").with("code", code).with("redirect_uri", redirect_uri)
    }

    /// Trades a refresh token.
    pub(crate) fn refresh(ask: Ask, refresh_token: &str) -> Self {
        Self::new(ask.secret(refresh_token), "refresh_token").with("refresh_token", refresh_token)
    }

    /// Pushes what a consent page is asked with (RFC 9126); a client says who it is as at a token endpoint.
    pub(crate) fn pushed(ask: Ask) -> Self {
        Self { ask, form: Vec::new() }.with("response_type", "code")
    }

    /// Adds a field that is no secret.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.form.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What the page's challenge was made of (RFC 7636 4.5).
    pub(crate) fn verifier(mut self, verifier: &SecretString) -> Self {
        self.ask = self.ask.secret(verifier.expose_secret());
        self.with("code_verifier", verifier.expose_secret())
    }

    /// A confidential client's id and secret in the header; a public one's id in the body.
    pub(crate) fn basic(self, client_id: &str, client_secret: Option<&str>) -> Self {
        let Some(secret) = client_secret else { return self.with("client_id", client_id) };
        let ask = self.ask.secret(secret).authorization("Basic", &basic(client_id, secret));
        Self { ask, ..self }
    }

    /// The client's id and its secret, where it has one, in the body.
    pub(crate) fn in_body(mut self, client_id: &str, client_secret: Option<&str>) -> Self {
        self = self.with("client_id", client_id);
        let Some(secret) = client_secret else { return self };
        self.ask = self.ask.secret(secret);
        self.with("client_secret", secret)
    }

    /// To be sent.
    pub(crate) fn ask(self) -> Ask {
        self.ask.body(Body::Form(self.form))
    }
}

/// An app's secret, where it has one.
pub(crate) fn client_secret<'a>(app: &OauthApp<'a>) -> Option<&'a str> {
    app.client_secret.map(ExposeSecret::expose_secret)
}

/// RFC 6749 2.3.1: both are form-encoded before they are joined.
fn basic(client_id: &str, client_secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    STANDARD.encode(format!("{}:{}", encode(client_id), encode(client_secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_credentials_are_encoded_before_they_are_joined() {
        assert_eq!(basic("id", "secret"), "aWQ6c2VjcmV0");
        assert_eq!(basic("a:b", "c d"), STANDARD.encode("a%3Ab:c+d"));
    }
}
