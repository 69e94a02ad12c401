//! `DELETE /v1/social-accounts/{id}`

use actix_web::{HttpResponse, web::Data};
use domain::ids::AccountId;
use store::accounts;

use super::sight;
use crate::{
    App,
    answer::Incoming,
    auth::{Caller, Scope},
    ids::Id,
    problem::Problem,
    query::Query,
};

/// Disconnects an account and destroys its tokens; what waits to be sent to it fails. With `?purge=true` the profile is
/// forgotten too.
pub(crate) async fn delete(
    app: Data<App>,
    caller: Caller,
    incoming: Incoming,
    Id(id): Id<AccountId>,
    query: Query,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::AccountsWrite)?;
    let purge = query.read(|query| Some(query.optional("purge").flag().unwrap_or_default()))?;
    sight::find(&app, &caller, id).await?;
    let (actor, trace) = (caller.actor(app.clock.now()), Some(incoming.trace.to_string()));
    let answer = if purge {
        let gone = accounts::purge(&app.database, actor, id, trace).await?;
        gone.then(|| HttpResponse::NoContent().finish())
    } else {
        let account = accounts::disconnect(&app.database, actor, id, trace).await?;
        account.map(|account| HttpResponse::Ok().json(account))
    };
    answer.ok_or(Problem::NotFound)
}
