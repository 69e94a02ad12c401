//! What happened, in the order it was committed.

use actix_web::{HttpResponse, http::header::ContentType, web::Data};
use domain::{event::EventType, ids::EventId};
use store::events::{self, Place};
use uuid::Uuid;

use crate::{
    App,
    auth::{Caller, Scope},
    fields::Object,
    page::{DEFAULT_LIMIT, MAX_LIMIT, decode, encode},
    problem::Problem,
    query::Query,
};

struct ListRequest {
    after: After,
    event_type: Option<EventType>,
    limit: i64,
}

enum After {
    Place(Place),
    Event(EventId),
}

/// `GET /v1/events`
///
/// `next_cursor` is never null: a reader that keeps it misses nothing, also when a slow transaction commits late.
pub(crate) async fn list(app: Data<App>, caller: Caller, query: Query) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::WebhooksRead)?;
    let request = query.read(read)?;
    let project = caller.project.id;
    let after = match request.after {
        After::Place(place) => place,
        After::Event(id) => events::place(&app.database, project, id)
            .await?
            .ok_or_else(|| Problem::fault("?after", "unknown_event", "there is no such event"))?,
    };
    let event_type = request.event_type.map(EventType::name);
    let found = events::list(&app.database, project, caller.owner(), event_type, after, request.limit).await?;
    let next = encode(&(found.next.xid, found.next.id))?;
    // The bodies are JSON already, and stay the very bytes that webhooks carry.
    let body = format!("{{\"data\":[{}],\"next_cursor\":\"{next}\"}}", found.bodies.join(","));
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}

fn read(query: &Object<'_>) -> Option<ListRequest> {
    let event_type = query.optional("type").word();
    let limit = query.optional("limit").integer(1..=MAX_LIMIT);
    let (after, cursor) = (query.optional("after"), query.optional("cursor"));
    let field = if after.value().is_some() { after } else { cursor };
    let after = match field.value().and_then(|value| value.as_str()) {
        None => After::Place(Place::START),
        Some(text) => {
            let place = decode::<(u64, Uuid)>(text).map(|(xid, id)| After::Place(Place { xid, id }));
            match place.or_else(|| text.parse().ok().map(After::Event)) {
                Some(after) => after,
                None => {
                    return field.refuse("invalid_cursor", "is neither a `next_cursor` of this list nor an event's id");
                }
            }
        }
    };
    Some(ListRequest { after, event_type, limit: limit.unwrap_or(DEFAULT_LIMIT) })
}
