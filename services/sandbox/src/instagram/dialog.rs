//! `https://www.instagram.com/oauth/authorize`: the page on which a user lets an app in (section 3.2).

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jiff::SignedDuration;

use super::Instagram;
use super::users::SCOPES;
use crate::call::Call;
use crate::consent::{Asked, Choice, Decision, Page, refusal};
use crate::graph::dialog::{Allowed, Dialog, Request};
use crate::lock::locked;
use crate::network::Platform;

const DIALOG: Dialog = Dialog {
    network: "Instagram",
    apps: &[(Platform::Instagram, Some("instagram"))],
    known: &["client_id", "redirect_uri", "scope", "response_type", "state", "enable_fb_login", "force_reauth"],
    scopes: &SCOPES,
    needed: Some(SCOPES[0]),
    fragment: "#_",
    may_leave_type_out: false,
    code_life: SignedDuration::from_hours(1),
    denial: "The user denied your request",
};

/// Everybody, by id: whoever reaches an account through Facebook may sign in here as well.
fn accounts(call: &Call<Instagram>) -> Vec<Choice> {
    let choice = |(id, username): (&u64, &String)| Choice { value: id.to_string(), label: format!("@{username}") };
    locked(&call.state).users.iter().map(choice).collect()
}

fn page(call: &Call<Instagram>, asked: &Asked, request: &Request, problem: Option<&str>) -> HttpResponse {
    let page = Page {
        network: DIALOG.network,
        app: &request.app.client_id,
        asked,
        accounts: accounts(call),
        scopes: request.scopes.clone(),
        pages: Vec::new(),
        problem,
    };
    page.answer(call.request())
}

pub(super) async fn ask(call: Call<Instagram>) -> HttpResponse {
    let asked = Asked::query(call.request());
    match DIALOG.check(&call.core, &asked) {
        Ok(request) => page(&call, &asked, &request, None),
        Err(answer) => *answer,
    }
}

pub(super) async fn decide(call: Call<Instagram>, body: Bytes) -> HttpResponse {
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
        return page(
            &call,
            &decision.asked,
            &request,
            Some("Choose who signs in; instagram_business_basic has to be allowed."),
        );
    };
    DIALOG.allow(&call.core, &request, Allowed { account, scopes, pages: Vec::new() })
}
