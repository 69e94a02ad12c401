//! Finding out about a send whose outcome is unknown.

use domain::{
    target::Probe,
    transition::{Event, Next},
};
use egress::Deadline;
use platforms::Cx;
use store::targets::Work;
use tokio::sync::Semaphore;

use crate::{
    lane::{Ended, Lane},
    prepare,
    record::{self, Doing},
    send,
    server::Worker,
    step::{self, Flow},
};

/// Uses what a late answer left behind, or asks the network, or repeats what may be repeated.
pub(crate) async fn find_out(
    worker: &Worker,
    permits: &Semaphore,
    lane: &mut Lane,
    work: &mut Work,
    part: usize,
) -> Flow {
    let now = worker.now();
    if let Some(at) = work.state.next_at.filter(|at| *at > now) {
        lane.due_again(at);
        return Flow::End(Ended::Goes);
    }
    let attempt = work.state.parts[part].attempt;
    if let Some(outcome) = late_answer(work, part, attempt) {
        let event = Event::Sent { part, outcome: outcome.clone() };
        let Some(decision) = step::decide(worker, lane, work, &event) else { return step::stuck(worker) };
        let doing = Doing { number: attempt, part, step: "probe", started_at: now };
        let record = doing.sent(&outcome, &decision, worker.now());
        return step::finish(worker, permits, lane, work, decision, Some(record)).await;
    }
    let found = ask(worker, lane, work, part).await;
    let Some(decision) = step::decide(worker, lane, work, &Event::Probed { part, probe: found.clone() }) else {
        return step::stuck(worker);
    };
    if found == Probe::Repeat && matches!(decision.next, Next::At(_)) {
        let composed = work.parts[part].composed.clone().unwrap_or_default();
        return send::send(worker, permits, lane, work, part, composed).await;
    }
    let doing = Doing { number: attempt, part, step: "probe", started_at: now };
    let record = doing.probed(&found, &decision, worker.now());
    step::finish(worker, permits, lane, work, decision, Some(record)).await
}

/// What the sender that lost its lane learned after all.
fn late_answer(work: &Work, part: usize, attempt: i32) -> Option<domain::target::Outcome> {
    let step = format!("evidence:{attempt}");
    work.checkpoints
        .iter()
        .find(|checkpoint| usize::try_from(checkpoint.position) == Ok(part) && checkpoint.step == step)
        .and_then(|checkpoint| record::from_evidence(&checkpoint.value))
}

async fn ask(worker: &Worker, lane: &mut Lane, work: &Work, part: usize) -> Probe {
    let unknown = |message: &str| Probe::Unknown { message: message.to_owned() };
    let Some((door, bases)) = worker.doors.of(lane.account.mode) else {
        return unknown("No sandbox is configured");
    };
    let (Some(composed), Some(sent_at)) = (&work.parts[part].composed, work.parts[part].sent_at) else {
        return Probe::Impossible;
    };
    if prepare::open_tokens(worker, lane).is_err() {
        return unknown("The account cannot be used for asking");
    }
    let Ok(account) = prepare::account(lane) else {
        return unknown("The account cannot be used for asking");
    };
    let deadline = Deadline::after(worker.settings.send_timeout());
    let cx = Cx { door, bases, now: worker.now(), deadline, readings: None };
    worker.network(lane.platform()).probe(&cx, &account, composed, sent_at).await
}
