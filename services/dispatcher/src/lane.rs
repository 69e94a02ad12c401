//! Holding an endpoint's lane: what is sent when.
//!
//! One task a lane. It reads a few items ahead, sends up to the endpoint's limit at once, one by one after a failure,
//! no faster than its rate, and gives the lane back when nothing is due. A lane with a backlog gives way when others
//! wait for a place.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use domain::ids::{EndpointId, EventId};
use jiff::{SignedDuration, Timestamp};
use runtime::{backoff::Backoff, shutdown::Shutdown};
use store::{
    deliveries::{Destination, Due, Item, Standing, Wanted},
    lanes::{Held, LOOK_AHEAD, Lanes},
};
use tokio::{
    sync::Semaphore,
    task::{JoinError, JoinSet},
    time::Instant,
};
use vault::PrivateRing;

use crate::{
    attempt::{Condition, Ended, Hold, Sending, attempt},
    endpoint::Endpoint,
    pace::Pace,
};

/// How soon what arrives is seen while something is under way.
const POLL: Duration = Duration::from_millis(100);

/// A lane gives way to others that wait after this long or this much.
const QUANTUM: Duration = Duration::from_secs(2);
const QUANTUM_SENDS: usize = 200;

/// Items read ahead at most: their bodies are in memory.
const MOST_AHEAD: u32 = 32;

/// An endpoint whose secrets do not open is looked at again after this.
const REOPEN_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// What all lanes share.
pub(crate) struct Shared {
    pub(crate) sending: Arc<Sending>,
    pub(crate) lanes: Lanes,
    pub(crate) ring: PrivateRing,
    pub(crate) places: usize,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) shutdown: Shutdown,
}

impl Shared {
    pub(crate) fn new(sending: Sending, lanes: Lanes, ring: PrivateRing, places: usize, shutdown: Shutdown) -> Self {
        let permits = Arc::new(Semaphore::new(places));
        Self { sending: Arc::new(sending), lanes, ring, places, permits, shutdown }
    }
}

/// Serves a lane until nothing is due, others wait, the service stops or the lane is lost.
pub(crate) async fn hold(shared: Arc<Shared>, held: Held) {
    Holder::new(shared, held).run().await;
}

/// Why a lane is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Nothing is due until then.
    Idle(Option<Timestamp>),
    /// The service stops, or others wait; something may be due.
    GivingWay,
    /// The endpoint is disabled.
    Disabled,
    /// The endpoint is gone.
    Deleted,
    /// Its secrets do not open.
    Sealed,
    /// It belongs to somebody else, or is left to its lease.
    Lost,
}

struct Holder {
    shared: Arc<Shared>,
    hold: Arc<Hold>,
    /// As last read, and opened.
    endpoint: Option<(Destination, Arc<Endpoint>)>,
    waiting: VecDeque<Item>,
    flying: JoinSet<Ended>,
    /// Read and not yet recorded: the database still shows them as due.
    busy: HashSet<EventId>,
    pace: Pace,
    began: Instant,
    sent: usize,
    read_at: Instant,
    reading: Backoff,
    /// The database's clock at the last read, and ours.
    clock: (Timestamp, Instant),
    renewed_at: Instant,
    renew_at: Instant,
    ending: Option<Ending>,
}

impl Holder {
    fn new(shared: Arc<Shared>, held: Held) -> Self {
        let now = Instant::now();
        let clock = (held.taken_at, now);
        let lease = shared.sending.lease;
        let hold = Hold { held, condition: Condition::default().into() };
        Self {
            shared,
            hold: Arc::new(hold),
            endpoint: None,
            waiting: VecDeque::new(),
            flying: JoinSet::new(),
            busy: HashSet::new(),
            pace: Pace::new(now),
            began: now,
            sent: 0,
            read_at: now,
            reading: Backoff::new(Duration::from_millis(100), Duration::from_secs(5)),
            clock,
            renewed_at: now,
            renew_at: now + lease / 3,
            ending: None,
        }
    }

    async fn run(mut self) {
        loop {
            if self.ending.is_none() {
                self.read().await;
                self.launch();
            }
            match self.ending {
                Some(ending) if self.flying.is_empty() => return self.leave(ending).await,
                _ => self.wait().await,
            }
        }
    }

