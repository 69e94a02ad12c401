//! An app without anybody's doing: on this network a client is whoever has an address for the document about it.

use async_trait::async_trait;
use domain::target::Refusal;
use serde_json::{Value, json};

use super::{client, consent::VARIANT};
use crate::{Cx, OauthApp, Register, RegisteredApp, bluesky::Bluesky, given, oauth::Es256Key};

/// Where the connector takes browsers back, and where it shows the document about the same app.
const CALLBACK: &str = "/v1/oauth/callback/";
const DOCUMENT: &str = "/v1/oauth/client-metadata/";

#[async_trait]
impl Register for Bluesky {
    /// Behind a public HTTPS address a confidential client with a key of its own, whose grants last for years; on a
    /// developer's machine the loopback client, whose grants last for two weeks. Nothing is asked of the network.
    async fn register(
        &self,
        _cx: &Cx<'_>,
        variant: &str,
        scopes: &[String],
        callback_url: &str,
    ) -> Result<RegisteredApp, Refusal> {
        if variant != VARIANT {
            return Err(given::refusal(format!("Bluesky's apps are all of the variant `{VARIANT}`")));
        }
        if let Some(redirect_uri) = client::loopback_redirect(callback_url) {
            let client_id = client::loopback_id(&redirect_uri, scopes);
            return Ok(RegisteredApp { client_id, client_secret: None, extra: json!({}) });
        }
        if !(callback_url.starts_with("https://") && callback_url.contains(CALLBACK)) {
            return Err(given::refusal(
                "Bluesky sends browsers back to public HTTPS addresses and to this machine only; the address that browsers \
                 reach the connector at is neither",
            ));
        }
        let (_, key) = Es256Key::generate()?;
        let client_id = callback_url.replacen(CALLBACK, DOCUMENT, 1);
        Ok(RegisteredApp { client_id, client_secret: Some(key), extra: json!({}) })
    }

    fn document(&self, app: &OauthApp<'_>, scopes: &[String]) -> Option<Value> {
        client::document(app, scopes)
    }
}
