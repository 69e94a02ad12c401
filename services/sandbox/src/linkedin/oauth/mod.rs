//! OAuth (sections 5.2 to 5.4): no PKCE, all scopes or none, a refresh token that neither rotates nor lives longer by use.

mod authorize;
mod token;

use jiff::{SignedDuration, Timestamp};

use super::fact::Tokens;
use crate::consent::opaque;

pub(super) use authorize::{ask, decide};
pub(super) use token::{introspect, token};

const ACCESS_LIFE: SignedDuration = SignedDuration::from_hours(24 * 60);
const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(30);
/// Scopes that an app may have. `r_member_social` is closed.
const SCOPES: [&str; 9] = [
    "openid",
    "profile",
    "email",
    "w_member_social",
    "w_organization_social",
    "r_organization_social",
    "rw_organization_admin",
    "r_organization_admin",
    "r_member_postAnalytics",
];

/// Tokens are long: some are a thousand characters.
fn secret() -> String {
    format!("AQ{}", opaque(498))
}

/// Fresh tokens for a member. `client_id` is `None` for those that no app has asked for.
pub(super) fn tokens(member: String, scopes: Vec<String>, client_id: Option<String>, now: Timestamp) -> Tokens {
    let ends = |life| now.saturating_add(life).unwrap_or(Timestamp::MAX);
    Tokens {
        member,
        access: secret(),
        refresh: secret(),
        scopes,
        client_id,
        issued_at: now,
        expires_at: ends(ACCESS_LIFE),
        refresh_expires_at: ends(REFRESH_LIFE),
    }
}
