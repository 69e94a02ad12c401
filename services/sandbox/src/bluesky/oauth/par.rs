//! `POST /oauth/bluesky/par`: a request is pushed before the browser is sent.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::super::{Bluesky, fact};
use super::REQUEST_LIFE;
use super::client::Client;
use super::dpop::{self, Problem};
use super::error::{invalid_client, refused};
use super::grants::{Fact, Pushed};
use super::nonce::Role;
use super::scope::{ATPROTO, is_known};
use crate::answer::Refusal;
use crate::call::Call;
use crate::consent::{Asked, is_challenge, opaque};
use crate::faults::Operation;
use crate::lock::locked;

const KNOWN: [&str; 10] = [
    "client_id",
    "response_type",
    "response_mode",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
    "prompt",
];

/// Checks the proof of a call to the authorization server.
pub(super) fn proof(call: &Call<Bluesky>) -> Result<String, Refusal> {
    dpop::check(call, Role::Server, None).map_err(|problem| match problem {
        Problem::Nonce => refused("use_dpop_nonce", "Authorization server requires nonce in DPoP proof"),
        Problem::Invalid(description) => refused("invalid_dpop_proof", description),
    })
}

/// A form's fields, all known and each given once.
pub(super) fn form(call: &Call<Bluesky>, body: &[u8], known: &[&str]) -> Result<Asked, Refusal> {
    let content_type = call.header("content-type").unwrap_or_default();
    if content_type.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
        return Err(refused("invalid_request", "Content-Type must be application/x-www-form-urlencoded"));
    }
    let asked = Asked::form(body);
    if asked.get("client_assertion").is_some() || asked.get("client_assertion_type").is_some() {
        return Err(invalid_client("This client has no registered key to prove itself with"));
    }
    match asked.repeated().or_else(|| asked.other_than(known)) {
        Some(name) => Err(refused("invalid_request", &format!("Unknown or repeated parameter: {name}"))),
        None => Ok(asked),
    }
}

pub(super) fn field<'a>(asked: &'a Asked, name: &str) -> Result<&'a str, Refusal> {
    asked.get(name).ok_or_else(|| refused("invalid_request", &format!("Missing parameter: {name}")))
}

pub(in super::super) async fn par(call: Call<Bluesky>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let asked = form(&call, &body, &KNOWN)?;
    call.before(Operation::Token, None, None).await?;
    let key = proof(&call)?;
    let pushed = check(&call, &asked, key)?;
    let id = pushed.id.clone();
    {
        let mut state = locked(&call.state);
        if state.grants.knows_challenge(&pushed.challenge, call.now()) {
            return Err(refused("invalid_request", "Code challenge already used"));
        }
        call.keep(&mut state, fact::Fact::OAuth(Fact::Pushed(Box::new(pushed))));
    }
    Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(json!({
        "request_uri": format!("{URN}{id}"),
        "expires_in": REQUEST_LIFE.as_secs(),
    })))
}

/// In front of a pushed request's id.
pub(super) const URN: &str = "urn:ietf:params:oauth:request_uri:";

fn check(call: &Call<Bluesky>, asked: &Asked, key: String) -> Result<Pushed, Refusal> {
    let invalid = |description: &str| Err(refused("invalid_request", description));
    let unknown = || invalid_client("The client metadata document cannot be obtained");
    let client = Client::find(call, field(asked, "client_id")?).ok_or_else(unknown)?;
    let redirect_uri = field(asked, "redirect_uri")?;
    if !client.takes(redirect_uri) {
        return invalid("Invalid redirect_uri: not one of the client's");
    }
    if field(asked, "response_type")? != "code" || asked.get("response_mode").is_some_and(|mode| mode != "query") {
        return invalid("response_type must be code, and response_mode query");
    }
    let state = field(asked, "state")?;
    let challenge = field(asked, "code_challenge")?;
    if asked.get("code_challenge_method") != Some("S256") || !is_challenge(challenge) {
        return invalid("code_challenge_method must be S256, with a challenge of 32 bytes");
    }
    let scopes: Vec<String> = field(asked, "scope")?.split_whitespace().map(str::to_owned).collect();
    if !scopes.iter().any(|scope| scope == ATPROTO) {
        return Err(refused("invalid_scope", "The \"atproto\" scope is required"));
    }
    if let Some(scope) = scopes.iter().find(|scope| !is_known(scope) || !client.may_ask(scope)) {
        return Err(refused("invalid_scope", &format!("Scope \"{scope}\" is not declared in the client metadata")));
    }
    let at = call.now();
    Ok(Pushed {
        id: format!("req-{}", opaque(32)),
        client_id: client.id,
        redirect_uri: redirect_uri.to_owned(),
        scopes,
        state: state.to_owned(),
        challenge: challenge.to_owned(),
        login_hint: asked.get("login_hint").map(str::to_owned),
        key,
        at,
        expires_at: at.saturating_add(REQUEST_LIFE).unwrap_or(Timestamp::MAX),
    })
}
