//! `POST /v1/posts`

use actix_web::{HttpResponse, http::StatusCode, http::header::LOCATION, web::Data};
use domain::post::Post;

use super::{
    accept::{Accepted, prepare, write},
    sight, wait,
};
use crate::{
    App,
    answer::Incoming,
    auth::Caller,
    body::{Body, REPLAYED},
    problem::Problem,
    query::Query,
};

/// Accepts a post. A replay under an idempotency key is answered with the post as it was accepted, and with `?wait` as
/// it is then; the same `external_ref` with the same body with the first post as it is.
pub(crate) async fn create(
    app: Data<App>,
    caller: Caller,
    incoming: Incoming,
    query: Query,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let patience = wait::read(query)?;
    let key = body.once(&caller, StatusCode::CREATED).map(|once| once.key);
    let prepared = prepare(&app, &caller, body.value()?, key, &incoming.trace).await?;
    let accepted = write(&app, &caller, prepared).await?;
    let (status, is_replay) = match &accepted {
        Accepted::Fresh(_) => (StatusCode::CREATED, false),
        Accepted::Replayed(_) => (StatusCode::CREATED, true),
        Accepted::Same(_) => (StatusCode::OK, false),
    };
    let id = accepted.id();
    let post = match (accepted, patience) {
        (_, Some(patience)) => wait::settled(&app, &caller, id, patience).await?,
        (Accepted::Fresh(post) | Accepted::Replayed(post), None) => *post,
        (Accepted::Same(id), None) => sight::find(&app, &caller, id).await?,
    };
    Ok(answer(&post, status, is_replay))
}

fn answer(post: &Post, status: StatusCode, is_replay: bool) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((LOCATION, format!("/v1/posts/{}", post.id)));
    if is_replay {
        answer.insert_header(REPLAYED);
    }
    answer.json(post)
}
