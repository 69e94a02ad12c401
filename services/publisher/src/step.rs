//! What one target needs next, until it is settled or due later.

use std::time::Duration;

use domain::{
    account::AccountStatus,
    step::{self, Situation, Step},
    target::{ErrorCode, Refusal},
    transition::{self, Decision, Error, Event, Next, Rules},
};
use jiff::{SignedDuration, Timestamp};
use runtime::failpoint;
use store::{
    StoreError,
    lanes::LOOK_AHEAD,
    targets::{AttemptRecord, Finish, Finished, Give, Work},
};
use tokio::sync::Semaphore;

use crate::{
    follow, hold,
    lane::{self, Ended, Lane},
    origins::Admission,
    prepare, probe,
    record::Doing,
    send,
    server::Worker,
    throttle,
};

/// Goes on with a target that is due.
pub(crate) async fn go_on(worker: &Worker, permits: &Semaphore, lane: &mut Lane, mut work: Work) -> Ended {
    loop {
        let late = probe::late_answer(&work);
        let situation = Situation {
            target: &work.state,
            account: lane.account.status,
            has_evidence: late.is_some(),
            grace: worker.grace(),
            now: worker.now(),
        };
        let flow = match step::next(&situation) {
            Step::Nothing => {
                // All parts are live and the item is still there: a newer build knows why, this one does not.
                tracing::error!("a target in the queue has nothing left to send");
                stuck(worker)
            }
            // Given back, it would be handed over again at once: lanes are, this much ahead.
            Step::Block(until) | Step::Wait(until)
                if until <= worker.now() + LOOK_AHEAD && lane::until(worker, until).await =>
            {
                Flow::Again
            }
            Step::Block(until) => Flow::End(Ended::Blocks(until)),
            Step::Interrupted(part) => interrupted(worker, permits, lane, &mut work, part).await,
            Step::Wait(until) => {
                lane.due_again(until);
                Flow::End(Ended::Goes)
            }
            Step::Evidence(part) => probe::use_evidence(worker, permits, lane, &mut work, part, late).await,
            Step::Probe(part) => probe::find_out(worker, permits, lane, &mut work, part).await,
            Step::Expire => {
                let held_by = lane.seat.held_by().or_else(|| throttle::held_by(lane, worker.now()));
                let held_by = held_by.or_else(|| hold::held_by(lane, &work));
                settle(worker, permits, lane, &mut work, &Event::Expired { held_by }).await
            }
            Step::Follow(part) => follow::follow(worker, permits, lane, &mut work, part).await,
            Step::Hold => {
                let error = held(lane);
                settle(worker, permits, lane, &mut work, &Event::AccountHeld(error)).await
            }
            Step::Refuse => {
                let refusal = Refusal::Rejected {
                    code: ErrorCode::AccountNotFound,
                    message: "The account was disconnected".to_owned(),
                    http_status: None,
                };
                settle(worker, permits, lane, &mut work, &Event::Unprepared(refusal)).await
            }
            Step::Send(part) => match lane.throttled(worker.now()).cloned() {
                Some(throttle) => throttle::wait(worker, permits, lane, &mut work, throttle).await,
                None => advance(worker, permits, lane, &mut work, part).await,
            },
        };
        match flow {
            Flow::Again => {}
            Flow::End(ended) => return ended,
        }
    }
}

/// Why the account cannot be used.
fn held(lane: &Lane) -> Error {
    lane.account
        .error
        .clone()
        .unwrap_or(Error { code: ErrorCode::TokenExpired, message: "The account has to be connected again".to_owned() })
}

/// Whether there is more to do for the target at once.
pub(crate) enum Flow {
    /// There is.
    Again,
    /// There is not.
    End(Ended),
}

/// A send whose process died or lost its lane, and whose request must have ended.
async fn interrupted(worker: &Worker, permits: &Semaphore, lane: &mut Lane, work: &mut Work, part: usize) -> Flow {
    let now = worker.now();
    let Some(decision) = decide(worker, lane, work, &Event::Interrupted { part }) else { return stuck(worker) };
    let doing =
        Doing { number: work.state.attempt, part, step: "send", started_at: work.parts[part].sent_at.unwrap_or(now) };
    let record = doing.interrupted("The sender stopped before the outcome was recorded", &decision, now);
    finish(worker, permits, lane, work, decision, Some(record)).await
}

/// The next part has not been tried, or is known not to be live.
async fn advance(worker: &Worker, permits: &Semaphore, lane: &mut Lane, work: &mut Work, part: usize) -> Flow {
    if let Err(flow) = admitted(worker, lane, work).await {
        return flow;
    }
    let started_at = worker.now();
    match prepare::prepare(worker, lane, work, part).await {
        Ok(composed) => send::send(worker, permits, lane, work, part, composed).await,
        Err(prepare::Trouble::Lost) => Flow::End(Ended::Lost),
        Err(prepare::Trouble::Stopping) => Flow::End(Ended::Blocks(worker.now())),
        Err(prepare::Trouble::Refused(step, refusal)) => {
            let event = Event::Unprepared(refusal.clone());
            let Some(decision) = decide(worker, lane, work, &event) else { return stuck(worker) };
            let doing = Doing { number: work.state.attempt, part, step, started_at };
            let record = doing.refused(&refusal, &decision, worker.now());
            worker.metrics.attempt(lane.platform(), record.outcome);
            finish(worker, permits, lane, work, decision, Some(record)).await
        }
    }
}

