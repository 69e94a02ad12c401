//! Apps and tokens, without the browser: registration, client credentials, revocation.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use serde_json::json;

use super::accounts::secret;
use super::fact::{App, Fact, Grant};
use super::params::Params;
use super::{Mastodon, auth, error};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

const SCOPES: [&str; 4] = ["read", "write", "profile", "follow"];
const ALL_SCOPES: [&str; 11] = [
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

pub(super) async fn register(call: Call<Mastodon>, body: Bytes) -> Result<HttpResponse, Refusal> {
    auth::reader(&call, &SCOPES)?;
    let params = Params::body(&call, &body)?.only(&["client_name", "redirect_uris", "scopes", "website"])?;
    call.before(Operation::Token, None, None).await?;
    let name = params.word("client_name")?.ok_or_else(|| error::invalid("Application name can't be blank"))?;
    let redirect_uris = match params.list("redirect_uris") {
        Ok(list) => list,
        Err(_) => params.text("redirect_uris")?.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
    };
    let absolute = |uri: &String| url::Url::parse(uri).is_ok();
    if redirect_uris.is_empty() || !redirect_uris.iter().all(absolute) {
        return Err(error::invalid("Redirect URI must be an absolute URI."));
    }
    let scopes = params.word("scopes")?.unwrap_or_else(|| "read".to_owned());
    if !scopes.split_whitespace().all(|scope| ALL_SCOPES.contains(&scope)) {
        return Err(error::invalid("Scopes doesn't match configured on the server."));
    }
    let mut state = locked(&call.state);
    let app = App {
        id: state.next_id(call.now()),
        name,
        website: params.word("website")?,
        redirect_uris,
        scopes,
        client_id: secret(),
        client_secret: secret(),
    };
    call.keep(&mut state, Fact::AppRegistered(app.clone()));
    Ok(HttpResponse::Ok().json(json!({
        "id": app.id.to_string(),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes.split_whitespace().collect::<Vec<_>>(),
        "redirect_uris": app.redirect_uris,
        "redirect_uri": app.redirect_uris.join("\n"),
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "client_secret_expires_at": 0,
    })))
}

/// The app that the parameters name and prove to be.
fn client(call: &Call<Mastodon>, params: &Params) -> Result<App, Refusal> {
    let description = "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.";
    let refused = || error::oauth(StatusCode::UNAUTHORIZED, "invalid_client", description);
    let (id, proof) = (params.word("client_id")?, params.word("client_secret")?);
    let state = locked(&call.state);
    let app = id.and_then(|id| state.apps.get(&id)).filter(|app| proof.as_ref() == Some(&app.client_secret));
    app.cloned().ok_or_else(refused)
}

pub(super) async fn token(call: Call<Mastodon>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let params = Params::body(&call, &body)?;
    call.before(Operation::Token, None, None).await?;
    let app = client(&call, &params)?;
    let refused = |error, description| Err(error::oauth(StatusCode::BAD_REQUEST, error, description));
    match params.word("grant_type")?.as_deref() {
        Some("client_credentials") => {}
        Some("authorization_code") => {
            let description = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.";
            return refused("invalid_grant", description);
        }
        Some(_) => {
            let description = "The authorization grant type is not supported by the authorization server.";
            return refused("unsupported_grant_type", description);
        }
        None => return refused("invalid_request", "Missing required parameter: grant_type."),
    }
    let scopes = params.word("scope")?.unwrap_or_else(|| "read".to_owned());
    if !scopes.split_whitespace().all(|scope| auth::covers(&app.scopes, scope)) {
        return refused("invalid_scope", "The requested scope is invalid, unknown, or malformed.");
    }
    let token = secret();
    let grant = Grant { account: None, scopes: scopes.clone(), client_id: Some(app.client_id), end: None };
    call.keep(&mut locked(&call.state), Fact::TokenIssued { token: token.clone(), grant });
    Ok(HttpResponse::Ok().json(json!({
        "access_token": token,
        "token_type": "Bearer",
        "scope": scopes,
        "created_at": call.now().as_second(),
    })))
}

pub(super) async fn revoke(call: Call<Mastodon>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let params = Params::body(&call, &body)?.only(&["client_id", "client_secret", "token"])?;
    let app = client(&call, &params)?;
    let token = params.word("token")?.unwrap_or_default();
    let mut state = locked(&call.state);
    let own = state.grants.get(&token).is_some_and(|grant| grant.client_id.as_ref() == Some(&app.client_id));
    if !own {
        let description = "You are not authorized to revoke this token";
        return Err(error::oauth(StatusCode::FORBIDDEN, "unauthorized_client", description));
    }
    call.keep(&mut state, Fact::TokenRevoked { token });
    Ok(HttpResponse::Ok().json(json!({})))
}

pub(super) async fn metadata(call: Call<Mastodon>) -> HttpResponse {
    let origin = &call.core.origin;
    HttpResponse::Ok().json(json!({
        "issuer": format!("{origin}/"),
        "token_endpoint": format!("{origin}/oauth/token"),
        "revocation_endpoint": format!("{origin}/oauth/revoke"),
        "app_registration_endpoint": format!("{origin}/api/v1/apps"),
        "scopes_supported": ALL_SCOPES,
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }))
}
