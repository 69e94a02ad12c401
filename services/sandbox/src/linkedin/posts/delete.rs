//! `DELETE /rest/posts/{urn}`: 204, also when it is gone already.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::fact::Fact;
use super::super::{LinkedIn, auth, quota, urn};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::ledger::Change;
use crate::lock::locked;

pub(in super::super) async fn delete(call: Call<LinkedIn>, name: Path<String>) -> Result<HttpResponse, Refusal> {
    let caller = auth::versioned(&call)?;
    quota::count(&call, &caller.member, &quota::POSTS)?;
    urn::must_be_encoded(&call)?;
    auth::method(&call, "DELETE")?;
    let author = locked(&call.state).post(&name).map(|post| post.author.clone());
    let author = author.unwrap_or_else(|| caller.urn());
    call.before(Operation::Delete, Some(&author), None).await?;
    remove(&call, &caller, &name)?;
    call.after(Operation::Delete, &author, None, HttpResponse::NoContent().finish()).await
}

fn remove(call: &Call<LinkedIn>, caller: &auth::Caller, name: &str) -> Result<(), Refusal> {
    let mut state = locked(&call.state);
    let Some(post) = state.post(name) else {
        return Ok(());
    };
    caller.writes_for(&state, &post.author, "posts.DELETE")?;
    let (id, platform_post_id) = (post.id, post.urn());
    let fact = Fact::Deleted { id };
    let change = Change::Delete { platform: LinkedIn::PLATFORM, platform_post_id, at: call.now() };
    call.core.record_public(LinkedIn::PLATFORM, &fact, change);
    state.apply(fact);
    Ok(())
}
