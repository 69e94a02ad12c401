//! What time it is in the database, whose clock decides.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use runtime::clock::Clock;

/// What was told is a moment old when it is heard, and never ahead. The best that was heard is kept this long; the steady
/// clocks of two machines part by less than a millisecond meanwhile.
const KEPT: Duration = Duration::from_secs(10);
/// No answer is this old: the database's clock was set back.
const SET_BACK: SignedDuration = SignedDuration::from_secs(1);

/// The database's time, carried on by this machine's steady clock. The clock that people set, and may set wrong, is asked
/// only as long as the database has said nothing.
pub(crate) struct DatabaseClock {
    local: Arc<dyn Clock>,
    heard: Mutex<Option<Heard>>,
}

#[derive(Clone, Copy)]
struct Heard {
    time: Timestamp,
    at: Instant,
}

impl Heard {
    fn carried_on(self, at: Instant) -> Timestamp {
        self.time + at.duration_since(self.at)
    }

    fn is_to_be_replaced(self, by: Self) -> bool {
        let guess = self.carried_on(by.at);
        guess < by.time || guess.duration_since(by.time) > SET_BACK || by.at.duration_since(self.at) > KEPT
    }
}

impl DatabaseClock {
    pub(crate) fn new(local: Arc<dyn Clock>) -> Self {
        Self { local, heard: Mutex::default() }
    }

    /// `now` was the database's time a moment ago.
    pub(crate) fn observe(&self, now: Timestamp) {
        self.observe_at(now, Instant::now());
    }

    fn observe_at(&self, time: Timestamp, at: Instant) {
        let new = Heard { time, at };
        let mut heard = self.heard();
        if heard.is_none_or(|heard| heard.is_to_be_replaced(new)) {
            *heard = Some(new);
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now_at(Instant::now())
    }

    fn now_at(&self, at: Instant) -> Timestamp {
        let heard = *self.heard();
        heard.map_or_else(|| self.local.now(), |heard| heard.carried_on(at))
    }

    fn heard(&self) -> MutexGuard<'_, Option<Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use runtime::clock::ManualClock;

    use super::*;

    fn second(number: i64) -> Timestamp {
        Timestamp::from_second(number).unwrap()
    }

    #[test]
    fn goes_on_however_the_machine_is_set() {
        let local = ManualClock::new(second(5));
        let clock = DatabaseClock::new(Arc::new(local.clone()));
        let start = Instant::now();
        assert_eq!(clock.now_at(start), second(5), "until the database was heard");
        clock.observe_at(second(1_000), start);
        for set in [0, 9_000] {
            local.set(second(set));
            assert_eq!(clock.now_at(start + Duration::from_secs(3)), second(1_003));
        }
    }

    #[test]
    fn keeps_the_best_it_heard_for_a_while() {
        let clock = DatabaseClock::new(Arc::new(ManualClock::new(second(5))));
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let old = SignedDuration::from_millis(80);
        clock.observe_at(second(1_000) - old, start);
        clock.observe_at(second(1_001), after(1));
        assert_eq!(clock.now_at(after(1)), second(1_001), "a fresher answer");
        clock.observe_at(second(1_002) - old, after(2));
        assert_eq!(clock.now_at(after(2)), second(1_002), "an older answer");
        clock.observe_at(second(1_015) - old, after(15));
        assert_eq!(clock.now_at(after(15)), second(1_015) - old, "too long ago");
    }

    #[test]
    fn follows_a_database_whose_clock_was_set() {
        let clock = DatabaseClock::new(Arc::new(ManualClock::new(second(5))));
        let start = Instant::now();
        for set in [1_000, 4_600, 1_000] {
            clock.observe_at(second(set), start);
            assert_eq!(clock.now_at(start), second(set));
        }
    }
}
