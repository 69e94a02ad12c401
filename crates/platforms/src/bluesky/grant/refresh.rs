//! Renewing a grant. Its refresh token works once: a second use ends the newest one too, so the answer is stored before it
//! is used, and nothing is repeated here but what was refused for the lack of a nonce.

use domain::target::{ErrorCode, Refusal};

use super::{
    client::Client,
    dpop::Prover,
    exchange::{self, GrantTokens},
};
use crate::{
    Cx, OauthApp, Tokens,
    oauth::{self, Es256Key, TokenRequest},
    stored,
};

pub(in crate::bluesky) async fn refresh(
    cx: &Cx<'_>,
    held: GrantTokens,
    app: Option<&OauthApp<'_>>,
) -> Result<Tokens, Refusal> {
    let lost = |code, message: &str| Refusal::Auth { code, message: message.to_owned(), http_status: None };
    let key = Es256Key::read(&held.dpop_key).ok_or_else(stored::unreadable)?;
    let refresh_token = held.refresh_token.as_deref().ok_or_else(|| {
        lost(ErrorCode::TokenExpired, "the access token ran out, and without a refresh token it cannot be renewed")
    })?;
    let client = Client::again(app, &held.client_id).transpose()?;
    let client = client.filter(|client| client.is_confidential() == held.confidential).ok_or_else(|| {
        lost(ErrorCode::TokenRevoked, "the account was connected through another app; connect it again")
    })?;

    let server = (held.issuer.as_str(), held.token_endpoint.as_str());
    let answer =
        exchange::trade(cx, Prover::new(key), &client, server, |ask| TokenRequest::refresh(ask, refresh_token));
    let answer = answer.await?;
    let Some((fresh, did)) = exchange::read(cx.now, &answer) else {
        return Err(oauth::refresh_refusal(cx, &answer, |_| false));
    };
    if did != held.did {
        return Err(lost(ErrorCode::TokenRevoked, &format!("the server answered with a grant of {did}")));
    }
    let tokens = GrantTokens {
        access_token: fresh.access_token,
        refresh_token: fresh.refresh_token.or(held.refresh_token),
        ..held
    };
    tokens.seal(fresh.expires_at)
}
