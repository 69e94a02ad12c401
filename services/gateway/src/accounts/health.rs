//! `GET /v1/social-accounts/{id}/health`

use actix_web::web::{Data, Json};
use domain::{
    ids::AccountId,
    live::{Health, LiveAnswer, LiveAsk},
};

use super::live;
use crate::{
    App,
    answer::Incoming,
    auth::{Caller, Scope},
    ids::Id,
    problem::Problem,
    query::Query,
};

/// Whether the network takes the account's tokens at this moment. A network that does not answer is a problem and never
/// bad health.
pub(crate) async fn health(
    app: Data<App>,
    caller: Caller,
    incoming: Incoming,
    Id(id): Id<AccountId>,
    query: Query,
) -> Result<Json<Health>, Problem> {
    caller.needs(Scope::AccountsRead)?;
    query.read(|_| Some(()))?;
    match live::ask(&app, &caller, &incoming, id, LiveAsk::Health).await? {
        LiveAnswer::Health(health) => Ok(Json(health)),
        _ => Err(live::beside_the_point()),
    }
}
