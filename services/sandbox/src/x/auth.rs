//! Who is calling, and what they were granted.

use super::{X, error, quota};
use crate::answer::Refusal;
use crate::call::Call;
use crate::lock::locked;
use crate::quotas::Rule;

/// Everything a publisher asks for.
pub(super) const SCOPES: [&str; 5] = ["tweet.read", "tweet.write", "users.read", "media.write", "offline.access"];

/// The user whose token the request carries, with all the scopes; the request is counted.
pub(super) fn user(call: &Call<X>, scopes: &[&str], rule: &Rule) -> Result<u64, Refusal> {
    let token = call.bearer().ok_or_else(error::unauthorized)?;
    let access = locked(&call.state).access(token, call.now()).cloned().ok_or_else(error::unauthorized)?;
    let granted = |wanted: &&str| access.scopes.split(' ').any(|scope| scope == *wanted);
    if !scopes.iter().all(granted) {
        return Err(error::missing_scope());
    }
    quota::count(call, access.user, rule)?;
    Ok(access.user)
}
