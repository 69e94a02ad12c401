//! Sessions by app password.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fact::Fact;
use super::oauth::{self, Need};
use super::state::{Account, State};
use super::token::{self, ACCESS_LIFE, ACCESS_SCOPE, Claims, REFRESH_GRACE, REFRESH_LIFE, REFRESH_SCOPE};
use super::{Bluesky, error, identity, quota, repo};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::lock::locked;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateSession {
    identifier: String,
    password: String,
    #[serde(rename = "authFactorToken")]
    _auth_factor_token: Option<String>,
    #[serde(rename = "allowTakendown")]
    _allow_takendown: Option<bool>,
}

/// Which token a request carried.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Access,
    Refresh,
}

/// The claims of the request's token, or the answer that the reference PDS gives to a bad one.
fn claims(call: &Call<Bluesky>, wanted: Wanted) -> Result<Claims, Refusal> {
    if call.header("authorization").is_none() {
        return Err(error::auth_missing());
    }
    let unverified = || error::invalid_token("Token could not be verified");
    let bearer = call.bearer().ok_or_else(unverified)?;
    let state = locked(&call.state);
    let key_of = |did: &str| state.accounts.get(did).map(|account| account.key.clone());
    let claims = token::open(bearer, key_of).ok_or_else(unverified)?;
    let scope = if wanted == Wanted::Access { ACCESS_SCOPE } else { REFRESH_SCOPE };
    if claims.scope != scope {
        return Err(error::invalid_token("Bad token scope"));
    }
    let account = state.accounts.get(&claims.sub).ok_or_else(unverified)?;
    if claims.generation < account.revoked_before {
        return Err(error::invalid_token("Token has been revoked"));
    }
    let outdated = wanted == Wanted::Access && claims.generation < account.generation;
    if outdated || claims.expired(call.now()) {
        return Err(error::expired_token("Token has expired"));
    }
    Ok(claims)
}

/// The DID whose access token the request carries: one of OAuth, which must allow what the call needs, or an app
/// password's, which allows everything. One that is bound to a key is no bearer token, and its scope says so.
pub(super) fn caller(call: &Call<Bluesky>, need: Need) -> Result<String, Refusal> {
    match oauth::caller(call, need)? {
        Some(did) => Ok(did),
        None => claims(call, Wanted::Access).map(|claims| claims.sub),
    }
}

/// A read that anybody may do. Whoever shows a bound token all the same must show it rightly.
pub(super) fn reader(call: &Call<Bluesky>) -> Result<(), Refusal> {
    oauth::caller(call, Need::Nothing).map(drop)
}

fn tokens(account: &Account, refresh_id: &str, origin: &str, now: Timestamp) -> (String, String) {
    let claims = |scope: &str, jti: &str, exp: Timestamp| Claims {
        scope: scope.to_owned(),
        sub: account.did.clone(),
        aud: identity::server_did(origin),
        jti: jti.to_owned(),
        iat: now.as_second(),
        exp: exp.as_second(),
        generation: account.generation,
        session: None,
        cnf: None,
    };
    let ends = |life| now.saturating_add(life).unwrap_or(Timestamp::MAX);
    let access_id = uuid::Uuid::new_v4().simple().to_string();
    let access = token::sign(&account.key, &claims(ACCESS_SCOPE, &access_id, ends(ACCESS_LIFE)));
    let refresh = token::sign(&account.key, &claims(REFRESH_SCOPE, refresh_id, ends(REFRESH_LIFE)));
    (access, refresh)
}

fn session(account: &Account, refresh_id: &str, origin: &str, now: Timestamp) -> Value {
    let (access, refresh) = tokens(account, refresh_id, origin, now);
    json!({
        "accessJwt": access,
        "refreshJwt": refresh,
        "handle": account.handle,
        "did": account.did,
        "didDoc": identity::did_document(account, origin),
        "active": true,
    })
}

