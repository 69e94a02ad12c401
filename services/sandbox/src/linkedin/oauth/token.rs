//! The token endpoint and introspection.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use jiff::Timestamp;
use serde_json::json;
use url::form_urlencoded;

use super::super::fact::Fact;
use super::super::{LinkedIn, error, urn};
use super::{ACCESS_LIFE, secret, tokens};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::consent::{App, Exchange};
use crate::faults::Operation;
use crate::lock::locked;

type Form = HashMap<String, String>;

fn refused(error: &str, description: &str) -> Refusal {
    error::oauth(StatusCode::BAD_REQUEST, error, description)
}

/// A form whose fields are all known and given once.
fn form(call: &Call<LinkedIn>, body: &[u8], known: &[&str]) -> Result<Form, Refusal> {
    let content_type = call.header("content-type").unwrap_or_default();
    if content_type.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
        return Err(refused("invalid_request", "Content-Type must be application/x-www-form-urlencoded"));
    }
    let mut form = Form::new();
    for (name, value) in form_urlencoded::parse(body).into_owned() {
        if !known.contains(&name.as_str()) || form.insert(name.clone(), value).is_some() {
            return Err(refused("invalid_request", &format!("Unknown or repeated parameter: {name}")));
        }
    }
    Ok(form)
}

fn field<'a>(form: &'a Form, name: &str) -> Result<&'a str, Refusal> {
    let found = form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let missing = || refused("invalid_request", &format!("A required parameter \"{name}\" is missing"));
    found.ok_or_else(missing)
}

fn client(call: &Call<LinkedIn>, form: &Form) -> Result<App, Refusal> {
    let (id, secret) = (field(form, "client_id")?, field(form, "client_secret")?);
    let app = call.core.apps.find(LinkedIn::PLATFORM, id).filter(|app| app.is_proven_by(Some(secret)));
    let description = "Client authentication failed";
    app.ok_or_else(|| error::oauth(StatusCode::UNAUTHORIZED, "invalid_client", description))
}

pub(in super::super) async fn token(call: Call<LinkedIn>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let known = ["grant_type", "code", "redirect_uri", "client_id", "client_secret", "refresh_token"];
    let form = form(&call, &body, &known)?;
    let grant_type = field(&form, "grant_type")?;
    let app = client(&call, &form)?;
    match grant_type {
        "authorization_code" => exchange(&call, &form, app).await,
        "refresh_token" => refresh(&call, &form, app).await,
        _ => Err(refused("unsupported_grant_type", "The grant type is not supported")),
    }
}

fn answer(access: &str, refresh: &str, refresh_left_s: i64, scopes: &[String]) -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(json!({
        "access_token": access,
        "expires_in": ACCESS_LIFE.as_secs(),
        "refresh_token": refresh,
        "refresh_token_expires_in": refresh_left_s,
        "scope": scopes.join(","),
        "token_type": "Bearer",
    }))
}

async fn exchange(call: &Call<LinkedIn>, form: &Form, app: App) -> Result<HttpResponse, Refusal> {
    let (code, redirect_uri) = (field(form, "code")?, Some(field(form, "redirect_uri")?));
    let whose = call.core.codes.account(LinkedIn::PLATFORM, code);
    call.before(Operation::Token, whose.as_deref(), None).await?;
    let description = "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or authorization code expired.";
    let invalid = || refused("invalid_request", description);
    let exchange =
        Exchange { platform: LinkedIn::PLATFORM, client_id: &app.client_id, code, redirect_uri, verifier: None };
    let consent = call.core.redeem(&exchange).map_err(|_| invalid())?;
    let member = urn::part(&consent.account, "person").ok_or_else(invalid)?.to_owned();
    let now = call.now();
    let fresh = tokens(member, consent.scopes, Some(app.client_id), now);
    call.keep(&mut locked(&call.state), Fact::TokensIssued(fresh.clone()));
    let left = fresh.refresh_expires_at.as_second() - now.as_second();
    call.after(Operation::Token, &consent.account, None, answer(&fresh.access, &fresh.refresh, left, &fresh.scopes))
        .await
}

async fn refresh(call: &Call<LinkedIn>, form: &Form, app: App) -> Result<HttpResponse, Refusal> {
    let token = field(form, "refresh_token")?;
    let whose = locked(&call.state).refresh(token, call.now()).map(|refresh| urn::person(&refresh.member));
    call.before(Operation::Refresh, whose.as_deref(), None).await?;
    let now = call.now();
    let (account, answer) = {
        let mut state = locked(&call.state);
        let description = "The provided authorization grant or refresh token is invalid, expired or revoked";
        let found = state
            .refresh(token, now)
            .filter(|refresh| refresh.client_id.as_ref().is_none_or(|id| *id == app.client_id));
        let found = found.cloned().ok_or_else(|| refused("invalid_grant", description))?;
        let access = secret();
        let expires_at = now.saturating_add(ACCESS_LIFE).unwrap_or(Timestamp::MAX);
        call.keep(&mut state, Fact::AccessIssued { access: access.clone(), refresh: token.to_owned(), expires_at });
        let left = found.expires_at.as_second() - now.as_second();
        (urn::person(&found.member), answer(&access, token, left, &found.scopes))
    };
    call.after(Operation::Refresh, &account, None, answer).await
}

/// What a token of the app is worth.
pub(in super::super) async fn introspect(call: Call<LinkedIn>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let form = form(&call, &body, &["client_id", "client_secret", "token"])?;
    let app = client(&call, &form)?;
    let token = field(&form, "token")?;
    let state = locked(&call.state);
    let own = state.access(token).filter(|access| access.client_id.as_ref().is_none_or(|id| *id == app.client_id));
    let Some(access) = own else {
        return Ok(HttpResponse::Ok().json(json!({"active": false})));
    };
    let is_expired = access.expires_at <= call.now();
    let status = match () {
        () if access.is_revoked => "revoked",
        () if is_expired => "expired",
        () => "active",
    };
    Ok(HttpResponse::Ok().json(json!({
        "active": status == "active",
        "status": status,
        "client_id": app.client_id,
        "expires_at": access.expires_at.as_second(),
        "scope": access.scopes.join(","),
        "auth_type": "3L",
    })))
}
