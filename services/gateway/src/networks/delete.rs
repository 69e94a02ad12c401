//! `DELETE /v1/social-networks/{id}`

use actix_web::{HttpResponse, web::Data};
use domain::ids::NetworkId;
use store::networks;

use super::refuse_bound;
use crate::{
    App,
    auth::{Caller, Scope},
    ids::Id,
    problem::Problem,
    query::Query,
};

/// Takes an app away with its secret. Accounts that were connected through it stay until their tokens run out.
pub(crate) async fn delete(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<NetworkId>,
    query: Query,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::NetworksWrite)?;
    query.read(|_| Some(()))?;
    refuse_bound(&caller)?;
    let actor = caller.actor(app.clock.now());
    let deleted = networks::delete(&app.database, &actor, id).await?;
    if deleted { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::NotFound) }
}
