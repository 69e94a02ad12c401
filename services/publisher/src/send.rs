//! The intent, the one irreversible call, and its outcome.

use domain::transition::Event;
use egress::Deadline;
use platforms::Cx;
use runtime::failpoint;
use serde_json::Value;
use store::targets::{Start, Started, Work};
use tokio::sync::Semaphore;

use crate::{
    lane::{Ended, Lane},
    prepare,
    record::{self, Doing},
    server::Worker,
    step::{self, Flow},
};

/// Commits the intent to send a part, sends it, and records what came of it.
pub(crate) async fn send(
    worker: &Worker,
    permits: &Semaphore,
    lane: &mut Lane,
    work: &mut Work,
    part: usize,
    composed: Value,
) -> Flow {
    let Some((door, bases)) = worker.doors.of(lane.account.mode) else { return step::changed(worker) };
    let timeout = worker.settings.send_timeout();
    // Taken before the commit, so that it can only be earlier than the deadline that is stored.
    let deadline = Deadline::after(timeout);
    let send_deadline = worker.now() + timeout;
    let Some(decision) = step::decide(worker, lane, work, &Event::Start { part, send_deadline }) else {
        return step::changed(worker);
    };
    let start = Start {
        held: lane.held.clone(),
        target_id: work.target_id,
        rev: work.rev,
        attempt: work.state.attempt,
        status: work.state.status,
        due_at: work.due_at,
        position: i16::try_from(part).unwrap_or(i16::MAX),
        token_version: lane.account.token_version,
        composed: composed.clone(),
        timeout,
        lease: worker.settings.lease(),
    };
    failpoint::hit("publisher.before_start");
    let started_at = match worker.targets.start(start).await {
        Ok(Started::Go { send_deadline, now }) => {
            work.state = decision.target;
            work.state.parts[part].send_deadline = Some(send_deadline);
            work.parts[part].sent_at = Some(now);
            work.parts[part].composed = Some(composed.clone());
            worker.clock.observe(now);
            now
        }
        Ok(Started::Changed) => return step::changed(worker),
        Ok(Started::Lost) => return Flow::End(Ended::Lost),
        Err(error) => {
            // Whether the intent stands is not known here. Nothing was sent, and the next holder reads what is true.
            tracing::warn!(%error, "an intent could not be committed");
            return step::changed(worker);
        }
    };
    if part == 0 && work.state.attempt == 1 {
        worker.metrics.first_call(work.first_due_at, started_at);
    }
    failpoint::hit("publisher.after_start");
    let outcome = match prepare::account(lane) {
        Ok(account) => {
            let cx = Cx { door, bases, now: started_at, deadline };
            worker.network(lane.platform()).send(&cx, &account, &composed).await
        }
        Err(refusal) => domain::target::Outcome::Refused(refusal),
    };
    failpoint::hit("publisher.after_call");
    worker.metrics.attempt(lane.platform(), record::outcome_word(&outcome));
    let event = Event::Sent { part, outcome: outcome.clone() };
    let Some(decision) = step::decide(worker, lane, work, &event) else { return step::stuck(worker) };
    let doing = Doing { number: work.state.attempt, part, step: "send", started_at };
    let attempt = doing.sent(&outcome, &decision, worker.now());
    let evidence = record::evidence(&outcome);
    step::finish_with(worker, permits, lane, work, decision, Some(attempt), evidence).await
}