/// Whether the account's server may be called for this target now. No attempt is spent where it may not.
pub(crate) async fn admitted(worker: &Worker, lane: &mut Lane, work: &Work) -> Result<(), Flow> {
    // Well below what is left of the lease, which is new when a lane has to wait.
    match lane.seat.admit(worker.settings.lease() / 4, &worker.shutdown).await {
        Admission::In => Ok(()),
        Admission::Away(wait) => Err(away(worker, work, wait)),
    }
}

/// The account's server may not be called for so long; or, where that is zero, for others that are being served.
pub(crate) fn away(worker: &Worker, work: &Work, wait: Duration) -> Flow {
    let now = worker.now();
    let until = if wait.is_zero() { now } else { now + wait + LOOK_AHEAD };
    Flow::End(Ended::Away(too_late_at(work, now).map_or(until, |at| until.min(at))))
}

/// When to look at a target again that becomes too late while it waits. Lanes are handed over ahead of their time: without
/// that much more it would be looked at again and again until then.
pub(crate) fn too_late_at(work: &Work, now: Timestamp) -> Option<Timestamp> {
    Some(work.state.expire_at).filter(|at| *at > now).map(|at| at + LOOK_AHEAD)
}

async fn settle(worker: &Worker, permits: &Semaphore, lane: &mut Lane, work: &mut Work, event: &Event) -> Flow {
    match decide(worker, lane, work, event) {
        Some(decision) => finish(worker, permits, lane, work, decision, None).await,
        None => stuck(worker),
    }
}

/// Somebody changed the target since it was read: it has to be read again.
pub(crate) fn changed(worker: &Worker) -> Flow {
    Flow::End(Ended::Blocks(worker.now()))
}

/// The status machine refuses what this code thought it could do. That is a bug, and it must not become a busy loop.
pub(crate) fn stuck(worker: &Worker) -> Flow {
    Flow::End(Ended::Blocks(worker.now() + SignedDuration::from_mins(1)))
}

/// Asks the status machine.
pub(crate) fn decide(worker: &Worker, lane: &Lane, work: &Work, event: &Event) -> Option<Decision> {
    let rules = Rules {
        on_unconfirmed: lane.account.on_unconfirmed,
        on_auth_failure: lane.account.on_auth_failure,
        can_refresh: worker.network(lane.platform()).refresher().is_some(),
        grace: worker.grace(),
        jitter: worker.jitter(),
    };
    transition::decide(&work.state, event, &rules, worker.now())
        .inspect_err(|misfit| tracing::error!(%misfit, ?event, "the status machine refuses an event"))
        .ok()
}

/// Records a decision and says how to go on. Kept up until the database takes it: the outcome is known here only.
pub(crate) async fn finish(
    worker: &Worker,
    permits: &Semaphore,
    lane: &mut Lane,
    work: &mut Work,
    decision: Decision,
    attempt: Option<AttemptRecord>,
) -> Flow {
    finish_with(worker, permits, lane, work, decision, attempt, None).await
}

/// As [`finish`], with evidence for the next holder in case the lane is lost.
pub(crate) async fn finish_with(
    worker: &Worker,
    permits: &Semaphore,
    lane: &mut Lane,
    work: &mut Work,
    decision: Decision,
    attempt: Option<AttemptRecord>,
    evidence: Option<serde_json::Value>,
) -> Flow {
    if let Next::At(at) = decision.next {
        lane.due_again(at);
    }
    if decision.next == Next::Settled && decision.target.status == domain::target::Status::Unconfirmed {
        worker.metrics.unconfirmed(lane.platform());
    }
    let give = match step::give(decision.next, &decision.effects, worker.now()) {
        step::Give::Keep => Give::Keep,
        step::Give::Back(at) => Give::Back(Some(at)),
        step::Give::Either => lane.give(worker, permits),
    };
    let request = Finish {
        held: lane.held.clone(),
        queue: lane.queue,
        post_id: work.post_id,
        target_id: work.target_id,
        rev: work.rev,
        before: work.state.clone(),
        decision: decision.clone(),
        attempt,
        evidence,
        token_version: lane.account.token_version,
        because_inactive: lane.account.status != AccountStatus::Active
            && (work.state.following().is_some() || !decision.target.is_ambiguous() && !work.state.is_ambiguous()),
        give,
        now: worker.now(),
        heard: std::mem::take(&mut lane.heard),
        keeps_place: std::mem::take(&mut lane.keeps_place),
    };
    let finished = record(worker, request).await;
    failpoint::hit("publisher.after_finish");
    match finished {
        Some(Finished::Lost) => Flow::End(Ended::Lost),
        None => Flow::End(Ended::Lost),
        Some(Finished::Recorded | Finished::Changed) if give != Give::Keep => Flow::End(Ended::Gave),
        Some(Finished::Changed) => changed(worker),
        Some(Finished::Recorded) => {
            work.state = decision.target;
            if step::goes_on(decision.next, worker.now()) { Flow::Again } else { Flow::End(Ended::Goes) }
        }
    }
}

/// `None` when the service has to end before the database took it; the next holder finds out.
async fn record(worker: &Worker, request: Finish) -> Option<Finished> {
    let mut wait = Duration::from_millis(50);
    loop {
        match worker.targets.finish(request.clone()).await {
            Ok(finished) => return Some(finished),
            Err(StoreError::Unavailable(reason)) => {
                tracing::warn!(%reason, "an outcome waits for the database");
            }
            Err(error) => {
                tracing::error!(%error, "an outcome could not be recorded; it will be found out again");
                return None;
            }
        }
        tokio::select! {
            () = worker.shutdown.hard().cancelled() => return None,
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(Duration::from_secs(2)),
        }
    }
}
