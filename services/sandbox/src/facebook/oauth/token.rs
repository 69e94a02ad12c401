//! `/oauth/access_token`: a code for a short token, a short token for a long one, and the app's own token.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use jiff::SignedDuration;
use serde_json::json;

use super::super::Facebook;
use super::super::fact::Grant;
use super::super::people::{LONG_LIFE, SHORT_LIFE};
use super::super::visit::params;
use super::DIALOG;
use crate::answer::Refusal;
use crate::call::Call;
use crate::consent::{App, Exchange};
use crate::faults::Operation;
use crate::graph::{Params, Problem};
use crate::lock::locked;

/// The app that the parameters name and prove to be.
fn app(call: &Call<Facebook>, params: &Params) -> Result<App, Problem> {
    let (id, secret) = (params.needed("client_id")?, params.needed("client_secret")?);
    let app = DIALOG.app(&call.core, &id);
    let app = app.ok_or_else(|| {
        Problem::new(101, "Error validating application. Cannot get application info due to a system error.")
    })?;
    let refused = || Problem::new(1, "Error validating client secret.").status(StatusCode::BAD_REQUEST);
    if app.is_proven_by(Some(&secret)) { Ok(app) } else { Err(refused()) }
}

pub(in super::super) async fn exchange(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let params = params(&call, payload).await?;
    match params.word("grant_type")?.as_deref() {
        None | Some("authorization_code") => by_code(call, params).await,
        Some("fb_exchange_token") => lengthened(call, params).await,
        Some("client_credentials") => {
            params.only(&["grant_type", "client_id", "client_secret"])?;
            let app = app(&call, &params)?;
            let secret = app.client_secret.unwrap_or_default();
            let token = format!("{}|{secret}", app.client_id);
            Ok(HttpResponse::Ok().json(json!({"access_token": token, "token_type": "bearer"})))
        }
        Some(_) => Err(Problem::invalid("Invalid grant_type").into()),
    }
}

async fn by_code(call: Call<Facebook>, params: Params) -> Result<HttpResponse, Refusal> {
    let client_id = params.word("client_id")?;
    let code = params.word("code")?.unwrap_or_default();
    let named = client_id.and_then(|id| DIALOG.app(&call.core, &id));
    let known = named.and_then(|app| call.core.codes.account(app.platform, &code));
    call.before(Operation::Token, known.as_deref(), None).await?;
    params.only(&["grant_type", "client_id", "client_secret", "redirect_uri", "code"])?;
    let app = app(&call, &params)?;
    let (code, redirect_uri) = (params.needed("code")?, params.word("redirect_uri")?);
    let exchange = Exchange {
        platform: app.platform,
        client_id: &app.client_id,
        code: &code,
        redirect_uri: redirect_uri.as_deref(),
        verifier: None,
    };
    let consent = call.core.redeem(&exchange).map_err(Problem::from)?;
    let user = consent.account.parse().map_err(|_| Problem::new(1, "The code names no user"))?;
    let now = call.now();
    let grant = Grant {
        user,
        page: None,
        client_id: app.client_id,
        scopes: consent.scopes,
        pages: Some(consent.pages.iter().filter_map(|page| page.parse().ok()).collect()),
        is_long: false,
        issued_at: now,
        expires_at: now.checked_add(SHORT_LIFE).ok(),
    };
    issued(&call, grant, SHORT_LIFE).await
}

async fn lengthened(call: Call<Facebook>, params: Params) -> Result<HttpResponse, Refusal> {
    let short = params.word("fb_exchange_token")?.unwrap_or_default();
    let known = locked(&call.state).any_grant(&short).map(|grant| grant.user.to_string());
    call.before(Operation::Token, known.as_deref(), None).await?;
    params.only(&["grant_type", "client_id", "client_secret", "fb_exchange_token"])?;
    let app = app(&call, &params)?;
    let token = params.needed("fb_exchange_token")?;
    let now = call.now();
    let grant = locked(&call.state).grant(&token, now)?.clone();
    if grant.client_id != app.client_id || grant.page.is_some() {
        return Err(Problem::invalid("The access token does not belong to application").into());
    }
    issued(
        &call,
        Grant { is_long: true, issued_at: now, expires_at: now.checked_add(LONG_LIFE).ok(), ..grant },
        LONG_LIFE,
    )
    .await
}

async fn issued(call: &Call<Facebook>, grant: Grant, life: SignedDuration) -> Result<HttpResponse, Refusal> {
    let who = grant.user.to_string();
    let token = call.issue(&mut locked(&call.state), grant);
    let body = json!({"access_token": token, "token_type": "bearer", "expires_in": life.as_secs()});
    call.after(Operation::Token, &who, None, HttpResponse::Ok().json(body)).await
}
