//! `https://x.com/i/oauth2/authorize`: the page on which a user lets an app in.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::Timestamp;

use super::super::X;
use super::CODE_LIFE;
use crate::call::{Call, Speaks};
use crate::consent::{Asked, Choice, Consent, Decision, Page, is_challenge, refusal, send_back};
use crate::lock::locked;

const NETWORK: &str = "X";
const LONGEST_STATE: usize = 500;
const KNOWN: [&str; 7] =
    ["response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"];
/// Every scope there is.
const SCOPES: [&str; 22] = [
    "tweet.read",
    "tweet.write",
    "tweet.moderate.write",
    "users.email",
    "users.read",
    "follows.read",
    "follows.write",
    "offline.access",
    "space.read",
    "mute.read",
    "mute.write",
    "like.read",
    "like.write",
    "list.read",
    "list.write",
    "block.read",
    "block.write",
    "bookmark.read",
    "bookmark.write",
    "dm.read",
    "dm.write",
    "media.write",
];

/// A request that may be put to the user.
struct Request {
    client_id: String,
    redirect_uri: String,
    state: String,
    challenge: String,
    scopes: Vec<String>,
}

/// Checks a request. `Err` is the answer: a page while it is not certain whom one may send back to, and then the app's
/// address with an error.
fn check(call: &Call<X>, asked: &Asked) -> Result<Request, Box<HttpResponse>> {
    let wrong = || {
        Box::new(refusal(
            NETWORK,
            "Something went wrong. You weren't able to give access to the App. Go back and try logging in again.",
        ))
    };
    let (client_id, redirect_uri) = asked.get("client_id").zip(asked.get("redirect_uri")).ok_or_else(wrong)?;
    let app = call.core.apps.find(X::PLATFORM, client_id).ok_or_else(wrong)?;
    if asked.repeated().is_some() || !app.redirects.take(redirect_uri) {
        return Err(wrong());
    }
    let state = asked.get("state");
    let back = |error, description: &str| {
        let parameters = [("error", Some(error)), ("error_description", Some(description)), ("state", state)];
        Box::new(send_back(redirect_uri, &parameters))
    };
    let invalid = |description: &str| Err(back("invalid_request", description));
    if let Some(other) = asked.other_than(&KNOWN) {
        return invalid(&format!("Unknown parameter: {other}."));
    }
    if asked.get("response_type") != Some("code") {
        return Err(back("unsupported_response_type", "response_type must be code."));
    }
    let Some(state) = state.filter(|state| state.chars().count() <= LONGEST_STATE) else {
        return invalid("state must be there, with at most 500 characters.");
    };
    let challenge = asked.get("code_challenge").filter(|challenge| is_challenge(challenge));
    let Some(challenge) = challenge.filter(|_| asked.get("code_challenge_method") == Some("S256")) else {
        return invalid("code_challenge must be there, with code_challenge_method S256.");
    };
    let scopes: Vec<String> = asked.get("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() || !scopes.iter().all(|scope| SCOPES.contains(&scope.as_str())) {
        return Err(back("invalid_scope", "The requested scope is invalid, unknown, or malformed."));
    }
    Ok(Request {
        client_id: app.client_id,
        redirect_uri: redirect_uri.to_owned(),
        state: state.to_owned(),
        challenge: challenge.to_owned(),
        scopes,
    })
}

fn page(call: &Call<X>, asked: &Asked, request: &Request, problem: Option<&str>) -> HttpResponse {
    let mut users: Vec<Choice> = {
        let state = locked(&call.state);
        let choice = |user: &super::super::state::User| Choice {
            value: user.id.to_string(),
            label: format!("@{}", user.username),
        };
        state.users.values().map(choice).collect()
    };
    users.sort_by(|a, b| a.label.cmp(&b.label));
    let scopes = request.scopes.clone();
    let page =
        Page { network: NETWORK, app: &request.client_id, asked, accounts: users, scopes, pages: Vec::new(), problem };
    page.answer(call.request())
}

pub(in super::super) async fn ask(call: Call<X>) -> HttpResponse {
    let asked = Asked::query(call.request());
    match check(&call, &asked) {
        Ok(request) => page(&call, &asked, &request, None),
        Err(answer) => *answer,
    }
}

pub(in super::super) async fn decide(call: Call<X>, body: Bytes) -> HttpResponse {
    let Some(decision) = Decision::read(&body) else {
        return refusal(NETWORK, "Press one of the buttons.");
    };
    let request = match check(&call, &decision.asked) {
        Ok(request) => request,
        Err(answer) => return *answer,
    };
    let state = Some(request.state.as_str());
    if !decision.is_allowed {
        return send_back(&request.redirect_uri, &[("error", Some("access_denied")), ("state", state)]);
    }
    let known = |account: &String| account.parse().is_ok_and(|id: u64| locked(&call.state).users.contains_key(&id));
    let scopes = decision.granted(&request.scopes);
    let Some(account) = decision.account.clone().filter(known).filter(|_| !scopes.is_empty()) else {
        return page(&call, &decision.asked, &request, Some("Choose an account and at least one permission."));
    };
    let code = call.core.issue_code(Consent {
        platform: X::PLATFORM,
        client_id: request.client_id,
        redirect_uri: request.redirect_uri.clone(),
        challenge: Some(request.challenge),
        key: None,
        account,
        scopes,
        pages: Vec::new(),
        expires_at: call.now().saturating_add(CODE_LIFE).unwrap_or(Timestamp::MAX),
    });
    send_back(&request.redirect_uri, &[("state", state), ("code", Some(&code))])
}
