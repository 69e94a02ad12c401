//! One server: its breaker, its slots, and the lanes that wait for one of them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::platform::Platform;
use platforms::Origins as Servers;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::Instant,
};

use super::{
    breaker::{Breaker, Change, Leave, Trial},
    verdict::Verdict,
};
use crate::metrics::PublisherMetrics;

/// Lanes at a time, where one server must not take what all share.
const SLOTS: usize = 8;
/// Lanes that wait here for a slot. A network's queue has 1,024 lanes leased at a time, which servers share that are
/// slow; the rest of a slow one's waits in the database.
const LINE: usize = 128;
/// How long a lane that finds the line full stays away.
const FULL: Duration = Duration::from_secs(1);
/// Lanes that are sent away come back one after another and not at once: one each so often...
const PACE: Duration = Duration::from_millis(2);
/// ... but none later than this for it.
const SPREAD: Duration = Duration::from_secs(15);

/// Questions of callers who wait, at a time: a server that hangs must not take every place that there is for them.
const QUESTIONS: usize = 8;

/// A server that accounts of one network have their calls at.
pub(crate) struct Origin {
    platform: Platform,
    name: String,
    slots: Option<usize>,
    metrics: PublisherMetrics,
    questions: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    breaker: Breaker,
    /// A call hung, and none was answered since.
    hangs: bool,
    taken: usize,
    line: VecDeque<oneshot::Sender<Turn>>,
    /// When the lane that was sent away last is to come back.
    last_back: Instant,
    used: Instant,
}

/// What a lane is told that asks for a slot.
pub(super) enum Entry {
    /// At once.
    Now(Turn),
    /// When it is its turn; whoever stops waiting loses it.
    Later(oneshot::Receiver<Turn>),
}

/// Whose turn it is, or that it is nobody's.
pub(super) enum Turn {
    /// The lane may call.
    In(Slot),
    /// It may not, and should ask again after so long.
    Away(Duration),
}

/// A lane's leave to have a call in flight; given back when dropped.
pub(super) struct Slot {
    origin: Option<Arc<Origin>>,
    trial: Option<Trial>,
}

impl Origin {
    pub(super) fn new(platform: Platform, name: String, servers: Servers, metrics: PublisherMetrics) -> Arc<Self> {
        let now = Instant::now();
        let state =
            State { breaker: Breaker::new(), hangs: false, taken: 0, line: VecDeque::new(), last_back: now, used: now };
        Arc::new(Self {
            platform,
            name,
            slots: match servers {
                Servers::Many => Some(SLOTS),
                Servers::One => None,
            },
            metrics,
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            state: Mutex::new(state),
        })
    }

    /// Asks for a slot, `may_wait` for it in the line. First come, first served.
    pub(super) fn enter(self: &Arc<Self>, may_wait: bool) -> Entry {
        let now = Instant::now();
        let mut state = self.state();
        state.used = now;
        state.line.retain(|waiting| !waiting.is_closed());
        let is_free = state.line.is_empty() && state.taken < self.room(&state);
        match state.breaker.ask(now) {
            Leave::Go if is_free => Entry::Now(Turn::In(self.slot(&mut state, None))),
            Leave::Try(trial) => Entry::Now(Turn::In(self.slot(&mut state, Some(trial)))),
            Leave::Shut(wait) => Entry::Now(Turn::Away(state.back_after(now, wait))),
            Leave::Go | Leave::Tried if !may_wait => Entry::Now(Turn::Away(Duration::ZERO)),
            Leave::Go | Leave::Tried if state.line.len() < LINE => {
                let (waiting, turn) = oneshot::channel();
                state.line.push_back(waiting);
                Entry::Later(turn)
            }
            Leave::Go | Leave::Tried => Entry::Now(Turn::Away(state.back_after(now, FULL))),
        }
    }