pub(super) async fn create(call: Call<Bluesky>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let input: CreateSession = repo::input(&call, &body)?;
    let known = locked(&call.state).account(&input.identifier).map(|account| account.did.clone());
    let limits = quota::sessions(&call, known.as_deref().unwrap_or(&input.identifier))?;
    call.before(Operation::Token, known.as_deref(), None).await?;
    let did = known.ok_or_else(error::wrong_password)?;
    let now = call.now();
    let answer = {
        let mut state = locked(&call.state);
        let account = state.accounts.get(&did).filter(|account| account.has_password(&input.password));
        account.ok_or_else(error::wrong_password)?;
        let refresh_id = uuid::Uuid::new_v4().simple().to_string();
        let expires_at = now.saturating_add(REFRESH_LIFE).unwrap_or(Timestamp::MAX);
        let fact = Fact::SessionOpened { did: did.clone(), refresh_id: refresh_id.clone(), expires_at };
        call.keep(&mut state, fact);
        state.accounts.get(&did).map(|account| session(account, &refresh_id, &call.core.origin, now))
    };
    let answer = quota::shown(&limits, HttpResponse::Ok()).json(answer);
    call.after(Operation::Token, &did, None, answer).await
}

/// The refresh token rotates. The old one works for two more hours and leads to the same successor.
pub(super) async fn refresh(call: Call<Bluesky>) -> Result<HttpResponse, Refusal> {
    let claims = claims(&call, Wanted::Refresh)?;
    call.before(Operation::Refresh, Some(&claims.sub), None).await?;
    let now = call.now();
    let answer = {
        let mut state = locked(&call.state);
        let dead = || error::expired_token("Token has been revoked");
        let token = state.refresh_tokens.get(&claims.jti).filter(|token| token.usable_until > now).ok_or_else(dead)?;
        let successor = token.successor.clone().unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
        let grace = now.saturating_add(REFRESH_GRACE).unwrap_or(Timestamp::MAX);
        let fact = Fact::SessionRefreshed {
            did: claims.sub.clone(),
            used: claims.jti.clone(),
            usable_until: token.usable_until.min(grace),
            successor: successor.clone(),
            expires_at: now.saturating_add(REFRESH_LIFE).unwrap_or(Timestamp::MAX),
        };
        call.keep(&mut state, fact);
        state.accounts.get(&claims.sub).map(|account| session(account, &successor, &call.core.origin, now))
    };
    call.after(Operation::Refresh, &claims.sub, None, HttpResponse::Ok().json(answer)).await
}

pub(super) async fn delete(call: Call<Bluesky>) -> Result<HttpResponse, Refusal> {
    let claims = claims(&call, Wanted::Refresh)?;
    call.keep(&mut locked(&call.state), Fact::SessionClosed { refresh_id: claims.jti });
    Ok(HttpResponse::Ok().finish())
}

pub(super) async fn get(call: Call<Bluesky>) -> Result<HttpResponse, Refusal> {
    let did = caller(&call, Need::Nothing)?;
    call.before(Operation::Identity, Some(&did), None).await?;
    let state = locked(&call.state);
    let account = state.accounts.get(&did).ok_or_else(error::auth_missing)?;
    Ok(HttpResponse::Ok().json(json!({
        "handle": account.handle,
        "did": account.did,
        "didDoc": identity::did_document(account, &call.core.origin),
        "active": true,
    })))
}

impl Bluesky {
    /// Applies a fact and writes it down; the caller holds the state.
    pub(super) fn keep(&self, state: &mut State, fact: Fact) {
        self.core.record(Self::PLATFORM, &fact);
        state.apply(fact);
    }

    /// Ends all access tokens of an account; a refresh or a new session gives good ones.
    pub(super) fn expire(&self, did: &str) {
        self.keep(&mut locked(&self.state), Fact::AccessExpired { did: did.to_owned() });
    }

    /// Ends sessions and app passwords.
    pub(super) fn revoke(&self, did: &str) {
        self.keep(&mut locked(&self.state), Fact::GrantRevoked { did: did.to_owned() });
    }
}
