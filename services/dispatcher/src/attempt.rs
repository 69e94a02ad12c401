//! One attempt: send, judge, record.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    ids::EventId,
    webhook::{Attempt, Trigger},
};
use egress::{Deadline, Door, Limits};
use jiff::{SignedDuration, Timestamp};
use runtime::{backoff::Backoff, clock::Clock, failpoint, trace::Trace};
use store::{
    StoreError,
    deliveries::{Deliveries, Disabling, Health, Item, Report, Verdict},
    lanes::Held,
};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::{
    answer::{Answer, Outcome},
    endpoint::Endpoint,
    metrics::Counts,
};

/// Of an answer this much is read and no more.
const ANSWER_BYTES: usize = 16 * 1_024;

/// What sending needs.
pub(crate) struct Sending {
    pub(crate) deliveries: Deliveries,
    pub(crate) door: Door,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counts: Counts,
    pub(crate) exchange_timeout: Duration,
    pub(crate) lease: Duration,
}

/// A lane under way, as its attempts see it.
pub(crate) struct Hold {
    pub(crate) held: Held,
    pub(crate) condition: Mutex<Condition>,
}

/// How the endpoint is doing, to the knowledge of the lane's holder.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Condition {
    /// It failed and has not succeeded since.
    pub(crate) is_degraded: bool,
    /// It has been failing for days: the next failure disables it.
    pub(crate) is_overdue: bool,
}

impl Condition {
    fn failed(&mut self) -> Option<Health> {
        let was_degraded = std::mem::replace(&mut self.is_degraded, true);
        (!was_degraded).then_some(Health::Failing)
    }

    fn succeeded(&mut self) -> Option<Health> {
        let was = std::mem::take(self);
        was.is_degraded.then_some(Health::Recovered)
    }
}

impl Hold {
    pub(crate) fn condition(&self) -> Condition {
        *self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_condition(&self, condition: Condition) {
        *self.condition.lock().unwrap_or_else(PoisonError::into_inner) = condition;
    }

    /// Takes an outcome into account; the health that changed, and why the endpoint is to be disabled, if it is.
    fn note(&self, outcome: Outcome, trigger: Trigger) -> (Option<Health>, Option<Disabling>) {
        let mut condition = self.condition.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Outcome::Delivered => (condition.succeeded(), None),
            Outcome::Gone => (None, Some(Disabling::Gone)),
            // The receiver has no part in it.
            Outcome::Expired => (None, None),
            _ if trigger == Trigger::Test => (None, None),
            _ => (condition.failed(), condition.is_overdue.then_some(Disabling::Failing)),
        }
    }
}

/// An attempt that is over.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) event_id: EventId,
    /// The lane is still ours and the result is written.
    pub(crate) is_recorded: bool,
    /// The endpoint takes nothing more.
    pub(crate) is_disabled: bool,
}

/// Makes one attempt.
pub(crate) async fn attempt(sending: Arc<Sending>, hold: Arc<Hold>, endpoint: Arc<Endpoint>, item: Item) -> Ended {
    let trace = Trace::continue_from(item.content.as_ref().and_then(|content| content.trace.as_deref()));
    let span = trace.span();
    async move {
        let event_id = item.event_id;
        let made = send(&sending, &endpoint, item, &trace).await;
        match settle(&sending, &hold, made).await {
            Ok((is_recorded, is_disabled)) => Ended { event_id, is_recorded, is_disabled },
            Err(error) => {
                tracing::error!(
                    event = %event_id, endpoint = %hold.held.key, %error,
                    "the result of a webhook attempt is not recorded; the event will be sent again"
                );
                Ended { event_id, is_recorded: false, is_disabled: false }
            }
        }
    }
    .instrument(span)
    .await
}

/// An attempt that was made and is not yet recorded.
struct Made {
    item: Item,
    at: Timestamp,
    took: Duration,
    answer: Answer,
    /// From the event's commit to the answer.
    age: Option<SignedDuration>,
}

