//! When a server that does not answer is left alone, and when it is tried again. Pure: time and chance come in.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row after which nothing is tried but by one lane at a time.
const OPENS_AFTER: u32 = 5;
/// Seconds to the first tries; then the last one again and again.
const TRIES: [u64; 3] = [2, 10, 60];

/// What is known of a server, as far as trying it goes.
pub(super) struct Breaker {
    state: State,
    /// In a row, while closed; tries in vain since it opened, while not.
    failures: u32,
    /// What was seen last, in the network's words or the door's.
    seen: String,
    trials: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Everybody may call.
    Closed,
    /// Nobody may, until then.
    Open { until: Instant },
    /// One lane tries.
    Trying { trial: Trial },
}

/// One lane's leave to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trial {
    number: u64,
    since: Instant,
}

/// Whether a lane may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// As everybody may.
    Go,
    /// As the only one. Who is told this owes an answer: [`Breaker::answered`], [`Breaker::failed`] or
    /// [`Breaker::untried`].
    Try(Trial),
    /// Somebody else is trying.
    Tried,
    /// Not for so long.
    Shut(Duration),
}

/// What a word about a call changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing for others.
    None,
    /// From now on nobody calls.
    Opened,
    /// The try was in vain.
    Reopened,
    /// All may call again.
    Closed,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self { state: State::Closed, failures: 0, seen: String::new(), trials: 0 }
    }

    /// Asks for leave to call.
    pub(super) fn ask(&mut self, now: Instant) -> Leave {
        match self.state {
            State::Closed => Leave::Go,
            State::Trying { .. } => Leave::Tried,
            State::Open { until } if now < until => Leave::Shut(until - now),
            State::Open { .. } => {
                self.trials += 1;
                let trial = Trial { number: self.trials, since: now };
                self.state = State::Trying { trial };
                Leave::Try(trial)
            }
        }
    }

    /// The server answered, whatever it said.
    pub(super) fn answered(&mut self) -> Change {
        let was = std::mem::replace(&mut self.state, State::Closed);
        self.failures = 0;
        if was == State::Closed { Change::None } else { Change::Closed }
    }

    /// A call did not get an answer. `jitter` is from -1 to 1. A call that began before it opened says nothing new.
    pub(super) fn failed(&mut self, trial: Option<Trial>, seen: &str, now: Instant, jitter: f64) -> Change {
        seen.clone_into(&mut self.seen);
        match self.state {
            State::Closed => {
                self.failures += 1;
                if self.failures < OPENS_AFTER {
                    return Change::None;
                }
                self.failures = 0;
                self.open(now, jitter);
                Change::Opened
            }
            State::Trying { trial: trying } if trial == Some(trying) => {
                self.failures = self.failures.saturating_add(1);
                self.open(now, jitter);
                Change::Reopened
            }
            State::Trying { .. } | State::Open { .. } => Change::None,
        }
    }

    /// A lane that was let through to try made no call after all: the next one may.
    pub(super) fn untried(&mut self, trial: Trial) {
        if self.state == (State::Trying { trial }) {
            self.state = State::Open { until: trial.since };
        }
    }

    /// How long a call that did not leave should be put off while the breaker is closed.
    pub(super) fn pause(&self, jitter: f64) -> Duration {
        wait(self.failures.saturating_sub(1), jitter)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Whether it remembers nothing.
    pub(super) fn is_fresh(&self) -> bool {
        self.is_closed() && self.failures == 0
    }

    /// Whether whoever has this leave may no longer call.
    pub(super) fn bars(&self, trial: Option<Trial>) -> bool {
        match self.state {
            State::Closed => false,
            State::Open { .. } => true,
            State::Trying { trial: trying } => trial != Some(trying),
        }
    }

    /// How long nobody may call.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Open { until } => Some(until.saturating_duration_since(now)),
            State::Closed | State::Trying { .. } => None,
        }
    }

    /// What was seen last of a server that is not called.
    pub(super) fn trouble(&self) -> Option<&str> {
        (!self.is_closed()).then_some(self.seen.as_str())
    }

    fn open(&mut self, now: Instant, jitter: f64) {
        self.state = State::Open { until: now + wait(self.failures, jitter) };
    }
}

