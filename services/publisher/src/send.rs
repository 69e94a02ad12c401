//! The intent, the one irreversible call, and its outcome.

use domain::{target::Outcome, transition::Event};
use egress::Deadline;
use platforms::{Cx, Network, Readings};
use runtime::failpoint;
use serde_json::Value;
use store::targets::{Start, Started, Work};
use tokio::sync::Semaphore;

use crate::{
    hold,
    lane::{Ended, Lane},
    origins::{Said, WatchedDoor},
    prepare,
    record::{self, Doing},
    server::Worker,
    step::{self, Flow},
    throttle,
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
    if let Some(wait) = lane.seat.barred() {
        return step::away(worker, work, wait);
    }
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
        budgets: throttle::budgets(worker, lane),
    };
    failpoint::hit("publisher.before_start");
    let (started_at, balances) = match worker.targets.start(start).await {
        Ok(Started::Go { send_deadline, now, balances }) => {
            work.state = decision.target;
            work.state.parts[part].send_deadline = Some(send_deadline);
            work.parts[part].sent_at = Some(now);
            work.parts[part].composed = Some(composed.clone());
            worker.clock.observe(now);
            (now, balances)
        }
        Ok(Started::Throttled(because)) => return throttle::wait(worker, permits, lane, work, because).await,
        Ok(Started::Changed) => return step::changed(worker),
        Ok(Started::Lost) => return Flow::End(Ended::Lost),
        Ok(Started::Held) => return hold::stop(worker),
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
    let readings = Readings::default();
    let outcome = match prepare::account(lane) {
        Ok(account) => {
            let watched = WatchedDoor::new(door);
            let cx = Cx { door: watched.door(), bases, now: started_at, deadline, readings: Some(&readings) };
            let network = worker.network(lane.platform());
            let outcome = network.send(&cx, &account, &composed).await;
            lane.seat.hear(&watched.verdict(&Said::of_outcome(&outcome)));
            followable(network, outcome)
        }
        Err(refusal) => Outcome::Refused(refusal),
    };
    failpoint::hit("publisher.after_call");
    worker.metrics.attempt(lane.platform(), record::outcome_word(&outcome));
    let event = Event::Sent { part, outcome: outcome.clone() };
    let Some(decision) = step::decide(worker, lane, work, &event) else { return step::stuck(worker) };
    let doing = Doing { number: work.state.attempt, part, step: "send", started_at };
    let attempt = doing.sent(&outcome, &decision, worker.now());
    throttle::hear(lane, &balances, &readings.take(), &outcome);
    lane.keeps_place = throttle::keeps_place(&outcome, &decision);
    let evidence = record::evidence(&outcome);
    step::finish_with(worker, permits, lane, work, decision, Some(attempt), evidence).await
}

/// What nobody can follow is left open, and asked for like a send without an answer.
fn followable(network: &dyn Network, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Accepted { .. } if network.follower().is_none() => Outcome::Ambiguous {
            message: "The network took it, and cannot be asked how it goes on".to_owned(),
            http_status: None,
        },
        outcome => outcome,
    }
}
