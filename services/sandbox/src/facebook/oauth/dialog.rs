//! `https://www.facebook.com/v24.0/dialog/oauth`: who signs in, what the app may, and for which pages.

use actix_web::HttpResponse;
use actix_web::web::Bytes;

use super::super::Facebook;
use super::super::fact::Fact;
use super::super::state::User;
use super::DIALOG;
use crate::call::Call;
use crate::consent::{Asked, Choice, Decision, Page, refusal};
use crate::graph::dialog::{Allowed, Request};
use crate::lock::locked;

/// Everybody with a page may sign in, by name; a page is its person's to leave out.
fn page(call: &Call<Facebook>, asked: &Asked, request: &Request, problem: Option<&str>) -> HttpResponse {
    let state = locked(&call.state);
    let person = |user: &User| Choice { value: user.name.clone(), label: user.name.clone() };
    let of = |id: &u64| {
        let runs = state.users.values().filter(|user| user.pages.contains(id)).map(|user| user.name.as_str());
        runs.collect::<Vec<_>>().join(", ")
    };
    let shows_pages = request.scopes.iter().any(|scope| scope == "pages_show_list");
    let pages = state.pages.values().filter(|_| shows_pages);
    let pages =
        pages.map(|page| Choice { value: page.id.to_string(), label: format!("{} ({})", page.username, of(&page.id)) });
    let page = Page {
        network: DIALOG.network,
        app: &request.app.client_id,
        asked,
        accounts: state.users.values().map(person).collect(),
        scopes: request.scopes.clone(),
        pages: pages.collect(),
        problem,
    };
    page.answer(call.request())
}

pub(in super::super) async fn ask(call: Call<Facebook>) -> HttpResponse {
    let asked = Asked::query(call.request());
    match DIALOG.check(&call.core, &asked) {
        Ok(request) => page(&call, &asked, &request, None),
        Err(answer) => *answer,
    }
}

/// Every permission may be refused by itself; the app finds out by `/me/permissions`.
pub(in super::super) async fn decide(call: Call<Facebook>, body: Bytes) -> HttpResponse {
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
    let named = decision.account.as_deref().and_then(|name| locked(&call.state).user_named(name));
    let Some(user) = named else {
        return page(&call, &decision.asked, &request, Some("Choose who signs in."));
    };
    let scopes = decision.granted(&request.scopes);
    let declined: Vec<String> = request.scopes.iter().filter(|scope| !scopes.contains(scope)).cloned().collect();
    {
        let mut state = locked(&call.state);
        let client_id = request.app.client_id.clone();
        call.keep(&mut state, Fact::ScopesDeclined { user, client_id, scopes: declined });
    }
    let allowed = Allowed { account: user.to_string(), scopes, pages: decision.pages };
    DIALOG.allow(&call.core, &request, allowed)
}
