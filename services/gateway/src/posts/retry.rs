//! `POST /v1/posts/{id}/targets/{tid}/retry`

use actix_web::{HttpResponse, web::Data};
use domain::ids::{PostId, TargetId};
use store::posts::Change;

use super::change::call;
use crate::{App, auth::Caller, body::Body, ids::Ids, problem::Problem, query::Query};

/// Sends what is missing of a failed or partial target again, and nothing that is live.
pub(crate) async fn retry(
    app: Data<App>,
    caller: Caller,
    Ids(id, target): Ids<PostId, TargetId>,
    query: Query,
    body: Body,
) -> Result<HttpResponse, Problem> {
    query.read(|_| Some(()))?;
    body.read_nothing()?;
    call(&app, &caller, &body, id, Change::Retry(target)).await
}
