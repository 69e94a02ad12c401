//! `GET /v1/social-networks/{id}`

use actix_web::web::{Data, Json};
use domain::ids::NetworkId;
use serde_json::Value;
use store::networks;

use super::show;
use crate::{
    App,
    auth::{Caller, Scope},
    ids::Id,
    problem::Problem,
    query::Query,
};

/// An app, without its secret.
pub(crate) async fn get(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<NetworkId>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    caller.needs(Scope::NetworksRead)?;
    query.read(|_| Some(()))?;
    let network = networks::get(&app.database, caller.project.id, id).await?.ok_or(Problem::NotFound)?;
    show(&app, &network).map(Json)
}
