//! Finding out about a send whose outcome is unknown.

use std::time::Duration;

use domain::{
    step::is_news,
    target::{Outcome, Probe, Refusal},
    transition::{Event, Next},
};
use egress::Deadline;
use jiff::SignedDuration;
use platforms::{Cx, ProbeClass, Sought};
use serde_json::Value;
use store::targets::Work;
use tokio::sync::Semaphore;

use crate::{
    lane::{Ended, Lane},
    origins::{Said, WatchedDoor},
    prepare::{self, Trouble},
    record::{self, Doing},
    send,
    server::Worker,
    step::{self, Flow},
};

/// A network's clock and ours differ by less, and a send takes less.
const AROUND: SignedDuration = SignedDuration::from_mins(10);

/// Goes by what a late answer left behind.
pub(crate) async fn use_evidence(
    worker: &Worker,
    permits: &Semaphore,
    lane: &mut Lane,
    work: &mut Work,
    part: usize,
    outcome: Option<Outcome>,
) -> Flow {
    let Some(outcome) = outcome else { return step::stuck(worker) };
    let event = Event::Sent { part, outcome: outcome.clone() };
    let Some(decision) = step::decide(worker, lane, work, &event) else { return step::stuck(worker) };
    let doing = Doing { number: work.state.parts[part].attempt, part, step: "probe", started_at: worker.now() };
    let record = doing.sent(&outcome, &decision, worker.now());
    step::finish(worker, permits, lane, work, decision, Some(record)).await
}

/// Asks the network, or repeats what may be repeated.
pub(crate) async fn find_out(
    worker: &Worker,
    permits: &Semaphore,
    lane: &mut Lane,
    work: &mut Work,
    part: usize,
) -> Flow {
    let now = worker.now();
    let attempt = work.state.parts[part].attempt;
    let (composed, found) = match look(worker, lane, work, part).await {
        Ok(looked) => looked,
        Err(flow) => return flow,
    };
    let Some(decision) = step::decide(worker, lane, work, &Event::Probed { part, probe: found.clone() }) else {
        return step::stuck(worker);
    };
    if found == Probe::Repeat && matches!(decision.next, Next::At(_)) {
        return send::send(worker, permits, lane, work, part, composed).await;
    }
    let doing = Doing { number: attempt, part, step: "probe", started_at: now };
    let record = doing.probed(&found, &decision, worker.now());
    step::finish(worker, permits, lane, work, decision, Some(record)).await
}

/// What the sender that lost its lane learned after all about the current part's last attempt.
pub(crate) fn late_answer(work: &Work) -> Option<Outcome> {
    let part = work.state.current()?;
    // A part that is in doubt for another reason than a send of ours has no late answer: it would be an older send's.
    work.parts[part].composed.as_ref()?;
    let step = format!("evidence:{}", work.state.parts[part].attempt);
    work.checkpoints
        .iter()
        .find(|checkpoint| usize::try_from(checkpoint.position) == Ok(part) && checkpoint.step == step)
        .and_then(|checkpoint| record::from_evidence(&checkpoint.value))
        .filter(|late| is_news(&work.state.parts[part], late))
}

/// What is asked for and what was found, or how to go on where the network cannot be asked now.
///
/// A probe that could not ask is none: it waits for the network, but not beyond the time in which a send would. From
/// then on it counts, or what may be live on a server that is gone for good would never come to rest.
async fn look(worker: &Worker, lane: &mut Lane, work: &Work, part: usize) -> Result<(Value, Probe), Flow> {
    if worker.network(lane.platform()).spec().probe == ProbeClass::None {
        // Nobody is asked, so there is nobody to wait for.
        return Ok((Value::Null, Probe::Impossible));
    }
    let waits = worker.now() < work.state.expire_at;
    let unknown = |message| Ok((Value::Null, Probe::Unknown { message }));
    match step::admitted(worker, lane, work).await {
        Ok(()) => {}
        Err(flow) if waits => return Err(flow),
        Err(_) => return unknown("The network could not be asked".to_owned()),
    }
    match composed(worker, lane, work, part).await {
        Ok(composed) => match ask(worker, lane, work, part, &composed).await {
            Ok((_, Some(wait))) if waits => Err(step::away(worker, work, wait)),
            Ok((found, _)) => Ok((composed, found)),
            Err(message) => unknown(message),
        },
        Err(Trouble::Lost) => Err(Flow::End(Ended::Lost)),
        Err(Trouble::Stopping) => Err(Flow::End(Ended::Blocks(worker.now()))),
        Err(Trouble::Refused(_, refusal)) => match lane.seat.barred() {
            Some(wait) if waits => Err(step::away(worker, work, wait)),
            _ => unknown(format!("It could not be asked for: {}", refusal.message())),
        },
    }
}

/// What is to be asked for: what was sent, or, where that was lost with a database, what would be.
async fn composed(worker: &Worker, lane: &mut Lane, work: &Work, part: usize) -> Result<Value, Trouble> {
    match &work.parts[part].composed {
        Some(composed) => Ok(composed.clone()),
        None => prepare::prepare(worker, lane, work, part).await,
    }
}

/// Returns what was found, and how long the network is not worth asking where it could not be.
async fn ask(
    worker: &Worker,
    lane: &mut Lane,
    work: &Work,
    part: usize,
    composed: &Value,
) -> Result<(Probe, Option<Duration>), String> {
    let (door, bases) = worker.doors.of(lane.account.mode).ok_or("No sandbox is configured")?;
    let unusable = |refusal: Refusal| format!("The account cannot be used for asking: {}", refusal.message());
    prepare::open_tokens(worker, lane).map_err(unusable)?;
    let account = prepare::account(lane).map_err(unusable)?;
    let says = &work.parts[part];
    let is_recomposed = says.composed.is_none();
    // An older attempt's time says nothing of a send that this database does not know of.
    let sent_at = says.sent_at.filter(|_| !is_recomposed).unwrap_or(work.first_due_at);
    // Those of the account's own posts that are accounted for, whatever they say.
    let known = worker.targets.list_live(lane.account.id, sent_at - AROUND).await.map_err(|error| error.to_string())?;
    let handle = work.state.parts[part].handle.as_ref();
    let deadline = Deadline::after(worker.settings.send_timeout());
    let watched = WatchedDoor::new(door);
    let cx = Cx { door: watched.door(), bases, now: worker.now(), deadline, readings: None };
    let sought = Sought { composed, sent_at, is_recomposed, handle, known: &known };
    let found = worker.network(lane.platform()).probe(&cx, &account, &sought).await;
    let wait = lane.seat.hear(&watched.verdict(&Said::of_probe(&found)));
    Ok((found, wait))
}
