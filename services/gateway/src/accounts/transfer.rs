//! `POST /v1/social-accounts/{id}/transfer`

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use domain::ids::AccountId;
use store::accounts;

use super::sight;
use crate::{
    App,
    answer::Incoming,
    auth::{Caller, Scope},
    body::{self, Body},
    fields::Object,
    ids::Id,
    keys::MAX_OWNER,
    problem::Problem,
    query::Query,
};

/// Gives an account to another owner. The caller names the one it has, so that two transfers at once cannot both win.
pub(crate) async fn transfer(
    app: Data<App>,
    caller: Caller,
    incoming: Incoming,
    Id(id): Id<AccountId>,
    query: Query,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::AccountsTransfer)?;
    query.read(|_| Some(()))?;
    let hands = body.read(read)?;
    if caller.owner().is_some() {
        return Err(Problem::Forbidden("this key acts for one owner only, and a transfer concerns two".to_owned()));
    }
    let (actor, trace) = (caller.actor(app.clock.now()), Some(incoming.trace.to_string()));
    let once = body.once(&caller, StatusCode::OK);
    match accounts::transfer(&app.database, actor, id, hands, trace, once).await? {
        Some(done) => body::answer(done, StatusCode::OK, body::json),
        None => match sight::find(&app, &caller, id).await?.external_id {
            Some(_) => Err(Problem::AccountOwned(Some(id))),
            None => Err(Problem::Conflict("the account has no owner; PATCH it to name one".to_owned())),
        },
    }
}

fn read(body: &Object<'_>) -> Option<(String, String)> {
    let from = body.required("from").text(1..=MAX_OWNER);
    let to = body.required("to").text(1..=MAX_OWNER);
    Some((from?.to_owned(), to?.to_owned()))
}
