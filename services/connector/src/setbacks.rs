//! Renewals that did not work, as far as this process remembers: begun anew after a restart, they start with the first
//! wait again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::ids::AccountId;
use jiff::Timestamp;
use runtime::backoff::Backoff;

/// By account. What works again, or is gone, is forgotten.
pub(crate) struct Setbacks {
    first: Duration,
    longest: Duration,
    of: Mutex<HashMap<AccountId, Setback>>,
}

struct Setback {
    backoff: Backoff,
    not_before: Timestamp,
}

impl Setbacks {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, of: Mutex::default() }
    }

    /// Before then it makes no sense to try again.
    pub(crate) fn not_before(&self, account: AccountId) -> Option<Timestamp> {
        self.lock().get(&account).map(|setback| setback.not_before)
    }

    /// One more that did not work; `at_least` is what the network asked for. Returns when the next try makes sense.
    pub(crate) fn add(&self, account: AccountId, now: Timestamp, at_least: Option<Timestamp>) -> Timestamp {
        let mut of = self.lock();
        let setback = of
            .entry(account)
            .or_insert_with(|| Setback { backoff: Backoff::new(self.first, self.longest), not_before: now });
        let wait = setback.backoff.after_failure();
        let at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        setback.not_before = at_least.map_or(at, |least| least.max(at));
        setback.not_before
    }

    pub(crate) fn forget(&self, account: AccountId) {
        self.lock().remove(&account);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Setback>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn waits_grow_by_account_and_what_the_network_asks_for_is_the_least() {
        // given
        let setbacks = Setbacks::new(Duration::from_secs(8), Duration::from_secs(60));
        let (one, other, now) = (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)), Timestamp::UNIX_EPOCH);
        let wait = |at: Timestamp| at.duration_since(now).as_secs();
        // when, then
        assert!((4..=8).contains(&wait(setbacks.add(one, now, None))));
        assert!((8..=16).contains(&wait(setbacks.add(one, now, None))));
        assert!((4..=8).contains(&wait(setbacks.add(other, now, None))));
        let asked = now + SignedDuration::from_secs(500);
        assert_eq!(setbacks.add(one, now, Some(asked)), asked);
        assert_eq!(setbacks.not_before(one), Some(asked));
        setbacks.forget(one);
        assert_eq!(setbacks.not_before(one), None);
        assert!((4..=8).contains(&wait(setbacks.add(one, now, None))));
    }
}
