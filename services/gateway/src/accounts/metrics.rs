//! `GET /v1/social-accounts/{id}/metrics`

use actix_web::web::{Data, Json};
use domain::{
    ids::AccountId,
    live::{AccountMetrics, LiveAnswer, LiveAsk, Period},
};
use jiff::{SignedDuration, Timestamp};

use super::live;
use crate::{
    App,
    answer::Incoming,
    auth::{Caller, Scope},
    fields::{Field, Object},
    ids::Id,
    problem::Problem,
    query::Query,
};

/// The period where the caller names no beginning.
const USUAL: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A caller's clock may be ahead of ours.
const CLOCKS: SignedDuration = SignedDuration::from_mins(1);

/// The account's numbers as its network tells them now: totals, and what it counts by time of the period.
pub(crate) async fn metrics(
    app: Data<App>,
    caller: Caller,
    incoming: Incoming,
    Id(id): Id<AccountId>,
    query: Query,
) -> Result<Json<AccountMetrics>, Problem> {
    caller.needs(Scope::AccountsRead)?;
    let now = app.clock.now();
    let period = query.read(|query| read(query, now))?;
    match live::ask(&app, &caller, &incoming, id, LiveAsk::Metrics(period)).await? {
        LiveAnswer::Metrics(metrics) => Ok(Json(metrics)),
        _ => Err(live::beside_the_point()),
    }
}

fn read(query: &Object<'_>, now: Timestamp) -> Option<Period> {
    let since = read_time(query.optional("since"));
    let until = read_time(query.optional("until"));
    let until = until?.unwrap_or(now);
    if until.duration_since(now) > CLOCKS {
        query.optional("until").fault("in_the_future", "must not lie in the future");
        return None;
    }
    let since = since?.unwrap_or_else(|| until.checked_sub(USUAL).unwrap_or(Timestamp::MIN));
    if since >= until {
        query.optional("since").fault("after_until", "must be before `until`");
        return None;
    }
    Some(Period { since, until })
}

/// `None` when it is at fault, `Some(None)` when it was left out.
fn read_time(field: Field<'_>) -> Option<Option<Timestamp>> {
    if field.value().is_none() { Some(None) } else { field.timestamp().map(Some) }
}