async fn send(sending: &Sending, endpoint: &Endpoint, mut item: Item, trace: &Trace) -> Made {
    let at = sending.clock.now();
    let began = Instant::now();
    let Some(content) = item.content.take() else {
        let answer = Answer::unsent(Outcome::Expired, &"the event is no longer kept");
        return Made { item, at, took: Duration::ZERO, answer, age: None };
    };
    let answer = match endpoint.request(item.event_id, content.body, trace, at) {
        Err(fault) => Answer::unsent(Outcome::Blocked, &fault),
        Ok(request) => {
            let limits = Limits::new(Deadline::after(sending.exchange_timeout), ANSWER_BYTES).truncating();
            failpoint::hit("dispatcher.before_send");
            let result = sending.door.exchange(request, limits).await;
            failpoint::hit("dispatcher.after_send");
            Answer::of(result, sending.clock.now())
        }
    };
    let age = sending.clock.now().duration_since(content.created_at);
    Made { item, at, took: began.elapsed(), answer, age: Some(age) }
}

/// Records it; whether that counted, and whether the endpoint is disabled.
async fn settle(sending: &Sending, hold: &Hold, made: Made) -> Result<(bool, bool), StoreError> {
    let Made { item, at, took, answer, age } = made;
    let number = item.attempts.saturating_add(1);
    let verdict = answer.outcome.verdict(number, item.trigger, answer.asked, rand::random_range(-1.0..=1.0));
    let (health, disabling) = hold.note(answer.outcome, item.trigger);
    sending.counts.attempt(answer.outcome);
    // First the endpoint and then the delivery: killed in between, the delivery is still there and says it again.
    let is_disabled = match disabling {
        None => false,
        Some(why) => disable(sending, hold, why, at).await?,
    };
    let trigger = item.trigger;
    let report = Report {
        held: hold.held.clone(),
        attempt: Attempt {
            number,
            at,
            trigger,
            status_code: answer.status_code,
            duration_ms: i32::try_from(took.as_millis()).unwrap_or(i32::MAX),
            error: answer.error.clone(),
            response_head: answer.response_head,
        },
        item,
        verdict,
        health,
    };
    log(&report, answer.outcome);
    let is_recorded = insist(sending.lease, || sending.deliveries.record(report.clone())).await?;
    if let (Verdict::Delivered, Trigger::Auto, Some(age)) = (verdict, trigger, age) {
        sending.counts.delivered(age);
    }
    Ok((is_recorded, is_disabled))
}

async fn disable(sending: &Sending, hold: &Hold, why: Disabling, at: Timestamp) -> Result<bool, StoreError> {
    let is_disabled = insist(sending.lease, || sending.deliveries.disable(&hold.held, why, at)).await?;
    if is_disabled {
        let why = match why {
            Disabling::Gone => "it answered 410",
            Disabling::Failing => "no success for 5 days",
        };
        tracing::warn!(endpoint = %domain::ids::EndpointId(hold.held.key), why, "webhook endpoint disabled");
    }
    Ok(is_disabled)
}

/// Writes until it is written, refused, or a lease has passed: the lane is somebody else's by then.
async fn insist<T, W: Future<Output = Result<T, StoreError>>>(
    lease: Duration,
    write: impl Fn() -> W,
) -> Result<T, StoreError> {
    let until = Instant::now() + lease;
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    loop {
        match write().await {
            Err(error) if error.is_unavailable() && Instant::now() < until => {
                tokio::time::sleep(backoff.after_failure()).await;
            }
            ended => return ended,
        }
    }
}

fn log(report: &Report, outcome: Outcome) {
    let Report { held, item, attempt, verdict, .. } = report;
    let (delivery, event, endpoint) = (item.delivery_id, item.event_id, domain::ids::EndpointId(held.key));
    let (number, status, error) = (attempt.number, attempt.status_code, attempt.error.as_deref());
    match verdict {
        Verdict::Delivered => {
            tracing::debug!(%delivery, %event, %endpoint, attempt = number, status, "webhook delivered");
        }
        Verdict::Retry(wait) => tracing::info!(
            %delivery, %event, %endpoint, attempt = number, outcome = outcome.label(), status, error,
            retry_in_seconds = wait.as_secs(), "webhook attempt failed"
        ),
        Verdict::Failed => tracing::warn!(
            %delivery, %event, %endpoint, attempt = number, outcome = outcome.label(), status, error,
            "webhook delivery given up"
        ),
    }
}
