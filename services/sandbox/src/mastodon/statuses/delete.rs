//! `DELETE /api/v1/statuses/{id}`: answers the status with its source text.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::super::fact::Fact;
use super::super::params::Params;
use super::super::{Mastodon, auth, error, quota};
use super::view::view;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::ledger::Change;
use crate::lock::locked;

pub(in super::super) async fn delete(call: Call<Mastodon>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    let account = auth::user(&call, &["write:statuses"], Some(&quota::DELETES))?;
    // Media of a deleted status cannot be attached again here either way.
    Params::query(&call)?.only(&["delete_media"])?.flag("delete_media")?;
    let who = account.to_string();
    call.before(Operation::Delete, Some(&who), None).await?;
    let answer = {
        let now = call.now();
        let mut state = locked(&call.state);
        let found = id.parse().ok().and_then(|id| state.status(id, Some(account)));
        let status = found.filter(|status| status.account == account).ok_or_else(error::not_found)?;
        let mut answer = view(status, &state, &call.core, Some(account));
        answer["text"] = status.text.clone().into();
        let fact = Fact::StatusDeleted { id: status.id };
        let platform_post_id = status.id.to_string();
        let change = Change::Delete { platform: Mastodon::PLATFORM, platform_post_id, at: now };
        call.core.record_public(Mastodon::PLATFORM, &fact, change);
        state.apply(fact);
        answer
    };
    call.after(Operation::Delete, &who, None, HttpResponse::Ok().json(answer)).await
}
