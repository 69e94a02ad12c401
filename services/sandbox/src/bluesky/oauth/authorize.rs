//! `/oauth/bluesky/authorize`: the page on which a person lets a client in.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::Timestamp;

use super::super::state::Account;
use super::super::{Bluesky, fact};
use super::CODE_LIFE;
use super::grants::{Fact, Pushed};
use super::par::URN;
use super::scope::ATPROTO;
use crate::call::{Call, Speaks};
use crate::consent::{Asked, Choice, Consent, Decision, Page, refusal, send_back};
use crate::lock::locked;

const NETWORK: &str = "Bluesky";

/// The pushed request that an address names. Anything else stays on the page: nobody can be sent anywhere.
fn find(call: &Call<Bluesky>, asked: &Asked) -> Result<Pushed, Box<HttpResponse>> {
    let refused = |problem: &str| Box::new(refusal(NETWORK, problem));
    let id = asked.get("request_uri").and_then(|uri| uri.strip_prefix(URN));
    let id = id.ok_or_else(|| refused("A request must be pushed first, and be named by its request_uri."))?;
    let pushed = locked(&call.state).grants.pushed(id, call.now()).cloned();
    let pushed = pushed.filter(|pushed| asked.get("client_id") == Some(&pushed.client_id));
    pushed.ok_or_else(|| refused("This request is unknown, was answered before, or has expired."))
}

fn page(call: &Call<Bluesky>, asked: &Asked, pushed: &Pushed, problem: Option<&str>) -> HttpResponse {
    let accounts = {
        let state = locked(&call.state);
        let hinted = pushed.login_hint.as_ref().and_then(|hint| state.account(hint)).map(|account| account.did.clone());
        let mut accounts: Vec<&Account> = state.accounts.values().collect();
        // Whom the client expects comes first, so that it is checked.
        accounts.sort_by_key(|account| (hinted.as_ref() != Some(&account.did), account.handle.clone()));
        let choice = |account: &&Account| Choice { value: account.did.clone(), label: format!("@{}", account.handle) };
        accounts.iter().map(choice).collect()
    };
    let (app, scopes) = (pushed.client_id.as_str(), pushed.scopes.clone());
    Page { network: NETWORK, app, asked, accounts, scopes, pages: Vec::new(), problem }.answer(call.request())
}

pub(in super::super) async fn ask(call: Call<Bluesky>) -> HttpResponse {
    let asked = Asked::query(call.request());
    match find(&call, &asked) {
        Ok(pushed) => page(&call, &asked, &pushed, None),
        Err(answer) => *answer,
    }
}

pub(in super::super) async fn decide(call: Call<Bluesky>, body: Bytes) -> HttpResponse {
    let Some(decision) = Decision::read(&body) else {
        return refusal(NETWORK, "Press one of the buttons.");
    };
    let pushed = match find(&call, &decision.asked) {
        Ok(pushed) => pushed,
        Err(answer) => return *answer,
    };
    let scopes = decision.granted(&pushed.scopes);
    let known = |did: &String| locked(&call.state).accounts.contains_key(did);
    let account = decision.account.clone().filter(known);
    let is_enough = scopes.iter().any(|scope| scope == ATPROTO);
    let chosen = if decision.is_allowed { account.filter(|_| is_enough) } else { None };
    if decision.is_allowed && chosen.is_none() {
        return page(&call, &decision.asked, &pushed, Some("Choose an account, and keep atproto."));
    }
    call.keep(&mut locked(&call.state), fact::Fact::OAuth(Fact::Answered { id: pushed.id.clone() }));
    let (state, issuer) = (Some(pushed.state.as_str()), Some(call.core.origin.as_str()));
    let Some(account) = chosen else {
        let error = [("iss", issuer), ("state", state), ("error", Some("access_denied"))];
        return send_back(&pushed.redirect_uri, &error);
    };
    let code = call.core.issue_code(Consent {
        platform: Bluesky::PLATFORM,
        client_id: pushed.client_id,
        redirect_uri: pushed.redirect_uri.clone(),
        challenge: Some(pushed.challenge),
        key: Some(pushed.key),
        account,
        scopes,
        pages: Vec::new(),
        expires_at: call.now().saturating_add(CODE_LIFE).unwrap_or(Timestamp::MAX),
    });
    send_back(&pushed.redirect_uri, &[("iss", issuer), ("state", state), ("code", Some(&code))])
}
