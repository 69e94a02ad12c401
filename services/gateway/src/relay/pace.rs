//! How often the relay looks: at once when little happens, and not for each ring when the bell rings all the time. What
//! becomes due meanwhile is claimed and handed over together.

use std::time::{Duration, Instant};

/// Between two looks when there are many.
const GAP: Duration = Duration::from_millis(10);
/// So many looks may follow each other at once.
const BURST: u32 = 10;

/// Counts looks.
pub(super) struct Pace {
    /// When the next look would be if all had kept the gap.
    next: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { next: now }
    }

    /// How long to wait before the look that is wanted now.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        let kept = now.checked_sub(GAP * BURST).unwrap_or(now).max(self.next);
        self.next = kept + GAP;
        kept.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_looks_are_free_and_many_keep_the_gap() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let later = start + Duration::from_secs(1);
        let waits: Vec<_> = (0..13).map(|_| pace.wait(later)).collect();
        assert_eq!(waits[..11], [Duration::ZERO; 11]);
        assert_eq!(waits[11..], [GAP, GAP * 2]);
        assert_eq!(pace.wait(later + Duration::from_secs(1)), Duration::ZERO);
    }
}
