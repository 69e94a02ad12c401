//! `POST /v1/social-networks`

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use domain::{ids::NetworkId, platform::Platform};
use platforms::network;
use runtime::secret::Secret;
use serde_json::{Value, json};
use store::{
    idempotency::Answer,
    networks::{self, NewNetwork, Upserted},
};
use uuid::Uuid;

use super::{fields, refuse_bound, secret, show};
use crate::{
    App,
    auth::{Caller, Scope},
    body::{self, Body},
    fields::Object,
    platforms::{consenting, refuse_unsupported},
    problem::Problem,
    query::Query,
};

/// An app can come and go between looking it up and replacing it; more often than this nobody does that.
const TRIES: usize = 4;
/// The name of a server, at the longest.
const MAX_VARIANT: usize = 300;
/// Where a network has one of each.
const DEFAULT_VARIANT: &str = "default";

struct CreateRequest {
    platform: Platform,
    variant: String,
    display_name: Option<String>,
    client_id: String,
    client_secret: Option<Secret>,
    scopes: Vec<String>,
    extra: Value,
}

/// Brings an app: 201, or 200 where it takes the place of what was said of the variant's before.
pub(crate) async fn create(app: Data<App>, caller: Caller, query: Query, body: Body) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::NetworksWrite)?;
    query.read(|_| Some(()))?;
    refuse_bound(&caller)?;
    refuse_unsupported(body.value()?)?;
    let request = body.read(read)?;
    let project = caller.project.id;
    for _ in 0..TRIES {
        let before = networks::find_app(&app.database, project, request.platform, &request.variant).await?;
        let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
        let id = before.map_or_else(|| NetworkId(Uuid::now_v7()), |before| before.network.id);
        let new = new_network(&app, &caller, &request, id)?;
        let actor = caller.actor(app.clock.now());
        match networks::upsert(&app.database, actor, new, body.once(&caller, status)).await? {
            Upserted::Done(done) => return answer(&app, done, status),
            Upserted::Raced => {}
        }
    }
    Err(Problem::unavailable("the app was brought and deleted by others all the while"))
}

fn read(body: &Object<'_>) -> Option<CreateRequest> {
    let platform = consenting(body.required("platform"));
    let variant = body.optional("variant");
    let (pointer, variant) = (variant.pointer().to_owned(), variant.text(1..=MAX_VARIANT));
    let variant = variant.unwrap_or(DEFAULT_VARIANT).to_owned();
    let display_name = fields::display_name(body.optional("display_name"));
    let client_id = fields::client_id(body.required("client_id"));
    let rules = platform.and_then(|(platform, consent)| {
        let rules = consent.rules(&variant);
        if rules.is_none() {
            let name = network(platform).spec().name;
            body.fault_at(pointer, "unknown_variant", format!("{name} has no apps of the variant `{variant}`"));
        }
        rules
    });
    let has_secret = rules.is_some_and(|rules| rules.has_secret);
    let client_secret = if has_secret { body.required("client_secret") } else { body.optional("client_secret") };
    let client_secret = secret::read(client_secret);
    let scopes = fields::scopes(body.optional("scopes"));
    let extra = body.optional("extra");
    let extra = if extra.value().is_some() { fields::extra(extra) } else { Some(json!({})) };
    let usual = || rules.map(|rules| rules.scopes.iter().map(|scope| (*scope).to_owned()).collect());
    Some(CreateRequest {
        platform: platform?.0,
        variant,
        display_name,
        client_id: client_id?,
        client_secret,
        scopes: scopes.or_else(usual)?,
        extra: extra?,
    })
}

fn new_network(app: &App, caller: &Caller, request: &CreateRequest, id: NetworkId) -> Result<NewNetwork, Problem> {
    let seal = |secret| secret::seal(app, caller.project.id, id, secret);
    Ok(NewNetwork {
        id,
        platform: request.platform,
        variant: request.variant.clone(),
        display_name: request.display_name.clone(),
        client_id: request.client_id.clone(),
        sealed_secret: request.client_secret.as_ref().map(seal).transpose()?,
        scopes: request.scopes.clone(),
        extra: request.extra.clone(),
    })
}

/// What is answered again is what was kept, and the address that follows from its id.
fn answer(app: &App, done: Answer<networks::SocialNetwork>, status: StatusCode) -> Result<HttpResponse, Problem> {
    let done = match done {
        Answer::Replayed(mut saved) => {
            let id = saved.body["id"].as_str().and_then(|id| id.parse().ok());
            let id = id.ok_or_else(|| Problem::Internal("an app that was answered before has no id".to_owned()))?;
            saved.body["callback_url"] = app.callback_url(id).into();
            Answer::Replayed(saved)
        }
        done => done,
    };
    body::answer(done, status, |network| show(app, &network))
}
