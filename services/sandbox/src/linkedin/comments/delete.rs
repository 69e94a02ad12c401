//! `DELETE /rest/socialActions/{urn}/comments/{id}?actor=...`.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::fact::Fact;
use super::super::query::Query;
use super::super::{LinkedIn, auth, error, quota, urn};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::ledger::Change;
use crate::lock::locked;

pub(in super::super) async fn delete(
    call: Call<LinkedIn>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    let (target, id) = path.into_inner();
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::COMMENTS)?;
    urn::must_be_encoded(&call)?;
    auth::method(&call, "DELETE")?;
    let query = Query::read(&call, &["actor"])?;
    let missing = || error::bad_request("ILLEGAL_ARGUMENT", "actor is missing");
    let actor = query.get("actor").ok_or_else(missing)?;
    call.before(Operation::Delete, Some(actor), None).await?;
    remove(&call, &caller, &target, &id, actor)?;
    call.after(Operation::Delete, actor, None, HttpResponse::NoContent().finish()).await
}

fn remove(call: &Call<LinkedIn>, caller: &auth::Caller, target: &str, id: &str, actor: &str) -> Result<(), Refusal> {
    let mut state = locked(&call.state);
    caller.writes_for(&state, actor, "socialActions.comments.DELETE")?;
    let post = state.post(target).ok_or_else(|| error::not_found(target))?;
    let found = id.parse().ok().and_then(|id: u64| state.comments.get(&id)).filter(|comment| comment.post == post.id);
    let comment = found.ok_or_else(|| error::not_found(id))?;
    if comment.actor != actor {
        return Err(error::not_permitted("socialActions.comments.DELETE"));
    }
    let platform_post_id = urn::comment(post.activity, comment.id);
    let fact = Fact::CommentDeleted { id: comment.id };
    let change = Change::Delete { platform: LinkedIn::PLATFORM, platform_post_id, at: call.now() };
    call.core.record_public(LinkedIn::PLATFORM, &fact, change);
    state.apply(fact);
    Ok(())
}
