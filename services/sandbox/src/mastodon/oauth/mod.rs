//! Apps, consent and tokens (fact sheet part 2, section 5.1).

mod authorize;
mod client;
mod register;
mod token;

use actix_web::HttpResponse;
use serde_json::json;

use super::{Mastodon, auth};
use crate::call::Call;
pub(super) use authorize::{ask, decide};
pub(super) use register::register;
pub(super) use token::{revoke, token};

/// What shows a code instead of sending it anywhere.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
const SCOPES: [&str; 11] = [
    "read",
    "read:accounts",
    "read:statuses",
    "read:notifications",
    "write",
    "write:accounts",
    "write:media",
    "write:statuses",
    "profile",
    "push",
    "follow",
];

/// The scopes of a request, when all are known and allowed; `read` when it names none.
fn scopes(asked: Option<&str>, allowed: &str) -> Option<Vec<String>> {
    let scopes: Vec<String> = asked.unwrap_or("read").split_whitespace().map(str::to_owned).collect();
    let fits = |scope: &String| SCOPES.contains(&scope.as_str()) && auth::covers(allowed, scope);
    (!scopes.is_empty() && scopes.iter().all(fits)).then_some(scopes)
}

pub(super) async fn metadata(call: Call<Mastodon>) -> HttpResponse {
    let origin = &call.core.origin;
    HttpResponse::Ok().json(json!({
        "issuer": format!("{origin}/"),
        "authorization_endpoint": format!("{origin}/oauth/authorize"),
        "token_endpoint": format!("{origin}/oauth/token"),
        "revocation_endpoint": format!("{origin}/oauth/revoke"),
        "app_registration_endpoint": format!("{origin}/api/v1/apps"),
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }))
}
