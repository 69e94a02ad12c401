//! One change of a post, and what it means over HTTP. What each target may do is decided below `store`.

use std::time::Duration;

use actix_web::{HttpResponse, http::StatusCode};
use domain::{ids::PostId, post::Post};
use store::posts::{Change, Changed};

use super::sight;
use crate::{
    App,
    auth::{Caller, Scope},
    body::{Body, json},
    leased::leased,
    problem::Problem,
};

/// A change is one transaction; its key is free again this long after the process that leased it died.
const LEASE: Duration = Duration::from_secs(30);

/// Changes a post. `None` when it is out of sight now.
///
/// # Errors
/// [`Problem::NotFound`], [`Problem::AlreadyPublishing`], [`Problem::Conflict`], [`Problem::ExternalRefTaken`].
pub(super) async fn change(app: &App, caller: &Caller, id: PostId, change: Change) -> Result<Option<Post>, Problem> {
    if caller.owner().is_some() {
        sight::find(app, caller, id).await?;
    }
    match app.posts.change(caller.project.id, id, change).await? {
        Changed::Done(post) => Ok(Some(*post)),
        Changed::Removed => Ok(None),
        Changed::NotFound => Err(Problem::NotFound),
        Changed::AlreadyPublishing => Err(Problem::AlreadyPublishing),
        Changed::Conflict(reason) => Err(Problem::Conflict(reason)),
        Changed::RefTaken => Err(Problem::ExternalRefTaken),
    }
}

/// A call that is one change and answers with the post.
///
/// # Errors
/// As [`change`], and those of idempotency keys.
pub(super) async fn call(
    app: &App,
    caller: &Caller,
    body: &Body,
    id: PostId,
    wanted: Change,
) -> Result<HttpResponse, Problem> {
    caller.needs(Scope::PostsWrite)?;
    leased(app, body.once(caller, StatusCode::OK), LEASE, async {
        let post = change(app, caller, id, wanted).await?;
        Ok((StatusCode::OK, json(post)?))
    })
    .await
}
