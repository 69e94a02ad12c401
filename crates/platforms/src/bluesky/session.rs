//! Sessions: what is kept of one, and the two calls that make one.

use domain::target::Refusal;
use egress::Body;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{access::Access, did, errors, jwt::Claims, wire::Session};
use crate::{
    Account, Cx, Tokens,
    exchange::{Answer, Ask},
    failure, stored,
};

/// The sealed JSON.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct BlueskyTokens {
    /// Where sessions are made: the server itself or the entryway in front of it.
    pub(super) service: String,
    /// Where the repository is.
    pub(super) pds: String,
    /// The account.
    pub(super) did: String,
    /// Opens the repository for about two hours.
    pub(super) access_jwt: String,
    /// Makes the next pair; works once, with two hours of grace on the reference server.
    pub(super) refresh_jwt: String,
    /// Makes a new session when the refresh token is spent.
    pub(super) app_password: String,
}

impl BlueskyTokens {
    /// With the pair of a newer session.
    pub(super) fn renewed(self, session: Session) -> Self {
        Self { access_jwt: session.access_jwt, refresh_jwt: session.refresh_jwt, ..self }
    }

    /// To be sealed; it runs out with the access token.
    pub(super) fn seal(&self) -> Result<Tokens, Refusal> {
        stored::seal(self, Claims::read(&self.access_jwt).expires_at())
    }
}

/// Signs in.
pub(super) async fn create(cx: &Cx<'_>, service: &str, identifier: &str, password: &str) -> Result<Session, Refusal> {
    let answer = Ask::post(service, "/xrpc/com.atproto.server.createSession")
        .secret(password)
        .body(Body::Json(json!({"identifier": identifier, "password": password})))
        .call(cx)
        .await?;
    read(cx, &answer)
}

/// Trades the refresh token for a new pair.
pub(super) async fn renew(cx: &Cx<'_>, service: &str, refresh_jwt: &str) -> Result<Session, Refusal> {
    let answer = Ask::post(service, "/xrpc/com.atproto.server.refreshSession").bearer(refresh_jwt).call(cx).await?;
    read(cx, &answer)
}

/// Whether the token opens the repository it was kept for.
pub(super) async fn health(cx: &Cx<'_>, account: &Account<'_>) -> Result<(), Refusal> {
    let answer = Access::open(account)?.session(cx).await?;
    match answer.success::<Value>().as_ref().and_then(|session| session["did"].as_str()) {
        Some(did) => stored::same(account, did),
        None => Err(failure::failed(cx.now, &answer, |answer| errors::classify(cx.now, answer))),
    }
}

fn read(cx: &Cx<'_>, answer: &Answer) -> Result<Session, Refusal> {
    let Some(session) = answer.success::<Session>() else {
        return Err(failure::failed(cx.now, answer, |answer| errors::classify(cx.now, answer)));
    };
    if session.access_jwt.is_empty() || session.refresh_jwt.is_empty() || !did::is_did(&session.did) {
        return Err(failure::not_understood(answer, "the server's session lacks a token or a DID"));
    }
    Ok(session)
}
