//! Who is calling.

use super::fact::End;
use super::{Mastodon, error, quota};
use crate::answer::Refusal;
use crate::call::Call;
use crate::lock::locked;
use crate::quotas::Rule;

/// Whether granted scopes cover a wanted one: `write` covers `write:statuses`.
pub(super) fn covers(granted: &str, wanted: &str) -> bool {
    let family = wanted.split(':').next().unwrap_or(wanted);
    granted.split_whitespace().any(|scope| scope == wanted || scope == family)
}

/// The account whose token the request carries, if that allows one of the scopes; the request is counted.
pub(super) fn user(call: &Call<Mastodon>, scopes: &[&str], rule: Option<&Rule>) -> Result<u64, Refusal> {
    let account = granted(call, scopes)?.ok_or_else(error::user_needed)?;
    quota::count(call, &account.to_string(), rule)?;
    Ok(account)
}

/// The reader of something public: an account, or nobody in particular.
pub(super) fn reader(call: &Call<Mastodon>, scopes: &[&str]) -> Result<Option<u64>, Refusal> {
    let account = match call.header("authorization") {
        Some(_) => granted(call, scopes)?,
        None => None,
    };
    let address = || call.request().peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default();
    quota::count(call, &account.map_or_else(address, |account| account.to_string()), None)?;
    Ok(account)
}

fn granted(call: &Call<Mastodon>, scopes: &[&str]) -> Result<Option<u64>, Refusal> {
    let token = call.bearer().ok_or_else(error::token_invalid)?;
    let state = locked(&call.state);
    let grant = state.grants.get(token).ok_or_else(error::token_invalid)?;
    match grant.end {
        Some(End::Revoked) => return Err(error::token_revoked()),
        Some(End::Expired) => return Err(error::token_expired()),
        None => {}
    }
    if !scopes.iter().any(|wanted| covers(&grant.scopes, wanted)) {
        return Err(error::outside_scopes());
    }
    Ok(grant.account)
}
