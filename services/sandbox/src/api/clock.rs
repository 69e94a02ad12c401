//! `/_sandbox/clock`: reading the clock and moving it forward.

use std::sync::Arc;

use actix_web::web::{Bytes, ReqData};
use actix_web::{HttpResponse, http::StatusCode};
use jiff::{Span, SpanRelativeTo};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{body, problem};
use crate::answer::Refusal;
use crate::core::Core;
use crate::world::{Fact, World};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceRequest {
    /// ISO 8601, days of 24 hours: `PT1H`, `P1DT30M`.
    advance: String,
}

fn reading(core: &Core) -> Value {
    json!({"now": core.now(), "ahead": core.clock.ahead().to_string()})
}

pub(super) async fn read(world: ReqData<Arc<World>>) -> HttpResponse {
    HttpResponse::Ok().json(reading(&world.core))
}

pub(super) async fn advance(world: ReqData<Arc<World>>, bytes: Bytes) -> Result<HttpResponse, Refusal> {
    let request: AdvanceRequest = body(&bytes)?;
    let core = &world.core;
    let refused = |detail: &str| problem(StatusCode::UNPROCESSABLE_ENTITY, format!("advance: {detail}"));
    let malformed = || refused("not an ISO 8601 duration such as PT1H");
    // The parser also reads "1 hour"; the contract does not.
    let iso = Some(&request.advance).filter(|text| text.starts_with(['P', '-']));
    let span: Span = iso.and_then(|text| text.parse().ok()).ok_or_else(malformed)?;
    let by = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| refused("use weeks, days, hours, minutes and seconds"))?;
    let ahead = core.clock.advance(by).ok_or_else(|| refused("the clock only moves forward, and at most 100 years"))?;
    core.record_own(&Fact::ClockMoved { ahead_ms: i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX) });
    Ok(HttpResponse::Ok().json(reading(core)))
}
