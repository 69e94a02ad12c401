//! One lane while it is held: its items in order, one at a time.

use std::{collections::VecDeque, time::Instant};

use domain::{job::Queue, platform::Platform};
use jiff::Timestamp;
use secrecy::SecretString;
use store::{
    lanes::{Held, LOOK_AHEAD},
    targets::{AccountWork, Give, LaneWork, Work},
};
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::{server::Worker, step};

/// A lane that is held, and what is known of it.
pub(crate) struct Lane {
    pub(crate) held: Held,
    pub(crate) queue: Queue,
    pub(crate) account: AccountWork,
    /// Opened when first needed, and gone with the hold.
    pub(crate) tokens: Option<SecretString>,
    pending: VecDeque<Work>,
    /// The earliest time something of this lane is known to be due, besides `pending`.
    next: Option<Timestamp>,
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
    /// The lane belongs to somebody else.
    Lost,
}

/// Works on a lane until its items are done, its time is over or it is lost, and gives it back.
pub(crate) async fn run(worker: &Worker, queue: Queue, permits: &Semaphore, work: LaneWork) {
    let mut lane = Lane {
        held: work.held,
        queue,
        account: work.account,
        tokens: None,
        pending: work.items.into(),
        next: work.more_at,
        began: worker.instant(),
    };
    while let Some(work) = lane.pending.pop_front() {
        let due = work.due_at;
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
                lane.next = Some(until);
            }
        }
    }
    let next = lane.next_due();
    if let Err(error) = worker.lanes.release(lane.held, next).await {
        tracing::warn!(%error, "a lane could not be given back; it comes back when its lease ends");
    }
}

impl Lane {
    pub(crate) fn platform(&self) -> Platform {
        self.account.platform
    }

    /// When something of this lane is due, as far as this holder knows.
    fn next_due(&self) -> Option<Timestamp> {
        self.pending.front().map(|work| work.due_at).into_iter().chain(self.next).min()
    }

    /// Whether others wait and this lane has had its time. Asked between calls, never during one.
    fn is_over(&self, worker: &Worker, permits: &Semaphore) -> bool {
        permits.available_permits() == 0 && worker.instant().duration_since(self.began) > worker.settings.quantum()
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