/// Before the next try after so many in vain, a fifth more or less by chance.
fn wait(in_vain: u32, jitter: f64) -> Duration {
    let nth = usize::try_from(in_vain).unwrap_or(usize::MAX).min(TRIES.len() - 1);
    Duration::from_secs(TRIES[nth]).mul_f64(1.0 + 0.2 * jitter.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new();
        for _ in 1..OPENS_AFTER {
            assert_eq!(breaker.failed(None, "refused", now, 0.0), Change::None);
            assert_eq!(breaker.ask(now), Leave::Go);
        }
        assert_eq!(breaker.failed(None, "refused", now, 0.0), Change::Opened);
        breaker
    }

    fn tried(breaker: &mut Breaker, now: Instant) -> Trial {
        match breaker.ask(now) {
            Leave::Try(trial) => trial,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_an_answer_between_them_does_not() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        for _ in 1..OPENS_AFTER {
            breaker.failed(None, "refused", now, 0.0);
        }
        assert_eq!(breaker.answered(), Change::None);
        assert!(breaker.is_fresh());
        let mut breaker = opened(now);
        assert_eq!(breaker.ask(now), Leave::Shut(2 * SECOND));
        assert_eq!(breaker.trouble(), Some("refused"));
    }

    #[test]
    fn one_lane_tries_after_2_10_and_60_seconds_and_then_each_60() {
        let mut now = Instant::now();
        let mut breaker = opened(now);
        for seconds in [2, 10, 60, 60, 60] {
            assert_eq!(breaker.ask(now), Leave::Shut(seconds * SECOND));
            now += seconds * SECOND;
            let trial = tried(&mut breaker, now);
            assert_eq!(breaker.ask(now), Leave::Tried);
            assert!(!breaker.bars(Some(trial)) && breaker.bars(None));
            assert_eq!(breaker.failed(Some(trial), "still refused", now, 0.0), Change::Reopened);
            assert!(breaker.bars(Some(trial)));
        }
        now += 60 * SECOND;
        tried(&mut breaker, now);
        assert_eq!(breaker.answered(), Change::Closed);
        assert_eq!(breaker.ask(now), Leave::Go);
        assert_eq!(breaker.trouble(), None);
    }

    #[test]
    fn it_begins_anew_after_it_closed() {
        let now = Instant::now();
        let mut breaker = opened(now);
        for seconds in [2, 12] {
            let trial = tried(&mut breaker, now + seconds * SECOND);
            breaker.failed(Some(trial), "", now + seconds * SECOND, 0.0);
        }
        breaker.answered();
        for _ in 0..OPENS_AFTER {
            breaker.failed(None, "", now, 0.0);
        }
        assert_eq!(breaker.ask(now), Leave::Shut(2 * SECOND));
    }

    #[test]
    fn calls_that_began_before_it_opened_do_not_put_the_next_try_off() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.failed(None, "late", now + SECOND, 0.0), Change::None);
        assert_eq!(breaker.ask(now), Leave::Shut(2 * SECOND));
        let trial = tried(&mut breaker, now + 2 * SECOND);
        assert_eq!(breaker.failed(None, "later", now + 2 * SECOND, 0.0), Change::None);
        assert_eq!(breaker.ask(now + 2 * SECOND), Leave::Tried);
        breaker.failed(Some(trial), "", now + 2 * SECOND, 0.0);
        let again = tried(&mut breaker, now + 12 * SECOND);
        assert_eq!(breaker.failed(Some(trial), "", now + 12 * SECOND, 0.0), Change::None, "an old leave is no leave");
        assert_ne!(trial, again);
    }

    #[test]
    fn a_try_that_was_not_made_is_the_next_ones() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let trial = tried(&mut breaker, now + 2 * SECOND);
        breaker.untried(trial);
        let next = tried(&mut breaker, now + 2 * SECOND);
        breaker.untried(trial);
        assert_eq!(breaker.ask(now + 2 * SECOND), Leave::Tried, "an old leave takes nothing back");
        breaker.failed(Some(next), "", now + 2 * SECOND, 0.0);
        assert_eq!(breaker.ask(now + 2 * SECOND), Leave::Shut(10 * SECOND));
    }

    #[test]
    fn chance_moves_a_try_by_a_fifth_and_no_more() {
        let now = Instant::now();
        for (jitter, milliseconds) in [(1.0, 2_400), (-1.0, 1_600), (9.0, 2_400)] {
            let mut breaker = Breaker::new();
            for _ in 0..OPENS_AFTER {
                breaker.failed(None, "", now, jitter);
            }
            assert_eq!(breaker.ask(now), Leave::Shut(Duration::from_millis(milliseconds)));
        }
    }
}