    /// What a call said. Returns how long the server is not worth asking, where the call says so.
    pub(super) fn hear(self: &Arc<Self>, slot: Option<&Slot>, verdict: &Verdict) -> Option<Duration> {
        let (seen, hung, left) = match verdict {
            Verdict::Silent => return None,
            Verdict::Answered => {
                let mut state = self.state();
                state.hangs = false;
                if state.breaker.answered() == Change::Closed {
                    state.last_back = Instant::now();
                    self.metrics.breaker_closed(self.platform);
                    tracing::info!(platform = self.platform.name(), origin = self.name, "a network answers again");
                }
                self.let_in(&mut state);
                return None;
            }
            Verdict::Down { seen, hung, left } => (seen, *hung, *left),
        };
        let (now, jitter) = (Instant::now(), rand::random_range(-1.0..=1.0));
        let mut state = self.state();
        state.hangs |= hung;
        let change = state.breaker.failed(slot.and_then(|slot| slot.trial), seen, now, jitter);
        if change == Change::Opened {
            state.last_back = now;
            self.metrics.breaker_opened(self.platform);
            tracing::warn!(
                platform = self.platform.name(),
                origin = self.name,
                seen,
                "a network does not answer and is left alone; one lane tries it now and then"
            );
        }
        // Whoever waits for a slot is told to come back later.
        self.let_in(&mut state);
        if state.breaker.is_closed() {
            return (!left).then(|| state.breaker.pause(jitter));
        }
        Some(state.breaker.left(now).map_or(FULL, |wait| state.back_after(now, wait)))
    }

    /// How long whoever has this slot may not call, should that be so by now.
    pub(super) fn bars(&self, slot: &Slot) -> Option<Duration> {
        let now = Instant::now();
        let mut state = self.state();
        if !state.breaker.bars(slot.trial) {
            return None;
        }
        Some(state.breaker.left(now).map_or(FULL, |wait| state.back_after(now, wait)))
    }

    /// Whether lanes wait for a slot.
    pub(super) fn is_crowded(&self) -> bool {
        self.state().line.iter().any(|waiting| !waiting.is_closed())
    }

    /// What was seen last of a server that is not called.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.state().breaker.trouble().map(str::to_owned)
    }

    /// A place for a question that somebody waits for the answer of, beside the lanes. `None` when there is none.
    pub(crate) fn place_to_ask(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.questions).try_acquire_owned().ok()
    }

    /// Whether there is nothing to remember, or nobody has asked for so long.
    pub(super) fn is_idle(&self, longest: Duration) -> bool {
        let state = self.state();
        state.taken == 0 && ((state.breaker.is_fresh() && !state.hangs) || state.used.elapsed() > longest)
    }

    /// Takes it out of the numbers.
    pub(super) fn forget(&self) {
        if !self.state().breaker.is_closed() {
            self.metrics.breaker_closed(self.platform);
        }
    }

    fn room(&self, state: &State) -> usize {
        self.slots.unwrap_or(if state.hangs { SLOTS } else { usize::MAX })
    }

    fn slot(self: &Arc<Self>, state: &mut State, trial: Option<Trial>) -> Slot {
        state.taken += 1;
        Slot { origin: Some(Arc::clone(self)), trial }
    }

    /// Lets lanes of the line in as far as there is room, and sends all away when nobody may call.
    fn let_in(self: &Arc<Self>, state: &mut State) {
        let now = Instant::now();
        while let Some(waiting) = state.line.pop_front() {
            if waiting.is_closed() {
                continue;
            }
            let trial = match state.breaker.ask(now) {
                Leave::Go if state.taken < self.room(state) => None,
                Leave::Try(trial) => Some(trial),
                Leave::Shut(wait) => {
                    // Gone before it was told: then it needs no telling.
                    let _ = waiting.send(Turn::Away(state.back_after(now, wait)));
                    continue;
                }
                Leave::Go | Leave::Tried => {
                    state.line.push_front(waiting);
                    return;
                }
            };
            let slot = self.slot(state, trial);
            if let Err(Turn::In(slot)) = waiting.send(Turn::In(slot)) {
                // Dropping it would ask for the lock that is held here.
                slot.take_back(state);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When the next lane that is sent away is to come back, `wait` from now at the earliest.
    fn back_after(&mut self, now: Instant, wait: Duration) -> Duration {
        let earliest = now + wait;
        self.last_back = (self.last_back.max(earliest) + PACE).min(earliest + SPREAD);
        self.last_back - now
    }
}

impl Slot {
    fn take_back(mut self, state: &mut State) {
        self.origin = None;
        state.taken -= 1;
        if let Some(trial) = self.trial {
            state.breaker.untried(trial);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(origin) = self.origin.take() else { return };
        let mut state = origin.state();
        state.taken -= 1;
        state.used = Instant::now();
        if let Some(trial) = self.trial {
            state.breaker.untried(trial);
        }
        origin.let_in(&mut state);
    }
}
