//! What one target needs next, until it is settled or due later.

use std::time::Duration;

use domain::{
    account::AccountStatus,
    target::{ErrorCode, PartStatus, Refusal},
    transition::{self, Decision, Error, Event, Next, Rules},
};
use jiff::SignedDuration;
use runtime::failpoint;
use store::{
    StoreError,
    targets::{AttemptRecord, Finish, Finished, Give, Work},
};
use tokio::sync::Semaphore;

use crate::{
    lane::{Ended, Lane},
    prepare, probe,
    record::Doing,
    send,
    server::Worker,
};

/// When a lane whose tokens were refused is looked at again, if neither the refresh lane nor a reconnect wakes it.
const TOKENS_NET: SignedDuration = SignedDuration::from_secs(20);

/// Goes on with a target that is due.
pub(crate) async fn go_on(worker: &Worker, permits: &Semaphore, lane: &mut Lane, mut work: Work) -> Ended {
    loop {
        let Some(part) = work.state.current() else {
            // All parts are live and the item is still there: a newer build knows why, this one does not.
            tracing::error!("a target in the queue has nothing left to send");
            return Ended::Blocks(worker.now() + SignedDuration::from_mins(1));
        };
        let flow = match work.state.parts[part].status {
            PartStatus::Sending => interrupted(worker, permits, lane, &mut work, part).await,
            PartStatus::Unconfirmed => probe::find_out(worker, permits, lane, &mut work, part).await,
            _ => advance(worker, permits, lane, &mut work, part).await,
        };
        match flow {
            Flow::Again => {}
            Flow::End(ended) => return ended,
        }
    }
}

/// Whether there is more to do for the target at once.
pub(crate) enum Flow {
    /// There is.
    Again,
    /// There is not.
    End(Ended),
}

/// A send whose process died or lost its lane. Nothing of the account goes out before its request must have ended.
async fn interrupted(worker: &Worker, permits: &Semaphore, lane: &mut Lane, work: &mut Work, part: usize) -> Flow {
    let now = worker.now();
    let quiet_at = work.state.parts[part].send_deadline.unwrap_or(now) + worker.grace();
    if now < quiet_at {
        return Flow::End(Ended::Blocks(quiet_at));
    }
    let Some(decision) = decide(worker, lane, work, &Event::Interrupted { part }) else { return stuck(worker) };
    let doing =
        Doing { number: work.state.attempt, part, step: "send", started_at: work.parts[part].sent_at.unwrap_or(now) };
    let record = doing.interrupted(&decision, now);
    finish(worker, permits, lane, work, decision, Some(record)).await
}

/// The next part has not been tried, or is known not to be live.
async fn advance(worker: &Worker, permits: &Semaphore, lane: &mut Lane, work: &mut Work, part: usize) -> Flow {
    if worker.now() >= work.state.expire_at {
        return settle(worker, permits, lane, work, &Event::Expired).await;
    }
    match lane.account.status {
        AccountStatus::Active => {}
        AccountStatus::NeedsReconnect => {
            let error = lane.account.error.clone().unwrap_or(Error {
                code: ErrorCode::TokenExpired,
                message: "The account has to be connected again".to_owned(),
            });
            return settle(worker, permits, lane, work, &Event::AccountHeld(error)).await;
        }
        AccountStatus::Disconnected => {
            let refusal = Refusal::Rejected {
                code: ErrorCode::AccountNotFound,
                message: "The account was disconnected".to_owned(),
                http_status: None,
            };
            return settle(worker, permits, lane, work, &Event::Unprepared(refusal)).await;
        }
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
    // After a refusal of its tokens nothing more of the account is tried with them.
    let tokens_refused = !decision.effects.is_empty();
    let give = match decision.next {
        Next::Now => Give::Keep,
        Next::At(at) if tokens_refused => Give::Back(Some(at.min(worker.now() + TOKENS_NET))),
        Next::Settled if tokens_refused => Give::Back(Some(worker.now() + TOKENS_NET)),
        Next::At(_) | Next::Settled => lane.give(worker, permits),
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
            && !decision.target.is_ambiguous()
            && !work.state.is_ambiguous(),
        give,
        now: worker.now(),
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
            match decision.next {
                Next::Now => Flow::Again,
                // A probe that is due already is made by this holder.
                Next::At(at) if at <= worker.now() => Flow::Again,
                Next::At(_) | Next::Settled => Flow::End(Ended::Goes),
            }
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
