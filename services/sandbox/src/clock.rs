//! The sandbox's clock: real time plus whatever tests have advanced it by. Tokens, processing, quotas and time stamps
//! follow it; delays of faults do not, since a caller waits for those in real time.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock as _, SystemClock};

/// Farthest that the clock can be moved in total: beyond it time stamps would leave the range that clients can read.
const FARTHEST: SignedDuration = SignedDuration::from_hours(24 * 365 * 100);

/// Only ever moves forward.
#[derive(Default)]
pub(crate) struct Clock {
    ahead_ms: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        self.real_now().saturating_add(self.ahead()).unwrap_or(Timestamp::MAX)
    }

    /// The time outside, for what outsiders have dated by their own clocks.
    pub(crate) fn real_now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// How far the clock is ahead of real time.
    pub(crate) fn ahead(&self) -> SignedDuration {
        SignedDuration::from_millis(self.ahead_ms.load(Ordering::Acquire))
    }

    /// Moves the clock and answers how far it is ahead now, or nothing when that is too far.
    pub(crate) fn advance(&self, by: SignedDuration) -> Option<SignedDuration> {
        let moved = self.ahead_ms.fetch_update(Ordering::AcqRel, Ordering::Acquire, |ahead| {
            let total = SignedDuration::from_millis(ahead).checked_add(by)?;
            let allowed = !by.is_negative() && total <= FARTHEST;
            allowed.then(|| i64::try_from(total.as_millis()).ok()).flatten()
        });
        moved.ok().map(|_| self.ahead())
    }

    /// Puts the clock where the journal says it was.
    pub(crate) fn set_ahead(&self, ahead_ms: i64) {
        self.ahead_ms.store(ahead_ms, Ordering::Release);
    }
}
