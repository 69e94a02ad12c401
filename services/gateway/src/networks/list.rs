//! `GET /v1/social-networks`

use actix_web::web::{Data, Json};
use domain::ids::NetworkId;
use serde_json::Value;
use store::networks;

use super::show;
use crate::{
    App,
    auth::{Caller, Scope},
    page::{List, Page},
    platforms::{NAME, known},
    problem::Problem,
    query::Query,
};

/// Apps, newest first.
pub(crate) async fn list(app: Data<App>, caller: Caller, query: Query) -> Result<Json<List<Value>>, Problem> {
    caller.needs(Scope::NetworksRead)?;
    let (platform, page): (Option<String>, Page<NetworkId>) = query.read(|query| {
        let platform = query.optional("platform").text(NAME).map(str::to_owned);
        Some((platform, Page::of(query)?))
    })?;
    let platform = platform.map(|name| known(&name)).transpose()?;
    let found = networks::list(&app.database, caller.project.id, platform, page.after, page.probe()).await?;
    let List { data, next_cursor } = List::page(found, &page, |network| network.id)?;
    let data = data.iter().map(|network| show(&app, network)).collect::<Result<_, _>>()?;
    Ok(Json(List { data, next_cursor }))
}
