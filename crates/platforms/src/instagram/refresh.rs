//! A token of Instagram's own login is traded for one that lives for another sixty days; one through Facebook is exchanged
//! by its app. Neither can be once it has run out (fact sheet part 1, 3.4 and 2.4).

use domain::target::{ErrorCode, Refusal};

use super::{
    errors,
    tokens::{Held, InstagramTokens, Login},
};
use crate::{Account, Cx, OauthApp, Tokens, exchange::Ask, graph::login, oauth::TokenAnswer, stored};

pub(super) async fn refresh(cx: &Cx<'_>, account: &Account<'_>, app: Option<&OauthApp<'_>>) -> Result<Tokens, Refusal> {
    let Held { tokens: held, .. } = Held::open(account)?;
    let fresh = match (held.login, app) {
        (Login::Instagram, _) => own(cx, &held.access_token).await?,
        (Login::Facebook, Some(app)) => login::prolong(cx, app, &held.access_token).await?,
        (Login::Facebook, None) => {
            return Err(Refusal::Auth {
                code: ErrorCode::TokenExpired,
                message: "the access token ran out, and without its app it cannot be renewed".to_owned(),
                http_status: None,
            });
        }
    };
    stored::seal(&InstagramTokens { access_token: fresh.access_token, ..held }, fresh.expires_at)
}

async fn own(cx: &Cx<'_>, token: &str) -> Result<TokenAnswer, Refusal> {
    let answer = Ask::get(Login::Instagram.base(cx.bases), "/refresh_access_token")
        .query("grant_type", "ig_refresh_token")
        .query("access_token", token)
        .secret(token)
        .call(cx)
        .await?;
    TokenAnswer::read(cx.now, &answer).ok_or_else(|| match errors::failed(cx, &answer) {
        // A token younger than a day is not renewed, and nothing is wrong with it.
        Refusal::Rejected { message, http_status, .. } => Refusal::NotNow { message, http_status, after: None },
        other => other,
    })
}
