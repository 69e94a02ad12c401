//! `GET /_sandbox/ledger`: everything that became public, in order.

use std::sync::Arc;

use actix_web::web::ReqData;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::problem::{problem, query};
use crate::answer::Refusal;
use crate::ledger::Entry;
use crate::lock::locked;
use crate::network::Platform;
use crate::world::World;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerQuery {
    platform: Option<Platform>,
    account: Option<String>,
    /// A `seq`: what came after it. Or a time: what came at or after it.
    since: Option<String>,
}

enum Since {
    Seq(u64),
    Time(Timestamp),
}

impl Since {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let refused = |_| problem(StatusCode::UNPROCESSABLE_ENTITY, "since is a seq or an RFC 3339 time");
        match text.parse() {
            Ok(seq) => Ok(Self::Seq(seq)),
            Err(_) => text.parse().map(Self::Time).map_err(refused),
        }
    }

    fn covers(&self, entry: &Entry) -> bool {
        match self {
            Self::Seq(seq) => entry.seq > *seq,
            Self::Time(at) => entry.post.at >= *at,
        }
    }
}

pub(super) async fn list(world: ReqData<Arc<World>>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let filter: LedgerQuery = query(request.query_string())?;
    let since = filter.since.as_deref().map(Since::parse).transpose()?;
    let entries: Vec<Entry> = locked(&world.core.ledger)
        .entries()
        .iter()
        .filter(|entry| filter.platform.is_none_or(|platform| entry.post.platform == platform))
        .filter(|entry| filter.account.as_ref().is_none_or(|account| entry.post.account == *account))
        .filter(|entry| since.as_ref().is_none_or(|since| since.covers(entry)))
        .cloned()
        .collect();
    Ok(HttpResponse::Ok().json(json!({"data": entries, "next_cursor": null})))
}
