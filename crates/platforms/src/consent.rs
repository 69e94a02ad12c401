//! Connecting on a network's own consent page (OAuth and its relatives).
//!
//! Three steps, each given all it needs: `begin` makes the address that the person's browser is sent to, `complete` turns
//! what the browser brings back into the profiles that may be connected, and `register` gets an app where the network
//! hands them out. What `complete` must know of `begin` is sealed by the caller in between.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::target::Refusal;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::{Cx, Identity};

/// An app as the network knows it.
pub struct OauthApp<'a> {
    /// The network's name of it.
    pub client_id: &'a str,
    /// `None` where the network knows it as a public client.
    pub client_secret: Option<&'a SecretString>,
    /// What else its owner said of it: a JSON object of the network's own.
    pub extra: &'a Value,
    /// Where the network sends the browser back to. Registered with the network by the app's owner.
    pub callback_url: &'a str,
}

/// What a person is to be asked.
pub struct ConsentRequest<'a> {
    /// Comes back with the browser; URL-safe, 43 characters.
    pub state: &'a str,
    /// The PKCE verifier, 43 characters of the unreserved set; used wherever the network takes it.
    pub verifier: &'a SecretString,
    /// What is asked for, never empty where the network has scopes.
    pub scopes: &'a [String],
    /// The caller's `platform_data`, as [`Consent::variant`] accepted it.
    pub data: &'a Value,
}

/// Where the browser is sent.
#[derive(Debug)]
pub struct ConsentPage {
    /// The network's page.
    pub url: Url,
    /// What [`Consent::complete`] needs besides the request: JSON, sealed until then. `null` where that is nothing.
    pub kept: SecretString,
}

/// What the browser brought back, and what was asked.
pub struct ConsentAnswer<'a> {
    /// The callback's query, each name once.
    pub query: &'a BTreeMap<String, String>,
    /// [`ConsentRequest::verifier`].
    pub verifier: &'a SecretString,
    /// [`ConsentPage::kept`].
    pub kept: &'a SecretString,
    /// [`ConsentRequest::scopes`].
    pub scopes: &'a [String],
    /// [`ConsentRequest::data`].
    pub data: &'a Value,
}

/// What a person consented to.
#[derive(Debug)]
pub struct Granted {
    /// The profiles that may be connected, each with tokens of its own; empty when the person has none.
    pub profiles: Vec<Identity>,
    /// Whether the person has to say which of them: pages and organisations, not the person's own profile.
    pub is_choice: bool,
}

/// Why nothing was granted.
#[derive(Debug)]
pub enum ConsentFault {
    /// The person said no, or took away what publishing needs. The network's own words.
    Denied(String),
    /// The network says that what was brought back is spent, too old, or not of this app.
    Invalid(String),
    /// The call did not work.
    Refused(Refusal),
}

impl From<Refusal> for ConsentFault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// An app that a network handed out.
#[derive(Debug)]
pub struct RegisteredApp {
    /// The network's name of it.
    pub client_id: String,
    /// Sealed at once.
    pub client_secret: Option<SecretString>,
    /// As [`OauthApp::extra`].
    pub extra: Value,
}

/// One way to ask for consent.
#[derive(Debug, Clone, Copy)]
pub struct ConsentRules {
    /// What is asked for when nobody says: what publishing and reading back need.
    pub scopes: &'static [&'static str],
    /// Without these a grant is of no use, and is told as denied.
    pub needed: &'static [&'static str],
    /// Whether an app must have a secret. Where not, one without is a public client, and one that has a secret is a
    /// confidential one.
    pub has_secret: bool,
}

/// Connecting by consent.
#[async_trait]
pub trait Consent: Send + Sync {
    /// Which app a request's `platform_data` needs: `default`, a login's name, an instance's host.
    ///
    /// # Errors
    /// A sentence about the field at fault, by its pointer below `/platform_data`.
    fn variant(&self, data: &Value) -> Result<String, (String, String)>;

    /// The rules of a variant; `None` where there is no such variant.
    fn rules(&self, variant: &str) -> Option<ConsentRules>;

    /// The page to send the browser to. Calls the network only where that needs it (pushed requests).
    ///
    /// # Errors
    /// [`Refusal`]: of an app that the network does not know, `Rejected`.
    async fn begin(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        request: &ConsentRequest<'_>,
    ) -> Result<ConsentPage, Refusal>;

    /// Exchanges what came back, makes it long-lived where the network has that, and finds the profiles.
    ///
    /// # Errors
    /// [`ConsentFault`]; what was exchanged is dropped and not revoked then.
    async fn complete(
        &self,
        cx: &Cx<'_>,
        app: &OauthApp<'_>,
        answer: &ConsentAnswer<'_>,
    ) -> Result<Granted, ConsentFault>;

    /// The ability to get an app without anybody's doing, where the network hands them out.
    fn registrar(&self) -> Option<&dyn Register>;
}

/// Getting an app from the network.
#[async_trait]
pub trait Register: Send + Sync {
    /// Gets an app for a variant that sends browsers back to `callback_url`.
    ///
    /// # Errors
    /// [`Refusal`].
    async fn register(
        &self,
        cx: &Cx<'_>,
        variant: &str,
        scopes: &[String],
        callback_url: &str,
    ) -> Result<RegisteredApp, Refusal>;

    /// What the network reads about the app at its client id, where that is an address of ours; no secret.
    fn document(&self, app: &OauthApp<'_>, scopes: &[String]) -> Option<Value>;
}
