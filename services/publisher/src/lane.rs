//! One lane while it is held: its items in order, one at a time.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use domain::{job::Queue, platform::Platform, target::PartStatus};
use jiff::Timestamp;
use runtime::failpoint;
use secrecy::SecretString;
use store::{
    budgets::{Heard, Throttle},
    lanes::{Held, LOOK_AHEAD},
    targets::{AccountWork, Give, LaneWork, Work},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument;

use crate::{origins::Seat, server::Worker, step};

/// A lane that is held, and what is known of it.
pub(crate) struct Lane {
    pub(crate) held: Held,
    pub(crate) queue: Queue,
    pub(crate) account: AccountWork,
    /// Opened when first needed, and gone with the hold.
    pub(crate) tokens: Option<SecretString>,
    /// Its part of what lanes share.
    pub(crate) seat: Seat,
    pending: VecDeque<Work>,
    /// When the first item that was not read is due.
    more_at: Option<Timestamp>,
    /// The earliest time something of this lane is known to be due, besides those.
    next: Option<Timestamp>,
    /// What networks said of budgets, to be written with the next outcome.
    pub(crate) heard: Vec<Heard>,
    /// Whether the target of the next write keeps its place in the line.
    pub(crate) keeps_place: bool,
    /// Whether the first of those that wait for a budget was told so.
    pub(crate) told: bool,
    began: Instant,
}

/// How going on with a target ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is settled or due later, and the lane is still held.
    Goes,
    /// It is settled or due later, and the lane was given back with it.
    Gave,
    /// It may not be gone past: the lane is to be given back until then.
    Blocks(Timestamp),
    /// The account's server may not be called before then, for whatever is due.
    Away(Timestamp),
    /// The lane belongs to somebody else.
    Lost,
}

/// Works on a lane until its items are done, its time is over or it is lost, and gives it back. `permit` is one of
/// `permits`.
pub(crate) async fn run(
    worker: &Worker,
    queue: Queue,
    permits: Arc<Semaphore>,
    permit: OwnedSemaphorePermit,
    work: LaneWork,
) {
    let seat = Seat::new(
        Arc::clone(&permits),
        permit,
        worker.origin(work.account.platform, work.account.mode, &work.account.facts),
    );
    let permits = &*permits;
    let mut lane = Lane {
        held: work.held,
        queue,
        account: work.account,
        tokens: None,
        seat,
        pending: begun_first(work.items),
        more_at: None,
        next: None,
        heard: Vec::new(),
        keeps_place: false,
        told: false,
        began: worker.instant(),
    };
    lane.more_at = work.more_at.map(|at| lane.sendable_at(at));
    while let Some(work) = lane.pending.pop_front() {
        let due = lane.begins_at(&work, worker.now());
        if due > worker.now() {
            lane.seat.stand_up();
        }
        if due > worker.now() + LOOK_AHEAD || lane.is_over(worker, permits) || !until(worker, due).await {
            lane.pending.push_front(work);
            break;
        }
        let span = tracing::info_span!("target", target_id = %work.target_id, trace = work.trace.as_deref());
        match step::go_on(worker, permits, &mut lane, work).instrument(span).await {
            Ended::Goes => {}
            Ended::Gave | Ended::Lost => return,
            Ended::Blocks(until) => {
                lane.pending.clear();
                lane.more_at = None;
                lane.next = Some(until);
            }
            Ended::Away(until) => lane.wait_out(worker.now(), until),
        }
    }
    failpoint::hit("publisher.before_release");
    let next = lane.next_due();
    if let Err(error) = worker.lanes.release(lane.held, next).await {
        tracing::warn!(%error, "a lane could not be given back; it comes back when its lease ends");
    }
}

/// A request that may still be under way goes before what has come in since with an earlier time: nothing of the account is
/// sent before it must have ended.
fn begun_first(mut items: Vec<Work>) -> VecDeque<Work> {
    items.sort_by_key(|work| work.state.parts.iter().all(|part| part.status != PartStatus::Sending));
    items.into()
}

impl Lane {
    pub(crate) fn platform(&self) -> Platform {
        self.account.platform
    }

    /// When something of this lane is due, as far as this holder knows.
    fn next_due(&self) -> Option<Timestamp> {
        let front = self.pending.front().map(|work| match work.state.is_ambiguous() {
            true => work.due_at,
            false => self.sendable_at(work.due_at).min(work.state.expire_at.max(work.due_at)),
        });
        front.into_iter().chain(self.next).chain(self.more_at).min()
    }

    /// Nothing is sent before that.
    pub(crate) fn throttle(&mut self, throttle: Throttle) {
        let until = throttle.until;
        if self.account.throttle.replace(throttle).is_none_or(|before| before.until != until) {
            self.told = false;
        }
        self.more_at = self.more_at.map(|at| self.sendable_at(at));
    }

    /// What nothing is sent for at the moment.
    pub(crate) fn throttled(&self, now: Timestamp) -> Option<&Throttle> {
        self.account.throttle.as_ref().filter(|throttle| throttle.until > now)
    }

    /// When an item is gone on with. The end of what the lane waits for is waited for here when it is near, like the time
    /// of an item: a lane is handed over ahead of both.
    fn begins_at(&self, work: &Work, now: Timestamp) -> Timestamp {
        match self.throttled(now) {
            Some(throttle) if throttle.until <= now + LOOK_AHEAD && !work.state.is_ambiguous() => {
                self.sendable_at(work.due_at)
            }
            _ => work.due_at,
        }
    }

    fn sendable_at(&self, due: Timestamp) -> Timestamp {
        self.account.throttle.as_ref().map_or(due, |throttle| due.max(throttle.until))
    }

    /// Leaves everything for later but what is too late already, and comes back when the next item becomes so.
    fn wait_out(&mut self, now: Timestamp, until: Timestamp) {
        let expiries = self.pending.iter().filter_map(|work| step::too_late_at(work, now));
        self.next = expiries.chain([until]).min();
        self.more_at = None;
        self.pending.retain(|work| work.due_at <= now && work.state.expire_at <= now);
    }

    /// Whether others wait and this lane has had its time. Asked between calls, never during one.
    fn is_over(&self, worker: &Worker, permits: &Semaphore) -> bool {
        let wanted = permits.available_permits() == 0 || self.seat.is_wanted();
        wanted && worker.instant().duration_since(self.began) > worker.settings.quantum()
    }

    /// Something of this lane is due then.
    pub(crate) fn due_again(&mut self, at: Timestamp) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    /// Whether the write that ends this target should give the lane back too, which saves a commit.
    pub(crate) fn give(&self, worker: &Worker, permits: &Semaphore) -> Give {
        let nothing_near = self.pending.front().is_none_or(|work| work.due_at > worker.now() + LOOK_AHEAD);
        if nothing_near || self.is_over(worker, permits) || worker.shutdown.is_stopping() {
            Give::Back(self.next_due())
        } else {
            Give::Keep
        }
    }
}

/// Waits for an item's time by the database's clock. `false` when the service is to stop.
pub(crate) async fn until(worker: &Worker, due: Timestamp) -> bool {
    loop {
        if worker.shutdown.is_stopping() {
            return false;
        }
        let left = due.duration_since(worker.now());
        if left <= jiff::SignedDuration::ZERO {
            return true;
        }
        let wait = left.unsigned_abs();
        tokio::select! {
            () = worker.shutdown.soft().cancelled() => return false,
            () = tokio::time::sleep(wait) => {}
        }
    }
}