    /// Deliveries under way at most.
    fn width(&self) -> usize {
        let limit = self.endpoint.as_ref().map_or(1, |(destination, _)| destination.max_in_flight);
        if self.hold.condition().is_degraded { 1 } else { limit as usize }
    }

    /// How many items to read: a few more than fit, so that a place that falls free is filled at once.
    fn room(&self) -> u32 {
        let Some((destination, _)) = &self.endpoint else { return MOST_AHEAD };
        let width = u32::try_from(self.width()).unwrap_or(1);
        let ahead = if width == 1 { 1 } else { (2 * width).min(MOST_AHEAD.max(width)) };
        // A slow endpoint's items would be old by the time they are sent.
        destination.rate_per_second.map_or(ahead, |rate| ahead.min(rate.div_ceil(4)))
    }

    async fn read(&mut self) {
        let now = Instant::now();
        let is_time = now >= self.read_at && now >= self.pace.ready_at();
        if !self.waiting.is_empty() || self.flying.len() >= self.width() || !is_time {
            return;
        }
        let wanted =
            Wanted { held: self.hold.held.clone(), room: self.room(), busy: self.busy.iter().copied().collect() };
        match self.shared.sending.deliveries.list_due(wanted).await {
            Ok(due) => {
                self.reading.reset();
                self.clock = (due.at, now);
                self.accept(due);
            }
            Err(error) => {
                let endpoint = EndpointId(self.hold.held.key);
                tracing::error!(%endpoint, %error, "due webhook deliveries could not be read");
                self.read_at = Instant::now() + self.reading.after_failure();
            }
        }
    }

    fn accept(&mut self, due: Due) {
        let next_at = due.next_at();
        let (items, next_in, more) = (due.items, due.next_in, due.more);
        if let Err(ending) = self.update(due.destination) {
            self.ending = Some(ending);
            return;
        }
        let now = Instant::now();
        let is_idle = items.is_empty() && self.flying.is_empty();
        self.busy.extend(items.iter().map(|item| item.event_id));
        self.waiting.extend(items);
        match next_in {
            _ if more => self.read_at = now,
            // Handed over a moment early: the timer and not a poll decides when it is sent.
            Some(wait) if is_idle && wait <= LOOK_AHEAD => self.read_at = now + wait + Duration::from_millis(1),
            _ if is_idle => self.ending = Some(Ending::Idle(next_at)),
            next => self.read_at = now + next.map_or(POLL, |wait| wait.min(POLL)),
        }
    }

    /// Takes over what was read of the endpoint.
    fn update(&mut self, destination: Option<Destination>) -> Result<(), Ending> {
        let Some(destination) = destination else { return Err(Ending::Deleted) };
        match destination.standing {
            Standing::Deleted => return Err(Ending::Deleted),
            Standing::Disabled => return Err(Ending::Disabled),
            // With attempts under way we know more than the database does.
            Standing::Active | Standing::Degraded if self.flying.is_empty() => self.hold.set_condition(Condition {
                is_degraded: destination.standing == Standing::Degraded,
                is_overdue: destination.is_overdue,
            }),
            Standing::Active | Standing::Degraded => {}
        }
        self.pace.set_rate(destination.rate_per_second);
        if self.endpoint.as_ref().is_some_and(|(known, _)| *known == destination) {
            return Ok(());
        }
        match Endpoint::open(&destination, &self.shared.ring, &self.shared.sending.door) {
            Ok(endpoint) => {
                self.endpoint = Some((destination, Arc::new(endpoint)));
                Ok(())
            }
            Err(error) => {
                tracing::error!(endpoint = %destination.id, %error, "webhook endpoint cannot be served");
                Err(Ending::Sealed)
            }
        }
    }

    fn launch(&mut self) {
        let Some((_, endpoint)) = &self.endpoint else { return };
        let endpoint = Arc::clone(endpoint);
        while self.ending.is_none() && !self.waiting.is_empty() && self.flying.len() < self.width() {
            if self.shall_give_way() {
                self.ending = Some(Ending::GivingWay);
                return;
            }
            if !self.pace.take(Instant::now()) {
                return;
            }
            let Some(item) = self.waiting.pop_front() else { return };
            self.sent += 1;
            let (sending, hold) = (Arc::clone(&self.shared.sending), Arc::clone(&self.hold));
            self.flying.spawn(attempt(sending, hold, Arc::clone(&endpoint), item));
        }
    }

