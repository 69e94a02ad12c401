//! Trading the refresh token for a new pair. X's refresh tokens work once.

use domain::target::{ErrorCode, Refusal};

use super::{
    errors,
    spec::{BASE, DEFAULT_BASE, TOKEN},
    tokens::XTokens,
};
use crate::{
    Account, Cx, OauthApp, Tokens,
    exchange::Ask,
    oauth::{self, TokenAnswer, TokenRequest},
    stored,
};

pub(super) async fn refresh(cx: &Cx<'_>, account: &Account<'_>, app: Option<&OauthApp<'_>>) -> Result<Tokens, Refusal> {
    let held: XTokens = stored::open(account)?;
    let (client_id, client_secret) = match app {
        Some(app) => (Some(app.client_id), oauth::client_secret(app)),
        None => (held.client_id.as_deref(), held.client_secret.as_deref()),
    };
    let (Some(refresh_token), Some(client_id)) = (&held.refresh_token, client_id) else {
        return Err(Refusal::Auth {
            code: ErrorCode::TokenExpired,
            message:
                "the access token ran out, and without a refresh token and its app's client id it cannot be renewed"
                    .to_owned(),
            http_status: None,
        });
    };
    let ask = Ask::post(cx.bases.get(BASE, DEFAULT_BASE), TOKEN);
    let answer = TokenRequest::refresh(ask, refresh_token).basic(client_id, client_secret).ask().call(cx).await?;
    let Some(fresh) = TokenAnswer::read(cx.now, &answer) else {
        return Err(match answer.status {
            429 => errors::classify(cx.now, &answer),
            _ => oauth::refresh_refusal(cx, &answer, errors::is_spent),
        });
    };
    let tokens =
        XTokens { access_token: fresh.access_token, refresh_token: fresh.refresh_token.or(held.refresh_token), ..held };
    stored::seal(&tokens, fresh.expires_at)
}
