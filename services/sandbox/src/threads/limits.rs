//! What a profile may publish in 24 hours (section 4.12).

use actix_web::HttpResponse;
use actix_web::web::Payload;
use serde_json::json;

use super::Threads;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::faults::Operation;
use crate::graph::{Fields, Visit};
use crate::lock::locked;

pub(super) const POSTS: usize = 250;
pub(super) const REPLIES: usize = 1_000;
pub(super) const DELETIONS: usize = 100;

/// `GET /{user}/threads_publishing_limit`. Nothing is used while the limits do not hold.
pub(super) async fn get(call: Call<Threads>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let visit = Visit::read(call, payload).await?;
    let user = visit.own()?;
    visit.before(Operation::Identity, None).await?;
    visit.needs("threads_basic")?;
    visit.params.only(&[])?;
    let (state, now) = (locked(&visit.call.state), visit.call.now());
    let counts = visit.call.core.quotas.enforced(Threads::PLATFORM);
    let used = |count: usize| if counts { count } else { 0 };
    let config = |total: usize| json!({"quota_total": total, "quota_duration": 86_400});
    let whole = json!({
        "quota_usage": used(state.published_lately(user, false, now)),
        "config": config(POSTS),
        "reply_quota_usage": used(state.published_lately(user, true, now)),
        "reply_config": config(REPLIES),
        "delete_quota_usage": used(state.deleted_lately(user, now)),
        "delete_config": config(DELETIONS),
    });
    let fields = Fields::of(&visit.params, "quota_usage")?;
    Ok(HttpResponse::Ok().json(json!({"data": [fields.pick(&whole, "ThreadsPublishingLimit")?]})))
}
