//! The apps that the instance knows: those registered with it, and those of `/_sandbox/apps`.

use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::params::Params;
use super::super::{Mastodon, error};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::consent::Redirects;
use crate::lock::locked;

/// An app as far as OAuth cares.
pub(super) struct Client {
    pub(super) id: String,
    pub(super) name: String,
    secret: Option<String>,
    /// What it may ask for.
    pub(super) scopes: String,
    pub(super) redirects: Redirects,
}

pub(super) fn find(call: &Call<Mastodon>, id: &str) -> Option<Client> {
    let registered = locked(&call.state).apps.get(id).cloned().map(|app| Client {
        id: app.client_id,
        name: app.name,
        secret: Some(app.client_secret),
        scopes: app.scopes,
        redirects: Redirects::Exactly(app.redirect_uris),
    });
    let ready = || {
        call.core.apps.find(Mastodon::PLATFORM, id).map(|app| Client {
            name: app.client_id.clone(),
            id: app.client_id,
            secret: app.client_secret,
            scopes: "read write profile push follow".to_owned(),
            redirects: app.redirects,
        })
    };
    registered.or_else(ready)
}

/// The app that a request to the token endpoint names and proves to be, in the form or by Basic.
pub(super) fn proven(call: &Call<Mastodon>, params: &Params) -> Result<Client, Refusal> {
    let description = "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.";
    let refused = || error::oauth(StatusCode::UNAUTHORIZED, "invalid_client", description);
    let (id, secret) = match call.header("authorization").and_then(basic) {
        Some((id, secret)) => (Some(id), Some(secret)),
        None => (params.word("client_id")?, params.word("client_secret")?),
    };
    let client = id.and_then(|id| find(call, &id)).ok_or_else(refused)?;
    if client.secret == secret { Ok(client) } else { Err(refused()) }
}

fn basic(header: &str) -> Option<(String, String)> {
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?.trim()).ok()?;
    let pair = String::from_utf8(decoded).ok()?;
    pair.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}
