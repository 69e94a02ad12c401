//! A machine's clock that somebody sets.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use runtime::clock::{Clock, SystemClock};

/// Goes as the system's, as far ahead of it as it was set; its clones are the same clock.
#[derive(Debug, Clone, Default)]
pub struct JumpingClock(Arc<Mutex<SignedDuration>>);

impl JumpingClock {
    /// Sets it this far ahead of the system's, or behind.
    pub fn set(&self, ahead: SignedDuration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = ahead;
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
