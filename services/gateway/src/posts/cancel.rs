//! `POST /v1/posts/{id}/targets/{tid}/cancel`

use actix_web::{HttpResponse, web::Data};
use domain::ids::{PostId, TargetId};
use store::posts::Change;

use super::change::call;
use crate::{App, auth::Caller, body::Body, ids::Ids, problem::Problem, query::Query};

/// Cancels one target of a post that has not gone out.
pub(crate) async fn cancel(
    app: Data<App>,
    caller: Caller,
    Ids(id, target): Ids<PostId, TargetId>,
    query: Query,
    body: Body,
) -> Result<HttpResponse, Problem> {
    query.read(|_| Some(()))?;
    body.read_nothing()?;
    call(&app, &caller, &body, id, Change::CancelTarget(target)).await
}
