//! What was sent to an endpoint, and sending it again.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use domain::{
    event::EventType,
    ids::{DeliveryId, EndpointId},
    webhook::Delivery,
};
use store::endpoints::{self, Filter, Sent, TEST_EVENT};
use uuid::Uuid;

use super::manage::find;
use crate::{
    App,
    auth::{Caller, Scope},
    body::{self, Body},
    fields::Object,
    ids::{Id, Ids},
    page::{List, Page},
    problem::Problem,
    query::Query,
};

/// `GET /v1/webhooks/{id}/deliveries`
pub(crate) async fn list(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<EndpointId>,
    query: Query,
) -> Result<Json<List<Delivery>>, Problem> {
    caller.needs(Scope::WebhooksRead)?;
    let (filter, page) = query.read(read)?;
    let endpoint = find(&app, &caller, id).await?;
    let found =
        endpoints::deliveries(&app.database, caller.project.id, endpoint.id, filter, page.after, page.probe()).await?;
    List::page(found, &page, |delivery| delivery.id.0).map(Json)
}

fn read(query: &Object<'_>) -> Option<(Filter, Page<Uuid>)> {
    let event_type = query.optional("event_type").text_kept(1..=100).and_then(|(text, field)| {
        if text == TEST_EVENT || text.parse::<EventType>().is_ok() {
            return Some(text.to_owned());
        }
        field.refuse("unknown_event", "is not an event's type")
    });
    let filter = Filter {
        status: query.optional("status").word(),
        event_type,
        since: query.optional("since").timestamp(),
        until: query.optional("until").timestamp(),
    };
    Some((filter, Page::of(query)?))
}

/// `POST /v1/webhooks/{id}/test`
pub(crate) async fn test(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<EndpointId>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::WebhooksWrite)?;
    body.read_nothing()?;
    let actor = caller.actor(app.clock.now());
    let once = body.once(&caller, StatusCode::CREATED);
    show(endpoints::test(&app.database, &actor, caller.owner(), id, once).await?, StatusCode::CREATED)
}

/// `POST /v1/webhooks/{id}/deliveries/{delivery}/retry`
pub(crate) async fn retry(
    app: Data<App>,
    caller: Caller,
    Ids(id, delivery): Ids<EndpointId, DeliveryId>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::WebhooksWrite)?;
    body.read_nothing()?;
    let actor = caller.actor(app.clock.now());
    let once = body.once(&caller, StatusCode::ACCEPTED);
    let sent = endpoints::retry(&app.database, &actor, caller.owner(), id, delivery, once).await?;
    show(sent, StatusCode::ACCEPTED)
}

fn show(sent: Sent, status: StatusCode) -> Result<HttpResponse, Problem> {
    match sent {
        Sent::Queued(done) => body::answer(done, status, body::json),
        Sent::NotFound => Err(Problem::NotFound),
        Sent::Disabled => Err(Problem::Conflict("the endpoint is disabled; enable it first".to_owned())),
        Sent::Forgotten => Err(Problem::Conflict("the event is no longer kept".to_owned())),
    }
}
