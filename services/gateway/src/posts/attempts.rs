//! `GET /v1/posts/{id}/attempts`

use actix_web::web::{Data, Json};
use domain::ids::{AttemptId, PostId};
use store::posts::Attempt;

use super::sight;
use crate::{
    App,
    auth::{Caller, Scope},
    ids::Id,
    page::{List, Page},
    problem::Problem,
    query::Query,
};

/// What was attempted for a post, oldest first.
pub(crate) async fn attempts(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<PostId>,
    query: Query,
) -> Result<Json<List<Attempt>>, Problem> {
    caller.needs(Scope::PostsRead)?;
    let page: Page<AttemptId> = query.read(Page::of)?;
    sight::find(&app, &caller, id).await?;
    let found = app.posts.list_attempts(caller.project.id, id, page.after, page.probe()).await?;
    List::page(found, &page, |attempt| attempt.id).map(Json)
}
