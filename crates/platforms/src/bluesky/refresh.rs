//! Renewing what opens a repository: a grant by its refresh token, a session by its refresh token, else by the app password.

use domain::target::{ErrorCode, Refusal};

use super::{
    access::Held,
    grant,
    session::{self, BlueskyTokens},
    wire::Session,
};
use crate::{Account, Cx, OauthApp, Tokens, stored};

pub(super) async fn refresh(cx: &Cx<'_>, account: &Account<'_>, app: Option<&OauthApp<'_>>) -> Result<Tokens, Refusal> {
    let held = match stored::open(account)? {
        Held::Session(tokens) => tokens,
        Held::Grant(tokens) => return grant::refresh(cx, tokens, app).await,
    };
    let session = match session::renew(cx, &held.service, &held.refresh_jwt).await {
        // Signing in is limited to 30 in five minutes, so it is the second choice.
        Err(Refusal::Auth { .. }) => session::create(cx, &held.service, &held.did, &held.app_password).await?,
        other => other?,
    };
    same_account(&held, &session)?;
    held.renewed(session).seal()
}

fn same_account(held: &BlueskyTokens, session: &Session) -> Result<(), Refusal> {
    if session.did == held.did {
        return Ok(());
    }
    Err(Refusal::Auth {
        code: ErrorCode::TokenRevoked,
        message: format!("the server answered with the session of {}", session.did),
        http_status: None,
    })
}
