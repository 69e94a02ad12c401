//! How fast an endpoint wants it.

use std::time::Duration;

use tokio::time::Instant;

/// A timer is late by a millisecond or so; above a hundred a second the lost time is made up for.
const CATCH_UP: Duration = Duration::from_millis(10);

/// Spaces sends evenly: no burst ever exceeds the rate, also not the first one.
#[derive(Debug)]
pub(crate) struct Pace {
    gap: Duration,
    ready_at: Instant,
}

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Self { gap: Duration::ZERO, ready_at: now }
    }

    /// Sends a second from now on; `None` for no limit.
    pub(crate) fn set_rate(&mut self, per_second: Option<u32>) {
        self.gap = per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1));
    }

    /// When the next send may begin.
    pub(crate) fn ready_at(&self) -> Instant {
        self.ready_at
    }

    /// Takes the next place, if its time has come.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if now < self.ready_at {
            return false;
        }
        let from = if self.gap < CATCH_UP { self.ready_at.max(now - CATCH_UP) } else { now };
        self.ready_at = from + self.gap;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends begun in `span`, by a sender that looks every `step`.
    fn sent(rate: Option<u32>, step: Duration, span: Duration) -> u32 {
        let began = Instant::now();
        let mut pace = Pace::new(began);
        pace.set_rate(rate);
        let mut now = began;
        let mut sent = 0;
        while now < began + span {
            sent += u32::from(pace.take(now));
            now += step;
        }
        sent
    }

    #[test]
    fn a_rate_is_never_exceeded_not_even_at_first() {
        assert_eq!(sent(Some(10), Duration::from_millis(1), Duration::from_secs(1)), 10);
        assert_eq!(sent(Some(1), Duration::from_millis(1), Duration::from_secs(3)), 3);
    }

    #[test]
    fn a_high_rate_is_kept_although_timers_are_late() {
        let sent = sent(Some(2_000), Duration::from_micros(700), Duration::from_secs(1));
        assert!((1_400..=2_025).contains(&sent), "{sent}");
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        assert_eq!(sent(None, Duration::from_millis(1), Duration::from_millis(50)), 50);
    }
}
