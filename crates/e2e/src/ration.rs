//! A limit that an instant network keeps to: so many posts of an account in a window, counted as networks count.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::{
    budget::{BudgetRule, Reading, Scope},
    target::Refusal,
};
use jiff::{SignedDuration, Timestamp};
use platforms::{Account, Cx};
use runtime::clock::{Clock as _, SystemClock};

/// What the network's documents say: more than it lets through, so that it has to be learned.
const DOCUMENTED: i32 = 1_000;

/// The limit.
pub struct Ration {
    limit: i32,
    documented: &'static [BudgetRule],
    window: SignedDuration,
    /// Whether each answer tells what is left.
    tells: bool,
    windows: Mutex<HashMap<String, Window>>,
    thrown_back: Mutex<usize>,
}

struct Window {
    ends: Timestamp,
    used: i32,
}

impl Ration {
    /// So many a window. Each answer tells what is left of it.
    pub fn of(limit: i32, window: SignedDuration) -> Self {
        Self {
            limit,
            documented: documented(DOCUMENTED, window),
            window,
            tells: true,
            windows: Mutex::default(),
            thrown_back: Mutex::default(),
        }
    }

    /// Nothing is told but "too much", and until when.
    #[must_use]
    pub fn silent(self) -> Self {
        Self { tells: false, ..self }
    }

    /// The documents say what is so.
    #[must_use]
    pub fn well_documented(self) -> Self {
        Self { documented: documented(self.limit, self.window), ..self }
    }

    pub(crate) fn documented(&self) -> &'static [BudgetRule] {
        self.documented
    }

    /// Sends that were too many.
    pub(crate) fn thrown_back(&self) -> usize {
        *self.thrown_back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a send of an account, and throws it back when it is too many.
    pub(crate) fn spend(&self, cx: &Cx<'_>, account: &Account<'_>) -> Option<Refusal> {
        let now = SystemClock.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Window { ends: now + self.window, used: 0 };
        let window = windows.entry(account.network_unique_id.to_owned()).or_insert_with(fresh);
        if window.ends <= now {
            *window = fresh();
        }
        let is_too_many = window.used >= self.limit;
        if !is_too_many {
            window.used += 1;
        }
        if let (true, Some(readings)) = (self.tells, cx.readings) {
            readings.note(Reading {
                scope: Scope::Account,
                name: self.documented[0].name,
                limit: Some(self.limit),
                remaining: self.limit - window.used,
                reset: Some(window.ends),
            });
        }
        if !is_too_many {
            return None;
        }
        *self.thrown_back.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Some(Refusal::Throttled { until: window.ends, message: "Too many".to_owned() })
    }
}

/// For the life of the process, as a network's `Spec` is. The name is that of X's, by which the gateway looks for it.
fn documented(limit: i32, window: SignedDuration) -> &'static [BudgetRule] {
    let rule = BudgetRule { scope: Scope::Account, name: "posts_15m", limit, window, cost: 1 };
    Box::leak(Box::new([rule]))
}
