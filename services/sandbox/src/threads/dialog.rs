//! `https://threads.net/oauth/authorize`: the page on which a user lets an app in (section 4.2).

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::SignedDuration;

use super::Threads;
use super::users::SCOPES;
use crate::call::Call;
use crate::consent::{Asked, Choice, Decision, Page, refusal};
use crate::graph::dialog::{Allowed, Dialog, Request};
use crate::lock::locked;
use crate::network::Platform;

const DIALOG: Dialog = Dialog {
    network: "Threads",
    apps: &[(Platform::Threads, None)],
    known: &["client_id", "redirect_uri", "scope", "response_type", "state"],
    scopes: &SCOPES,
    needed: Some(SCOPES[0]),
    fragment: "#_",
    may_leave_type_out: false,
    code_life: SignedDuration::from_hours(1),
    denial: "The user denied your request",
};

fn page(call: &Call<Threads>, asked: &Asked, request: &Request, problem: Option<&str>) -> HttpResponse {
    let users = locked(&call.state).choices();
    let page = Page {
        network: DIALOG.network,
        app: &request.app.client_id,
        asked,
        accounts: users.into_iter().map(|(value, label)| Choice { value, label }).collect(),
        scopes: request.scopes.clone(),
        pages: Vec::new(),
        problem,
    };
    page.answer(call.request())
}

pub(super) async fn ask(call: Call<Threads>) -> HttpResponse {
    let asked = Asked::query(call.request());
    match DIALOG.check(&call.core, &asked) {
        Ok(request) => page(&call, &asked, &request, None),
        Err(answer) => *answer,
    }
}

pub(super) async fn decide(call: Call<Threads>, body: Bytes) -> HttpResponse {
    let Some(decision) = Decision::read(&body) else {
        return refusal(DIALOG.network, "Press one of the buttons.");
    };
    let request = match DIALOG.check(&call.core, &decision.asked) {
        Ok(request) => request,
        Err(answer) => return *answer,
    };
    if !decision.is_allowed {
        return DIALOG.deny(&request);
    }
    let known = |account: &String| account.parse().is_ok_and(|id: u64| locked(&call.state).users.contains_key(&id));
    let scopes = decision.granted(&request.scopes);
    let is_basic = scopes.iter().any(|scope| scope == SCOPES[0]);
    let Some(account) = decision.account.clone().filter(known).filter(|_| is_basic) else {
        return page(&call, &decision.asked, &request, Some("Choose who signs in; threads_basic has to be allowed."));
    };
    DIALOG.allow(&call.core, &request, Allowed { account, scopes, pages: Vec::new() })
}
