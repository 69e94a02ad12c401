//! Which app calls the token endpoint.

use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::{X, error};
use super::token::Form;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::consent::App;

/// A confidential client proves itself by Basic, a public one names itself in the body. `None`: a name that no app has,
/// which is enough for the tokens of `/_sandbox/accounts`, since they belong to no app. No name at all is refused.
pub(super) fn client(call: &Call<X>, form: &Form) -> Result<Option<App>, Refusal> {
    let refused =
        || error::oauth(StatusCode::UNAUTHORIZED, "unauthorized_client", "Missing valid authorization header");
    let (id, secret) = match call.header("authorization") {
        Some(header) => basic(header).map(|(id, secret)| (id, Some(secret))).ok_or_else(refused)?,
        None => (form.get("client_id").cloned().unwrap_or_default(), None),
    };
    if id.is_empty() {
        return Err(refused());
    }
    match call.core.apps.find(X::PLATFORM, &id) {
        Some(app) if !app.is_proven_by(secret.as_deref()) => Err(refused()),
        app => Ok(app),
    }
}

fn basic(header: &str) -> Option<(String, String)> {
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?.trim()).ok()?;
    let pair = String::from_utf8(decoded).ok()?;
    pair.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}
