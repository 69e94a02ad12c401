//! `GET /v1/posts`

use actix_web::web::{Data, Json};
use domain::{ids::PostId, platform::Platform, post::Post};
use jiff::Timestamp;
use store::posts::PostFilter;

use crate::{
    App,
    auth::{Caller, Scope},
    fields::Object,
    page::{List, Page},
    platforms::known,
    problem::Problem,
    query::Query,
};

/// The order of the list: newest first, the post's id where two are of the same moment.
type Key = (Timestamp, PostId);

/// Posts, newest first. Each filter narrows it; times are from `..._after` on, up to and without `..._before`.
pub(crate) async fn list(app: Data<App>, caller: Caller, query: Query) -> Result<Json<List<Post>>, Problem> {
    caller.needs(Scope::PostsRead)?;
    let (mut filter, platform, page) = query.read(read)?;
    filter.platform = platform.map(|name| known(&name)).transpose()?;
    filter.owner = caller.owner().map(str::to_owned);
    let found = app.posts.list(caller.project.id, &filter, page.after, page.probe()).await?;
    let found = List::page(found, &page, |key| *key)?;
    let ids: Vec<_> = found.data.iter().map(|(_, id)| *id).collect();
    let data = app.posts.get_many(caller.project.id, &ids).await?;
    Ok(Json(List { data, next_cursor: found.next_cursor }))
}

fn read(query: &Object<'_>) -> Option<(PostFilter, Option<String>, Page<Key>)> {
    let status = query.optional("status").word();
    let account = query.optional("account_id").parsed("unknown_account");
    let platform = query.optional("platform").text(1..=50).map(str::to_owned);
    let external_id = query.optional("external_id").text(1..=255).map(str::to_owned);
    let external_ref = query.optional("external_ref").text(1..=255).map(str::to_owned);
    let filter = PostFilter {
        status,
        account,
        platform: None::<Platform>,
        external_id,
        external_ref,
        scheduled_after: query.optional("scheduled_after").timestamp(),
        scheduled_before: query.optional("scheduled_before").timestamp(),
        created_after: query.optional("created_after").timestamp(),
        created_before: query.optional("created_before").timestamp(),
        owner: None,
    };
    Some((filter, platform, Page::of(query)?))
}
