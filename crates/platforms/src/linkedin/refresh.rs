//! Renewing an access token, where LinkedIn let the app have refresh tokens (fact sheet part 1, 5.4).

use domain::target::{ErrorCode, Refusal};

use super::{
    spec::{DEFAULT_WWW, TOKEN, WWW_BASE},
    tokens::LinkedinTokens,
};
use crate::{
    Account, Cx, OauthApp, Tokens,
    exchange::Ask,
    oauth::{self, TokenAnswer, TokenRequest},
    stored,
};

pub(super) async fn refresh(cx: &Cx<'_>, account: &Account<'_>, app: Option<&OauthApp<'_>>) -> Result<Tokens, Refusal> {
    let held: LinkedinTokens = stored::open(account)?;
    let (Some(refresh_token), Some(app)) = (&held.refresh_token, app) else {
        return Err(Refusal::Auth {
            code: ErrorCode::TokenExpired,
            message: "the access token ran out, and without a refresh token and its app it cannot be renewed"
                .to_owned(),
            http_status: None,
        });
    };
    let ask = Ask::post(cx.bases.get(WWW_BASE, DEFAULT_WWW), TOKEN);
    let request = TokenRequest::refresh(ask, refresh_token).in_body(app.client_id, oauth::client_secret(app));
    let answer = request.ask().call(cx).await?;
    match TokenAnswer::read(cx.now, &answer) {
        Some(fresh) => {
            let tokens = LinkedinTokens {
                access_token: fresh.access_token,
                // Usually the same again, and as long-lived as before: a year from the first grant.
                refresh_token: fresh.refresh_token.or(held.refresh_token),
                issued_at: Some(cx.now),
            };
            stored::seal(&tokens, fresh.expires_at)
        }
        None => Err(oauth::refresh_refusal(cx, &answer, |_| false)),
    }
}
