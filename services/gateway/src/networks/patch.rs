//! `PATCH /v1/social-networks/{id}`

use actix_web::web::{Data, Json};
use domain::ids::NetworkId;
use platforms::network;
use runtime::secret::Secret;
use serde_json::Value;
use store::networks::{self, NetworkChange, SocialNetwork};

use super::{fields, refuse_bound, secret, show};
use crate::{
    App,
    auth::{Caller, Scope},
    body::Body,
    fields::Object,
    ids::Id,
    problem::Problem,
    query::Query,
};

struct PatchRequest {
    /// `Some(None)` takes it away.
    client_secret: Option<Option<Secret>>,
    rest: NetworkChange,
}

/// Changes an app. Its network and variant never change.
pub(crate) async fn patch(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<NetworkId>,
    query: Query,
    body: Body,
) -> Result<Json<Value>, Problem> {
    caller.needs(Scope::NetworksWrite)?;
    query.read(|_| Some(()))?;
    refuse_bound(&caller)?;
    let PatchRequest { client_secret, rest } = body.read(read)?;
    let before = networks::get(&app.database, caller.project.id, id).await?.ok_or(Problem::NotFound)?;
    if client_secret.as_ref().is_some_and(Option::is_none) && has_secret(&before) {
        return Err(Problem::fault("/client_secret", "required", "apps of this network have a secret"));
    }
    let seal = |secret: &Secret| secret::seal(&app, caller.project.id, id, secret);
    let sealed_secret = client_secret.map(|secret| secret.as_ref().map(seal).transpose()).transpose()?;
    let change = NetworkChange { sealed_secret, ..rest };
    if change == NetworkChange::default() {
        return show(&app, &before).map(Json);
    }
    let actor = caller.actor(app.clock.now());
    let changed = networks::update(&app.database, &actor, id, change).await?.ok_or(Problem::NotFound)?;
    show(&app, &changed).map(Json)
}

fn read(body: &Object<'_>) -> Option<PatchRequest> {
    let client_secret = body.nullable("client_secret", secret::read);
    let rest = NetworkChange {
        display_name: body.nullable("display_name", fields::display_name),
        client_id: fields::client_id(body.optional("client_id")),
        sealed_secret: None,
        scopes: fields::scopes(body.optional("scopes")),
        extra: fields::extra(body.optional("extra")),
        is_enabled: body.optional("is_enabled").flag(),
    };
    Some(PatchRequest { client_secret, rest })
}

fn has_secret(app: &SocialNetwork) -> bool {
    let rules = network(app.platform).consent().and_then(|consent| consent.rules(&app.variant));
    rules.is_some_and(|rules| rules.has_secret)
}
