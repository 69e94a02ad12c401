//! How much of a limit is used, in per cent: `X-App-Usage` and `X-Business-Use-Case-Usage` (fact sheet part 1, section 2.12).

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use jiff::Timestamp;
use serde_json::json;

use super::Problem;
use crate::answer::Refusal;
use crate::call::{Call, Speaks};
use crate::quotas::{Meter, Rule};

const CALLS: Rule = Rule { name: "calls", limit: 4_800, window_s: 86_400 };
const BUSINESS: HeaderName = HeaderName::from_static("x-business-use-case-usage");
const APP: HeaderName = HeaderName::from_static("x-app-usage");

/// One limit with its place in the header and its code.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// `type` in the header: `pages`, `instagram`, `threads`.
    pub(crate) name: &'static str,
    pub(crate) code: i32,
}

impl Case {
    fn problem(self) -> Problem {
        let what = match self.code {
            80_001 => "There have been too many calls to this Page account. Wait a bit and try again.",
            80_002 => "There have been too many calls to this Instagram account. Wait a bit and try again.",
            _ => "Calls to this api have exceeded the rate limit.",
        };
        Problem::numbered(self.code, what)
    }

    /// Throttled until `reset`.
    pub(crate) fn throttled(self, now: Timestamp, reset: Timestamp) -> Refusal {
        Refusal::from(self.problem()).with("x-business-use-case-usage", self.header("0", 100, minutes(now, reset)))
    }

    fn header(self, who: &str, percent: u64, minutes: i64) -> String {
        let usage = json!({
            "type": self.name,
            "call_count": percent,
            "total_cputime": percent.min(10),
            "total_time": percent.min(10),
            "estimated_time_to_regain_access": minutes,
        });
        json!({who: [usage]}).to_string()
    }
}

/// Rounded up: whoever waits as long as it says has waited long enough.
fn minutes(now: Timestamp, reset: Timestamp) -> i64 {
    let seconds = reset.duration_since(now).as_secs().max(0);
    seconds / 60 + i64::from(seconds % 60 > 0)
}

fn percent(meter: &Meter) -> u64 {
    if meter.exceeded { 100 } else { (meter.limit - meter.remaining) * 100 / meter.limit.max(1) }
}

/// The header's text, for the answer to this request.
struct Used {
    business: String,
    app: String,
}

/// Counts a call for an account.
pub(crate) fn count<N: Speaks>(call: &Call<N>, case: Case, who: &str) -> Result<(), Refusal> {
    let now = call.now();
    let meter = call.core.quotas.spend(N::PLATFORM, &CALLS, who, 1, now);
    let wait = if meter.exceeded { minutes(now, meter.reset) } else { 0 };
    let used = percent(&meter);
    let app = json!({"call_count": used, "total_cputime": used.min(10), "total_time": used.min(10)}).to_string();
    call.request().extensions_mut().insert(Used { business: case.header(who, used, wait), app });
    if meter.exceeded { Err(case.problem().into()) } else { Ok(()) }
}

/// Puts the usage of the request on its answer, whatever it is.
pub(crate) async fn headers<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut answer = next.call(request).await?;
    let used = answer.request().extensions_mut().remove::<Used>();
    // A fault that throttles has written its own.
    if let Some(used) = used.filter(|_| !answer.headers().contains_key(&BUSINESS)) {
        for (name, text) in [(BUSINESS, used.business), (APP, used.app)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                answer.headers_mut().insert(name, value);
            }
        }
    }
    Ok(answer)
}
