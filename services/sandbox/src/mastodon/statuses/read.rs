//! Reading statuses.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde_json::{Value, json};

use super::super::params::Params;
use super::super::{Mastodon, auth, error};
use super::view::view;
use crate::answer::Refusal;
use crate::call::Call;
use crate::faults::Operation;
use crate::lock::locked;

const SCOPES: [&str; 1] = ["read:statuses"];

/// The author of a status, for faults that name an account.
fn author(call: &Call<Mastodon>, id: &str) -> Option<String> {
    let state = locked(&call.state);
    state.statuses.get(&id.parse().ok()?).map(|status| status.account.to_string())
}

pub(in super::super) async fn get(call: Call<Mastodon>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    let reader = auth::reader(&call, &SCOPES)?;
    call.before(Operation::Probe, author(&call, &id).as_deref(), None).await?;
    let state = locked(&call.state);
    let status = id.parse().ok().and_then(|id| state.status(id, reader)).ok_or_else(error::not_found)?;
    Ok(HttpResponse::Ok().json(view(status, &state, &call.core, reader)))
}

/// `?id[]=1&id[]=2`: what is not there is left out.
pub(in super::super) async fn get_many(call: Call<Mastodon>) -> Result<HttpResponse, Refusal> {
    let reader = auth::reader(&call, &SCOPES)?;
    let ids = Params::query(&call)?.only(&["id"])?.list("id")?;
    if ids.len() > 20 {
        return Err(error::unprocessable("Too many ids: 20 at most"));
    }
    let first = ids.first().and_then(|id| author(&call, id));
    call.before(Operation::Probe, first.as_deref(), None).await?;
    let state = locked(&call.state);
    let found = ids.iter().filter_map(|id| state.status(id.parse().ok()?, reader));
    let views: Vec<Value> = found.map(|status| view(status, &state, &call.core, reader)).collect();
    Ok(HttpResponse::Ok().json(views))
}

/// The conversation around a status.
pub(in super::super) async fn context(call: Call<Mastodon>, id: Path<String>) -> Result<HttpResponse, Refusal> {
    let reader = auth::reader(&call, &SCOPES)?;
    call.before(Operation::Probe, author(&call, &id).as_deref(), None).await?;
    let most = if reader.is_some() { 4_096 } else { 60 };
    let state = locked(&call.state);
    let status = id.parse().ok().and_then(|id| state.status(id, reader)).ok_or_else(error::not_found)?;
    let mut ancestors = Vec::new();
    let mut above = status.in_reply_to;
    while let Some(parent) = above.and_then(|id| state.status(id, reader)).filter(|_| ancestors.len() < most) {
        ancestors.push(view(parent, &state, &call.core, reader));
        above = parent.in_reply_to;
    }
    ancestors.reverse();
    let mut descendants = Vec::new();
    let mut waiting: Vec<u64> = vec![status.id];
    while let Some(next) = waiting.pop() {
        let replies: Vec<_> = state.replies(next).filter(|reply| reply.visible_to(reader)).collect();
        for reply in &replies {
            if descendants.len() < most {
                descendants.push(view(reply, &state, &call.core, reader));
            }
        }
        waiting.extend(replies.iter().rev().map(|reply| reply.id));
    }
    Ok(HttpResponse::Ok().json(json!({"ancestors": ancestors, "descendants": descendants})))
}
