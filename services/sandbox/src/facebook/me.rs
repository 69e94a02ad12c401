//! What a person has: pages, permissions, businesses (section 2.5).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::fact::{End, Fact};
use super::visit::Visit;
use super::{Facebook, error, people, view};
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::graph::{Fields, Problem, paging};
use crate::lock::locked;

/// A person's edge, which a page has not.
fn person(visit: &Visit, edge: &str) -> Result<(), Problem> {
    match visit.grant.page {
        None => Ok(()),
        Some(_) => Err(error::no_edge(edge, "Page")),
    }
}

/// `GET /me/accounts`: the pages that the person runs and has not left out, with their tokens. Without the permission there
/// are none, which is no error.
pub(super) async fn accounts(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    person(&visit, "accounts")?;
    visit.before(Operation::Identity, None).await?;
    visit.params.only(&paging::PARAMS)?;
    let fields = Fields::of(&visit.params, view::LISTED_PAGE)?;
    let mut state = locked(&visit.call.state);
    let shows = visit.needs("pages_show_list").is_ok();
    let pages: Vec<u64> = state.pages.keys().copied().collect();
    let pages =
        pages.into_iter().filter(|page| shows && people::covers(&visit.grant, *page, &state)).collect::<Vec<_>>();
    let mut items = Vec::new();
    for id in pages {
        let token = visit.call.page_token(&mut state, id, &visit.grant);
        if let Some(page) = state.pages.get(&id) {
            items.push((id.to_string(), fields.pick(&view::page(page, Some(token)), "Page")?));
        }
    }
    Ok(HttpResponse::Ok().json(paging::page(items, &visit.params, &visit.here())?))
}

/// `GET /me/permissions`: a scope that was unchecked is declined.
pub(super) async fn permissions(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    person(&visit, "permissions")?;
    visit.before(Operation::Identity, None).await?;
    visit.params.only(&[])?;
    let granted = visit.grant.scopes.iter().map(|scope| json!({"permission": scope, "status": "granted"}));
    let state = locked(&visit.call.state);
    let declined = state.declined(&visit.grant).iter().map(|scope| json!({"permission": scope, "status": "declined"}));
    Ok(HttpResponse::Ok().json(json!({"data": granted.chain(declined).collect::<Vec<_>>()})))
}

/// `DELETE /me/permissions`: the person removes the app.
pub(super) async fn remove_app(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    person(&visit, "permissions")?;
    visit.before(Operation::Token, None).await?;
    visit.params.only(&[])?;
    let fact = Fact::TokensEnded {
        user: visit.grant.user,
        client_id: Some(visit.grant.client_id.clone()),
        end: End::AppRemoved,
    };
    visit.call.keep(&mut locked(&visit.call.state), fact);
    Ok(HttpResponse::Ok().json(json!({"success": true})))
}

/// `GET /me/businesses`: nobody here has one, and all pages are their persons' own.
pub(super) async fn businesses(call: Call<Facebook>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    person(&visit, "businesses")?;
    visit.before(Operation::Identity, None).await?;
    visit.params.only(&paging::PARAMS)?;
    visit.needs("business_management")?;
    Ok(HttpResponse::Ok().json(json!({"data": []})))
}
