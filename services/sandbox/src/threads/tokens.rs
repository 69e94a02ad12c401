//! The token endpoints (sections 4.3 and 4.4).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::Threads;
use super::users::SCOPES;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::consent::Exchange;
use crate::faults::Operation;
use crate::graph::grants::{Grant, LONG_LIFE};
use crate::graph::visit::params;
use crate::graph::{Granting, Problem, Visit};
use crate::lock::locked;

/// `POST /oauth/access_token`: a code for a token of an hour. `user_id` is a number above 2^53.
pub(super) async fn exchange(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let params = params(&call, payload, Threads::ROOT, Threads::VERSIONS).await?;
    let code = params.word("code")?.unwrap_or_default();
    let known = call.core.codes.account(Threads::PLATFORM, &code);
    call.before(Operation::Token, known.as_deref(), None).await?;
    params.only(&["client_id", "client_secret", "grant_type", "redirect_uri", "code"])?;
    if params.needed("grant_type")? != "authorization_code" {
        return Err(Problem::invalid("Invalid grant_type").into());
    }
    let (client_id, client_secret) = (params.needed("client_id")?, params.needed("client_secret")?);
    let app = call.core.apps.find(Threads::PLATFORM, &client_id);
    if app.is_none_or(|app| !app.is_proven_by(Some(&client_secret))) {
        return Err(Problem::new(101, "Error validating client secret.").into());
    }
    let (code, redirect_uri) = (params.needed("code")?, params.word("redirect_uri")?);
    let exchange = Exchange {
        platform: Threads::PLATFORM,
        client_id: &client_id,
        code: &code,
        redirect_uri: redirect_uri.as_deref(),
        verifier: None,
    };
    let consent = call.core.redeem(&exchange).map_err(Problem::from)?;
    let user: u64 = consent.account.parse().map_err(|_| Problem::new(1, "The code names no user"))?;
    let grant = Grant::short(user, &client_id, consent.scopes, call.now());
    let token = call.issue(&mut locked(&call.state), grant);
    let answer = HttpResponse::Ok().json(json!({"access_token": token, "user_id": user}));
    call.after(Operation::Token, &user.to_string(), None, answer).await
}

/// `GET /access_token`: a short token for one of 60 days. The app proves itself by its secret alone.
pub(super) async fn lengthen(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Token, None).await?;
    visit.params.only(&["grant_type", "client_secret"])?;
    if visit.params.needed("grant_type")? != "th_exchange_token" {
        return Err(Problem::invalid("Invalid grant_type").into());
    }
    let secret = visit.params.needed("client_secret")?;
    if Threads::app_secret(&visit.call, &visit.grant.client_id).as_ref() != Some(&secret) {
        return Err(Problem::new(101, "Error validating client secret.").into());
    }
    if visit.grant.is_long {
        return Err(Problem::invalid("The access token is a long-lived one already").into());
    }
    renewed(visit, Operation::Token).await
}

/// `GET /refresh_access_token`: a long token, at least a day old, for another 60 days.
pub(super) async fn refresh(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Refresh, None).await?;
    visit.params.only(&["grant_type"])?;
    if visit.params.needed("grant_type")? != "th_refresh_token" {
        return Err(Problem::invalid("Invalid grant_type").into());
    }
    visit.needs(SCOPES[0])?;
    if !visit.grant.can_be_renewed(visit.call.now()) {
        return Err(Problem::invalid("The access token cannot be refreshed before it is 24 hours old").into());
    }
    renewed(visit, Operation::Refresh).await
}

async fn renewed(visit: Visit<Threads>, operation: Operation) -> Result<HttpResponse, Refusal> {
    let Grant { user, client_id, scopes, .. } = &visit.grant;
    let grant = Grant::long(*user, client_id, scopes.clone(), visit.call.now());
    let token = visit.call.issue(&mut locked(&visit.call.state), grant);
    let answer = HttpResponse::Ok()
        .json(json!({"access_token": token, "token_type": "bearer", "expires_in": LONG_LIFE.as_secs()}));
    visit.call.after(operation, &visit.who(), None, answer).await
}
