//! `GET /v1/social-accounts`

use actix_web::web::{Data, Json};
use domain::{account::Account, ids::AccountId};
use store::accounts::{self, AccountFilter};

use crate::{
    App,
    auth::{Caller, Scope},
    fields::Object,
    page::{List, Page},
    platforms::known,
    problem::Problem,
    query::Query,
};

/// Accounts, newest first, disconnected ones included. Each filter narrows it.
pub(crate) async fn list(app: Data<App>, caller: Caller, query: Query) -> Result<Json<List<Account>>, Problem> {
    caller.needs(Scope::AccountsRead)?;
    let (mut filter, platform, page) = query.read(read)?;
    filter.platform = platform.map(|name| known(&name)).transpose()?;
    filter.owner = caller.owner().map(str::to_owned);
    let found = accounts::list(&app.database, caller.project.id, &filter, page.after, page.probe()).await?;
    List::page(found, &page, |account| account.id).map(Json)
}

fn read(query: &Object<'_>) -> Option<(AccountFilter, Option<String>, Page<AccountId>)> {
    let platform = query.optional("platform").text(1..=50).map(str::to_owned);
    let filter = AccountFilter {
        external_id: query.optional("external_id").text(1..=255).map(str::to_owned),
        platform: None,
        status: query.optional("status").word(),
        username: query.optional("username").text(1..=500).map(str::to_owned),
        network_unique_id: query.optional("network_unique_id").text(1..=500).map(str::to_owned),
        owner: None,
    };
    Some((filter, platform, Page::of(query)?))
}