    /// Whether it has had its share while others wait for a place.
    fn shall_give_way(&self) -> bool {
        self.shared.permits.available_permits() == 0 && (self.sent >= QUANTUM_SENDS || self.began.elapsed() >= QUANTUM)
    }

    async fn wait(&mut self) {
        let mut wake = self.renew_at;
        if self.ending.is_none() && self.flying.len() < self.width() {
            let ready = self.pace.ready_at();
            wake = wake.min(if self.waiting.is_empty() { ready.max(self.read_at) } else { ready });
        }
        let soft = self.shared.shutdown.soft().clone();
        tokio::select! {
            Some(ended) = self.flying.join_next(), if !self.flying.is_empty() => self.land(ended),
            () = soft.cancelled(), if self.ending.is_none() => self.ending = Some(Ending::GivingWay),
            () = tokio::time::sleep_until(wake) => {}
        }
        while let Some(ended) = self.flying.try_join_next() {
            self.land(ended);
        }
        if Instant::now() >= self.renew_at {
            self.renew().await;
        }
    }

    fn land(&mut self, ended: Result<Ended, JoinError>) {
        match ended {
            Ok(ended) => {
                self.busy.remove(&ended.event_id);
                if !ended.is_recorded {
                    self.ending = Some(Ending::Lost);
                } else if ended.is_disabled {
                    self.ending.get_or_insert(Ending::Disabled);
                }
            }
            Err(error) => {
                tracing::error!(endpoint = %EndpointId(self.hold.held.key), %error, "a webhook attempt died");
                self.ending = Some(Ending::Lost);
            }
        }
        let is_ordered = self.endpoint.as_ref().is_some_and(|(destination, _)| destination.is_ordered);
        if self.flying.is_empty() || is_ordered {
            // The next of the same resource may go now.
            self.read_at = Instant::now();
        }
    }

    async fn renew(&mut self) {
        let began = Instant::now();
        let lease = self.shared.sending.lease;
        match self.shared.lanes.renew(&self.hold.held).await {
            Ok(true) => {
                self.renewed_at = began;
                self.renew_at = began + lease / 3;
            }
            Ok(false) => {
                tracing::warn!(endpoint = %EndpointId(self.hold.held.key), "a lane went to another holder");
                self.ending = Some(Ending::Lost);
                self.renew_at = began + lease / 3;
            }
            Err(error) => {
                tracing::error!(endpoint = %EndpointId(self.hold.held.key), %error, "a lease could not be renewed");
                // A little before it has passed: nothing may begin in another's time.
                if self.renewed_at.elapsed() >= lease - lease / 10 {
                    self.ending = Some(Ending::Lost);
                }
                self.renew_at = Instant::now() + lease / 60;
            }
        }
    }

    /// Gives the lane back. What cannot be written is left to the lease.
    async fn leave(self, ending: Ending) {
        let endpoint = EndpointId(self.hold.held.key);
        let now = self.database_now();
        let deliveries = &self.shared.sending.deliveries;
        let next = match ending {
            Ending::Lost => return,
            Ending::Idle(next) => Ok(next),
            Ending::GivingWay => Ok(Some(now)),
            Ending::Sealed => Ok(Some(now.saturating_add(REOPEN_AFTER).unwrap_or(now))),
            Ending::Disabled => deliveries.hold(endpoint).await.map(|()| None),
            Ending::Deleted => deliveries.discard(endpoint).await.map(|()| None),
        };
        let released = match next {
            Ok(next) => self.shared.lanes.release(self.hold.held.clone(), next).await,
            Err(error) => Err(error),
        };
        if let Err(error) = released {
            tracing::error!(%endpoint, %error, "a lane could not be given back; its lease brings it back");
        }
    }

    /// Its clock, by ours.
    fn database_now(&self) -> Timestamp {
        let (then, read) = self.clock;
        SignedDuration::try_from(read.elapsed()).ok().and_then(|passed| then.checked_add(passed).ok()).unwrap_or(then)
    }
}
