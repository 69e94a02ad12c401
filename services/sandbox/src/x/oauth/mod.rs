//! OAuth 2.0 with PKCE (fact sheet part 1, sections 1.2 to 1.4).

mod authorize;
mod client;
mod token;

use jiff::{SignedDuration, Timestamp};

use super::fact::Tokens;
use crate::consent::opaque;

pub(super) use authorize::{ask, decide};
pub(super) use token::{revoke, token};

const ACCESS_LIFE: SignedDuration = SignedDuration::from_hours(2);
const CODE_LIFE: SignedDuration = SignedDuration::from_secs(30);
/// With it a grant comes with a refresh token.
const OFFLINE: &str = "offline.access";

/// Fresh tokens for a user. `client_id` is `None` for those that no app has asked for.
pub(super) fn tokens(user: u64, scopes: String, client_id: Option<String>, now: Timestamp) -> Tokens {
    let expires_at = now.saturating_add(ACCESS_LIFE).unwrap_or(Timestamp::MAX);
    let refresh = scopes.split(' ').any(|scope| scope == OFFLINE).then(|| opaque(64));
    Tokens { user, access: opaque(64), refresh, scopes, client_id, issued_at: now, expires_at }
}
