//! `DELETE /v1/posts/{id}`

use actix_web::{HttpResponse, web::Data};
use domain::{ids::PostId, post::PostStatus};
use store::posts::Change;

use super::{change::change, sight};
use crate::{
    App,
    auth::{Caller, Scope},
    ids::Id,
    problem::Problem,
    query::Query,
};

/// Takes a draft away, cancels what has not gone out, or hides what is settled. Nothing is removed from a network.
pub(crate) async fn delete(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<PostId>,
    query: Query,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::PostsWrite)?;
    query.read(|_| Some(()))?;
    let post = sight::find(&app, &caller, id).await?;
    if matches!(post.status, PostStatus::Scheduled | PostStatus::Queued | PostStatus::Publishing) {
        match change(&app, &caller, id, Change::Cancel).await {
            Ok(canceled) => return Ok(HttpResponse::Ok().json(canceled)),
            // It settled meanwhile: then it is hidden, as if it had been asked a moment later.
            Err(Problem::Conflict(_)) => {}
            Err(problem) => return Err(problem),
        }
    }
    change(&app, &caller, id, Change::Remove).await?;
    Ok(HttpResponse::NoContent().finish())
}
