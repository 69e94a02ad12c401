//! `POST /v1/posts/batch`

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use domain::post::Post;
use futures::{StreamExt as _, future::join_all, stream};
use serde::Serialize;
use serde_json::Value;

use super::{
    accept::{Accepted, prepare, write},
    sight,
};
use crate::{
    App,
    answer::Incoming,
    auth::{Caller, Scope},
    body::Body,
    fields::Faults,
    problem::Problem,
    query::Query,
};

/// Most posts of a batch.
const MAX_POSTS: usize = 100;
/// Posts looked at together: each borrows a connection for a moment.
const TOGETHER: usize = 8;

/// What came of one post.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ItemResponse {
    Post { status: u16, post: Box<Post> },
    Problem { status: u16, problem: Value },
}

#[derive(Debug, Serialize)]
struct BatchResponse {
    data: Vec<ItemResponse>,
}

/// Accepts up to 100 posts, each for itself: one that is not good holds up no other. Posts of the same account and time
/// go out in the order they are named. Under an idempotency key, what was accepted is answered again and what was not
/// is looked at again.
pub(crate) async fn batch(
    app: Data<App>,
    caller: Caller,
    incoming: Incoming,
    query: Query,
    body: Body,
) -> Result<HttpResponse, Problem> {
    caller.needs_any(&[Scope::PostsWrite, Scope::PostsDraft])?;
    query.read(|_| Some(()))?;
    // A U+0000 is the fault of the post it is in, so the posts are not looked at here.
    let faults = Faults::default();
    let posts =
        faults.object(body.value()?, |body| body.required("posts").list(1..=MAX_POSTS, |post| post.value().cloned()));
    let posts = faults.check_read(posts)?;
    let key = body.once(&caller, StatusCode::MULTI_STATUS).map(|once| once.key);
    let app = app.get_ref();
    let prepared: Vec<_> = stream::iter(posts.iter().enumerate())
        .map(|(at, post)| prepare(app, &caller, post, key.as_deref().map(|key| item_key(key, at)), &incoming.trace))
        .buffered(TOGETHER)
        .collect()
        .await;
    // Begun in their order, so that the writer takes them in their order.
    let accepted = join_all(prepared.into_iter().map(async |prepared| post(app, &caller, prepared?).await)).await;
    let data = accepted
        .into_iter()
        .map(|accepted| match accepted {
            Ok((status, post)) => ItemResponse::Post { status: status.as_u16(), post },
            Err(problem) => ItemResponse::Problem {
                status: problem.status().as_u16(),
                problem: problem.body(&app.origin, &incoming.request_id),
            },
        })
        .collect();
    Ok(HttpResponse::MultiStatus().json(BatchResponse { data }))
}

async fn post(
    app: &App,
    caller: &Caller,
    prepared: super::accept::Prepared,
) -> Result<(StatusCode, Box<Post>), Problem> {
    match write(app, caller, prepared).await? {
        Accepted::Fresh(post) | Accepted::Replayed(post) => Ok((StatusCode::CREATED, post)),
        Accepted::Same(id) => Ok((StatusCode::OK, Box::new(sight::find(app, caller, id).await?))),
    }
}

/// Each post has a key of its own below the batch's; no caller's key has a control character in it.
fn item_key(key: &str, at: usize) -> String {
    format!("{key}\u{1f}{at}")
}
