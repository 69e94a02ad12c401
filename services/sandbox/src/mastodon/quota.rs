//! Rate limits, told on every answer: `X-RateLimit-Reset` is an ISO 8601 time.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use jiff::Timestamp;

use super::{Mastodon, error};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::quotas::{Meter, Rule};

const ANY: Rule = Rule { name: "any", limit: 300, window_s: 300 };
/// New statuses.
pub(super) const STATUSES: Rule = Rule { name: "statuses", limit: 300, window_s: 3 * 3_600 };
/// Uploads.
pub(super) const MEDIA: Rule = Rule { name: "media", limit: 30, window_s: 1_800 };
/// Deletions.
pub(super) const DELETES: Rule = Rule { name: "deletes", limit: 30, window_s: 1_800 };

/// As Rails writes it.
pub(super) fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Counts a request of `who` (an account, or an address), and against a tighter rule where there is one.
pub(super) fn count(call: &Call<Mastodon>, who: &str, tighter: Option<&Rule>) -> Result<(), Refusal> {
    let spend = |rule| call.core.quotas.spend(Mastodon::PLATFORM, rule, who, 1, call.now());
    let every = spend(&ANY);
    let meter = tighter.filter(|_| !every.exceeded).map_or(every, spend);
    call.request().extensions_mut().insert(meter);
    if meter.exceeded { Err(error::throttled()) } else { Ok(()) }
}

/// Puts the meter of the request on its answer, whatever it is.
pub(super) async fn headers<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut answer = next.call(request).await?;
    let meter = answer.request().extensions().get::<Meter>().copied();
    // A fault that throttles has written its own.
    if let Some(meter) = meter.filter(|_| !answer.headers().contains_key("x-ratelimit-reset")) {
        let values = [
            ("x-ratelimit-limit", meter.limit.to_string()),
            ("x-ratelimit-remaining", meter.remaining.to_string()),
            ("x-ratelimit-reset", iso(meter.reset)),
        ];
        for (name, value) in values {
            if let Ok(value) = HeaderValue::from_str(&value) {
                answer.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
    }
    Ok(answer)
}
