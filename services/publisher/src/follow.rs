//! Asking how it goes on with what the network took and has not finished.

use domain::{account::AccountStatus, target::Progress, transition::Event};
use egress::Deadline;
use platforms::{Cx, Follow};
use serde_json::Value;
use store::targets::Work;
use tokio::sync::Semaphore;

use crate::{
    lane::Lane,
    origins::{Said, WatchedDoor},
    prepare,
    record::Doing,
    server::Worker,
    step::{self, Flow},
};

/// Asks when it is time to. Nothing is sent again here, and nothing fails but by the network's word.
pub(crate) async fn follow(
    worker: &Worker,
    permits: &Semaphore,
    lane: &mut Lane,
    work: &mut Work,
    part: usize,
) -> Flow {
    let now = worker.now();
    let doing = Doing { number: work.state.parts[part].attempt, part, step: "poll", started_at: now };
    let follower = worker.network(lane.platform()).follower();
    let (AccountStatus::Active, Some(follower)) = (lane.account.status, follower) else {
        let Some(decision) = step::decide(worker, lane, work, &Event::Interrupted { part }) else {
            return step::stuck(worker);
        };
        let record = doing.interrupted("It can no longer be asked how it goes on", &decision, now);
        return step::finish(worker, permits, lane, work, decision, Some(record)).await;
    };
    let progress = match step::admitted(worker, lane, work).await {
        Ok(()) => {
            let handle = work.state.parts[part].handle.clone().unwrap_or_default();
            ask(worker, lane, follower, &handle).await
        }
        // As long as a send would wait for the network; what is not over then is asked for ever more rarely.
        Err(flow) if now < work.state.expire_at => return flow,
        Err(_) => Progress::Unknown { message: "The network could not be asked".to_owned() },
    };
    let event = Event::Followed { part, progress: progress.clone() };
    let Some(decision) = step::decide(worker, lane, work, &event) else { return step::stuck(worker) };
    let record = doing.followed(&progress, &decision, worker.now());
    step::finish(worker, permits, lane, work, decision, Some(record)).await
}

async fn ask(worker: &Worker, lane: &mut Lane, follower: &dyn Follow, handle: &Value) -> Progress {
    if let Err(refusal) = prepare::open_tokens(worker, lane) {
        return Progress::Refused(refusal);
    }
    let Some((door, bases)) = worker.doors.of(lane.account.mode) else {
        return Progress::Unknown { message: "No sandbox is configured".to_owned() };
    };
    match prepare::account(lane) {
        Ok(account) => {
            let deadline = Deadline::after(worker.settings.send_timeout());
            let watched = WatchedDoor::new(door);
            let cx = Cx { door: watched.door(), bases, now: worker.now(), deadline, readings: None };
            let progress = follower.follow(&cx, &account, handle).await;
            lane.seat.hear(&watched.verdict(&Said::of_progress(&progress)));
            progress
        }
        Err(refusal) => Progress::Refused(refusal),
    }
}
