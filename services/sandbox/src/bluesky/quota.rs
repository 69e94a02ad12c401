//! Rate limits of the PDS. A server that does not enforce them sends no headers either, as self-hosted ones do.

use actix_web::HttpResponseBuilder;

use super::{Bluesky, error};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::quotas::{Meter, Rule};

const SESSIONS: [Rule; 2] = [
    Rule { name: "sessions-5m", limit: 30, window_s: 300 },
    Rule { name: "sessions-day", limit: 300, window_s: 86_400 },
];
const WRITES: [Rule; 2] = [
    Rule { name: "points-hour", limit: 5_000, window_s: 3_600 },
    Rule { name: "points-day", limit: 35_000, window_s: 86_400 },
];
const UPLOADS: [Rule; 1] = [Rule { name: "uploads-day", limit: 1_000, window_s: 86_400 }];

/// Points of a write.
pub(super) const CREATE: u64 = 3;
pub(super) const UPDATE: u64 = 2;
pub(super) const DELETE: u64 = 1;

fn spend(call: &Call<Bluesky>, rules: &[Rule], who: &str, cost: u64) -> Result<Option<Meter>, Refusal> {
    if !call.core.quotas.enforced(Bluesky::PLATFORM) {
        return Ok(None);
    }
    let now = call.now();
    let meters = rules.iter().map(|rule| call.core.quotas.spend(Bluesky::PLATFORM, rule, who, cost, now));
    let tightest = meters.min_by_key(|meter| (!meter.exceeded, meter.remaining));
    match tightest {
        Some(meter) if meter.exceeded => {
            let wait = (meter.reset.as_second() - now.as_second()).max(1);
            let refusal = headers(&meter)
                .into_iter()
                .fold(error::rate_limited(), |refusal, (name, value)| refusal.with(name, value));
            Err(refusal.with("retry-after", wait))
        }
        meter => Ok(meter),
    }
}

pub(super) fn sessions(call: &Call<Bluesky>, who: &str) -> Result<Option<Meter>, Refusal> {
    spend(call, &SESSIONS, who, 1)
}

pub(super) fn writes(call: &Call<Bluesky>, did: &str, points: u64) -> Result<Option<Meter>, Refusal> {
    spend(call, &WRITES, did, points)
}

pub(super) fn uploads(call: &Call<Bluesky>, did: &str) -> Result<Option<Meter>, Refusal> {
    spend(call, &UPLOADS, did, 1)
}

fn headers(meter: &Meter) -> [(&'static str, String); 4] {
    [
        ("ratelimit-limit", meter.limit.to_string()),
        ("ratelimit-remaining", meter.remaining.to_string()),
        ("ratelimit-reset", meter.reset.as_second().to_string()),
        ("ratelimit-policy", format!("{};w={}", meter.limit, meter.window_s)),
    ]
}

/// The answer with the headers of the tightest limit.
pub(super) fn shown(meter: &Option<Meter>, mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    for header in meter.iter().flat_map(headers) {
        response.insert_header(header);
    }
    response
}
