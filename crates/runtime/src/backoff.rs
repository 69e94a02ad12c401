//! How long to wait before trying again.

use std::time::Duration;

/// Waits that double from `first` to `cap`, each drawn from its upper half so that those who failed together do not
/// come back together.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// Starts at `first` and never exceeds `cap`.
    pub fn new(first: Duration, cap: Duration) -> Self {
        Self { first, cap, failures: 0 }
    }

    /// The wait after one more failure.
    pub fn after_failure(&mut self) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures);
        self.failures = self.failures.saturating_add(1);
        let longest = self.first.saturating_mul(factor).min(self.cap);
        longest.mul_f64(rand::random_range(0.5..=1.0))
    }

    /// Begins again at the first wait.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_begin_again_after_a_reset() {
        let (first, cap) = (Duration::from_millis(100), Duration::from_secs(10));
        let mut backoff = Backoff::new(first, cap);
        for failure in 0..80 {
            let longest = first.saturating_mul(2_u32.saturating_pow(failure)).min(cap);
            let wait = backoff.after_failure();
            assert!(wait >= longest / 2 && wait <= longest, "failure {failure}: {wait:?}");
        }
        backoff.reset();
        assert!(backoff.after_failure() <= first);
    }
}
