//! The token endpoint. Tokens are bound to the key that signed the proofs; a refresh token works once, and whoever
//! comes with a spent one ends the session of whoever has the newest.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::super::token::{self as jwt, Claims, Confirmation};
use super::super::{Bluesky, fact, identity};
use super::ACCESS_LIFE;
use super::client::Client;
use super::error::{invalid_client, refused};
use super::grants::{Fact, Found, Session};
use super::par::{field, form, proof};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::consent::{Asked, Exchange, opaque};
use crate::faults::Operation;
use crate::lock::locked;

const KNOWN: [&str; 6] = ["grant_type", "code", "redirect_uri", "client_id", "code_verifier", "refresh_token"];

pub(in super::super) async fn token(call: Call<Bluesky>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let asked = form(&call, &body, &KNOWN)?;
    let id = field(&asked, "client_id")?;
    let client = Client::find(&call, id).ok_or_else(|| invalid_client("The client is not known"))?;
    match field(&asked, "grant_type")? {
        "authorization_code" => exchange(&call, &asked, client).await,
        "refresh_token" => refresh(&call, &asked, client).await,
        _ => Err(refused("unsupported_grant_type", "The grant type is not supported")),
    }
}

async fn exchange(call: &Call<Bluesky>, asked: &Asked, client: Client) -> Result<HttpResponse, Refusal> {
    let code = field(asked, "code")?;
    let (redirect_uri, verifier) = (Some(field(asked, "redirect_uri")?), Some(field(asked, "code_verifier")?));
    let whose = call.core.codes.account(Bluesky::PLATFORM, code);
    call.before(Operation::Token, whose.as_deref(), None).await?;
    let key = proof(call)?;
    let exchange = Exchange { platform: Bluesky::PLATFORM, client_id: &client.id, code, redirect_uri, verifier };
    let consent = call.core.redeem(&exchange).map_err(|_| refused("invalid_grant", "Invalid code"))?;
    if consent.key.as_ref() != Some(&key) {
        return Err(refused("invalid_grant", "The DPoP key is not the one that pushed the request"));
    }
    let now = call.now();
    let session = Session {
        id: format!("ses-{}", opaque(24)),
        did: consent.account,
        client_id: client.id,
        key,
        scopes: consent.scopes,
        refresh: format!("ref-{}", opaque(64)),
        refreshed_at: now,
        opened_at: now,
    };
    let answer = {
        let mut state = locked(&call.state);
        call.keep(&mut state, fact::Fact::OAuth(Fact::Opened(Box::new(session.clone()))));
        answer(call, &state, &session)?
    };
    call.after(Operation::Token, &session.did, None, answer).await
}

async fn refresh(call: &Call<Bluesky>, asked: &Asked, client: Client) -> Result<HttpResponse, Refusal> {
    let spent = field(asked, "refresh_token")?;
    let whose = locked(&call.state).grants.by_refresh(spent, call.now()).map(|found| match found {
        Found::Good(session) | Found::Replayed(session) => session.did,
    });
    call.before(Operation::Refresh, whose.as_deref(), None).await?;
    let key = proof(call)?;
    let now = call.now();
    let (did, answer) = {
        let mut state = locked(&call.state);
        let mut session = match state.grants.by_refresh(spent, now) {
            Some(Found::Good(session)) => session,
            Some(Found::Replayed(session)) => {
                call.keep(&mut state, fact::Fact::OAuth(Fact::Ended { session: session.id }));
                return Err(refused("invalid_grant", "Refresh token replayed"));
            }
            None => return Err(refused("invalid_grant", "Invalid refresh token")),
        };
        if session.client_id != client.id || session.key != key {
            return Err(refused("invalid_grant", "The refresh token is bound to another client or key"));
        }
        session.refresh = format!("ref-{}", opaque(64));
        let rotated = Fact::Rotated { session: session.id.clone(), refresh: session.refresh.clone(), at: now };
        call.keep(&mut state, fact::Fact::OAuth(rotated));
        let answer = answer(call, &state, &session)?;
        (session.did, answer)
    };
    call.after(Operation::Refresh, &did, None, answer).await
}

fn answer(
    call: &Call<Bluesky>,
    state: &super::super::state::State,
    session: &Session,
) -> Result<HttpResponse, Refusal> {
    let now = call.now();
    let gone = || refused("invalid_grant", "The account is gone");
    let account = state.accounts.get(&session.did).ok_or_else(gone)?;
    let claims = Claims {
        scope: session.scopes.join(" "),
        sub: session.did.clone(),
        aud: identity::server_did(&call.core.origin),
        jti: format!("tok-{}", opaque(24)),
        iat: now.as_second(),
        exp: now.saturating_add(ACCESS_LIFE).unwrap_or(Timestamp::MAX).as_second(),
        generation: account.generation,
        session: Some(session.id.clone()),
        cnf: Some(Confirmation { jkt: session.key.clone() }),
    };
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(json!({
        "access_token": jwt::sign(&account.key, &claims),
        "token_type": "DPoP",
        "expires_in": ACCESS_LIFE.as_secs(),
        "refresh_token": session.refresh,
        "scope": claims.scope,
        "sub": session.did,
    })))
}

/// Ends the session that a refresh token belongs to. What is not known is as good as ended.
pub(in super::super) async fn revoke(call: Call<Bluesky>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let asked = form(&call, &body, &["token", "token_type_hint", "client_id"])?;
    let token = field(&asked, "token")?;
    let mut state = locked(&call.state);
    if let Some(Found::Good(session) | Found::Replayed(session)) = state.grants.by_refresh(token, call.now()) {
        call.keep(&mut state, fact::Fact::OAuth(Fact::Ended { session: session.id }));
    }
    Ok(HttpResponse::Ok().json(json!({})))
}
