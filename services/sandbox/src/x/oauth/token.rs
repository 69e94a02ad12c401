//! The token endpoint: exchange, refresh, revocation.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use serde_json::json;
use url::form_urlencoded;

use super::super::fact::{Fact, Tokens};
use super::super::{X, error};
use super::client::client;
use super::{ACCESS_LIFE, tokens};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::consent::{App, Exchange};
use crate::faults::Operation;
use crate::lock::locked;

pub(super) type Form = HashMap<String, String>;

fn refused(description: &str) -> Refusal {
    error::oauth(StatusCode::BAD_REQUEST, "invalid_request", description)
}

/// A form whose fields are all known and given once.
fn form(call: &Call<X>, body: &[u8], known: &[&str]) -> Result<Form, Refusal> {
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

fn field<'a>(form: &'a Form, name: &str) -> Result<&'a str, Refusal> {
    let found = form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    found.ok_or_else(|| refused(&format!("Missing required parameter [{name}].")))
}

pub(in super::super) async fn token(call: Call<X>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let known = ["grant_type", "refresh_token", "client_id", "client_secret", "code", "redirect_uri", "code_verifier"];
    let form = form(&call, &body, &known)?;
    let app = client(&call, &form)?;
    match field(&form, "grant_type")? {
        "authorization_code" => exchange(&call, &form, app).await,
        "refresh_token" => refresh(&call, &form, app).await,
        _ => {
            let description = "The authorization grant type is not supported.";
            Err(error::oauth(StatusCode::BAD_REQUEST, "unsupported_grant_type", description))
        }
    }
}

async fn exchange(call: &Call<X>, form: &Form, app: Option<App>) -> Result<HttpResponse, Refusal> {
    let code = field(form, "code")?;
    let (redirect_uri, verifier) = (Some(field(form, "redirect_uri")?), Some(field(form, "code_verifier")?));
    let whose = call.core.codes.account(X::PLATFORM, code);
    call.before(Operation::Token, whose.as_deref(), None).await?;
    let invalid = || refused("Value passed for the authorization code was invalid.");
    let client_id = app.ok_or_else(invalid)?.client_id;
    let exchange = Exchange { platform: X::PLATFORM, client_id: &client_id, code, redirect_uri, verifier };
    let consent = call.core.redeem(&exchange).map_err(|_| invalid())?;
    let user = consent.account.parse().map_err(|_| invalid())?;
    let fresh = tokens(user, consent.scopes.join(" "), Some(client_id), call.now());
    call.keep(&mut locked(&call.state), Fact::TokensIssued(fresh.clone()));
    call.after(Operation::Token, &consent.account, None, answer(&fresh)).await
}

/// The old refresh token is spent with it; used again it is refused and ends nothing.
async fn refresh(call: &Call<X>, form: &Form, app: Option<App>) -> Result<HttpResponse, Refusal> {
    let spent = field(form, "refresh_token")?;
    let invalid = || refused("Value passed for the token was invalid.");
    let known = locked(&call.state).refresh(spent, call.now()).map(|refresh| refresh.user.to_string());
    call.before(Operation::Refresh, known.as_deref(), None).await?;
    let (user, fresh) = {
        let now = call.now();
        let mut state = locked(&call.state);
        let refresh = state.refresh(spent, now).cloned().ok_or_else(invalid)?;
        if refresh.client_id.is_some() && refresh.client_id != app.map(|app| app.client_id) {
            return Err(invalid());
        }
        let fresh = tokens(refresh.user, refresh.scopes, refresh.client_id, now);
        call.keep(&mut state, Fact::TokensRotated { spent: spent.to_owned(), tokens: fresh.clone() });
        (refresh.user.to_string(), fresh)
    };
    call.after(Operation::Refresh, &user, None, answer(&fresh)).await
}

fn answer(tokens: &Tokens) -> HttpResponse {
    let mut body = json!({
        "token_type": "bearer",
        "expires_in": ACCESS_LIFE.as_secs(),
        "access_token": tokens.access,
        "scope": tokens.scopes,
    });
    if let Some(refresh) = &tokens.refresh {
        body["refresh_token"] = refresh.as_str().into();
    }
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(body)
}

pub(in super::super) async fn revoke(call: Call<X>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let form = form(&call, &body, &["token", "token_type_hint", "client_id", "client_secret"])?;
    client(&call, &form)?;
    let token = field(&form, "token")?.to_owned();
    call.keep(&mut locked(&call.state), Fact::TokenRevoked { token });
    Ok(HttpResponse::Ok().json(json!({"revoked": true})))
}
