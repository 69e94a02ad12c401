//! `GET /v1/social-accounts/{id}`

use actix_web::web::{Data, Json};
use domain::{account::Account, ids::AccountId};

use super::sight;
use crate::{
    App,
    auth::{Caller, Scope},
    ids::Id,
    problem::Problem,
    query::Query,
};

/// An account, disconnected or not.
pub(crate) async fn get(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<AccountId>,
    query: Query,
) -> Result<Json<Account>, Problem> {
    caller.needs(Scope::AccountsRead)?;
    query.read(|_| Some(()))?;
    sight::find(&app, &caller, id).await.map(Json)
}
