//! The address of a consent page (RFC 6749 4.1.1).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::target::Refusal;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use crate::{ConsentRequest, OauthApp, given};

/// A consent page's address being put together.
pub(crate) struct Page {
    endpoint: String,
    query: form_urlencoded::Serializer<'static, String>,
}

impl Page {
    /// `endpoint` is a whole address, maybe with a query of its own.
    pub(crate) fn new(endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), query: form_urlencoded::Serializer::new(String::new()) }
    }

    /// Adds a parameter, escaped.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.query.append_pair(name, value);
        self
    }

    /// Asks for a code: response type, client, where the code goes, scopes (joined by `separator`) and state.
    pub(crate) fn code(self, app: &OauthApp<'_>, request: &ConsentRequest<'_>, separator: &str) -> Self {
        self.with("response_type", "code")
            .with("client_id", app.client_id)
            .with("redirect_uri", app.callback_url)
            .with("scope", &request.scopes.join(separator))
            .with("state", request.state)
    }

    /// PKCE by S256 (RFC 7636 4.3).
    pub(crate) fn pkce(self, verifier: &SecretString) -> Self {
        self.with("code_challenge", &challenge(verifier)).with("code_challenge_method", "S256")
    }

    /// The address. A space is written `%20`, which everybody reads; not everybody reads `+`.
    ///
    /// # Errors
    /// [`Refusal::Rejected`] where the endpoint is no address.
    pub(crate) fn url(mut self) -> Result<Url, Refusal> {
        let mut url = Url::parse(&self.endpoint)
            .map_err(|error| given::refusal(format!("the address of the consent page is not usable: {error}")))?;
        let query = self.query.finish().replace('+', "%20");
        let query = match url.query().filter(|own| !own.is_empty()) {
            Some(own) => format!("{own}&{query}"),
            None => query,
        };
        url.set_query(Some(&query));
        Ok(url)
    }
}

/// The challenge of a PKCE verifier (RFC 7636 4.2).
pub(crate) fn challenge(verifier: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_challenge_is_as_in_the_rfc() {
        // RFC 7636, appendix B.
        let verifier = SecretString::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_page_says_who_asks_for_what() {
        // given
        let verifier = SecretString::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let app = OauthApp {
            client_id: "a b+c",
            client_secret: None,
            extra: &Value::Null,
            callback_url: "https://f.example/cb?x=1",
        };
        let scopes = ["read".to_owned(), "write".to_owned()];
        let request = ConsentRequest { state: "s-1", verifier: &verifier, scopes: &scopes, data: &Value::Null };
        // when
        let page = Page::new("https://n.example/authorize?v=2").code(&app, &request, " ").pkce(&verifier);
        // then
        assert_eq!(
            page.url().expect("an address").as_str(),
            "https://n.example/authorize?v=2&response_type=code&client_id=a%20b%2Bc\
             &redirect_uri=https%3A%2F%2Ff.example%2Fcb%3Fx%3D1&scope=read%20write&state=s-1\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert!(matches!(Page::new("nowhere").url(), Err(Refusal::Rejected { .. })));
    }
}
