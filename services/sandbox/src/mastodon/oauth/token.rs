//! The token endpoint and revocation. Tokens do not expire and are not refreshed.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use serde_json::json;

use super::super::accounts::secret;
use super::super::fact::{Fact, Grant};
use super::super::params::Params;
use super::super::{Mastodon, error};
use super::client::{Client, proven};
use super::scopes;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::consent::Exchange;
use crate::faults::Operation;
use crate::lock::locked;

const KNOWN: [&str; 7] = ["grant_type", "code", "client_id", "client_secret", "redirect_uri", "code_verifier", "scope"];

fn refused(error: &str, description: &str) -> Refusal {
    error::oauth(StatusCode::BAD_REQUEST, error, description)
}

fn missing(name: &str) -> Refusal {
    refused("invalid_request", &format!("Missing required parameter: {name}."))
}

pub(in super::super) async fn token(call: Call<Mastodon>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let params = Params::body(&call, &body)?.only(&KNOWN)?;
    let code = params.word("code")?;
    let whose = code.as_ref().and_then(|code| call.core.codes.account(Mastodon::PLATFORM, code));
    call.before(Operation::Token, whose.as_deref(), None).await?;
    let client = proven(&call, &params)?;
    match params.word("grant_type")?.as_deref() {
        Some("client_credentials") => {
            let scopes = scopes(params.word("scope")?.as_deref(), &client.scopes);
            let scopes = scopes
                .ok_or_else(|| refused("invalid_scope", "The requested scope is invalid, unknown, or malformed."))?;
            Ok(issue(&call, client, None, scopes.join(" ")))
        }
        Some("authorization_code") => {
            let code = code.ok_or_else(|| missing("code"))?;
            let (account, answer) = exchange(&call, &params, client, &code)?;
            call.after(Operation::Token, &account, None, answer).await
        }
        Some(_) => {
            let description = "The authorization grant type is not supported by the authorization server.";
            Err(refused("unsupported_grant_type", description))
        }
        None => Err(missing("grant_type")),
    }
}

fn exchange(
    call: &Call<Mastodon>,
    params: &Params,
    client: Client,
    code: &str,
) -> Result<(String, HttpResponse), Refusal> {
    let description = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.";
    let invalid = || refused("invalid_grant", description);
    let redirect_uri = params.word("redirect_uri")?.ok_or_else(|| missing("redirect_uri"))?;
    let verifier = params.word("code_verifier")?;
    let exchange = Exchange {
        platform: Mastodon::PLATFORM,
        client_id: &client.id,
        code,
        redirect_uri: Some(&redirect_uri),
        verifier: verifier.as_deref(),
    };
    let consent = call.core.redeem(&exchange).map_err(|_| invalid())?;
    let account = consent.account.parse().map_err(|_| invalid())?;
    Ok((consent.account, issue(call, client, Some(account), consent.scopes.join(" "))))
}

fn issue(call: &Call<Mastodon>, client: Client, account: Option<u64>, scopes: String) -> HttpResponse {
    let token = secret();
    let grant = Grant { account, scopes: scopes.clone(), client_id: Some(client.id), end: None };
    call.keep(&mut locked(&call.state), Fact::TokenIssued { token: token.clone(), grant });
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(json!({
        "access_token": token,
        "token_type": "Bearer",
        "scope": scopes,
        "created_at": call.now().as_second(),
    }))
}

pub(in super::super) async fn revoke(call: Call<Mastodon>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let params = Params::body(&call, &body)?.only(&["client_id", "client_secret", "token"])?;
    let client = proven(&call, &params)?;
    let token = params.word("token")?.unwrap_or_default();
    let mut state = locked(&call.state);
    let own = state.grants.get(&token).is_some_and(|grant| grant.client_id.as_ref() == Some(&client.id));
    if !own {
        let description = "You are not authorized to revoke this token";
        return Err(error::oauth(StatusCode::FORBIDDEN, "unauthorized_client", description));
    }
    call.keep(&mut state, Fact::TokenRevoked { token });
    Ok(HttpResponse::Ok().json(json!({})))
}
