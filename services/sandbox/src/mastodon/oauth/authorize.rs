//! `/oauth/authorize`: the page on which a user lets an app in.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::super::Mastodon;
use super::super::state::Account;
use super::client::{Client, find};
use super::{OUT_OF_BAND, scopes};
use crate::call::{Call, Speaks};
use crate::consent::{Asked, Choice, Consent, Decision, Page, is_challenge, refusal, send_back, show_code};
use crate::lock::locked;

const NETWORK: &str = "Mastodon";
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);
const KNOWN: [&str; 9] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "force_login",
    "lang",
];

/// A request that may be put to the user.
struct Request {
    client: Client,
    redirect_uri: String,
    state: Option<String>,
    challenge: Option<String>,
    scopes: Vec<String>,
}

impl Request {
    fn refused(&self, error: &str, description: &str) -> HttpResponse {
        back(&self.redirect_uri, self.state.as_deref(), error, description)
    }
}

fn back(redirect_uri: &str, state: Option<&str>, error: &str, description: &str) -> HttpResponse {
    if redirect_uri == OUT_OF_BAND {
        return refusal(NETWORK, description);
    }
    let parameters = [("error", Some(error)), ("error_description", Some(description)), ("state", state)];
    send_back(redirect_uri, &parameters)
}

/// Checks a request. `Err` is the answer: a page while it is not certain whom one may send back to, and then the app's
/// address with an error.
fn check(call: &Call<Mastodon>, asked: &Asked) -> Result<Request, Box<HttpResponse>> {
    let unknown = "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.";
    let client =
        asked.get("client_id").and_then(|id| find(call, id)).ok_or_else(|| Box::new(refusal(NETWORK, unknown)))?;
    let redirect_uri = asked.get("redirect_uri").filter(|uri| client.redirects.take(uri));
    let elsewhere = "The redirect uri included is not valid.";
    let redirect_uri = redirect_uri.ok_or_else(|| Box::new(refusal(NETWORK, elsewhere)))?.to_owned();
    let state = asked.get("state").map(str::to_owned);
    let wrong =
        |error: &str, description: &str| Err(Box::new(back(&redirect_uri, state.as_deref(), error, description)));
    if let Some(name) = asked.repeated().or_else(|| asked.other_than(&KNOWN)) {
        return wrong("invalid_request", &format!("The request has an unknown or repeated parameter: {name}."));
    }
    if asked.get("response_type") != Some("code") {
        let description = "The authorization server does not support this response type.";
        return wrong("unsupported_response_type", description);
    }
    let challenge = asked.get("code_challenge").map(str::to_owned);
    let method = asked.get("code_challenge_method");
    let pair_fits = match &challenge {
        Some(challenge) => is_challenge(challenge) && method == Some("S256"),
        None => method.is_none(),
    };
    if !pair_fits {
        return wrong("invalid_code_challenge_method", "The code_challenge_method must be S256.");
    }
    let Some(scopes) = scopes(asked.get("scope"), &client.scopes) else {
        return wrong("invalid_scope", "The requested scope is invalid, unknown, or malformed.");
    };
    Ok(Request { client, redirect_uri, state, challenge, scopes })
}

fn page(call: &Call<Mastodon>, asked: &Asked, request: &Request, problem: Option<&str>) -> HttpResponse {
    let choice = |account: &Account| Choice { value: account.id.to_string(), label: format!("@{}", account.username) };
    let mut accounts: Vec<Choice> = locked(&call.state).accounts.values().map(choice).collect();
    accounts.sort_by(|a, b| a.label.cmp(&b.label));
    let (app, scopes) = (request.client.name.as_str(), request.scopes.clone());
    Page { network: NETWORK, app, asked, accounts, scopes, pages: Vec::new(), problem }.answer(call.request())
}

pub(in super::super) async fn ask(call: Call<Mastodon>) -> HttpResponse {
    let asked = Asked::query(call.request());
    match check(&call, &asked) {
        Ok(request) => page(&call, &asked, &request, None),
        Err(answer) => *answer,
    }
}

pub(in super::super) async fn decide(call: Call<Mastodon>, body: Bytes) -> HttpResponse {
    let Some(decision) = Decision::read(&body) else {
        return refusal(NETWORK, "Press one of the buttons.");
    };
    let request = match check(&call, &decision.asked) {
        Ok(request) => request,
        Err(answer) => return *answer,
    };
    if !decision.is_allowed {
        let description = "The resource owner or authorization server denied the request.";
        return request.refused("access_denied", description);
    }
    let known = |account: &String| account.parse().is_ok_and(|id: u64| locked(&call.state).accounts.contains_key(&id));
    let scopes = decision.granted(&request.scopes);
    let Some(account) = decision.account.clone().filter(known).filter(|_| !scopes.is_empty()) else {
        return page(&call, &decision.asked, &request, Some("Choose an account and at least one permission."));
    };
    let code = call.core.issue_code(Consent {
        platform: Mastodon::PLATFORM,
        client_id: request.client.id,
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge,
        key: None,
        account,
        scopes,
        pages: Vec::new(),
        expires_at: call.now().saturating_add(CODE_LIFE).unwrap_or(Timestamp::MAX),
    });
    if request.redirect_uri == OUT_OF_BAND {
        return show_code(NETWORK, &code);
    }
    send_back(&request.redirect_uri, &[("code", Some(&code)), ("state", request.state.as_deref())])
}
