//! Rate limits per user, and the headers that tell them: `x-rate-limit-reset` is epoch seconds.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};

use super::{X, error};
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::quotas::{Meter, Rule};

const fn quarter_hour(name: &'static str, limit: u64) -> Rule {
    Rule { name, limit, window_s: 900 }
}

pub(super) const CREATE: Rule = quarter_hour("create", 100);
pub(super) const DELETE: Rule = quarter_hour("delete", 50);
pub(super) const LOOKUP: Rule = quarter_hour("lookup", 5_000);
pub(super) const TIMELINE: Rule = quarter_hour("timeline", 900);
pub(super) const ME: Rule = quarter_hour("me", 75);
pub(super) const ONE_SHOT: Rule = quarter_hour("one-shot", 500);
pub(super) const STATUS: Rule = quarter_hour("status", 1_000);
pub(super) const INITIALIZE: Rule = quarter_hour("initialize", 1_875);
pub(super) const APPEND: Rule = quarter_hour("append", 1_875);
pub(super) const FINALIZE: Rule = quarter_hour("finalize", 1_875);
pub(super) const METADATA: Rule = quarter_hour("metadata", 500);

/// Counts a request of a user.
pub(super) fn count(call: &Call<X>, user: u64, rule: &Rule) -> Result<(), Refusal> {
    let meter = call.core.quotas.spend(X::PLATFORM, rule, &user.to_string(), 1, call.now());
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
    if let Some(meter) = meter.filter(|_| !answer.headers().contains_key("x-rate-limit-reset")) {
        let values = [
            ("x-rate-limit-limit", HeaderValue::from(meter.limit)),
            ("x-rate-limit-remaining", HeaderValue::from(meter.remaining)),
            ("x-rate-limit-reset", HeaderValue::from(meter.reset.as_second())),
        ];
        for (name, value) in values {
            answer.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    Ok(answer)
}
