//! Trading a long-lived token for the next (fact sheet part 1, 4.4). It must be a day old and not have run out.

use domain::target::Refusal;

use super::{errors, spec, tokens::ThreadsTokens};
use crate::{Account, Cx, Tokens, exchange::Ask, oauth::TokenAnswer, stored};

pub(super) async fn refresh(cx: &Cx<'_>, account: &Account<'_>) -> Result<Tokens, Refusal> {
    let held: ThreadsTokens = stored::open(account)?;
    let answer = Ask::get(cx.bases.get(spec::BASE, spec::DEFAULT_BASE), "/refresh_access_token")
        .secret(&held.access_token)
        .query("grant_type", "th_refresh_token")
        .query("access_token", &held.access_token)
        .call(cx)
        .await?;
    match TokenAnswer::read(cx.now, &answer) {
        Some(fresh) => stored::seal(&ThreadsTokens { access_token: fresh.access_token }, fresh.expires_at),
        None => Err(errors::failed(cx, &answer)),
    }
}
