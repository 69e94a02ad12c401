//! `https://www.linkedin.com/oauth/v2/authorization`: the page on which a member lets an app in.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::Timestamp;

use super::super::{LinkedIn, urn};
use super::{CODE_LIFE, SCOPES};
use crate::call::{Call, Speaks};
use crate::consent::{Asked, Choice, Consent, Decision, Page, refusal, send_back};
use crate::lock::locked;

const NETWORK: &str = "LinkedIn";
const KNOWN: [&str; 5] = ["response_type", "client_id", "redirect_uri", "state", "scope"];

/// A request that may be put to the member.
struct Request {
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    scopes: Vec<String>,
}

impl Request {
    fn refused(&self, error: &str, description: &str) -> HttpResponse {
        back(&self.redirect_uri, self.state.as_deref(), error, description)
    }
}

fn back(redirect_uri: &str, state: Option<&str>, error: &str, description: &str) -> HttpResponse {
    let parameters = [("error", Some(error)), ("error_description", Some(description)), ("state", state)];
    send_back(redirect_uri, &parameters)
}

/// Checks a request. `Err` is the answer: a page while it is not certain whom one may send back to, and then the app's
/// address with an error.
fn check(call: &Call<LinkedIn>, asked: &Asked) -> Result<Request, Box<HttpResponse>> {
    let app = asked.get("client_id").and_then(|id| call.core.apps.find(LinkedIn::PLATFORM, id));
    let app = app.ok_or_else(|| Box::new(refusal(NETWORK, "The passed in client_id is invalid.")))?;
    let redirect_uri = asked.get("redirect_uri").filter(|uri| app.redirects.take(uri));
    let elsewhere = "The redirect_uri does not match the registered value.";
    let redirect_uri = redirect_uri.ok_or_else(|| Box::new(refusal(NETWORK, elsewhere)))?.to_owned();
    let state = asked.get("state").map(str::to_owned);
    let wrong =
        |error: &str, description: &str| Err(Box::new(back(&redirect_uri, state.as_deref(), error, description)));
    if let Some(name) = asked.repeated().or_else(|| asked.other_than(&KNOWN)) {
        return wrong("invalid_request", &format!("Unknown or repeated parameter: {name}"));
    }
    if asked.get("response_type") != Some("code") {
        return wrong("unsupported_response_type", "response_type must be code");
    }
    let scopes: Vec<String> = asked.get("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if let Some(scope) = scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        let description = format!("Scope \"{scope}\" is not authorized for your application");
        return wrong("unauthorized_scope_error", &description);
    }
    if scopes.is_empty() {
        return wrong("invalid_scope_error", "The request names no scope");
    }
    Ok(Request { client_id: app.client_id, redirect_uri, state, scopes })
}

fn page(call: &Call<LinkedIn>, asked: &Asked, request: &Request, problem: Option<&str>) -> HttpResponse {
    let mut members: Vec<Choice> = {
        let state = locked(&call.state);
        let choices = state.members.values();
        choices.map(|member| Choice { value: urn::person(&member.id), label: member.name.clone() }).collect()
    };
    members.sort_by(|a, b| a.label.cmp(&b.label));
    let (app, scopes) = (request.client_id.as_str(), request.scopes.clone());
    Page { network: NETWORK, app, asked, accounts: members, scopes, pages: Vec::new(), problem }.answer(call.request())
}

pub(in super::super) async fn ask(call: Call<LinkedIn>) -> HttpResponse {
    let asked = Asked::query(call.request());
    match check(&call, &asked) {
        Ok(request) => page(&call, &asked, &request, None),
        Err(answer) => *answer,
    }
}

pub(in super::super) async fn decide(call: Call<LinkedIn>, body: Bytes) -> HttpResponse {
    let Some(decision) = Decision::read(&body) else {
        return refusal(NETWORK, "Press one of the buttons.");
    };
    let request = match check(&call, &decision.asked) {
        Ok(request) => request,
        Err(answer) => return *answer,
    };
    if !decision.is_allowed {
        return request.refused("user_cancelled_authorize", "The user cancelled the authorization");
    }
    let known =
        |account: &String| urn::part(account, "person").is_some_and(|id| locked(&call.state).members.contains_key(id));
    let Some(account) = decision.account.clone().filter(known) else {
        return page(&call, &decision.asked, &request, Some("Choose who you are."));
    };
    let scopes = decision.granted(&request.scopes);
    if scopes.len() < request.scopes.len() {
        return page(
            &call,
            &decision.asked,
            &request,
            Some("LinkedIn grants everything that was asked for, or nothing."),
        );
    }
    let code = call.core.issue_code(Consent {
        platform: LinkedIn::PLATFORM,
        client_id: request.client_id,
        redirect_uri: request.redirect_uri.clone(),
        challenge: None,
        key: None,
        account,
        scopes,
        pages: Vec::new(),
        expires_at: call.now().saturating_add(CODE_LIFE).unwrap_or(Timestamp::MAX),
    });
    send_back(&request.redirect_uri, &[("code", Some(&code)), ("state", request.state.as_deref())])
}
