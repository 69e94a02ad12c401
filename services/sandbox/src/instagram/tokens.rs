//! The token endpoints of Instagram Login (sections 3.3 and 3.4).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::users::SCOPES;
use super::{Instagram, error};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::consent::{CodeProblem, Exchange};
use crate::faults::Operation;
use crate::graph::grants::{Grant, LONG_LIFE};
use crate::graph::visit::params;
use crate::graph::{Granting, Params, Problem, Visit};
use crate::lock::locked;

/// `POST https://api.instagram.com/oauth/access_token`: a code for a token of an hour.
pub(super) async fn exchange(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let params = params(&call, payload, Instagram::ROOT, Instagram::VERSIONS).await?;
    let code = params.word("code")?.unwrap_or_default();
    let known = call.core.codes.account(Instagram::PLATFORM, &code);
    call.before(Operation::Token, known.as_deref(), None).await?;
    let grant = by_code(&call, &params, &code)?;
    let (user, permissions) = (grant.user, grant.scopes.clone());
    let token = call.issue(&mut locked(&call.state), grant);
    let answer = json!({"access_token": token, "user_id": user, "permissions": permissions});
    call.after(Operation::Token, &user.to_string(), None, HttpResponse::Ok().json(answer)).await
}

fn by_code(call: &Call<Instagram>, params: &Params, code: &str) -> Result<Grant, Refusal> {
    params.only(&["client_id", "client_secret", "grant_type", "redirect_uri", "code"])?;
    if params.word("grant_type")?.as_deref() != Some("authorization_code") {
        return Err(error::oauth("Invalid grant_type"));
    }
    let client_id = params.word("client_id")?.unwrap_or_default();
    let app = call.core.apps.find(Instagram::PLATFORM, &client_id).filter(|app| app.variant == "instagram");
    let app = app.ok_or_else(|| error::oauth("Invalid platform app"))?;
    if !app.is_proven_by(params.word("client_secret")?.as_deref()) {
        return Err(error::oauth("Error validating client secret."));
    }
    let redirect_uri = params.word("redirect_uri")?;
    let exchange = Exchange {
        platform: Instagram::PLATFORM,
        client_id: &client_id,
        code,
        redirect_uri: redirect_uri.as_deref(),
        verifier: None,
    };
    let consent = call.core.redeem(&exchange).map_err(|problem| match problem {
        CodeProblem::OtherRedirect => error::oauth(
            "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
        ),
        _ => error::oauth("Matching code was not found or was already used"),
    })?;
    let user = consent.account.parse().map_err(|_| error::oauth("The code names no user"))?;
    Ok(Grant::short(user, &client_id, consent.scopes, call.now()))
}

/// `GET /access_token`: a short token for one of 60 days. The app proves itself by its secret alone.
pub(super) async fn lengthen(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Token, None).await?;
    visit.params.only(&["grant_type", "client_secret"])?;
    if visit.params.needed("grant_type")? != "ig_exchange_token" {
        return Err(Problem::invalid("Invalid grant_type").into());
    }
    let secret = visit.params.needed("client_secret")?;
    if Instagram::app_secret(&visit.call, &visit.grant.client_id).as_ref() != Some(&secret) {
        return Err(Problem::new(101, "Error validating client secret.").into());
    }
    if visit.grant.is_long {
        return Err(Problem::invalid("The access token is a long-lived one already").into());
    }
    renewed(visit, Operation::Token).await
}

/// `GET /refresh_access_token`: a long token, at least a day old, for another 60 days.
pub(super) async fn refresh(call: Call<Instagram>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    visit.before(Operation::Refresh, None).await?;
    visit.params.only(&["grant_type"])?;
    if visit.params.needed("grant_type")? != "ig_refresh_token" {
        return Err(Problem::invalid("Invalid grant_type").into());
    }
    visit.needs(SCOPES[0])?;
    if !visit.grant.can_be_renewed(visit.call.now()) {
        return Err(Problem::invalid("The access token cannot be refreshed before it is 24 hours old").into());
    }
    renewed(visit, Operation::Refresh).await
}

async fn renewed(visit: Visit<Instagram>, operation: Operation) -> Result<HttpResponse, Refusal> {
    let Grant { user, client_id, scopes, .. } = &visit.grant;
    let grant = Grant::long(*user, client_id, scopes.clone(), visit.call.now());
    let token = visit.call.issue(&mut locked(&visit.call.state), grant);
    let answer = json!({"access_token": token, "token_type": "bearer", "expires_in": LONG_LIFE.as_secs()});
    visit.call.after(operation, &visit.who(), None, HttpResponse::Ok().json(answer)).await
}
