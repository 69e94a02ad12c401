//! `GET /rest/socialActions/{urn}` and `.../comments`.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde_json::json;

use super::super::paging::Paging;
use super::super::query::Query;
use super::super::{LinkedIn, auth, error, quota, urn};
use super::view;
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

/// Oldest first.
pub(in super::super) async fn list(call: Call<LinkedIn>, target: Path<String>) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::READS)?;
    urn::must_be_encoded(&call)?;
    let paging = Paging::read(&Query::read(&call, &["start", "count", "sort"])?)?;
    let author = locked(&call.state).post(&target).map(|post| post.author.clone());
    call.before(Operation::Probe, author.as_deref(), None).await?;
    let state = locked(&call.state);
    let post = state.post(&target).ok_or_else(|| error::not_found(target.as_str()))?;
    caller.reads(&state, &post.author, "socialActions.comments.GET_ALL")?;
    Ok(HttpResponse::Ok().json(paging.of(state.comments_on(post.id).map(|comment| view(comment, &state)).collect())))
}

pub(in super::super) async fn summary(call: Call<LinkedIn>, target: Path<String>) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::READS)?;
    urn::must_be_encoded(&call)?;
    let author = locked(&call.state).post(&target).map(|post| post.author.clone());
    call.before(Operation::Probe, author.as_deref(), None).await?;
    let state = locked(&call.state);
    let post = state.post(&target).ok_or_else(|| error::not_found(target.as_str()))?;
    caller.reads(&state, &post.author, "socialActions.GET")?;
    let comments = state.comments_on(post.id).count();
    let first_level = state.comments_on(post.id).filter(|comment| comment.parent.is_none()).count();
    Ok(HttpResponse::Ok().json(json!({
        "target": format!("urn:li:activity:{}", post.activity),
        "likesSummary": {"totalLikes": 0, "aggregatedTotalLikes": 0, "likedByCurrentUser": false, "selectedLikes": []},
        "commentsSummary": {
            "aggregatedTotalComments": comments,
            "totalFirstLevelComments": first_level,
            "selectedComments": [],
        },
    })))
}
