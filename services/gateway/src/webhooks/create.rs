//! Making an endpoint.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use domain::{
    ids::EndpointId,
    webhook::{Endpoint, EndpointStatus, Ordering},
};
use egress::Url;
use store::endpoints::{self, SEALED_VALUE};
use uuid::Uuid;

use super::{
    fields::{self, MAX_DESCRIPTION, MAX_IN_FLIGHT, MAX_RATE},
    secret::SigningSecret,
};
use crate::{
    App,
    auth::{Caller, Scope},
    body::{self, Body},
    fields::Object,
    keys,
    problem::Problem,
};

const DEFAULT_IN_FLIGHT: i32 = 10;
/// The dialect whose bodies exist.
const NATIVE: &str = "native";

struct CreateRequest {
    url: (String, Url),
    events: Vec<String>,
    description: Option<String>,
    secret: Option<SigningSecret>,
    headers: BTreeMap<String, String>,
    ordering: Ordering,
    max_in_flight: i32,
    rate_per_second: Option<i32>,
    external_id: Option<String>,
}

/// `POST /v1/webhooks`
pub(crate) async fn create(app: Data<App>, caller: Caller, body: Body) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::WebhooksWrite)?;
    let request = body.read(|body| read(body, &app, &caller))?;
    fields::check_resolved(&app, &request.url.1).await?;
    let (now, project) = (app.clock.now(), caller.project.id);
    let secret = request.secret.unwrap_or_else(SigningSecret::generate);
    let id = EndpointId(Uuid::now_v7());
    let headers = fields::seal(&app, project, id, &request.headers)?;
    let endpoint = Endpoint {
        id,
        url: request.url.0,
        events: request.events,
        is_active: true,
        status: EndpointStatus::Active,
        description: request.description,
        ordering: request.ordering,
        dialect: NATIVE.to_owned(),
        headers: headers.names.into_iter().map(|name| (name, SEALED_VALUE)).collect(),
        max_in_flight: request.max_in_flight,
        rate_per_second: request.rate_per_second,
        external_id: request.external_id.or_else(|| caller.external_id.clone()),
        failing_since: None,
        created_at: now,
        updated_at: now,
    };
    let sealed = secret.seal(&app, project)?;
    let once = body.once(&caller, StatusCode::CREATED);
    let done = endpoints::insert(&app.database, caller.actor(now), endpoint, headers.sealed, sealed, once).await?;
    body::answer(done, StatusCode::CREATED, |endpoint| {
        let mut shown = body::json(endpoint)?;
        shown["signing_secret"] = secret.text().into();
        Ok(shown)
    })
}

fn read(body: &Object<'_>, app: &App, caller: &Caller) -> Option<CreateRequest> {
    let url = fields::url(app, body.required("url"));
    let events = fields::events(body.required("events"));
    let description = body.optional("description").text(0..=MAX_DESCRIPTION);
    let secret = body.optional("signing_secret").parsed("invalid_secret");
    let headers = fields::headers(body.optional("headers"));
    let ordering = body.optional("ordering").word();
    let max_in_flight = body.optional("max_in_flight").integer(1..=MAX_IN_FLIGHT);
    let rate_per_second = body.optional("rate_per_second").integer(1..=MAX_RATE);
    let external_id = keys::owner(body, caller);
    if let Some((dialect, field)) = body.optional("dialect").text_kept(1..=50)
        && dialect != NATIVE
    {
        field.fault("unsupported_dialect", "only `native` is served here");
    }
    Some(CreateRequest {
        url: url?,
        events: events?,
        description: description.map(str::to_owned),
        secret,
        headers: headers.unwrap_or_default(),
        ordering: ordering.unwrap_or(Ordering::None),
        max_in_flight: max_in_flight.and_then(|most| i32::try_from(most).ok()).unwrap_or(DEFAULT_IN_FLIGHT),
        rate_per_second: rate_per_second.and_then(|rate| i32::try_from(rate).ok()),
        external_id,
    })
}
