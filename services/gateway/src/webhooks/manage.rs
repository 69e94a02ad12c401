//! Looking at, changing and deleting endpoints.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use domain::{
    ids::EndpointId,
    webhook::{Endpoint, Ordering},
};
use egress::Url;
use store::endpoints::{self, EndpointChange};
use uuid::Uuid;

use super::fields::{self, MAX_DESCRIPTION, MAX_IN_FLIGHT, MAX_RATE};
use crate::{
    App,
    auth::{Caller, Scope},
    body::Body,
    fields::Object,
    ids::Id,
    page::{List, Page},
    problem::Problem,
    query::Query,
};

/// `GET /v1/webhooks`
pub(crate) async fn list(app: Data<App>, caller: Caller, query: Query) -> Result<Json<List<Endpoint>>, Problem> {
    caller.needs(Scope::WebhooksRead)?;
    let page: Page<Uuid> = query.read(Page::of)?;
    let found = endpoints::list(&app.database, caller.project.id, caller.owner(), page.after, page.probe()).await?;
    List::page(found, &page, |endpoint| endpoint.id.0).map(Json)
}

/// `GET /v1/webhooks/{id}`
pub(crate) async fn get(app: Data<App>, caller: Caller, Id(id): Id<EndpointId>) -> Result<Json<Endpoint>, Problem> {
    caller.needs(Scope::WebhooksRead)?;
    find(&app, &caller, id).await.map(Json)
}

/// The caller's endpoint.
pub(super) async fn find(app: &App, caller: &Caller, id: EndpointId) -> Result<Endpoint, Problem> {
    endpoints::find(&app.database, caller.project.id, caller.owner(), id).await?.ok_or(Problem::NotFound)
}

struct UpdateRequest {
    url: Option<(String, Url)>,
    headers: Option<BTreeMap<String, String>>,
    rest: EndpointChange,
}

/// `PATCH /v1/webhooks/{id}`
pub(crate) async fn update(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<EndpointId>,
    body: Body,
) -> Result<Json<Endpoint>, Problem> {
    caller.needs(Scope::WebhooksWrite)?;
    let request = body.read(|body| read(body, &app))?;
    // A name is not resolved, nor a header sealed, for an endpoint that is not the caller's.
    find(&app, &caller, id).await?;
    if let Some((_, url)) = &request.url {
        fields::check_resolved(&app, url).await?;
    }
    let headers = request.headers.map(|headers| fields::seal(&app, caller.project.id, id, &headers)).transpose()?;
    let change = EndpointChange { url: request.url.map(|(text, _)| text), headers, ..request.rest };
    let actor = caller.actor(app.clock.now());
    let changed = endpoints::update(&app.database, &actor, caller.owner(), id, change).await?;
    changed.map(Json).ok_or(Problem::NotFound)
}

fn read(body: &Object<'_>, app: &App) -> Option<UpdateRequest> {
    let whole = |number: i64| i32::try_from(number).ok();
    Some(UpdateRequest {
        url: fields::url(app, body.optional("url")),
        headers: body.nullable("headers", fields::headers).map(Option::unwrap_or_default),
        rest: EndpointChange {
            events: fields::events(body.optional("events")),
            description: body.nullable("description", |field| field.text(0..=MAX_DESCRIPTION).map(str::to_owned)),
            ordering: body.optional("ordering").word::<Ordering>(),
            max_in_flight: body.optional("max_in_flight").integer(1..=MAX_IN_FLIGHT).and_then(whole),
            rate_per_second: body.nullable("rate_per_second", |field| field.integer(1..=MAX_RATE).and_then(whole)),
            is_active: body.optional("is_active").flag(),
            ..EndpointChange::default()
        },
    })
}

/// `DELETE /v1/webhooks/{id}`
pub(crate) async fn delete(app: Data<App>, caller: Caller, Id(id): Id<EndpointId>) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::WebhooksWrite)?;
    let actor = caller.actor(app.clock.now());
    let deleted = endpoints::delete(&app.database, &actor, caller.owner(), id).await?;
    if deleted { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::NotFound) }
}
