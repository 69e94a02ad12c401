//! `POST /v1/posts/{id}/publish`

use actix_web::{HttpResponse, web::Data};
use domain::ids::PostId;
use store::posts::Change;

use super::{change::call, files, sight};
use crate::{
    App,
    auth::{Caller, Scope},
    body::Body,
    ids::Id,
    problem::Problem,
    query::Query,
};

/// Sends a draft or a scheduled post now, whatever its time was.
pub(crate) async fn publish(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<PostId>,
    query: Query,
    body: Body,
) -> Result<HttpResponse, Problem> {
    query.read(|_| Some(()))?;
    body.read_nothing()?;
    caller.needs(Scope::PostsWrite)?;
    let (post, now) = (sight::find(&app, &caller, id).await?, app.clock.now());
    let files = post.containers.iter().flat_map(|container| &container.media);
    files::keep(&app, &caller, files, Some(now + post.max_lateness), now).await?;
    call(&app, &caller, &body, id, Change::Publish).await
}
