//! Calls with `Authorization: DPoP`: the token, the proof that goes with it, and what it allows.

use super::super::token;
use super::super::{Bluesky, error};
use super::dpop::{self, Problem};
use super::error::{challenged, missing_scope};
use super::nonce::Role;
use super::scope::{Need, missing};
use crate::answer::Refusal;
use crate::call::Call;
use crate::lock::locked;

/// The DID of a call with a token that is bound to a key; `None` when it carries another kind of token.
pub(in super::super) fn caller(call: &Call<Bluesky>, need: Need) -> Result<Option<String>, Refusal> {
    let Some((scheme, token)) = call.header("authorization").and_then(|header| header.split_once(' ')) else {
        return Ok(None);
    };
    if !scheme.eq_ignore_ascii_case("dpop") {
        return Ok(None);
    }
    let token = token.trim();
    let invalid = |description: &str| challenged("invalid_token", description);
    let (session, did) = {
        let state = locked(&call.state);
        let key_of = |did: &str| state.accounts.get(did).map(|account| account.key.clone());
        let claims = token::open(token, key_of).ok_or_else(|| invalid("Token could not be verified"))?;
        let bound = claims.cnf.as_ref().zip(claims.session.as_ref());
        let (_, session) = bound.ok_or_else(|| invalid("Token is not bound to a key"))?;
        let session = state.grants.session(session, call.now()).cloned();
        let session = session.ok_or_else(|| invalid("Token has been revoked"))?;
        let account = state.accounts.get(&claims.sub).ok_or_else(error::auth_missing)?;
        if claims.expired(call.now()) || claims.generation < account.generation {
            return Err(invalid("Token has expired"));
        }
        (session, claims.sub)
    };
    let key = dpop::check(call, Role::Pds, Some(token)).map_err(|problem| match problem {
        Problem::Nonce => challenged("use_dpop_nonce", "Resource server requires nonce in DPoP proof"),
        Problem::Invalid(description) => challenged("invalid_dpop_proof", description),
    })?;
    if key != session.key {
        return Err(challenged("invalid_dpop_proof", "DPoP key does not match the token"));
    }
    match missing(&session.scopes, need) {
        Some(scope) => Err(missing_scope(&scope)),
        None => Ok(Some(did)),
    }
}
