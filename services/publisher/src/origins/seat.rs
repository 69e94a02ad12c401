//! A lane's place: one of its network's permits, and a slot at its account's server while it calls there.

use std::{sync::Arc, time::Duration};

use domain::{target::ErrorCode, transition::Error};
use runtime::shutdown::Shutdown;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use super::{
    origin::{Entry, Origin, Slot, Turn},
    verdict::Verdict,
};

/// What a lane holds of what all share.
///
/// A lane that waits for a slot holds no permit meanwhile, and whoever waits for a permit with a slot in hand is waited
/// for by nobody who holds a permit; so the two cannot block each other.
pub(crate) struct Seat {
    permits: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    origin: Arc<Origin>,
    slot: Option<Slot>,
    has_waited: bool,
}

/// Whether a lane may call its account's server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may.
    In,
    /// It may not: it should be given back and looked at after so long.
    Away(Duration),
}

impl Seat {
    pub(crate) fn new(permits: Arc<Semaphore>, permit: OwnedSemaphorePermit, origin: Arc<Origin>) -> Self {
        Self { permits, permit: Some(permit), origin, slot: None, has_waited: false }
    }

    /// Takes a slot, where the lane has none or may not use it any more. Waits for at most `patience`, and only once in
    /// a hold: a lane that had its turn goes to the end of the queue, where its lease is a new one.
    pub(crate) async fn admit(&mut self, patience: Duration, shutdown: &Shutdown) -> Admission {
        if self.barred().is_none() && self.slot.is_some() {
            return Admission::In;
        }
        self.slot = None;
        let may_wait = !std::mem::replace(&mut self.has_waited, true);
        let until = Instant::now() + patience;
        let turn = match self.origin.enter(may_wait) {
            Entry::Now(turn) => turn,
            Entry::Later(turn) => {
                self.permit = None;
                tokio::select! {
                    biased;
                    () = shutdown.soft().cancelled() => return Admission::Away(Duration::ZERO),
                    turn = timeout_at(until, turn) => match turn {
                        Ok(Ok(turn)) => turn,
                        Ok(Err(_)) | Err(_) => return Admission::Away(Duration::ZERO),
                    },
                }
            }
        };
        let slot = match turn {
            Turn::In(slot) => slot,
            Turn::Away(wait) => return Admission::Away(wait),
        };
        if self.permit.is_none() {
            // Should none be free in time, the slot goes to the next in line.
            let permit = timeout_at(until, Arc::clone(&self.permits).acquire_owned()).await;
            let Ok(Ok(permit)) = permit else { return Admission::Away(Duration::ZERO) };
            self.permit = Some(permit);
        }
        self.slot = Some(slot);
        Admission::In
    }

    /// How long the lane may not call any more, should others have found out meanwhile that nobody answers.
    pub(crate) fn barred(&self) -> Option<Duration> {
        self.slot.as_ref().and_then(|slot| self.origin.bars(slot))
    }

    /// Gives the slot to others while there is nothing to call for.
    pub(crate) fn stand_up(&mut self) {
        self.slot = None;
    }

    /// What a call said of the server. Returns how long it is not worth asking, where the call says so.
    pub(crate) fn hear(&self, verdict: &Verdict) -> Option<Duration> {
        self.origin.hear(self.slot.as_ref(), verdict)
    }

    /// Whether other lanes wait for this one's slot.
    pub(crate) fn is_wanted(&self) -> bool {
        self.slot.is_some() && self.origin.is_crowded()
    }

    /// What holds the lane, if the server is not called at the moment.
    pub(crate) fn held_by(&self) -> Option<Error> {
        let seen = self.origin.trouble()?;
        let message = format!("The network could not be reached: {seen}");
        Some(Error { code: ErrorCode::PlatformError, message })
    }
}
