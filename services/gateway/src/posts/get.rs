//! `GET /v1/posts/{id}`

use actix_web::web::{Data, Json};
use domain::{ids::PostId, post::Post};

use super::sight;
use crate::{
    App,
    auth::{Caller, Scope},
    ids::Id,
    problem::Problem,
    query::Query,
};

/// A post with all its targets as they are now.
pub(crate) async fn get(
    app: Data<App>,
    caller: Caller,
    Id(id): Id<PostId>,
    query: Query,
) -> Result<Json<Post>, Problem> {
    caller.needs(Scope::PostsRead)?;
    query.read(|_| Some(()))?;
    sight::find(&app, &caller, id).await.map(Json)
}
