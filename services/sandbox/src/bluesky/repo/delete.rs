//! `deleteRecord`: succeeds also when the record is gone already.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::super::fact::Fact;
use super::super::oauth::Need;
use super::super::quota::{self, DELETE};
use super::super::state::uri;
use super::super::{Bluesky, error, session};
use super::{input, only_posts, own_repo};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::ledger::Change;
use crate::lock::locked;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeleteRecord {
    repo: String,
    collection: String,
    rkey: String,
    swap_record: Option<String>,
    swap_commit: Option<String>,
}

pub(in super::super) async fn delete_record(call: Call<Bluesky>, body: Bytes) -> Result<HttpResponse, Refusal> {
    let did = session::caller(&call, Need::Post(&["delete"]))?;
    let request: DeleteRecord = input(&call, &body)?;
    own_repo(&call, &did, &request.repo)?;
    only_posts(&request.collection)?;
    let limits = quota::writes(&call, &did, DELETE)?;
    call.before(Operation::Delete, Some(&did), None).await?;
    let commit = delete(&call, &did, &request)?;
    let mut response = quota::shown(&limits, HttpResponse::Ok());
    let Some(commit) = commit else {
        return Ok(response.json(json!({})));
    };
    let answer = response.json(json!({"commit": commit}));
    call.after(Operation::Delete, &did, None, answer).await
}

fn delete(
    call: &Call<Bluesky>,
    did: &str,
    request: &DeleteRecord,
) -> Result<Option<super::super::fact::Commit>, Refusal> {
    let now = call.now();
    let mut state = locked(&call.state);
    let account = state.accounts.get(did).ok_or_else(error::foreign_repo)?;
    let swap = |message: String| error::bad_request("InvalidSwap", message);
    if request.swap_commit.as_ref().is_some_and(|expected| *expected != account.head.cid) {
        return Err(swap(format!("Commit was at {}", account.head.cid)));
    }
    let Some(post) = account.posts.get(&request.rkey) else {
        return Ok(None);
    };
    if request.swap_record.as_ref().is_some_and(|expected| *expected != post.cid) {
        return Err(swap(format!("Record was at {}", post.cid)));
    }
    let commit = account.next_commit(now, &request.rkey);
    let fact = Fact::RecordDeleted { did: did.to_owned(), rkey: request.rkey.clone(), commit: commit.clone() };
    let platform_post_id = uri(did, &request.rkey);
    let change = Change::Delete { platform: Bluesky::PLATFORM, platform_post_id, at: now };
    call.core.record_public(Bluesky::PLATFORM, &fact, change);
    state.apply(fact);
    Ok(Some(commit))
}
