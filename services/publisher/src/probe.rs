//! Finding out about a send whose outcome is unknown.

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
    let (composed, found) = match composed(worker, lane, work, part).await {
        Ok(Some(composed)) => {
            let found =
                ask(worker, lane, work, part, &composed).await.unwrap_or_else(|message| Probe::Unknown { message });
            (composed, found)
        }
        Ok(None) => (Value::Null, Probe::Impossible),
        Err(Trouble::Lost) => return Flow::End(Ended::Lost),
        Err(Trouble::Stopping) => return Flow::End(Ended::Blocks(worker.now())),
        Err(Trouble::Refused(_, refusal)) => {
            let message = format!("It could not be asked for: {}", refusal.message());
            (Value::Null, Probe::Unknown { message })
        }
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

/// What is to be asked for: what was sent, or, where that was lost with a database, what would be. `None` where the
/// network cannot be asked at all.
async fn composed(worker: &Worker, lane: &mut Lane, work: &Work, part: usize) -> Result<Option<Value>, Trouble> {
    if worker.network(lane.platform()).spec().probe == ProbeClass::None {
        return Ok(None);
    }
    match &work.parts[part].composed {
        Some(composed) => Ok(Some(composed.clone())),
        None => prepare::prepare(worker, lane, work, part).await.map(Some),
    }
}

async fn ask(worker: &Worker, lane: &mut Lane, work: &Work, part: usize, composed: &Value) -> Result<Probe, String> {
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
    let cx = Cx { door, bases, now: worker.now(), deadline };
    let sought = Sought { composed, sent_at, is_recomposed, handle, known: &known };
    Ok(worker.network(lane.platform()).probe(&cx, &account, &sought).await)
}
