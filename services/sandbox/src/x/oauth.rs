//! The token endpoint without the browser: refresh and revocation.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use rand::distr::{Alphanumeric, SampleString};
use serde_json::json;
use std::collections::HashMap;
use url::form_urlencoded;

use super::fact::{Fact, Tokens};
use super::{X, error};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

const ACCESS_LIFE: SignedDuration = SignedDuration::from_hours(2);

/// A fresh pair for a user.
pub(super) fn tokens(user: u64, scopes: String, now: Timestamp) -> Tokens {
    let opaque = || Alphanumeric.sample_string(&mut rand::rng(), 64);
    let expires_at = now.saturating_add(ACCESS_LIFE).unwrap_or(Timestamp::MAX);
    Tokens { user, access: opaque(), refresh: opaque(), scopes, issued_at: now, expires_at }
}

type Form = HashMap<String, String>;

/// A form whose fields are all known and given once.
fn form(call: &Call<X>, body: &[u8], known: &[&str]) -> Result<Form, Refusal> {
    let refused = |description: &str| error::oauth(StatusCode::BAD_REQUEST, "invalid_request", description);
    let content_type = call.header("content-type").unwrap_or_default();
    if content_type.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
        return Err(refused("Content-Type must be application/x-www-form-urlencoded."));
    }
    let mut form = Form::new();
    for (name, value) in form_urlencoded::parse(body).into_owned() {
        if !known.contains(&name.as_str()) {
            return Err(refused(&format!("Unknown parameter: {name}.")));
        }
        if form.insert(name.clone(), value).is_some() {
            return Err(refused(&format!("Parameter given twice: {name}.")));
        }
    }
    Ok(form)
}

/// A confidential client names itself by Basic, a public one in the body. The tokens of `/_sandbox/accounts` belong to
/// no app, so any name will do; none at all will not.
fn client(call: &Call<X>, form: &Form) -> Result<(), Refusal> {
    let basic = call.header("authorization").and_then(|header| header.strip_prefix("Basic "));
    let named = match basic {
        Some(basic) => {
            let decoded = STANDARD.decode(basic.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            decoded.is_some_and(|pair| pair.split_once(':').is_some_and(|(id, _)| !id.is_empty()))
        }
        None => form.get("client_id").is_some_and(|id| !id.is_empty()),
    };
    let description = "Missing valid authorization header";
    if named { Ok(()) } else { Err(error::oauth(StatusCode::UNAUTHORIZED, "unauthorized_client", description)) }
}

pub(super) async fn token(call: Call<X>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let known = ["grant_type", "refresh_token", "client_id", "client_secret", "code", "redirect_uri", "code_verifier"];
    let form = form(&call, &body, &known)?;
    client(&call, &form)?;
    let refused = |description: &str| error::oauth(StatusCode::BAD_REQUEST, "invalid_request", description);
    match form.get("grant_type").map(String::as_str) {
        Some("refresh_token") => {}
        Some("authorization_code") => {
            return Err(refused("Value passed for the authorization code was invalid."));
        }
        Some(_) => {
            let description = "The authorization grant type is not supported.";
            return Err(error::oauth(StatusCode::BAD_REQUEST, "unsupported_grant_type", description));
        }
        None => return Err(refused("Missing required parameter [grant_type].")),
    }
    let spent = form.get("refresh_token").ok_or_else(|| refused("Missing required parameter [refresh_token]."))?;
    let invalid = || refused("Value passed for the token was invalid.");
    let known = locked(&call.state).refresh(spent, call.now()).map(|refresh| refresh.user.to_string());
    call.before(Operation::Refresh, known.as_deref(), None).await?;
    let (user, fresh) = {
        let now = call.now();
        let mut state = locked(&call.state);
        let refresh = state.refresh(spent, now).cloned().ok_or_else(invalid)?;
        let fresh = tokens(refresh.user, refresh.scopes, now);
        call.keep(&mut state, Fact::TokensRotated { spent: spent.clone(), tokens: fresh.clone() });
        (refresh.user.to_string(), fresh)
    };
    let answer = HttpResponse::Ok().json(json!({
        "token_type": "bearer",
        "expires_in": ACCESS_LIFE.as_secs(),
        "access_token": fresh.access,
        "scope": fresh.scopes,
        "refresh_token": fresh.refresh,
    }));
    call.after(Operation::Refresh, &user, None, answer).await
}

pub(super) async fn revoke(call: Call<X>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let form = form(&call, &body, &["token", "token_type_hint", "client_id", "client_secret"])?;
    client(&call, &form)?;
    let missing = || error::oauth(StatusCode::BAD_REQUEST, "invalid_request", "Missing required parameter [token].");
    let token = form.get("token").ok_or_else(missing)?.clone();
    call.keep(&mut locked(&call.state), Fact::TokenRevoked { token });
    Ok(HttpResponse::Ok().json(json!({"revoked": true})))
}
