//! `PATCH /v1/social-accounts/{id}`

use actix_web::web::{Data, Json};
use domain::{account::Account, ids::AccountId};
use store::accounts::{self, AccountChange, AccountChanged};

use super::sight;
use crate::{
    App,
    answer::Incoming,
    auth::{Caller, Scope},
    body::Body,
    fields::Object,
    ids::Id,
    problem::Problem,
    query::Query,
};

/// Renames an account, or names the owner of one that has none.
pub(crate) async fn patch(
    app: Data<App>,
    caller: Caller,
    incoming: Incoming,
    Id(id): Id<AccountId>,
    query: Query,
    body: Body,
) -> Result<Json<Account>, Problem> {
    caller.needs(Scope::AccountsWrite)?;
    query.read(|_| Some(()))?;
    let change = body.read(read)?;
    let account = sight::find(&app, &caller, id).await?;
    if change == AccountChange::default() {
        return Ok(Json(account));
    }
    sight::owner(&caller, change.external_id.clone())?;
    let actor = caller.actor(app.clock.now());
    match accounts::update(&app.database, actor, id, change, Some(incoming.trace.to_string())).await? {
        AccountChanged::Done(account) => Ok(Json(*account)),
        AccountChanged::NotFound => Err(Problem::NotFound),
        AccountChanged::Owned => Err(Problem::AccountOwned(Some(id))),
    }
}

fn read(body: &Object<'_>) -> Option<AccountChange> {
    let display_name = body.nullable("display_name", |field| field.text(1..=255).map(str::to_owned));
    let external_id = body.optional("external_id").text(1..=255).map(str::to_owned);
    Some(AccountChange { display_name, external_id })
}
