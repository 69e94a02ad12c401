//! An account's calls to its own server: by a session's token, or by a grant's with a proof.

use domain::target::Refusal;
use egress::ExchangeError;
use serde::Deserialize;

use super::{
    grant::{GrantTokens, Prover},
    session::BlueskyTokens,
};
use crate::{
    Account, Cx,
    exchange::{Answer, Ask},
    failure,
    oauth::Es256Key,
    stored,
};

/// The sealed JSON of either kind.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Held {
    /// Signed in with an app password.
    Session(BlueskyTokens),
    /// Connected on a consent page.
    Grant(GrantTokens),
}

/// What opens an account's repository.
pub(super) struct Access {
    /// The account.
    pub(super) did: String,
    /// Where the repository is.
    pub(super) pds: String,
    token: String,
    prover: Option<Prover>,
}

impl Access {
    /// By an account's tokens of either kind.
    pub(super) fn open(account: &Account<'_>) -> Result<Self, Refusal> {
        match stored::open(account)? {
            Held::Session(tokens) => Ok(Self::of_session(&tokens)),
            Held::Grant(tokens) => Self::of_grant(tokens),
        }
    }

    pub(super) fn of_session(tokens: &BlueskyTokens) -> Self {
        Self { did: tokens.did.clone(), pds: tokens.pds.clone(), token: tokens.access_jwt.clone(), prover: None }
    }

    pub(super) fn of_grant(tokens: GrantTokens) -> Result<Self, Refusal> {
        let key = Es256Key::read(&tokens.dpop_key).ok_or_else(stored::unreadable)?;
        let prover = Some(Prover::new(key));
        Ok(Self { did: tokens.did, pds: tokens.pds, token: tokens.access_token, prover })
    }

    /// One exchange; for a grant one more, where the server says that it did nothing since the proof lacks its nonce.
    pub(super) async fn send(&mut self, cx: &Cx<'_>, ask: Ask) -> Result<Answer, ExchangeError> {
        match &mut self.prover {
            None => ask.bearer(&self.token).send(cx).await,
            Some(prover) => prover.send(cx, Some(&self.token), || Ok(ask.clone())).await,
        }
    }

    /// The same for calls that may be repeated at will.
    pub(super) async fn call(&mut self, cx: &Cx<'_>, ask: Ask) -> Result<Answer, Refusal> {
        self.send(cx, ask).await.map_err(failure::not_now)
    }

    /// The server's word on whose repository this opens. A grant learns the server's nonce by it, so it goes ahead of calls
    /// that carry a file: those would else carry it twice.
    pub(super) async fn session(&mut self, cx: &Cx<'_>) -> Result<Answer, Refusal> {
        let ask = Ask::get(&self.pds, "/xrpc/com.atproto.server.getSession");
        self.call(cx, ask).await
    }

    /// Whether its calls are proven.
    pub(super) fn is_proven(&self) -> bool {
        self.prover.is_some()
    }
}
